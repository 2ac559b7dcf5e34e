//! Databases for tests.

use std::env;
use std::time::{SystemTime, UNIX_EPOCH};

use sqlx::Connection;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use super::database::connect;
use super::{Cluster, ClusterConfig, create_database, drop_database};

/// Databases older than this were left behind by a test that could not clean up.
const LEFTOVER_SECONDS: u64 = 3600;

/// A server for the tests of this process: the one of `TEST_DATABASE_URL` if it is set, else a private cluster that
/// is started once per process and removed when the process ends.
///
/// # Panics
///
/// If there is no server to be had: a test cannot go on without one.
pub async fn for_tests() -> &'static str {
    static SERVER: OnceCell<(String, Option<Cluster>)> = OnceCell::const_new();
    let (url, _cluster) = SERVER
        .get_or_init(|| async {
            match env::var("TEST_DATABASE_URL") {
                Ok(url) if !url.is_empty() => {
                    remove_leftovers(&url).await;
                    (url, None)
                }
                _ => {
                    let folder = tempfile::Builder::new()
                        .prefix("fitness-trainer-test-")
                        .tempdir()
                        .expect("a test needs a temporary folder")
                        .keep();
                    let cluster = Cluster::start(ClusterConfig::ephemeral(folder))
                        .await
                        .unwrap_or_else(|error| panic!("a test needs PostgreSQL: {error} ({error:?})"));
                    (cluster.url("postgres"), Some(cluster))
                }
            }
        })
        .await;
    url
}

/// Creates an empty database for one test and returns its URL. `prefix` shows in its name.
///
/// # Panics
///
/// If the database cannot be created.
pub async fn fresh_database(prefix: &str) -> String {
    let server = for_tests().await;
    let name = format!("test_{}_{prefix}_{}", now_seconds(), Uuid::now_v7().simple());
    // PostgreSQL cuts names at 63 bytes; the random end is what must stay.
    let name =
        if name.len() > 63 { format!("test_{}_{}", now_seconds(), Uuid::now_v7().simple()) } else { name };
    create_database(server, &name).await.unwrap_or_else(|error| panic!("cannot create {name}: {error:?}"));
    let mut url = Url::parse(server).expect("the server accepted this URL a moment ago");
    url.set_path(&name);
    url.into()
}

/// Drops what earlier tests left on a shared server: those of a killed run, for instance.
async fn remove_leftovers(server: &str) {
    let Ok(mut connection) = connect(server).await else {
        return;
    };
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT datname
         FROM pg_database
         WHERE datname LIKE 'test\\_%'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap_or_default();
    let _ = connection.close().await;
    for name in names {
        let created = name.split('_').nth(1).and_then(|seconds| seconds.parse::<u64>().ok());
        if created.is_some_and(|created| created + LEFTOVER_SECONDS < now_seconds()) {
            let _ = drop_database(server, &name).await;
        }
    }
}

fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
