//! Searching everything that the services have stored.

use embedded::postgres::{Cluster, ClusterConfig};
use sqlx::PgPool;

pub(super) const NAMES: [&str; 3] = ["user_svc", "workout_svc", "notify_svc"];

/// A PostgreSQL server of one test's own.
pub(super) async fn cluster() -> Cluster {
    let folder = tempfile::tempdir().unwrap().keep();
    Cluster::start(ClusterConfig::ephemeral(folder)).await.unwrap()
}

/// The databases of all services.
pub(super) struct Databases(Vec<(&'static str, PgPool)>);

impl Databases {
    pub(super) async fn connect(url: impl Fn(&str) -> String) -> Self {
        let mut pools = Vec::new();
        for name in NAMES {
            pools.push((name, PgPool::connect(&url(name)).await.unwrap()));
        }
        Self(pools)
    }

    /// The tables that hold a text anywhere, also inside bytes, as `database.schema.table`.
    pub(super) async fn tables_with(&self, text: &str) -> Vec<String> {
        let hex = text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        let mut found = Vec::new();
        for (database, pool) in &self.0 {
            let tables: Vec<(String,)> = sqlx::query_as(
                "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename)
                 FROM pg_tables
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
            )
            .fetch_all(pool)
            .await
            .unwrap();
            assert!(!tables.is_empty(), "{database} has tables");
            for (table,) in tables {
                let query = format!(
                    "SELECT count(*) FROM {table} AS entry
                     WHERE strpos(lower(entry::text), lower($1)) > 0 OR strpos(entry::text, $2) > 0"
                );
                let query = sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(query));
                let rows = query.bind(text).bind(&hex).fetch_one(pool).await.unwrap();
                if rows > 0 {
                    found.push(format!("{database}.{table}"));
                }
            }
        }
        found
    }
}
