//! `config`: what is in force and where it comes from.

use std::io::{self, Write as _};
use std::path::Path;

use super::{ProcessError, Service};
use crate::config::{Setting, Settings, Source};
use crate::telemetry::TelemetryConfig;

pub(super) fn run<S: Service>(file: Option<&Path>) -> Result<(), ProcessError> {
    let mut settings = Settings::load(file);
    TelemetryConfig::from_settings(&mut settings, S::NAME);
    let _ = S::config(&mut settings);
    let (read, problems) = settings.report();
    // A reader that has seen enough may close the pipe.
    let _ = io::stdout().write_all(table(read).as_bytes());
    problems.map_or(Ok(()), |problems| Err(problems.into()))
}

/// One line for each setting, in the order of their names.
fn table(mut settings: Vec<Setting>) -> String {
    settings.sort_by_key(|setting| setting.name);
    let mut rows = vec![["SETTING".to_owned(), "VALUE".to_owned(), "COMES FROM".to_owned()]];
    rows.extend(settings.iter().map(|setting| [setting.name.to_owned(), shown(setting), origin(setting)]));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (names, values) = (width(0), width(1));
    let lines = rows.iter().map(|[name, value, origin]| {
        format!("{name:names$}  {value:values$}  {origin}").trim_end().to_owned() + "\n"
    });
    lines.collect()
}

fn shown(setting: &Setting) -> String {
    match (&setting.value, &setting.source) {
        (_, Source::Unset) => "not set".to_owned(),
        _ if setting.secret => "set".to_owned(),
        (Some(value), _) if value.is_empty() => "(empty)".to_owned(),
        // A line break in a value would begin a row that is none.
        (Some(value), _) => {
            value.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
        }
        (None, _) => String::new(),
    }
}

fn origin(setting: &Setting) -> String {
    match &setting.source {
        Source::Environment => "environment".to_owned(),
        Source::NamedFile(path) => format!("{}_FILE, {}", setting.name, path.display()),
        Source::ConfigFile(path) => path.display().to_string(),
        Source::Default => "default".to_owned(),
        Source::Unset => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &'static str, value: Option<&str>, source: Source, secret: bool) -> Setting {
        let value = value.map(str::to_owned);
        Setting { name, description: "What it is for.", default: None, range: None, value, source, secret }
    }

    #[test]
    fn the_table_shows_value_and_origin_and_no_secret() {
        let text = table(vec![
            setting("SMTP_PORT", Some("587"), Source::Environment, false),
            setting("SMTP_PASS", None, Source::NamedFile("/run/secrets/smtp".into()), true),
            setting("LOG_LEVEL", Some("info"), Source::Default, false),
            setting("SMTP_USER", None, Source::Unset, false),
            setting("TRUSTED_PROXIES", Some(""), Source::Default, false),
            setting("EMAIL_FROM", Some("one\ntwo"), Source::ConfigFile("/etc/fitness.toml".into()), false),
        ]);
        let expected = "\
            SETTING          VALUE    COMES FROM\n\
            EMAIL_FROM       one\u{fffd}two  /etc/fitness.toml\n\
            LOG_LEVEL        info     default\n\
            SMTP_PASS        set      SMTP_PASS_FILE, /run/secrets/smtp\n\
            SMTP_PORT        587      environment\n\
            SMTP_USER        not set\n\
            TRUSTED_PROXIES  (empty)  default\n";
        assert_eq!(text, expected);
    }
}
