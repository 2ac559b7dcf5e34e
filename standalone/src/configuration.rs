//! Every setting there is, read by the code that uses it: to find all mistakes before anything starts, and to keep
//! docs/configuration.md true.

use chassis::config::{Problems, Setting, Settings};
use chassis::telemetry::TelemetryConfig;
use gateway::GatewayConfig;
use notify_svc::NotifySvcConfig;
use user_svc::UserSvcConfig;
use workout_svc::WorkoutSvcConfig;

use crate::stack::InfrastructureConfig;

/// Reads everything and answers what was read or all that is wrong with it. What the start itself provides later (the
/// databases) is stood in for.
pub(crate) fn check(mut settings: Settings) -> Result<Vec<Setting>, Problems> {
    settings.set_default("DATABASE_URL", "postgres://stand-in");
    TelemetryConfig::from_settings(&mut settings, "fitness-trainer");
    InfrastructureConfig::from_settings(&mut settings);
    GatewayConfig::from_settings(&mut settings);
    // What they answer is made again when the databases are known; here only the problems count.
    let _ = UserSvcConfig::from_settings(&mut settings);
    let _ = WorkoutSvcConfig::from_settings(&mut settings);
    let _ = NotifySvcConfig::from_settings(&mut settings);
    settings.finish()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use chassis::config::old_names;

    use super::*;

    /// The page docs/configuration.md.
    fn page() -> anyhow::Result<String> {
        let mut settings = Settings::from_pairs::<&str, &str>([]);
        crate::secrets::provide(&mut settings, None)?;
        let mut read = check(settings)?;
        read.sort_by_key(|setting| setting.name);
        let mut text = String::from(
            "# Configuration\n\n\
             Settings come, strongest first, from the environment, from the file that `NAME_FILE` names (meant for \
             secrets),\nfrom the TOML file that `--config` or `FITNESS_CONFIG` names (`name = value` lines in any case), and \
             from the defaults\nbelow. All mistakes are reported at once, numbers outside of \
             their range among them. Each service reads the ones it needs; \
             `standalone` reads all of them and\nprovides `DATABASE_URL`, `KAFKA_BROKERS`, `SMTP_HOST` and the secrets by \
             itself where they are not set.\n\n\
             This page is made from the code; a test compares the two.\n\n\
             | Setting | Default | Range | Meaning |\n|---|---|---|---|\n",
        );
        for Setting { name, description, default, range, secret, .. } in read {
            let default = match default {
                Some(default) if !default.is_empty() => format!("`{default}`"),
                _ if secret => "secret".to_owned(),
                _ => String::new(),
            };
            let range = range.map(|range| range.to_string()).unwrap_or_default();
            writeln!(text, "| `{name}` | {default} | {range} | {description} |")?;
        }
        text.push_str(
            "\n## Old names\n\n\
             Accepted, and told in the log at every start. A new name that is set as well wins.\n\n\
             | Old | New |\n|---|---|\n",
        );
        for (old, new) in old_names() {
            let new = new.map_or("none: it means nothing any more".to_owned(), |new| format!("`{new}`"));
            writeln!(text, "| `{old}` | {new} |")?;
        }
        Ok(text)
    }

    /// `UPDATE_PAGES=1 cargo test -p standalone` writes the page anew.
    #[test]
    fn the_configuration_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let page = page().unwrap();
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page);
    }

    fn all() -> Vec<Setting> {
        let mut settings = Settings::from_pairs::<&str, &str>([]);
        crate::secrets::provide(&mut settings, None).unwrap();
        check(settings).unwrap()
    }

    /// What is said about `name` where it has this value.
    fn problem_of(name: &str, value: &str) -> Option<String> {
        let mut settings = Settings::from_pairs([(name, value)]);
        // Reading them hashes a password.
        settings.set_default("ARGON2_MEMORY_KIB", "1024");
        settings.set_default("ARGON2_ITERATIONS", "1");
        crate::secrets::provide(&mut settings, None).unwrap();
        let problems = check(settings).err()?.0;
        Some(problems.into_iter().find(|problem| problem.starts_with(name)).unwrap_or_default())
    }

    #[test]
    fn a_number_outside_of_its_range_is_refused_by_name_and_range_and_both_ends_are_taken() {
        let ranges = all().into_iter().filter_map(|Setting { name, range, .. }| Some((name, range?)));
        let mut walked = 0;
        for (name, range) in ranges {
            let (least, most): (i128, i128) = (range.least.parse().unwrap(), range.most.parse().unwrap());
            for outside in [least - 1, most + 1, i128::MAX] {
                let problem = problem_of(name, &outside.to_string())
                    .unwrap_or_else(|| panic!("{name}={outside} is taken"));
                assert!(problem.contains(&range.to_string()), "{name}={outside}: {problem:?}");
            }
            for inside in [least, most] {
                let problem = problem_of(name, &inside.to_string());
                assert!(problem.as_ref().is_none_or(String::is_empty), "{name}={inside}: {problem:?}");
            }
            walked += 1;
        }
        assert!(walked > 30, "{walked}");
    }

    /// A setting counts as a number if it takes one and no word.
    #[test]
    fn every_setting_that_is_a_number_has_a_range() {
        for Setting { name, .. } in
            all().into_iter().filter(|setting| setting.range.is_none() && !setting.secret)
        {
            let takes_a_number =
                ["1", "100", "10000", "1000000"].iter().any(|number| problem_of(name, number).is_none());
            assert!(!takes_a_number || problem_of(name, "word").is_none(), "{name} has no range");
        }
    }

    #[test]
    fn a_pause_of_nothing_does_not_start_anything() {
        let problem = problem_of("HOUSEKEEPING_INTERVAL_SECONDS", "0").unwrap();
        assert!(problem.ends_with("it is a number from 1 to 86400 s"), "{problem}");
    }

    #[test]
    fn mistakes_of_all_services_are_reported_together() {
        let mut settings = Settings::from_pairs([
            ("GATEWAY_HTTP_ADDR", "here"),
            ("USER_SVC_GRPC_ADDR", "there"),
            ("SMTP_PORT", "everywhere"),
        ]);
        crate::secrets::provide(&mut settings, None).unwrap();
        let text = check(settings).unwrap_err().to_string();
        for name in ["GATEWAY_HTTP_ADDR", "USER_SVC_GRPC_ADDR", "SMTP_PORT"] {
            assert!(text.contains(name), "{name} is missing in {text}");
        }
    }
}
