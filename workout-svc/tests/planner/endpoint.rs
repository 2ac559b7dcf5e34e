//! A model's endpoint that says what a test wants.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use workout_svc::planner::{ModelConfig, Plan, PlannerConfig, RoutinePlanner, Target};

use crate::requests::by_id;

pub(crate) const KEY: &str = "sk-very-secret-key";

/// What the endpoint does with a request.
pub(crate) enum Behaviour {
    /// Answers a completion with this text.
    Say(String),
    /// Answers this body with this status.
    Answer(u16, String),
    /// Sends the caller elsewhere.
    Redirect(String),
    /// Answers a completion without an end.
    Flood,
    /// Begins an answer and never goes on.
    Stall,
    /// Never answers.
    Hang,
}

/// A request as it came in.
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[derive(Default)]
struct Script {
    behaviours: VecDeque<Behaviour>,
    seen: Vec<Seen>,
}

/// A running endpoint; it stops with its last owner.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
    server: JoinHandle<()>,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Endpoint {
    /// Behaves like this, request by request, and answers 500 to any more.
    pub(crate) async fn start(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        let script = Script { behaviours: behaviours.into_iter().collect(), seen: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&script));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, script, server }
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.script.lock().unwrap().seen)
    }
}

async fn answer(State(script): State<Arc<Mutex<Script>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let seen = Seen {
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let behaviour = {
        let mut script = script.lock().unwrap();
        script.seen.push(seen);
        script.behaviours.pop_front()
    };
    match behaviour {
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Behaviour::Say(text)) => completion(&text).into_response(),
        Some(Behaviour::Answer(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Some(Behaviour::Redirect(url)) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, url)]).into_response()
        }
        Some(Behaviour::Flood) => {
            let chunk = Bytes::from(vec![b' '; 64 * 1024]);
            Body::from_stream(futures::stream::repeat(Ok::<_, Infallible>(chunk))).into_response()
        }
        Some(Behaviour::Stall) => {
            let beginning = futures::stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]);
            Body::from_stream(beginning.chain(futures::stream::pending())).into_response()
        }
        Some(Behaviour::Hang) => std::future::pending().await,
    }
}

/// A completion as the API defines it.
pub(crate) fn completion(text: &str) -> String {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"total_tokens": 7},
    })
    .to_string()
}

/// A plan as a model would answer it.
pub(crate) fn spoken(plan: &Plan) -> Value {
    let exercise = |exercise: &workout_svc::planner::PlanExercise| {
        let slug = by_id(exercise.exercise_id).slug.clone();
        let mut spoken =
            json!({"exercise": slug, "sets": exercise.sets, "rest_seconds": exercise.rest_seconds});
        match exercise.target {
            Target::Repetitions { min, max } => {
                (spoken["reps_min"], spoken["reps_max"]) = (min.into(), max.into());
            }
            Target::Seconds(seconds) => spoken["seconds"] = seconds.into(),
            Target::Meters(meters) => spoken["meters"] = meters.into(),
        }
        spoken
    };
    let days = plan
        .days
        .iter()
        .map(|day| json!({"exercises": day.exercises.iter().map(exercise).collect::<Vec<_>>()}));
    json!({"days": days.collect::<Vec<_>>()})
}

/// A planner that asks the model at this URL and does not wait long for it.
pub(crate) fn planner(url: &str, timeout: Duration) -> RoutinePlanner {
    planner_with_pause(url, timeout, Duration::ZERO)
}

/// The same, with a pause after an outage.
pub(crate) fn planner_with_pause(url: &str, timeout: Duration, pause: Duration) -> RoutinePlanner {
    let model = ModelConfig {
        url: url.parse().unwrap(),
        name: "some-model".to_owned(),
        key: Some(SecretString::from(KEY)),
        timeout,
        pause,
    };
    RoutinePlanner::new(&PlannerConfig { model: Some(model) }).unwrap()
}
