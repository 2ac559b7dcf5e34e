//! Databases on a server.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::PostgresError;

/// `duplicate_database`, or the unique violation two simultaneous creations end in.
const ALREADY_THERE: [&str; 2] = ["42P04", "23505"];

/// Creates an empty database on the server behind `url` unless it exists, with UTF-8 and the C collation.
pub async fn create_database(url: &str, name: &str) -> Result<(), PostgresError> {
    let mut connection = connect(url).await?;
    let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&mut connection)
        .await?
        .is_some();
    if !exists {
        let statement =
            format!("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'", quoted(name));
        match sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await {
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| ALREADY_THERE.contains(&code.as_ref())) => {}
            outcome => {
                outcome?;
            }
        }
    }
    connection.close().await?;
    Ok(())
}

/// Drops a database on the server behind `url` if it exists, and ends its connections.
pub async fn drop_database(url: &str, name: &str) -> Result<(), PostgresError> {
    let mut connection = connect(url).await?;
    let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(name));
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// One connection, whose statements are not logged: some name databases of users.
pub(super) async fn connect(url: &str) -> Result<PgConnection, sqlx::Error> {
    PgConnectOptions::from_str(url)?.disable_statement_logging().connect().await
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
