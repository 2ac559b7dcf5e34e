//! What plans can come from.

use std::time::Duration;

use super::plan::Plan;
use super::request::PlanRequest;
use super::rules::{self, PlanError};
use crate::model::exercise::ExerciseChoice;
use crate::model::routine::PlannerKind;

/// A plan to be made.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// What it is for.
    pub request: &'a PlanRequest,
    /// What it may be made of.
    pub choices: &'a [ExerciseChoice],
    /// What decides where the rules leave a choice.
    pub seed: u64,
    /// How long the caller waits, if there is a limit.
    pub time_left: Option<Duration>,
}

/// Something that makes plans. Whatever it provides has passed [`super::validate`].
pub trait PlanProvider {
    /// Why there is no plan.
    type Error: std::error::Error;

    /// Who it is.
    const KIND: PlannerKind;

    /// Makes a plan that fits the task.
    fn provide(&self, task: &Task<'_>) -> impl Future<Output = Result<Plan, Self::Error>> + Send;
}

/// The rules as a provider.
#[derive(Clone, Copy, Debug)]
pub struct RulePlanner;

impl PlanProvider for RulePlanner {
    type Error = PlanError;

    const KIND: PlannerKind = PlannerKind::Rules;

    async fn provide(&self, task: &Task<'_>) -> Result<Plan, PlanError> {
        rules::plan(task.request, task.choices, task.seed)
    }
}
