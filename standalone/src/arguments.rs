//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Runs all of Fitness Trainer in one process, for a first try and for development.
///
/// PostgreSQL, a Kafka-compatible broker and a mailbox come with it. Point it at real ones where you have them:
/// `DATABASE_URL`, `KAFKA_BROKERS` and `SMTP_HOST` each replace the embedded part.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "fitness-trainer",
    version,
    after_help = "First steps:\n  \
        fitness-trainer                 start, keep the data in .data\n  \
        fitness-trainer --ephemeral     start with empty data and forget it at the end\n  \
        GATEWAY_HTTP_ADDR=127.0.0.1:0 fitness-trainer --ephemeral\n                                  \
        any address can have port 0, so several can run side by side\n\n\
        docs/configuration.md lists all settings."
)]
pub struct Arguments {
    /// A TOML file with settings; the environment goes before it.
    #[arg(long, env = "FITNESS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Where the data is kept between runs.
    #[arg(long, env = "FITNESS_DATA_DIR", value_name = "FOLDER", default_value = ".data")]
    pub data_dir: PathBuf,

    /// Keep nothing: use a temporary folder and remove it at the end.
    #[arg(long)]
    pub ephemeral: bool,

    /// Put every address that is not configured on a free port.
    #[arg(long)]
    pub free_ports: bool,
}
