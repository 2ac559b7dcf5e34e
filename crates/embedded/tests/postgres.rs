//! The private PostgreSQL cluster: its life, its data, and what remains when its process is killed.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::future::Future;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use embedded::postgres::{
    Cluster, ClusterConfig, PostgresError, create_database, drop_database, for_tests, fresh_database,
};
use sqlx::{Connection, PgConnection};

const LIMIT: Duration = Duration::from_mins(1);

async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn durable_enough(folder: &Path) -> ClusterConfig {
    ClusterConfig { durable: false, ..ClusterConfig::new(folder) }
}

const HOLD: &str = "HOLD_A_CLUSTER_IN";

/// A process that holds a cluster, and the URL it printed: this test program again, in the role of the next test.
fn spawn_holder(folder: &Path, ephemeral: bool) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_process_in_the_role_of_a_holder_holds_a_cluster", "--nocapture"])
        .env(HOLD, folder)
        .env("EPHEMERAL", ephemeral.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = lines.map(Result::unwrap).find(|line| line.starts_with("postgres://"));
    (child, url.expect("the holder ended without a cluster"))
}

/// Does nothing in an ordinary run; see [`spawn_holder`].
#[tokio::test]
async fn a_process_in_the_role_of_a_holder_holds_a_cluster() {
    let Ok(folder) = std::env::var(HOLD) else { return };
    let ephemeral = std::env::var("EPHEMERAL").unwrap() == "true";
    let config = ClusterConfig { ephemeral, ..ClusterConfig::new(folder) };
    let cluster = Cluster::start(config).await.unwrap();
    eprintln!("{}", cluster.url("postgres"));
    std::future::pending::<()>().await;
}

async fn is_up(url: &str) -> bool {
    PgConnection::connect(url).await.is_ok()
}

fn kill(child: &mut Child) {
    // SIGKILL on Unix.
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_cluster_keeps_its_data_between_runs() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(durable_enough(folder.path())).await.unwrap();
    cluster.create_database("kept").await.unwrap();
    cluster.create_database("kept").await.unwrap();
    let url = cluster.url("kept");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE note (text text); INSERT INTO note VALUES ('here')")
        .execute(&mut connection)
        .await
        .unwrap();
    // An open connection does not hold a stop up.
    cluster.stop().await;
    assert!(!is_up(&url).await, "the server must be gone when stop returns");

    let cluster = Cluster::start(durable_enough(folder.path())).await.unwrap();
    let mut connection = PgConnection::connect(&cluster.url("kept")).await.unwrap();
    let text: String = sqlx::query_scalar("SELECT text FROM note").fetch_one(&mut connection).await.unwrap();
    assert_eq!(text, "here");
    let collation: String =
        sqlx::query_scalar("SELECT datcollate FROM pg_database WHERE datname = current_database()")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(collation, "C");
    let directory = cluster.directory().to_owned();
    cluster.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn the_password_is_needed_and_readable_by_the_account_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap();
    let password = cluster.directory().join("password");
    assert_eq!(password.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let mut url = url::Url::parse(&cluster.url("postgres")).unwrap();
    url.set_password(Some("guess")).unwrap();
    assert!(!is_up(url.as_str()).await);
    cluster.stop().await;
}

#[tokio::test]
async fn two_processes_never_share_a_cluster() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap();
    let second = Cluster::start(ClusterConfig::ephemeral(folder.path())).await;
    assert!(matches!(second, Err(PostgresError::InUse { .. })), "{second:?}");
    assert!(is_up(&cluster.url("postgres")).await, "the first one must not suffer");
    cluster.stop().await;
}

#[tokio::test]
async fn a_folder_the_server_may_not_enter_is_replaced_by_one_it_finds_again() {
    let parent = tempfile::tempdir().unwrap();
    std::fs::set_permissions(parent.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let config = durable_enough(&parent.path().join("cluster"));
    let cluster = Cluster::start(config.clone()).await.unwrap();
    cluster.create_database("kept").await.unwrap();
    let directory = cluster.directory().to_owned();
    // Only as root does the server belong to someone else.
    let as_root = parent.path().metadata().unwrap().uid() == 0;
    assert_eq!(directory.starts_with(parent.path()), !as_root, "{directory:?}");
    cluster.stop().await;
    let cluster = Cluster::start(config).await.unwrap();
    assert_eq!(cluster.directory(), directory);
    assert!(is_up(&cluster.url("kept")).await);
    cluster.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn a_fixed_port_that_is_taken_is_an_error_with_the_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let config = ClusterConfig { port: Some(port), ..ClusterConfig::ephemeral(folder.path()) };
    let error = Cluster::start(config).await.unwrap_err();
    assert!(error.to_string().contains("Address already in use"), "{error}");
}

#[tokio::test]
async fn an_ephemeral_cluster_leaves_no_files() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap();
    let directory = cluster.directory().to_owned();
    assert!(directory.join("data").exists());
    cluster.stop().await;
    assert!(!directory.exists());
}

#[tokio::test]
async fn a_dropped_cluster_is_shut_down() {
    let folder = tempfile::tempdir().unwrap();
    let cluster = Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap();
    let (url, directory) = (cluster.url("postgres"), cluster.directory().to_owned());
    drop(cluster);
    eventually("server down", async || !is_up(&url).await).await;
    eventually("files removed", async || !directory.exists()).await;
}

#[tokio::test]
async fn a_killed_parent_leaves_no_server_and_no_temporary_files() {
    let folder = tempfile::tempdir().unwrap();
    let (mut holder, url) = spawn_holder(&folder.path().join("cluster"), true);
    assert!(is_up(&url).await);
    kill(&mut holder);
    eventually("server down", async || !is_up(&url).await).await;
    eventually("files removed", async || !folder.path().join("cluster").exists()).await;
}

#[tokio::test]
async fn a_cluster_can_be_taken_over_at_once_after_its_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut holder, url) = spawn_holder(folder.path(), false);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE survived ()").execute(&mut connection).await.unwrap();
    kill(&mut holder);
    // The server may still be shutting down at this moment.
    let cluster = Cluster::start(durable_enough(folder.path())).await.unwrap();
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
    sqlx::raw_sql("SELECT FROM survived").execute(&mut connection).await.unwrap();
    let directory = cluster.directory().to_owned();
    cluster.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

#[tokio::test]
async fn an_orphan_without_a_watchdog_is_stopped_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (mut holder, url) = spawn_holder(folder.path(), false);
    // A stopped parent cannot react, and its watchdog dies before it does.
    let watchdog = children_of(holder.id()).into_iter().find(|(_, name)| name == "sh").unwrap().0;
    assert!(Command::new("kill").args(["-KILL", &watchdog]).status().unwrap().success());
    kill(&mut holder);
    assert!(is_up(&url).await, "nobody is left to stop the server");
    let cluster = Cluster::start(durable_enough(folder.path())).await.unwrap();
    assert!(!is_up(&url).await || cluster.url("postgres") == url);
    let directory = cluster.directory().to_owned();
    cluster.stop().await;
    std::fs::remove_dir_all(directory).unwrap();
}

/// Process ids and names of the children of a process.
fn children_of(parent: u32) -> Vec<(String, String)> {
    let output = Command::new("ps").args(["-e", "-o", "ppid=,pid=,comm="]).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            (fields.next()? == parent.to_string()).then(|| {
                (fields.next().unwrap_or_default().to_owned(), fields.next().unwrap_or_default().to_owned())
            })
        })
        .collect()
}

#[tokio::test]
async fn every_test_gets_an_empty_database_of_its_own() {
    let (one, two) = tokio::join!(fresh_database("one"), fresh_database("two"));
    assert_ne!(one, two);
    let mut connection = PgConnection::connect(&one).await.unwrap();
    sqlx::raw_sql("CREATE TABLE mine ()").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let mut connection = PgConnection::connect(&two).await.unwrap();
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(tables, 0);
    connection.close().await.unwrap();
    for url in [one, two] {
        let name = url::Url::parse(&url).unwrap().path().trim_start_matches('/').to_owned();
        drop_database(for_tests().await, &name).await.unwrap();
        assert!(!is_up(&url).await);
    }
}

#[tokio::test]
async fn a_database_name_is_quoted() {
    let server = for_tests().await;
    let name = format!("odd \"name\" {}", uuid::Uuid::now_v7());
    create_database(server, &name).await.unwrap();
    create_database(server, &name).await.unwrap();
    drop_database(server, &name).await.unwrap();
    drop_database(server, &name).await.unwrap();
}
