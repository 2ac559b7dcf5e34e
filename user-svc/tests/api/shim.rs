use sqlx::{AssertSqlSafe, Connection, PgConnection};
pub async fn for_tests() -> &'static str { "postgres://postgres@127.0.0.1:55432/postgres" }
pub async fn fresh_database(prefix: &str) -> String {
    let name = format!("test_shim_{prefix}_{}", uuid::Uuid::now_v7().simple());
    let mut c = PgConnection::connect(for_tests().await).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut c).await.unwrap();
    format!("postgres://postgres@127.0.0.1:55432/{name}")
}
pub async fn drop_database(url: &str, name: &str) -> Result<(), sqlx::Error> {
    let mut c = PgConnection::connect(url).await?;
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).execute(&mut c).await?;
    Ok(())
}
