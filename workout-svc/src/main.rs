//! Athletes, exercises, routines and workouts of Fitness Trainer, as a process of their own.

use workout_svc::{App, NAME, WorkoutSvcConfig};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let about = "Athletes, exercises, routines and workouts of Fitness Trainer.";
    chassis::process::run(NAME, about, WorkoutSvcConfig::from_settings, |config, shutdown| async {
        App::build(config).await?.run_until(shutdown).await
    })
    .await
}
