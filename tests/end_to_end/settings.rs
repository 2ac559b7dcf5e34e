//! A start with wrong settings says all that is wrong, at once, and repeats no secret.

use std::time::Duration;

use tokio::process::Command;

#[tokio::test]
async fn all_problems_of_the_settings_are_reported_at_once() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitness-trainer"));
    command
        .args(["--ephemeral", "--free-ports"])
        .env("SMTP_PORT", "many")
        .env("EMAIL_FROM", "not an address")
        .env("PUBLIC_URL", "javascript:alert(1)")
        .env("GATEWAY_MAX_BODY_BYTES", "-1")
        .env("SEALING_KEYS", "hunter2")
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_mins(1), command.output()).await;
    let output = output.expect("it does not start").unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    for name in ["SMTP_PORT", "EMAIL_FROM", "PUBLIC_URL", "GATEWAY_MAX_BODY_BYTES", "SEALING_KEYS"] {
        assert!(text.contains(name), "{name} is not in: {text}");
    }
    assert!(!text.contains("hunter2"), "a secret is repeated: {text}");
}
