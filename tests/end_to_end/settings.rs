//! A start with wrong settings says all that is wrong, at once, and repeats no secret.

use std::process::Command;

#[test]
fn all_problems_of_the_settings_are_reported_at_once() {
    let output = Command::new(env!("CARGO_BIN_EXE_fitness-trainer"))
        .args(["--ephemeral", "--free-ports"])
        .env("SMTP_PORT", "many")
        .env("EMAIL_FROM", "not an address")
        .env("PUBLIC_URL", "javascript:alert(1)")
        .env("GATEWAY_MAX_BODY_BYTES", "-1")
        .env("SEALING_KEYS", "hunter2")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for name in ["SMTP_PORT", "EMAIL_FROM", "PUBLIC_URL", "GATEWAY_MAX_BODY_BYTES", "SEALING_KEYS"] {
        assert!(text.contains(name), "{name} is not in: {text}");
    }
    assert!(!text.contains("hunter2"), "a secret is repeated: {text}");
}
