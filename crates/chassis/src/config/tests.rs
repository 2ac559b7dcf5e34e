use std::io::Write as _;
use std::net::SocketAddr;

use super::*;

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn the_environment_beats_the_file_and_the_file_beats_the_default() {
    let config = file("grpc_addr = \"127.0.0.1:2\"\nlimit = 7\n");
    let mut settings = Settings::from_pairs([("GRPC_ADDR", "127.0.0.1:1")]);
    settings.read_file(config.path());
    let addr: SocketAddr = settings.value("GRPC_ADDR", "Where.", "127.0.0.1:3");
    let limit: u32 = settings.value("LIMIT", "How many.", "9");
    let other: u32 = settings.value("OTHER", "How many others.", "11");
    assert_eq!((addr.port(), limit, other), (1, 7, 11));
    assert_eq!(settings.finish().unwrap().len(), 3);
}

#[test]
fn a_secret_comes_from_the_file_that_its_name_points_to_without_the_line_end() {
    let secret = file("s3cret\n");
    let mut settings = Settings::from_pairs([("SMTP_PASS_FILE", secret.path().to_str().unwrap())]);
    assert_eq!(settings.secret("SMTP_PASS", "Password.").expose_secret(), "s3cret");
    let read = settings.finish().unwrap();
    assert_eq!(read[0].value, None, "a secret is never shown");
}

#[test]
fn all_problems_are_reported_at_once_and_none_shows_a_secret() {
    let config = file("typo = 1\n");
    let mut settings = Settings::from_pairs([
        ("LIMIT", "many"),
        ("KEYS", "hunter2"),
        ("SMTP_PASS_FILE", "/nowhere/to/be/found"),
    ]);
    settings.read_file(config.path());
    let _: u32 = settings.value("LIMIT", "How many.", "1");
    let _ = settings.secret("DATABASE_URL", "Where the data is.");
    let _ = settings.optional_secret("SMTP_PASS", "Password.");
    let _: Option<()> = settings.parsed_secret("KEYS", "Keys.", |_| Err("not base64".to_owned()));
    let text = settings.finish().unwrap_err().to_string();
    for name in ["LIMIT", "DATABASE_URL", "SMTP_PASS_FILE", "KEYS", "TYPO", "5 problem"] {
        assert!(text.contains(name), "{name} is missing in: {text}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let mut settings = Settings::from_pairs([("LIMIT", "")]);
    let limit: u32 = settings.value("LIMIT", "How many.", "5");
    assert_eq!(limit, 5);
}
