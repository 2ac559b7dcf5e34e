//! A language model behind an OpenAI-compatible chat completions API as a planner.
//!
//! It is told the rules and the exercises by their catalogue names, and has to answer one JSON object. Nothing it says
//! is trusted: the answer is bounded in size and time, read strictly, mapped to exercises that exist, and validated as
//! a whole. A wrong answer may be corrected once, if the first try left enough time.

mod answer;
mod client;
mod error;
mod pause;
mod prompt;

use std::time::{Duration, Instant};

use tracing::Instrument as _;

use self::client::ChatClient;
pub use self::error::{AnswerError, ModelError, SetupError};
use self::pause::Pause;
use self::prompt::Message;
use super::config::ModelConfig;
use super::plan::Plan;
use super::provider::{PlanProvider, Task};
use super::validator::validate;
use crate::model::routine::PlannerKind;

/// What is kept of the caller's time for the rules and the database.
const RESERVE: Duration = Duration::from_millis(500);

/// Makes plans with a model.
#[derive(Debug)]
pub struct ChatModel {
    client: ChatClient,
    timeout: Duration,
    pause: Pause,
}

impl ChatModel {
    /// Prepares the client; connects to nothing yet.
    pub fn new(config: &ModelConfig) -> Result<Self, SetupError> {
        let client = ChatClient::new(config)?;
        Ok(Self { client, timeout: config.timeout, pause: Pause::new(config.pause) })
    }

    /// Asks, and asks once more with what was wrong if the first try took less than half of the time.
    async fn converse(&self, task: &Task<'_>, limit: Duration) -> Result<Plan, ModelError> {
        let start = Instant::now();
        let mut messages = prompt::opening(task);
        let error = match self.ask(&messages, task).await {
            Ok(plan) => return Ok(plan),
            Err(error) => error,
        };
        let is_enough_left = start.elapsed() <= limit / 2;
        if !error.may_pass() || !is_enough_left {
            return Err(error);
        }
        tracing::debug!(reason = error.reason(), "the model is asked once more");
        if let ModelError::Refused { answer, violations } = &error {
            messages.push(Message::assistant(answer.clone()));
            messages.push(Message::user(prompt::correction(violations, task.choices)));
        }
        self.ask(&messages, task).await
    }

    async fn ask(&self, messages: &[Message], task: &Task<'_>) -> Result<Plan, ModelError> {
        let answer = self.client.complete(messages).await?;
        let plan = answer::read(&answer, task)?;
        match validate(&plan, task.request, task.choices) {
            Ok(()) => Ok(plan),
            Err(violations) => Err(ModelError::Refused { answer, violations }),
        }
    }
}

impl PlanProvider for ChatModel {
    type Error = ModelError;

    const KIND: PlannerKind = PlannerKind::Model;

    async fn provide(&self, task: &Task<'_>) -> Result<Plan, ModelError> {
        let callers = task.time_left.map(|left| left.saturating_sub(RESERVE));
        let limit = callers.map_or(self.timeout, |callers| callers.min(self.timeout));
        if limit.is_zero() {
            return Err(ModelError::NoTime);
        }
        if self.pause.lasts(Instant::now()) {
            return Err(ModelError::Paused);
        }
        let span = tracing::info_span!(
            "planner.model",
            otel.name = "plan with model",
            otel.kind = "client",
            otel.status_code = tracing::field::Empty,
            server.address = self.client.host(),
            "error.type" = tracing::field::Empty,
        );
        let conversation = tokio::time::timeout(limit, self.converse(task, limit)).instrument(span.clone());
        let outcome = conversation.await.unwrap_or(Err(ModelError::TimedOut));
        if let Err(error) = &outcome {
            span.record("error.type", error.reason());
            span.record("otel.status_code", "ERROR");
        }
        // A caller in a hurry says nothing about the model.
        let is_fair = limit == self.timeout || !matches!(outcome, Err(ModelError::TimedOut));
        if is_fair && outcome.as_ref().is_err_and(ModelError::is_outage) {
            self.pause.begin(Instant::now());
        }
        outcome
    }
}
