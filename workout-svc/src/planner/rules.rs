//! The rule-based planner: the same request, exercises and seed give the same plan.
//!
//! The week's split says what each day is for. Each day has slots (a squat, a push, …) in the order of their
//! importance; each slot takes the exercise with the best score while the time lasts. What time is left is filled with
//! smaller exercises, then with more sets. All of it goes round by round through the whole week, so that no day uses up
//! the volume that another one needs. Nothing is ever taken back, so a bound that holds stays held.

mod score;
mod session;
mod slots;
mod week;

use self::session::{Dose, Session};
use self::slots::FILLERS;
use self::week::Week;
use super::plan::{Plan, PlanDay};
use super::request::PlanRequest;
use super::validator::{self, Violation};
use super::{limits, split};
use crate::model::exercise::ExerciseChoice;

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// What the equipment, the level and the exclusions leave is not enough for the days and minutes asked for.
    #[error("too few exercises are left to choose from")]
    TooFewExercises(Vec<Violation>),
}

/// Makes a plan that [`validator::validate`] accepts.
pub fn plan(request: &PlanRequest, choices: &[ExerciseChoice], seed: u64) -> Result<Plan, PlanError> {
    let sessions = sessions(&Week::new(request, choices, seed));
    let days = split::week(request.days_per_week)
        .iter()
        .zip(sessions)
        .map(|(&(weekday, focus), session)| PlanDay { weekday, focus, exercises: session.in_order() });
    let plan = Plan { days: days.collect() };
    // A request can leave so little that no plan keeps every bound. The validator is the one to know.
    match validator::validate(&plan, request, choices) {
        Ok(()) => Ok(plan),
        Err(violations) => Err(PlanError::TooFewExercises(violations)),
    }
}

/// The sessions of the week. A day whose first slots do not all fit with the usual dose gets the smallest one.
fn sessions<'a>(empty: &Week<'a>) -> Vec<Session<'a>> {
    let mut doses = vec![Dose::Usual; empty.days()];
    loop {
        let sessions = fill(&mut empty.clone(), &doses);
        let crowded: Vec<_> = (0..doses.len())
            .filter(|&day| doses[day] == Dose::Usual && !sessions[day].has_essentials(empty))
            .collect();
        if crowded.is_empty() {
            return sessions;
        }
        for day in crowded {
            doses[day] = Dose::Smallest;
        }
    }
}

fn fill<'a>(week: &mut Week<'a>, doses: &[Dose]) -> Vec<Session<'a>> {
    let days = split::week(week.request.days_per_week).iter().zip(doses).enumerate();
    let mut sessions: Vec<_> = days
        .map(|(index, (&(_, focus), &dose))| {
            Session::new(week, focus, slots::of_day(week, index, focus), dose)
        })
        .collect();
    let rounds = sessions.iter().map(Session::slots).max().unwrap_or_default();
    for round in 0..rounds {
        for session in &mut sessions {
            session.take_slot(week, round);
        }
    }
    for patterns in FILLERS.into_iter().cycle().take(FILLERS.len() * limits::MOST_EXERCISES) {
        for session in &mut sessions {
            session.take(week, patterns, None);
        }
    }
    let mut has_room = true;
    while has_room {
        has_room = false;
        for session in &mut sessions {
            has_room |= session.add_sets(week);
        }
    }
    for session in &mut sessions {
        session.stretch(week);
    }
    sessions
}
