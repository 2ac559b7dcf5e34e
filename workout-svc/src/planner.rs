//! The planner: a week of training made for a goal, a level, some days and minutes, and the equipment at hand.
//!
//! [`RoutinePlanner::plan`] is the way in. With a model configured it asks that first ([`model`]); the rules
//! ([`rules`]) make the plan where there is no model, or where it is away, slow or wrong. Either way the plan has
//! passed [`validate`], and the answer says who made it.
//!
//! ```text
//! PlanRequest + ExerciseChoice… ─▶ RoutinePlanner ─▶ ChatModel ─▶ validate ──ok──▶ MadePlan { planner: Model }
//!                                        │               └─ away, late, wrong ─┐
//!                                        └───────────────▶ RulePlanner ◀───────┘──▶ MadePlan { planner: Rules }
//! ```
//!
//! A plan request holds nothing of the person, so nothing of the person can reach a model. The call may take as long as
//! the model's time limit: make it outside of a transaction.

mod choice;
pub mod config;
mod dosage;
mod limits;
mod metrics;
pub mod model;
mod plan;
mod provider;
mod request;
mod rules;
mod session_time;
mod split;
mod validator;

use std::sync::Arc;
use std::time::Duration;

use chassis::lifecycle::chain;

pub use self::choice::PatternGroup;
pub use self::config::{ModelConfig, PlannerConfig};
use self::metrics::Metrics;
use self::model::{ChatModel, ModelError, SetupError};
pub use self::plan::{DayFocus, Plan, PlanDay, PlanExercise, Target, Title};
pub use self::provider::{PlanProvider, RulePlanner, Task};
pub use self::request::{
    DaysPerWeek, FocusError, FocusMuscles, MAX_FOCUS_MUSCLES, PlanRequest, SessionMinutes,
};
pub use self::rules::{PlanError, plan};
pub use self::validator::{Violation, validate};
pub use crate::model::exercise::ExerciseChoice;
pub use crate::model::routine::{Goal, PlannerKind};

/// A plan and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePlan {
    /// The plan.
    pub plan: Plan,
    /// Who made it.
    pub planner: PlannerKind,
}

/// Makes plans; clones share the model's connections.
#[derive(Clone, Debug, Default)]
pub struct RoutinePlanner {
    model: Option<Arc<ChatModel>>,
    metrics: Arc<Metrics>,
}

impl RoutinePlanner {
    /// A planner with the model of the configuration, if there is one.
    pub fn new(config: &PlannerConfig) -> Result<Self, SetupError> {
        let model = config.model.as_ref().map(ChatModel::new).transpose()?.map(Arc::new);
        Ok(Self { model, metrics: Arc::default() })
    }

    /// Makes a plan from the exercises that the athlete may use.
    ///
    /// The rules make the same plan for the same `seed`. `time_left` is what the caller's deadline leaves, if it has
    /// one; a model gets no more than that.
    pub async fn plan(
        &self,
        request: &PlanRequest,
        choices: &[ExerciseChoice],
        seed: u64,
        time_left: Option<Duration>,
    ) -> Result<MadePlan, PlanError> {
        let task = Task { request, choices, seed, time_left };
        let mut fallback = None;
        if let Some(model) = &self.model {
            match made_by(model.as_ref(), &task).await {
                Ok(made) => {
                    self.metrics.made(made.planner, None);
                    return Ok(made);
                }
                Err(error) => fallback = Some(report(&error)),
            }
        }
        let made = made_by(&RulePlanner, &task).await?;
        self.metrics.made(made.planner, fallback);
        Ok(made)
    }
}

async fn made_by<P: PlanProvider>(provider: &P, task: &Task<'_>) -> Result<MadePlan, P::Error> {
    Ok(MadePlan { plan: provider.provide(task).await?, planner: P::KIND })
}

/// Logs why the rules have to step in, and answers the reason as a label.
fn report(error: &ModelError) -> &'static str {
    let reason = error.reason();
    if matches!(error, ModelError::Paused) {
        // The outage was logged when it began.
        tracing::debug!(reason, "the model is left alone; the rules make the plan");
    } else {
        tracing::warn!(reason, error = chain(error), "the model made no plan; the rules make it");
    }
    reason
}
