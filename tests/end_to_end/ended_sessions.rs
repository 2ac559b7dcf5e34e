//! An access token is dead everywhere within two seconds of its session's end, however that ends, and open feeds close.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Person, shared};

/// What is promised.
const PROMISE: Duration = Duration::from_secs(2);
/// What a machine may add that runs many tests at once.
const MARGIN: Duration = Duration::from_secs(3);
const LIMIT: Duration = Duration::from_secs(30);

/// The ways in which a session ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Logout,
    Revoked,
    PasswordChanged,
    PasswordReset,
    TokenReused,
    AccountDeleted,
}

impl Ending {
    /// Ends the session of `lost`; `other` is one of the same account.
    async fn happen(self, lost: &Person, other: &Person) {
        let password = json!(format!("better {}", other.account.password));
        match self {
            Self::Logout => drop(lost.expect("POST", "/v1/auth/logout", Some(&json!({}))).await),
            Self::Revoked => {
                let sessions = lost.get("/v1/auth/sessions").await;
                let sessions = sessions["sessions"].as_array().unwrap();
                let current = sessions.iter().find(|session| session["current"] == true).unwrap();
                let path = format!("/v1/auth/sessions/{}", current["session_id"].as_str().unwrap());
                other.expect("DELETE", &path, None).await;
            }
            Self::PasswordChanged => {
                let change = json!({ "old_password": other.account.password, "new_password": password });
                other.expect("POST", "/v1/users/me/change-password", Some(&change)).await;
            }
            Self::PasswordReset => {
                let email = &other.account.email;
                let mails = other.inbox.mails_to(email).await.len();
                other.api.post("/v1/auth/forgot-password", &json!({ "email": email })).await;
                let mails = other.inbox.wait_for(email, mails + 1, LIMIT).await;
                let token = mails.iter().find_map(|mail| token_in(&mail.text)).expect("a link with a token");
                let reset = json!({ "token": token, "new_password": password });
                assert_eq!(other.api.post("/v1/auth/reset-password", &reset).await.status(), 204);
            }
            Self::TokenReused => {
                let refresh = async |token: &Value| {
                    let response =
                        lost.api.post("/v1/auth/refresh", &json!({ "refresh_token": token })).await;
                    (response.status().as_u16(), response.json::<Value>().await.unwrap())
                };
                let first = json!(lost.refresh_token);
                let (_, second) = refresh(&first).await;
                assert_eq!(refresh(&second["refresh_token"]).await.0, 200);
                assert_eq!(refresh(&first).await.0, 401);
            }
            Self::AccountDeleted => drop(other.expect("DELETE", "/v1/users/me", None).await),
        }
    }

    /// Whether the other sessions of the account go on.
    fn spares_others(self) -> bool {
        !matches!(self, Self::PasswordReset | Self::AccountDeleted)
    }
}

/// A request to each service, and those that the gateway answers by itself.
const TARGETS: [(&str, &str); 6] = [
    ("user-svc", "/v1/users/me"),
    ("workout-svc", "/v1/routines"),
    ("workout-svc for trainers", "/v1/athletes"),
    ("notify-svc", "/v1/notifications"),
    ("files", "/v1/files/01900000-0000-7000-8000-000000000000"),
    ("a new feed", "/v1/feed"),
];

fn token_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("reset-password?token=")?;
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(*c)).collect())
}

/// The status alone: a feed that opens has no end.
async fn status(person: &Person, path: &str) -> u16 {
    person.request("GET", path).send().await.unwrap().status().as_u16()
}

/// Reads an open feed to its end and answers when that was.
fn read_feed(mut feed: reqwest::Response) -> tokio::task::JoinHandle<Instant> {
    tokio::spawn(async move {
        while let Ok(Some(_)) = feed.chunk().await {}
        Instant::now()
    })
}

async fn open_feed(person: &Person) -> tokio::task::JoinHandle<Instant> {
    let feed = person.request("GET", "/v1/feed").send().await.unwrap();
    assert_eq!(feed.status(), 200);
    read_feed(feed)
}

async fn check(ending: Ending) {
    let other = Person::join(shared().await, "en").await;
    let mut lost = other.clone();
    lost.sign_in().await;
    for (target, path) in TARGETS {
        assert_ne!(status(&lost, path).await, 401, "{target} before {ending:?}");
    }
    let (lost_feed, other_feed) = (open_feed(&lost).await, open_feed(&other).await);

    ending.happen(&lost, &other).await;
    let end = Instant::now();
    let mut alive = TARGETS.to_vec();
    let mut took = Vec::new();
    while !alive.is_empty() {
        assert!(end.elapsed() < LIMIT, "{ending:?}: the token still counts at {alive:?}");
        let mut still = Vec::new();
        for (target, path) in alive {
            if status(&lost, path).await == 401 {
                took.push((target, end.elapsed()));
            } else {
                still.push((target, path));
            }
        }
        alive = still;
    }
    let closed = tokio::time::timeout(LIMIT, lost_feed).await;
    let closed = closed.unwrap_or_else(|_| panic!("{ending:?}: the feed stays open")).unwrap();
    took.push(("the open feed", closed.saturating_duration_since(end)));
    println!("{ending:?}: {took:?}");
    for (target, time) in took {
        assert!(time < PROMISE + MARGIN, "{ending:?}: {target} took {time:?}");
    }

    if ending.spares_others() {
        for (target, path) in TARGETS {
            assert_ne!(status(&other, path).await, 401, "{target} after {ending:?} of another session");
        }
        assert!(!other_feed.is_finished(), "{ending:?} closed the feed of another session");
    }
    other_feed.abort();
}

#[tokio::test]
async fn the_token_of_a_session_is_dead_everywhere_and_its_feeds_close_however_it_ends() {
    for ending in [
        Ending::Logout,
        Ending::Revoked,
        Ending::PasswordChanged,
        Ending::PasswordReset,
        Ending::TokenReused,
        Ending::AccountDeleted,
    ] {
        check(ending).await;
    }
}
