//! `GenerateRoutine`: lets the planner write a routine and stores it as an ordinary one.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use fitness_proto::fitness::workout::v1::RoutineAction;
use uuid::Uuid;

use super::{Actor, Day, DayExercise, Routine, SetPlan, Target, WholeRoutine};
use crate::catalogue::{Difficulty, Equipment, MuscleGroup};
use crate::model::athlete::Athlete;
use crate::model::exercise::Exercise;
use crate::planner::{
    self, DaysPerWeek, FocusMuscles, Goal, MadePlan, Plan, PlanError, PlanRequest, SessionMinutes,
};
use crate::store::exercises;
use crate::text;
use crate::training::{Training, TrainingError};

/// What to generate.
#[derive(Clone, Debug)]
pub struct GenerateRoutine {
    /// What to train for.
    pub goal: Goal,
    /// How experienced the athlete is.
    pub level: Difficulty,
    /// Days to train in a week.
    pub days_per_week: i32,
    /// What there is to train with.
    pub equipment: Vec<Equipment>,
    /// Time for a session.
    pub session_minutes: i32,
    /// Muscle groups to train more than others.
    pub focus: Vec<MuscleGroup>,
    /// Exercises to leave out.
    pub excluded: Vec<Uuid>,
    /// Name of the routine; empty lets the planner choose one.
    pub name: String,
}

impl Training {
    /// Plans and stores the routine. `time_left` is what the caller is going to wait, if it says.
    pub async fn generate_routine(
        &self,
        user_id: Uuid,
        request: GenerateRoutine,
        time_left: Option<Duration>,
    ) -> Result<WholeRoutine, TrainingError> {
        let name = match request.name.as_str() {
            "" => None,
            name => Some(text::line("name", name).map_err(|violation| vec![violation])?),
        };
        let plan_request = plan_request(&request)?;
        // The connection goes back before the planner begins, which may wait for a model.
        let choices = {
            let mut connection = self.pool.acquire().await?;
            self.athlete(&mut connection, user_id).await?;
            exercises::with_pattern(&mut connection, user_id).await?
        };
        #[expect(clippy::disallowed_methods, reason = "the plan is made from a seed, and this one is new")]
        let made = self.planner.plan(&plan_request, &choices, rand::random(), time_left).await;
        let MadePlan { plan, planner } = made.map_err(|error| match error {
            PlanError::TooFewExercises(_) => {
                TrainingError::invalid("equipment", "leaves too few exercises for this goal and level")
            }
        })?;

        let now = self.now();
        let mut transaction = self.pool.begin().await?;
        let athlete = self.hold_athlete(&mut transaction, user_id).await?;
        let ids: Vec<_> = plan.days.iter().flat_map(|day| &day.exercises).map(|e| e.exercise_id).collect();
        let found = exercises::find_all(&mut transaction, &athlete, &ids).await?;
        let days = days(&plan, &athlete, &found);
        let title = request.goal.title();
        let routine = Routine {
            routine_id: Uuid::now_v7(),
            user_id,
            name: name.unwrap_or_else(|| athlete.language.pick(title.en, title.ru).to_owned()),
            description: String::new(),
            goal: Some(request.goal),
            level: Some(request.level),
            planner: Some(planner),
            assigned_by: None,
            day_count: days.len(),
            revision: 1,
            create_time: now,
            update_time: now,
        };
        let whole = WholeRoutine { routine, days };
        self.store_routine(&mut transaction, &whole).await?;
        self.announce_routine(&mut transaction, &whole.routine, RoutineAction::Created, Actor::Owner).await?;
        transaction.commit().await?;
        self.outbox.committed();
        Ok(whole)
    }
}

fn plan_request(request: &GenerateRoutine) -> Result<PlanRequest, TrainingError> {
    let days_per_week = u32::try_from(request.days_per_week).ok().and_then(DaysPerWeek::new);
    let session = u32::try_from(request.session_minutes).ok().and_then(SessionMinutes::new);
    let focus = FocusMuscles::new(request.focus.iter().copied());
    Ok(PlanRequest {
        goal: request.goal,
        level: request.level,
        days_per_week: days_per_week
            .ok_or_else(|| TrainingError::invalid("days_per_week", "must be 1 to 7"))?,
        session: session.ok_or_else(|| TrainingError::invalid("session_minutes", "must be 15 to 180"))?,
        equipment: request.equipment.iter().copied().collect(),
        focus: focus.map_err(|error| TrainingError::invalid("focus_muscle_groups", error.to_string()))?,
        excluded: request.excluded.iter().copied().collect::<BTreeSet<_>>(),
    })
}

/// The days of a plan as a routine has them. An exercise that was deleted while the planner was at work is left out.
fn days(plan: &Plan, athlete: &Athlete, found: &[Exercise]) -> Vec<Day> {
    let names: HashMap<_, _> =
        found.iter().map(|exercise| (exercise.exercise_id, &exercise.details.name)).collect();
    let days = plan.days.iter().zip(1..).map(|(day, position)| {
        let title = day.focus.title();
        let known =
            day.exercises.iter().filter_map(|planned| Some((planned, *names.get(&planned.exercise_id)?)));
        let exercises = known.zip(1..).map(|((planned, name), position)| DayExercise {
            routine_exercise_id: Uuid::now_v7(),
            exercise_id: planned.exercise_id,
            exercise_name: name.clone(),
            position,
            notes: String::new(),
            set_plans: vec![set_plan(planned)],
        });
        Day {
            day_id: Uuid::now_v7(),
            name: athlete.language.pick(title.en, title.ru).to_owned(),
            position,
            exercises: exercises.collect(),
        }
    });
    days.collect()
}

fn set_plan(planned: &planner::PlanExercise) -> SetPlan {
    let target = match planned.target {
        planner::Target::Repetitions { min, max } => Target::Reps { min: min as i32, max: max as i32 },
        planner::Target::Seconds(seconds) => Target::Seconds(seconds as i32),
        planner::Target::Meters(metres) => Target::Metres(f64::from(metres)),
    };
    SetPlan { sets: planned.sets as i32, target, rest_seconds: planned.rest_seconds as i32, load: None }
}
