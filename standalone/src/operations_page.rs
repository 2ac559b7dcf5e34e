//! The page docs/operations.md is written by hand; what can be compared with the rest is compared here.

use std::path::Path;

use chassis::config::Settings;

const PAGE: &str = include_str!("../../docs/operations.md");

/// In capitals, in code, and no settings of ours.
const OTHERS: [&str; 3] = ["SSL_CERT_FILE", "NOTIFICATION_STATE_PENDING", "TOPIC_AUTHORIZATION_FAILED"];

#[test]
fn every_setting_on_the_page_exists() {
    let mut settings = Settings::from_pairs::<&str, &str>([]);
    crate::secrets::provide(&mut settings, None).expect("the secrets of a short life can be made");
    let known: Vec<_> = crate::configuration::check(settings)
        .expect("the defaults fit")
        .into_iter()
        .map(|setting| setting.name)
        .collect();
    let is_known = |word: &str| {
        let name = word.strip_suffix("_FILE").unwrap_or(word);
        known.contains(&word) || known.contains(&name) || OTHERS.contains(&word)
    };
    let mut unknown: Vec<_> = code(PAGE).flat_map(setting_names).filter(|word| !is_known(word)).collect();
    unknown.dedup();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let targets = PAGE.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    let files = targets.filter(|target| !target.is_empty() && !target.contains("://"));
    let missing: Vec<_> = files.filter(|file| !docs.join(file).exists()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What stands between back quotes on one line.
fn code(page: &str) -> impl Iterator<Item = &str> {
    page.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Words in capitals with an underscore; families of settings (`RATE_LIMIT_…`) are none.
fn setting_names(code: &str) -> impl Iterator<Item = &str> {
    let is_part =
        |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || "_…".contains(letter);
    code.split(move |letter| !is_part(letter))
        .filter(|word| word.contains('_') && !word.contains('…') && word.starts_with(char::is_alphabetic))
}
