//! What can be reached, by which rule, and what it is called.

use crate::language::Language;
use crate::model::progress::Milestones;

/// The figure that a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Workouts,
    Sets,
    VolumeKg,
    Exercises,
    StreakWeeks,
    Records,
    EarlyWorkouts,
    LateWorkouts,
}

/// Something to reach once.
#[derive(Debug, PartialEq, Eq)]
pub struct Achievement {
    /// Its name in events, in the API and in the table.
    pub name: &'static str,
    figure: Figure,
    /// The figure at which it is reached.
    pub goal: i64,
    english: Wording,
    russian: Wording,
}

/// Title and description in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    /// What it is called.
    pub title: &'static str,
    /// What it is given for.
    pub description: &'static str,
}

const fn achievement(
    name: &'static str,
    figure: Figure,
    goal: i64,
    english: (&'static str, &'static str),
    russian: (&'static str, &'static str),
) -> Achievement {
    let english = Wording { title: english.0, description: english.1 };
    let russian = Wording { title: russian.0, description: russian.1 };
    Achievement { name, figure, goal, english, russian }
}

/// All of them, in the order in which they are shown. A name that was given to somebody is never taken away.
pub static ACHIEVEMENTS: [Achievement; 18] = [
    achievement(
        "first_workout",
        Figure::Workouts,
        1,
        ("Off the couch", "You finished your first workout."),
        ("Лиха беда начало", "Вы завершили первую тренировку."),
    ),
    achievement(
        "workouts_10",
        Figure::Workouts,
        10,
        ("Getting the habit", "You finished 10 workouts."),
        ("Входит в привычку", "Вы завершили 10 тренировок."),
    ),
    achievement(
        "workouts_50",
        Figure::Workouts,
        50,
        ("Part of the furniture", "You finished 50 workouts."),
        ("Свой человек в зале", "Вы завершили 50 тренировок."),
    ),
    achievement(
        "workouts_100",
        Figure::Workouts,
        100,
        ("Three digits", "You finished 100 workouts."),
        ("Трёхзначное число", "Вы завершили 100 тренировок."),
    ),
    achievement(
        "workouts_250",
        Figure::Workouts,
        250,
        ("Iron will", "You finished 250 workouts."),
        ("Железная воля", "Вы завершили 250 тренировок."),
    ),
    achievement(
        "sets_1000",
        Figure::Sets,
        1_000,
        ("Set after set", "You did 1,000 sets."),
        ("Подход за подходом", "Вы сделали 1000 подходов."),
    ),
    achievement(
        "volume_10000",
        Figure::VolumeKg,
        10_000,
        ("A truckload", "You moved 10 tonnes in all."),
        ("Полный грузовик", "Вы подняли в сумме 10 тонн."),
    ),
    achievement(
        "volume_100000",
        Figure::VolumeKg,
        100_000,
        ("Heavier than a whale", "You moved 100 tonnes in all."),
        ("Тяжелее кита", "Вы подняли в сумме 100 тонн."),
    ),
    achievement(
        "volume_1000000",
        Figure::VolumeKg,
        1_000_000,
        ("A goods train", "You moved 1,000 tonnes in all."),
        ("Товарный поезд", "Вы подняли в сумме 1000 тонн."),
    ),
    achievement(
        "streak_4",
        Figure::StreakWeeks,
        4,
        ("A steady month", "You trained 4 weeks in a row."),
        ("Ровный месяц", "Вы тренировались 4 недели подряд."),
    ),
    achievement(
        "streak_12",
        Figure::StreakWeeks,
        12,
        ("A whole season", "You trained 12 weeks in a row."),
        ("Целый сезон", "Вы тренировались 12 недель подряд."),
    ),
    achievement(
        "streak_26",
        Figure::StreakWeeks,
        26,
        ("Half a year without a gap", "You trained 26 weeks in a row."),
        ("Полгода без пропусков", "Вы тренировались 26 недель подряд."),
    ),
    achievement(
        "first_record",
        Figure::Records,
        1,
        ("Better than yourself", "You broke a record of your own for the first time."),
        ("Лучше себя вчерашнего", "Вы впервые побили собственный рекорд."),
    ),
    achievement(
        "records_5",
        Figure::Records,
        5,
        ("On the way up", "You broke 5 records of your own."),
        ("Всё выше", "Вы побили 5 собственных рекордов."),
    ),
    achievement(
        "records_25",
        Figure::Records,
        25,
        ("Record hunter", "You broke 25 records of your own."),
        ("Охота на рекорды", "Вы побили 25 собственных рекордов."),
    ),
    achievement(
        "exercises_20",
        Figure::Exercises,
        20,
        ("Curious", "You tried 20 different exercises."),
        ("Любопытство", "Вы попробовали 20 разных упражнений."),
    ),
    achievement(
        "early_bird",
        Figure::EarlyWorkouts,
        1,
        ("Early bird", "You began a workout before seven in the morning."),
        ("Ранняя пташка", "Вы начали тренировку до семи утра."),
    ),
    achievement(
        "night_owl",
        Figure::LateWorkouts,
        1,
        ("Night owl", "You began a workout after ten in the evening."),
        ("Полуночник", "Вы начали тренировку после десяти вечера."),
    ),
];

impl Achievement {
    /// How far the athlete is, in the unit of the goal and never more than it.
    pub fn progress(&self, milestones: &Milestones) -> f64 {
        let goal = self.goal as f64;
        match self.figure {
            Figure::VolumeKg => (milestones.volume_g as f64 / 1_000.0).min(goal),
            _ => (self.whole(milestones) as f64).min(goal),
        }
    }

    /// Whether it is reached.
    pub fn reached(&self, milestones: &Milestones) -> bool {
        self.whole(milestones) >= self.goal
    }

    /// Title and description in a language.
    pub fn wording(&self, language: Language) -> Wording {
        language.pick(self.english, self.russian)
    }

    /// The figure in whole units.
    fn whole(&self, milestones: &Milestones) -> i64 {
        match self.figure {
            Figure::Workouts => milestones.workouts,
            Figure::Sets => milestones.sets,
            Figure::VolumeKg => milestones.volume_g / 1_000,
            Figure::Exercises => milestones.exercises,
            Figure::StreakWeeks => milestones.streak_weeks,
            Figure::Records => milestones.records,
            Figure::EarlyWorkouts => milestones.early_workouts,
            Figure::LateWorkouts => milestones.late_workouts,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_stands_once_and_every_wording_is_there() {
        let mut names = HashSet::new();
        for achievement in &ACHIEVEMENTS {
            assert!(names.insert(achievement.name), "{} stands twice", achievement.name);
            let (english, russian) = (achievement.english, achievement.russian);
            for wording in [english, russian] {
                assert!(!wording.title.is_empty() && wording.description.ends_with('.'), "{wording:?}");
            }
            assert_ne!(english, russian);
        }
    }

    #[test]
    fn each_is_reached_at_its_goal_and_not_one_before() {
        for achievement in &ACHIEVEMENTS {
            let at = |figure: i64| Milestones {
                workouts: figure,
                sets: figure,
                volume_g: figure * 1_000,
                exercises: figure,
                streak_weeks: figure,
                records: figure,
                early_workouts: figure,
                late_workouts: figure,
            };
            assert!(!achievement.reached(&at(achievement.goal - 1)), "{}", achievement.name);
            assert!(achievement.reached(&at(achievement.goal)), "{}", achievement.name);
        }
    }

    #[test]
    fn progress_is_never_more_than_the_goal() {
        let far = Milestones { workouts: 1_000, volume_g: 12_345_600, ..Milestones::default() };
        let progress = |name: &str| {
            let achievement = ACHIEVEMENTS.iter().find(|achievement| achievement.name == name);
            achievement.expect("it is in the list").progress(&far)
        };
        assert_eq!(progress("workouts_10").to_string(), "10");
        assert_eq!(progress("volume_100000").to_string(), "12345.6");
    }
}
