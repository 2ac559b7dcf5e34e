//! `ListSessions`, `RevokeSession`, `Logout`.

use chrono::TimeDelta;
use fitness_proto::fitness::user::v1 as proto;
use tonic::Code;

use crate::calls::signed;
use crate::fixture::{PASSWORD, Service, reason, within};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

#[tokio::test]
async fn the_list_shows_living_sessions_newest_first_and_which_one_asks() {
    let service = Service::start().await;
    let first = service.open_account("anna@example.org").await;
    service.open_account("ben@example.org").await;
    service.clock.advance(TimeDelta::minutes(5));
    service.login_from("anna@example.org", PASSWORD, FIREFOX, "203.0.113.7").await.unwrap();
    service.clock.advance(TimeDelta::minutes(5));
    service.refresh(&first.refresh_token).await.unwrap();

    let sessions = service.sessions(&first.access_token).await.unwrap();
    let shown: Vec<_> = sessions.iter().map(|session| (session.device.as_str(), session.current)).collect();
    assert_eq!(shown, [("Firefox on Linux", false), ("", true)]);
    let seconds = |time: &Option<prost_types::Timestamp>| time.unwrap().seconds;
    assert_eq!(seconds(&sessions[1].last_use_time) - seconds(&sessions[1].create_time), 600);
    assert_eq!(seconds(&sessions[1].expire_time) - seconds(&sessions[1].last_use_time), 30 * 86_400);
    service.stop().await;
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    for _ in 0..4 {
        service.login("anna@example.org", PASSWORD).await.unwrap();
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = proto::ListSessionsRequest { page_size: 2, page_token };
        let page = service.auth.clone().list_sessions(signed(request, &token)).await.unwrap().into_inner();
        assert!(page.sessions.len() <= 2);
        seen.extend(page.sessions.into_iter().map(|session| session.session_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    service.stop().await;
}

#[tokio::test]
async fn an_account_has_at_most_a_hundred_sessions_and_the_one_unused_longest_makes_way() {
    let service = Service::start().await;
    let first = service.open_account("anna@example.org").await;
    let second = service.login("anna@example.org", PASSWORD).await.unwrap();
    // As many sessions as fit with one more, and more devices and places than are remembered.
    for fill in [
        "INSERT INTO sessions (session_id, user_id, device, create_time, last_use_time, expire_time)
         SELECT gen_random_uuid(), user_id, '', create_time, create_time + interval '10 seconds', expire_time
         FROM (SELECT * FROM sessions ORDER BY session_id DESC LIMIT 1) AS sessions, generate_series(1, 97)",
        "INSERT INTO devices (user_id, device_hash, device, first_use_time, last_use_time)
         SELECT user_id, decode(lpad(to_hex(number), 64, '0'), 'hex'), '', create_time, create_time
         FROM users, generate_series(1, 120) AS number",
        "INSERT INTO known_places (place_hash, user_id, last_use_time)
         SELECT decode(lpad(to_hex(number), 64, '0'), 'hex'), user_id, create_time
         FROM users, generate_series(1, 220) AS number",
    ] {
        sqlx::query(fill).execute(&service.pool).await.unwrap();
    }
    service.clock.advance(TimeDelta::minutes(1));
    service.refresh(&second.refresh_token).await.unwrap();
    service.login_from("anna@example.org", PASSWORD, FIREFOX, "203.0.113.1").await.unwrap();
    service.get_me(&first.access_token).await.expect("a hundred sessions are not too many");
    let mut signing_in = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let mut auth = service.auth.clone();
        let request =
            proto::LoginRequest { email: "anna@example.org".to_owned(), password: PASSWORD.to_owned() };
        signing_in.spawn(async move { auth.login(request).await });
    }
    for outcome in within("fifty sign-ins", signing_in.join_all()).await {
        outcome.expect("nobody is refused for the number of their sessions");
    }
    assert_eq!(service.count("SELECT count(*) FROM sessions").await, 100);
    let ended = service.get_me(&first.access_token).await.unwrap_err();
    assert_eq!(reason(&ended), "TOKEN_INVALID");
    service.get_me(&second.access_token).await.expect("it was used a minute ago");
    assert_eq!(service.count("SELECT count(*) FROM devices").await, 100);
    assert_eq!(service.count("SELECT count(*) FROM known_places").await, 200);
    service.stop().await;
}

#[tokio::test]
async fn a_revoked_session_is_over_at_once_and_gone_from_the_list() {
    let service = Service::start().await;
    let mine = service.open_account("anna@example.org").await;
    let lost = service.login("anna@example.org", PASSWORD).await.unwrap();
    let sessions = service.sessions(&mine.access_token).await.unwrap();
    let other = sessions.iter().find(|session| !session.current).unwrap();

    service.revoke_session(&mine.access_token, &other.session_id).await.unwrap();
    for status in [
        service.get_me(&lost.access_token).await.unwrap_err(),
        service.refresh(&lost.refresh_token).await.unwrap_err(),
    ] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    }
    assert_eq!(service.sessions(&mine.access_token).await.unwrap().len(), 1);
    let again = service.revoke_session(&mine.access_token, &other.session_id).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    service.stop().await;
}

#[tokio::test]
async fn a_session_of_somebody_else_is_as_good_as_none() {
    let service = Service::start().await;
    let anna = service.open_account("anna@example.org").await.access_token;
    let ben = service.open_account("ben@example.org").await.access_token;
    let foreign = service.sessions(&ben).await.unwrap().remove(0).session_id;
    let invented = uuid::Uuid::now_v7().to_string();
    for session_id in [&foreign, &invented] {
        let status = service.revoke_session(&anna, session_id).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "NOT_FOUND"));
    }
    service.get_me(&ben).await.unwrap();
    service.stop().await;
}

#[tokio::test]
async fn who_logs_out_needs_to_sign_in_again_on_this_device_only() {
    let service = Service::start().await;
    let one = service.open_account("anna@example.org").await;
    let two = service.login("anna@example.org", PASSWORD).await.unwrap();
    service.logout(&one.access_token).await.unwrap();
    for status in [
        service.logout(&one.access_token).await.unwrap_err(),
        service.sessions(&one.access_token).await.unwrap_err(),
        service.refresh(&one.refresh_token).await.unwrap_err(),
    ] {
        assert_eq!(reason(&status), "TOKEN_INVALID");
    }
    let pictures = |token| signed(proto::ListFilesRequest::default(), token);
    let status = service.files.clone().list_files(pictures(&one.access_token)).await.unwrap_err();
    assert_eq!(reason(&status), "TOKEN_INVALID");
    service.files.clone().list_files(pictures(&two.access_token)).await.unwrap();
    service.get_me(&two.access_token).await.unwrap();
    service.stop().await;
}
