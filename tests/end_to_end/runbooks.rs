//! The SQL that runbooks give to somebody who was woken up works on the databases that they name.

use std::fs;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::harness::Parts;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/observability/runbooks");

/// The statements of a runbook, each with the databases that its first line names.
fn statements(text: &str) -> Vec<(Vec<String>, String)> {
    let blocks = text.split("```sql\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|block| {
            let (first, statement) = block.split_once('\n').unwrap();
            let names = first.strip_prefix("-- ").expect("the first line names the databases").split(", ");
            (names.map(str::to_owned).collect(), statement.to_owned())
        })
        .collect()
}

/// Runs a statement and takes back what it did.
async fn rehearse(url: &str, statement: &str) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let mut transaction = connection.begin().await?;
    transaction.execute(AssertSqlSafe(statement)).await?;
    transaction.rollback().await
}

#[tokio::test]
async fn the_sql_of_every_runbook_works_on_the_databases_it_names() {
    let parts = Parts::start().await;
    let mut faults = Vec::new();
    let mut rehearsed = 0;
    for file in fs::read_dir(FOLDER).unwrap() {
        let path = file.unwrap().path();
        for (databases, statement) in statements(&fs::read_to_string(&path).unwrap()) {
            for database in databases {
                rehearsed += 1;
                if let Err(error) = rehearse(&parts.database_url(&database), &statement).await {
                    faults.push(format!("{}, {database}: {error}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rehearsed > 20, "only {rehearsed} statements were found");
    let wrong = rehearse(&parts.database_url("notify_svc"), "SELECT nothing FROM notifications").await;
    assert!(wrong.is_err(), "a wrong statement is a fault");
    parts.end().await;
}
