//! `GetUser` and `ListUsers`.

use fitness_proto::fitness::user::v1 as proto;
use sqlx::AssertSqlSafe;
use tonic::Code;

use crate::fixture::{Service, reason};

#[tokio::test]
async fn people_see_their_own_account_and_learn_nothing_of_others() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await;
    let ben = service.open_account("ben@example.org").await.user.unwrap();
    let own = anna.user.unwrap();
    assert_eq!(service.get_user(&anna.access_token, &own.user_id).await.unwrap(), own);
    let invented = uuid::Uuid::now_v7().to_string();
    for user_id in [&ben.user_id, &invented] {
        let status = service.get_user(&anna.access_token, user_id).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    let status =
        service.list_users(&anna.access_token, proto::ListUsersRequest::default()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
    service.stop().await;
}

#[tokio::test]
async fn an_admin_sees_every_account_from_the_moment_the_role_is_given_and_no_longer_than_that() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await;
    let ben = service.open_account("ben@example.org").await.user.unwrap();
    let own = anna.user.unwrap().user_id;
    service.make_admin(&own).await;
    assert_eq!(service.get_user(&anna.access_token, &ben.user_id).await.unwrap(), ben);
    let invented = uuid::Uuid::now_v7().to_string();
    assert_eq!(service.get_user(&anna.access_token, &invented).await.unwrap_err().code(), Code::NotFound);

    let refreshed = service.login("anna@example.org", crate::fixture::PASSWORD).await.unwrap();
    sqlx::query("UPDATE users SET roles = ARRAY['athlete']").execute(&service.pool).await.unwrap();
    let status = service.get_user(&refreshed.access_token, &ben.user_id).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound, "the token still says admin");
    service.stop().await;
}

#[tokio::test]
async fn the_list_has_all_accounts_in_pages_and_can_be_narrowed_by_address() {
    let service = Service::start().await;
    let admin = service.open_account("admin@example.org").await;
    service.make_admin(&admin.user.unwrap().user_id).await;
    for name in ["Anna", "anne", "ben", "an_ton", "a%"] {
        service.register(&format!("{name}@example.org")).await.unwrap();
    }
    let list = async |email_prefix: &str| {
        let (mut emails, mut page_token) = (Vec::new(), String::new());
        loop {
            let email_prefix = email_prefix.to_owned();
            let request = proto::ListUsersRequest { page_size: 2, page_token, email_prefix };
            let page = service.list_users(&admin.access_token, request).await.unwrap();
            assert!(page.users.len() <= 2);
            emails.extend(page.users.into_iter().map(|user| user.email));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return emails;
            }
        }
    };
    assert_eq!(list("").await.len(), 6);
    assert_eq!(list("ANN").await, ["Anna@example.org", "anne@example.org"]);
    assert_eq!(list("an_").await, ["an_ton@example.org"], "nothing in it is a pattern");
    assert_eq!(list("a%").await, ["a%@example.org"]);
    assert_eq!(list("nobody").await, Vec::<String>::new());
    service.stop().await;
}

/// What a statement costs in pages of the database, with a plan that knows none of the values.
async fn blocks(service: &Service, marker: &str, arguments: &str) -> (i64, String) {
    let query = "SELECT query FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'user-svc' AND strpos(query, $1) > 0
                 ORDER BY query_start DESC LIMIT 1";
    let statement: String = sqlx::query_scalar(query).bind(marker).fetch_one(&service.pool).await.unwrap();
    // A connection of its own, whose settings and statements go with it.
    let mut connection = service.pool.acquire().await.unwrap().detach();
    let prepare = format!("SET plan_cache_mode = force_generic_plan; PREPARE page AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut connection).await.unwrap();
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page ({arguments})");
    let row = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut connection).await.unwrap();
    let text = sqlx::Row::try_get_unchecked::<String, _>(&row, 0).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let blocks = |kind: &str| plan[0]["Plan"][kind].as_i64().unwrap();
    (blocks("Shared Hit Blocks") + blocks("Shared Read Blocks"), text)
}

#[tokio::test]
async fn a_page_costs_the_same_wherever_its_accounts_stand_among_a_hundred_thousand() {
    let service = Service::start().await;
    let admin = service.open_account("admin@example.org").await;
    service.make_admin(&admin.user.unwrap().user_id).await;
    // The rare ones are the last that were opened.
    sqlx::query(
        "INSERT INTO users (user_id, email, email_key, display_name, locale, time_zone, roles, create_time, update_time)
         SELECT ('ffffffffffff' || lpad(to_hex(number), 20, '0'))::uuid, address, address, 'A', 'en', 'UTC', '{athlete}', now(), now()
         FROM generate_series(1, 100000) AS number,
             LATERAL (SELECT CASE WHEN number > 99900 THEN 'rare-' ELSE 'user-' END || number || '@example.org' AS address)
                 AS named",
    )
    .execute(&service.pool)
    .await
    .unwrap();
    sqlx::query("ANALYZE users").execute(&service.pool).await.unwrap();
    let list = async |email_prefix: &str, page_token: &str| {
        let (email_prefix, page_token) = (email_prefix.to_owned(), page_token.to_owned());
        let request = proto::ListUsersRequest { page_size: 50, page_token, email_prefix };
        service.list_users(&admin.access_token, request).await.unwrap()
    };
    let first = list("rare-", "").await;
    let second = list("rare-", &first.next_page_token).await;
    assert_eq!((first.users.len(), second.users.len(), second.next_page_token.as_str()), (50, 50, ""));
    assert!(first.users.iter().chain(&second.users).map(|user| &user.email).is_sorted());

    // The account of the caller, the name of the page's first and the index above cost some as well.
    let by_address = "email_key COLLATE \"C\" >";
    for (prefix, after) in
        [("rare-", "''"), ("rare-", "'rare-99960@'"), ("user-", "''"), ("user-", "'user-99800@'")]
    {
        let arguments = format!("'{prefix}', {after}, '{prefix}{}', 51", char::MAX);
        let (blocks, plan) = blocks(&service, by_address, &arguments).await;
        assert!(blocks < 120 && plan.contains("users_email_key_bytes"), "{prefix} {after}: {blocks} {plan}");
    }
    list("", "").await;
    let near_end = "'ffffffff-ffff-0000-0000-000000018600'";
    for after in ["'00000000-0000-0000-0000-000000000000'", near_end] {
        let (blocks, plan) = blocks(&service, "WHERE user_id > $1", &format!("{after}, 51")).await;
        assert!(blocks < 120, "{after}: {blocks} {plan}");
    }
    service.stop().await;
}
