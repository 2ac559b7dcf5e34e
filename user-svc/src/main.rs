//! Accounts, one-time codes, sessions and access tokens of Fitness Trainer, as a process of their own.

use user_svc::{App, NAME, UserSvcConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let about = "Accounts, one-time codes, sessions and access tokens of Fitness Trainer.";
    chassis::process::run(NAME, about, UserSvcConfig::from_settings, |config, shutdown| async {
        App::build(config).await?.run_until(shutdown).await
    })
    .await
}
