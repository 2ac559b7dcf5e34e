//! Signing in and staying signed in: refresh, reuse of an old token, signing out, other devices, a new password.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Person, shared};

async fn refresh(person: &Person, token: &str) -> (u16, Value) {
    let response = person.api.post("/v1/auth/refresh", &json!({ "refresh_token": token })).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn is_signed_in(person: &Person) -> bool {
    match person.call("GET", "/v1/users/me", None).await.0 {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

#[tokio::test]
async fn a_refresh_token_that_comes_again_gets_the_same_next_one_until_that_was_used_and_then_ends_the_session()
 {
    let mut person = Person::join(shared().await, "en").await;
    let first = person.refresh_token.clone();
    let (status, session) = refresh(&person, &first).await;
    assert_eq!(status, 200);
    person.adopt(&session);
    assert!(is_signed_in(&person).await);

    // Another tab at the same moment, or an answer that was lost.
    let (status, again) = refresh(&person, &first).await;
    assert_eq!((status, &again["refresh_token"]), (200, &session["refresh_token"]));
    let (status, session) = refresh(&person, &person.refresh_token).await;
    assert_eq!(status, 200);
    person.adopt(&session);

    // Somebody, the thief or the owner, comes with the token that was used: nobody can tell who is who.
    let (status, answer) = refresh(&person, &first).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("TOKEN_INVALID")));
    let (status, _) = refresh(&person, &person.refresh_token).await;
    assert_eq!(status, 401, "the whole family is revoked");
    assert!(!is_signed_in(&person).await);
    person.sign_in().await;
    assert!(is_signed_in(&person).await);
}

#[tokio::test]
async fn signing_out_ends_this_session_and_an_owner_ends_the_others() {
    let laptop = Person::join(shared().await, "en").await;
    let mut phone = laptop.clone();
    phone.sign_in().await;
    let mut tablet = laptop.clone();
    tablet.sign_in().await;

    let sessions = laptop.get("/v1/auth/sessions").await;
    let sessions = sessions["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);

    phone.expect("POST", "/v1/auth/logout", Some(&json!({}))).await;
    assert!(!is_signed_in(&phone).await && is_signed_in(&laptop).await);
    assert_eq!(refresh(&phone, &phone.refresh_token).await.0, 401);

    let sessions = tablet.get("/v1/auth/sessions").await;
    let current = sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == true);
    let path = format!("/v1/auth/sessions/{}", current.unwrap()["session_id"].as_str().unwrap());
    laptop.expect("DELETE", &path, None).await;
    assert!(!is_signed_in(&tablet).await && is_signed_in(&laptop).await);
}

#[tokio::test]
async fn a_new_password_signs_out_the_other_devices_and_is_mailed() {
    let mut laptop = Person::join(shared().await, "en").await;
    let mut phone = laptop.clone();
    phone.sign_in().await;
    let new_password = format!("better {}", laptop.account.password);
    let change = |old: &str| json!({ "old_password": old, "new_password": new_password });
    let path = "/v1/users/me/change-password";
    let (status, answer) = laptop.call("POST", path, Some(&change("not the old one"))).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("CREDENTIALS_INVALID")));
    assert!(is_signed_in(&laptop).await, "a slip signs nobody out");

    laptop.expect("POST", path, Some(&change(&laptop.account.password))).await;
    assert!(is_signed_in(&laptop).await && !is_signed_in(&phone).await);
    laptop.inbox.wait_for(&laptop.account.email, 3, Duration::from_secs(20)).await;
    laptop.account.password = new_password;
    laptop.sign_in().await;
}

#[tokio::test]
async fn a_changed_language_and_name_are_those_of_the_next_mail() {
    let person = Person::join(shared().await, "en").await;
    let changes = json!({ "locale": "ru", "display_name": "Анна" });
    let me = person.expect("PATCH", "/v1/users/me", Some(&changes)).await;
    assert_eq!((me["locale"].as_str(), me["time_zone"].as_str()), (Some("ru"), Some("Europe/Berlin")));
    person.api.post("/v1/auth/forgot-password", &json!({ "email": person.account.email })).await;
    let mails = person.inbox.wait_for(&person.account.email, 3, Duration::from_secs(20)).await;
    assert!(mails[2].text.contains("Анна"), "{}", mails[2].text);
}
