//! The HTTP door of Fitness Trainer as a process of its own.

use gateway::{App, GatewayConfig, NAME};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let read = |settings: &mut _| Some(GatewayConfig::from_settings(settings));
    let about = "The HTTP door of Fitness Trainer: REST made from the contracts.";
    chassis::process::run(NAME, about, read, |config, shutdown| async {
        App::build(config).await?.run_until(shutdown).await
    })
    .await
}
