//! Each service owns a database and lives on it alone.

use std::collections::BTreeSet;

use sqlx::PgPool;

use crate::harness::Parts;

async fn tables(url: &str) -> BTreeSet<String> {
    let pool = PgPool::connect(url).await.unwrap();
    let tables: Vec<(String,)> =
        sqlx::query_as("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
            .fetch_all(&pool)
            .await
            .unwrap();
    tables.into_iter().map(|(name,)| name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_has_its_tables_in_a_database_of_its_own_and_no_way_into_another() {
    let parts = Parts::start().await;
    let user = tables(&parts.database_url("user_svc")).await;
    let workout = tables(&parts.database_url("workout_svc")).await;
    let notify = tables(&parts.database_url("notify_svc")).await;
    assert!(user.contains("users") && workout.contains("athletes") && notify.contains("notifications"));
    assert!(!workout.contains("users") && !notify.contains("users"));
    assert!(!user.contains("athletes") && !notify.contains("athletes"));
    assert!(!user.contains("notifications") && !workout.contains("notifications"));
    for database in ["user_svc", "workout_svc", "notify_svc"] {
        let pool = PgPool::connect(&parts.database_url(database)).await.unwrap();
        let links: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_extension WHERE extname IN ('dblink', 'postgres_fdw')",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(links, 0, "{database} reaches no other");
    }
    parts.end().await;
}
