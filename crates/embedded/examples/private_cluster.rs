//! Runs a private PostgreSQL cluster in the folder given as argument until Ctrl-C, and prints its URL.

use std::path::PathBuf;

use embedded::postgres::{Cluster, ClusterConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().map(PathBuf::from).ok_or("usage: private_cluster <folder> [--ephemeral]")?;
    let ephemeral = arguments.next().is_some_and(|argument| argument == "--ephemeral");
    let config = if ephemeral { ClusterConfig::ephemeral(folder) } else { ClusterConfig::new(folder) };
    let cluster = Cluster::start(config).await?;
    println!("{}", cluster.url("postgres"));
    tokio::signal::ctrl_c().await?;
    cluster.stop().await;
    Ok(())
}
