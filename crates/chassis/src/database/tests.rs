use embedded::postgres::fresh_database;
use sqlx::migrate::Migrator;

use super::*;
use crate::migrations::Tables;

fn open_once(url: &str) -> PgPool {
    open(&DatabaseConfig::new(SecretString::from(url), 1), "test").unwrap()
}

/// `url` with a limit of its own.
fn limited(url: &str, limit: &str) -> String {
    let mut url: url::Url = url.parse().unwrap();
    url.query_pairs_mut().append_pair("options", &format!("-c statement_timeout={limit}"));
    url.into()
}

#[tokio::test]
async fn every_statement_has_a_limit_and_one_in_the_url_counts_instead() {
    let url = fresh_database("limits").await;
    for (url, limit) in [(url.clone(), "1min"), (limited(&url, "200ms"), "200ms")] {
        let shown: String =
            sqlx::query_scalar("SHOW statement_timeout").fetch_one(&open_once(&url)).await.unwrap();
        assert_eq!(shown, limit);
    }
    let pool = open_once(&limited(&url, "200ms"));
    let endless = sqlx::query("SELECT pg_sleep(600)").execute(&pool);
    let ended = timeout(Duration::from_mins(1), endless).await.expect("the server ends it");
    assert_eq!(ended.unwrap_err().as_database_error().unwrap().code().as_deref(), Some("57014"));
    sqlx::query("SELECT 1").execute(&pool).await.expect("the connection goes on");
}

#[tokio::test]
async fn a_migration_may_take_as_long_as_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    let slow = "SELECT pg_sleep(1); CREATE TABLE made (id bigint)";
    std::fs::write(folder.path().join("0001_slow.sql"), slow).unwrap();
    let migrator: &'static Migrator = Box::leak(Box::new(Migrator::new(folder.path()).await.unwrap()));
    let tables = Tables { service: "test", migrators: Box::leak(Box::new([migrator])) };
    let pool = open_once(&limited(&fresh_database("patience").await, "200ms"));
    tables.migrate(&pool).await.unwrap();
    sqlx::query("SELECT id FROM made").execute(&pool).await.unwrap();
}
