//! Which exercise is the best for a slot.

use super::week::Week;
use crate::catalogue::Equipment;
use crate::model::exercise::ExerciseChoice;
use crate::model::routine::Goal;
use crate::planner::dosage::is_heavy;

/// The higher, the better. Chance weighs less than any reason.
pub(super) fn score(week: &Week<'_>, choice: &ExerciseChoice) -> i64 {
    let request = week.request;
    let mut score = week.whim(choice);
    if choice.muscles.iter().any(|muscle| request.focus.contains(*muscle)) {
        score += 30;
    }
    // Variety first, and then muscles that have had little.
    if !week.has(choice) {
        score += 25;
    }
    let volume = choice.muscles.iter().map(|muscle| week.half_sets(*muscle)).max().unwrap_or_default();
    score -= i64::from(volume.min(30));
    // What is far too easy does little.
    let steps_down = request.level as i64 - choice.difficulty as i64;
    score += 10 - 5 * steps_down;
    score + load_bonus(request.goal, choice)
}

/// Strength and muscle grow best against a load, be it the whole body on a bar.
fn load_bonus(goal: Goal, choice: &ExerciseChoice) -> i64 {
    let is_loaded = choice
        .equipment
        .iter()
        .any(|piece| is_heavy(*piece) || matches!(piece, Equipment::PullUpBar | Equipment::DipBars));
    match goal {
        Goal::Strength | Goal::Hypertrophy if is_loaded => 20,
        Goal::General if is_loaded => 10,
        _ => 0,
    }
}
