//! `GetStats`: what was done in a period.

use chrono::{Days, Months, NaiveDate};
use uuid::Uuid;

use crate::model::progress::{MuscleSets, Period, Totals, Week};
use crate::store::exercise_results;
use crate::training::{Training, TrainingError};

/// The longest period, in days.
const LONGEST: u64 = 20 * 366;

/// What was done in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stats {
    pub(crate) period: Period,
    pub(crate) totals: Totals,
    /// Weeks with training, oldest first.
    pub(crate) weeks: Vec<Week>,
    /// Muscle groups, most sets first.
    pub(crate) muscles: Vec<MuscleSets>,
}

impl Training {
    /// Sums the caller's finished workouts up.
    pub(crate) async fn get_stats(
        &self,
        user_id: Uuid,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<Stats, TrainingError> {
        let mut connection = self.pool.acquire().await?;
        let athlete = self.athlete(&mut connection, user_id).await?;
        let today = self.now().with_timezone(&athlete.time_zone).date_naive();
        let period = period(from, to.unwrap_or(today))?;
        let weeks = exercise_results::weeks(&mut connection, user_id, period).await?;
        let muscles = exercise_results::muscles(&mut connection, user_id, period).await?;
        let totals = weeks.iter().fold(Totals::default(), |sum, week| Totals {
            workouts: sum.workouts + week.totals.workouts,
            sets: sum.sets + week.totals.sets,
            reps: sum.reps + week.totals.reps,
            volume_g: sum.volume_g + week.totals.volume_g,
        });
        Ok(Stats { period, totals, weeks, muscles })
    }
}

fn period(from: Option<NaiveDate>, to: NaiveDate) -> Result<Period, TrainingError> {
    let year_before = || to.checked_sub_months(Months::new(12)).unwrap_or(to);
    let from = from.unwrap_or_else(year_before);
    if from > to {
        return Err(TrainingError::invalid("from_date", "must not be after to_date"));
    }
    if from.checked_add_days(Days::new(LONGEST)).is_some_and(|end| end < to) {
        return Err(TrainingError::invalid("from_date", "must be at most twenty years before to_date"));
    }
    Ok(Period { from, to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_an_order_and_an_end() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let last = day("2026-11-21");
        assert_eq!(period(None, last).unwrap().from, day("2025-11-21"));
        assert_eq!(period(Some(last), last).unwrap(), Period { from: last, to: last });
        assert!(period(Some(day("2026-11-22")), last).is_err());
        assert!(period(Some(day("2006-11-22")), last).is_ok());
        assert!(period(Some(day("2006-11-01")), last).is_err());
        assert!(period(None, day("0001-01-01")).is_ok());
    }
}
