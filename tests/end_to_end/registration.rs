//! A person opens an account, proves the address, signs in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Account, shared};

const MAIL_LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_registered_person_gets_the_code_verifies_it_is_welcomed_and_signs_in() {
    let system = shared().await;
    let (api, inbox) = (system.api(), system.inbox());
    let account = Account::new("en");

    api.register(&account).await;
    let code_mail = inbox.wait_for(&account.email, 1, MAIL_LIMIT).await.remove(0);
    let code = code_mail.code();
    assert!(code_mail.html.contains(&code), "the HTML part has the code too");
    assert!(!code_mail.subject.contains(&code), "the subject shows on locked screens");
    assert!(!code_mail.header("Message-ID").is_empty());
    assert_eq!(code_mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(code_mail.header("X-Trace-Id").len(), 32);

    let verification = json!({ "email": account.email, "code": code });
    let response = api.post("/v1/auth/verify-email", &verification).await;
    assert_eq!(response.status(), 200);
    let session: Value = response.json().await.unwrap();
    assert_eq!(session["token_type"], "Bearer");
    assert!(session["expires_in"].as_i64().unwrap() > 0);
    assert!(!session["refresh_token"].as_str().unwrap().is_empty());
    let user = &session["user"];
    assert_eq!(user["email"], account.email);
    assert_eq!(user["display_name"], "Ann Example");
    assert_eq!(user["locale"], "en");
    assert_eq!(user["time_zone"], "Europe/Berlin");
    assert_eq!(user["roles"], json!(["ROLE_ATHLETE"]));
    assert_eq!(user["email_verified"], true);
    assert!(user["create_time"].as_str().unwrap().ends_with('Z'));

    let mails = inbox.wait_for(&account.email, 2, MAIL_LIMIT).await;
    assert!(mails[1].subject.contains("Welcome"), "{}", mails[1].subject);

    let token = session["access_token"].as_str().unwrap();
    let me = api.request("GET", "/v1/users/me").bearer_auth(token).send().await.unwrap();
    assert_eq!(me.status(), 200);
    assert_eq!(&me.json::<Value>().await.unwrap(), user);

    let credentials = json!({ "email": account.email, "password": account.password });
    let response = api.post("/v1/auth/login", &credentials).await;
    assert_eq!(response.status(), 200);
    assert_eq!(&response.json::<Value>().await.unwrap()["user"], user);

    let wrong = json!({ "email": account.email, "password": "not the password" });
    let response = api.post("/v1/auth/login", &wrong).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "CREDENTIALS_INVALID");

    let again = api.post("/v1/auth/verify-email", &verification).await;
    assert_eq!(again.status(), 400, "a code works once");
}

#[tokio::test]
async fn the_code_mail_is_in_the_language_of_the_person() {
    let system = shared().await;
    let account = Account::new("ru");
    system.api().register(&account).await;
    let mail = system.inbox().wait_for(&account.email, 1, MAIL_LIMIT).await.remove(0);
    let cyrillic = |text: &str| text.chars().filter(|c| ('а'..='я').contains(c)).count();
    assert!(cyrillic(&mail.subject) > 5, "{}", mail.subject);
    assert!(cyrillic(&mail.text) > 50 && cyrillic(&mail.html) > 50);
}

#[tokio::test]
async fn registering_a_known_address_answers_the_same_bytes_and_tells_its_owner() {
    let system = shared().await;
    let (api, inbox) = (system.api(), system.inbox());
    let account = Account::new("en");
    api.register(&account).await;
    let code = inbox.wait_for(&account.email, 1, MAIL_LIMIT).await[0].code();
    let verification = json!({ "email": account.email, "code": code });
    assert_eq!(api.post("/v1/auth/verify-email", &verification).await.status(), 200);
    inbox.wait_for(&account.email, 2, MAIL_LIMIT).await;

    let stranger = Account { password: "another pass phrase".to_owned(), ..account.clone() };
    // `register` asserts status and bytes: the same as for a new address.
    api.register(&stranger).await;
    let mails = inbox.wait_for(&account.email, 3, MAIL_LIMIT).await;
    assert!(mails[2].subject.to_lowercase().contains("already"), "{}", mails[2].subject);

    let old = json!({ "email": account.email, "password": account.password });
    assert_eq!(api.post("/v1/auth/login", &old).await.status(), 200, "the account is untouched");
    let new = json!({ "email": account.email, "password": stranger.password });
    // Whoever registers an unknown address and signs in before its proof is told the same.
    assert_eq!(api.post("/v1/auth/login", &new).await.status(), 403, "there is no second account");
}

#[tokio::test]
async fn an_unverified_account_cannot_sign_in_and_a_new_code_replaces_the_old_one() {
    let system = shared().await;
    let (api, inbox) = (system.api(), system.inbox());
    let account = Account::new("en");
    api.register(&account).await;
    inbox.wait_for(&account.email, 1, MAIL_LIMIT).await;
    let credentials = json!({ "email": account.email, "password": account.password });
    let response = api.post("/v1/auth/login", &credentials).await;
    assert_eq!(response.status(), 403);
    assert_eq!(response.json::<Value>().await.unwrap()["code"], "EMAIL_NOT_VERIFIED");

    let unknown = Account::new("en");
    let known = api.post("/v1/auth/resend-code", &json!({ "email": account.email })).await;
    let stranger = api.post("/v1/auth/resend-code", &json!({ "email": unknown.email })).await;
    assert_eq!((known.status(), stranger.status()), (202.try_into().unwrap(), 202.try_into().unwrap()));
    assert_eq!(known.text().await.unwrap(), stranger.text().await.unwrap());
}

#[tokio::test]
async fn a_call_without_a_token_or_with_a_forged_one_is_refused() {
    let system = shared().await;
    let api = system.api();
    let missing = api.request("GET", "/v1/users/me").send().await.unwrap();
    assert_eq!(missing.status(), 401);
    assert_eq!(missing.json::<Value>().await.unwrap()["code"], "TOKEN_MISSING");
    // {"alg":"none"} . {"sub":"…"} . no signature
    for token in ["nonsense", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIwIn0.", "a.b.c"] {
        let forged = api.request("GET", "/v1/users/me").bearer_auth(token).send().await.unwrap();
        assert_eq!(forged.status(), 401, "{token}");
        assert_eq!(forged.json::<Value>().await.unwrap()["code"], "TOKEN_INVALID");
    }
}

#[tokio::test]
async fn the_public_keys_are_served_to_anybody() {
    let response = shared().await.api().request("GET", "/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
    let keys: Value = response.json().await.unwrap();
    assert_eq!(keys["keys"][0]["crv"], "Ed25519");
    assert!(keys["keys"][0].get("d").is_none(), "only the public half");
}

#[tokio::test]
async fn the_api_document_describes_the_routes_with_their_statuses() {
    let response = shared().await.api().request("GET", "/openapi.json").send().await.unwrap();
    let document: Value = response.json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let register = &document["paths"]["/v1/auth/register"]["post"];
    assert!(register["responses"]["202"].is_object());
    assert!(
        register["summary"]
            .as_str()
            .or(register["description"].as_str())
            .unwrap()
            .contains("Opens an account")
    );
    assert_eq!(register["security"], json!([]), "open to anybody");
    assert!(document["paths"]["/v1/users/me"]["get"].get("security").is_none(), "the general rule holds");
    assert_eq!(document["security"], json!([{ "bearer": [] }]));
}
