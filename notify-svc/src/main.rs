//! E-mails of Fitness Trainer, from events over a ledger to the SMTP relay, as a process of their own.

use notify_svc::{App, NAME, NotifySvcConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let about = "E-mails of Fitness Trainer: from events over a ledger to the SMTP relay.";
    chassis::process::run(NAME, about, NotifySvcConfig::from_settings, |config, shutdown| async {
        App::build(config).await?.run_until(shutdown).await
    })
    .await
}
