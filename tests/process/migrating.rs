//! `migrate`, and a start that leaves the tables to it.

use std::time::Duration;

use embedded::postgres::fresh_database;
use sqlx::{Connection as _, PgConnection};

use crate::SUBJECT;
use crate::binary::{Environment, Finished, Running, run, serve, serving};

fn at(url: &str) -> Environment {
    vec![("DATABASE_URL", url.to_owned())]
}

async fn migrate(url: &str) -> Finished {
    // Nothing but the URL: what `serve` needs beside it, this command does without.
    run(&["migrate", "--wait", "20"], at(url)).await
}

#[tokio::test]
async fn migrating_makes_the_tables_and_again_changes_nothing() {
    let url = fresh_database("migrate").await;
    let first = migrate(&url).await;
    assert_eq!(first.code, Some(0), "{}", first.text());
    assert!(
        first.stdout.contains("the tables are up to date") && first.stdout.contains("missing"),
        "{}",
        first.stdout
    );
    let second = migrate(&url).await;
    assert_eq!(second.code, Some(0), "{}", second.text());
    assert!(second.stdout.contains("they were so before"), "{}", second.stdout);
}

#[tokio::test]
async fn processes_that_migrate_at_the_same_time_all_succeed() {
    let url = fresh_database("migrate_together").await;
    let (one, two, three) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
    for finished in [one, two, three] {
        assert_eq!(finished.code, Some(0), "{}", finished.text());
    }
    assert!(migrate(&url).await.stdout.contains("they were so before"));
}

/// Changes the history of the service's own migrations.
async fn rewrite_history(url: &str, statement: &'static str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    assert_eq!(sqlx::query(statement).execute(&mut connection).await.unwrap().rows_affected(), 1);
    connection.close().await.unwrap();
}

/// Waits until whatever the service may still wait for, its tables are not among it.
async fn until_the_tables_are_there(mut service: Running) {
    let settled = |answer: &Finished| {
        let text = answer.text();
        ["nothing answers", "schema", "postgres"].iter().all(|word| !text.contains(word))
    };
    service.healthcheck(&[], settled).await;
}

#[tokio::test]
async fn tables_that_are_newer_than_the_binary_are_left_alone_and_the_service_works_with_them() {
    let url = fresh_database("migrate_newer").await;
    assert_eq!(migrate(&url).await.code, Some(0));
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (900000, 'of a later release', TRUE, 'x', 0)";
    rewrite_history(&url, later).await;
    let again = migrate(&url).await;
    assert_eq!(again.code, Some(0), "{}", again.text());
    assert!(again.stdout.contains("newer than this build"), "{}", again.stdout);
    until_the_tables_are_there(serve(&["serve"], at(&url))).await;
}

#[tokio::test]
async fn a_migration_that_was_edited_after_it_was_applied_is_refused() {
    let url = fresh_database("migrate_edited").await;
    assert_eq!(migrate(&url).await.code, Some(0));
    rewrite_history(&url, "UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 1").await;
    let again = migrate(&url).await;
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("has been modified"), "{}", again.stderr);
}

#[tokio::test]
async fn a_database_that_is_away_is_waited_for_no_longer_than_said() {
    let url = "postgres://me:hunter2@127.0.0.1:9/nothing";
    let finished = run(&["migrate", "--wait", "1"], at(url)).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("PostgreSQL did not let us in within 1 s"), "{}", finished.stderr);
    assert!(finished.took < Duration::from_secs(20), "{:?}", finished.took);
    assert!(!finished.text().contains("hunter2"), "{}", finished.text());
}

#[tokio::test]
async fn a_database_that_does_not_exist_is_not_waited_for() {
    let url = fresh_database("nowhere").await.replace("nowhere", "elsewhere");
    let finished = run(&["migrate", "--wait", "60"], at(&url)).await;
    assert_eq!(finished.code, Some(1));
    assert!(finished.stderr.contains("does not exist"), "{}", finished.stderr);
    assert!(finished.took < Duration::from_secs(30), "{:?}", finished.took);
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_repeating_it() {
    for (url, word) in [("hunter2", "DATABASE_URL does not fit"), ("", "DATABASE_URL is required")] {
        let finished = run(&["migrate"], at(url)).await;
        assert_eq!(finished.code, Some(1));
        assert!(finished.stderr.contains(word), "{}", finished.stderr);
        assert!(!finished.text().contains("hunter2"), "{}", finished.text());
    }
}

#[tokio::test]
async fn a_start_that_leaves_the_tables_to_others_refuses_old_ones_and_names_the_command() {
    let url = fresh_database("unmigrated").await;
    let settings = |url: &str| {
        let mut settings = at(url);
        settings.push(("MIGRATE_ON_START", "false".to_owned()));
        settings
    };
    let refused = run(&["serve"], serving(settings(&url)).0).await;
    assert_eq!(refused.code, Some(1), "{}", refused.text());
    assert!(refused.stderr.contains(&format!("run `{} migrate`", SUBJECT.name)), "{}", refused.stderr);

    assert_eq!(migrate(&url).await.code, Some(0));
    until_the_tables_are_there(serve(&["serve"], settings(&url))).await;
}
