use std::collections::BTreeSet;

use super::*;

fn embedded() -> Catalogue {
    Catalogue::embedded().unwrap()
}

fn count(catalogue: &Catalogue, fits: impl Fn(&CatalogueExercise) -> bool) -> usize {
    catalogue.exercises.iter().filter(|exercise| fits(exercise)).count()
}

fn needs_nothing(exercise: &CatalogueExercise) -> bool {
    exercise.equipment == [Equipment::BodyWeight]
}

#[test]
fn the_embedded_catalogue_keeps_its_rules_and_has_enough_exercises() {
    assert!(embedded().exercises.len() >= 120);
}

#[test]
fn every_muscle_group_can_be_trained_and_also_without_equipment_from_the_first_day() {
    let catalogue = embedded();
    for muscle in MuscleGroup::ALL {
        let trains = |exercise: &CatalogueExercise| {
            exercise.muscles.contains(muscle) && exercise.pattern != MovementPattern::Mobility
        };
        assert!(count(&catalogue, trains) >= 6, "{muscle:?}");
        assert!(count(&catalogue, |exercise| trains(exercise) && needs_nothing(exercise)) >= 2, "{muscle:?}");
        let from_the_first_day = |exercise: &CatalogueExercise| {
            trains(exercise) && needs_nothing(exercise) && exercise.difficulty == Difficulty::Beginner
        };
        assert!(count(&catalogue, from_the_first_day) >= 1, "{muscle:?}");
    }
}

#[test]
fn every_piece_of_equipment_has_several_exercises_and_one_for_beginners() {
    let catalogue = embedded();
    for piece in Equipment::ALL {
        let uses = |exercise: &CatalogueExercise| exercise.equipment.contains(piece);
        assert!(count(&catalogue, uses) >= 4, "{piece:?}");
        let for_beginners =
            |exercise: &CatalogueExercise| uses(exercise) && exercise.difficulty == Difficulty::Beginner;
        assert!(count(&catalogue, for_beginners) >= 1, "{piece:?}");
    }
}

#[test]
fn every_movement_pattern_has_several_exercises_that_a_beginner_can_do_without_equipment() {
    let catalogue = embedded();
    for pattern in MovementPattern::ALL {
        let fits = |exercise: &CatalogueExercise| exercise.pattern == *pattern;
        assert!(count(&catalogue, fits) >= 8, "{pattern:?}");
        let simple = |exercise: &CatalogueExercise| {
            fits(exercise) && needs_nothing(exercise) && exercise.difficulty == Difficulty::Beginner
        };
        assert!(count(&catalogue, simple) >= 2, "{pattern:?}");
    }
}

#[test]
fn every_level_and_every_measure_has_its_share() {
    let catalogue = embedded();
    for level in Difficulty::ALL {
        assert!(count(&catalogue, |exercise| exercise.difficulty == *level) >= 20, "{level:?}");
    }
    for measure in Measure::ALL {
        assert!(count(&catalogue, |exercise| exercise.measure == *measure) >= 8, "{measure:?}");
    }
}

#[test]
fn exercise_ids_differ_and_never_change() {
    let catalogue = embedded();
    let ids: BTreeSet<_> = catalogue.exercises.iter().map(CatalogueExercise::exercise_id).collect();
    assert_eq!(ids.len(), catalogue.exercises.len());
    let push_up = catalogue.exercises.iter().find(|exercise| exercise.slug == "push_up").unwrap();
    assert_eq!(push_up.exercise_id().to_string(), "985dce06-ecc8-5dd6-a275-91cdbcecaaae");
}

#[test]
fn descriptions_are_one_to_three_sentences() {
    for exercise in embedded().exercises {
        for text in [&exercise.description.en, &exercise.description.ru] {
            assert!(text.ends_with('.') && (40..=300).contains(&text.chars().count()), "{}", exercise.slug);
        }
    }
}

#[test]
fn names_lead_back_to_their_words() {
    assert!(MuscleGroup::ALL.iter().all(|muscle| muscle.name().parse() == Ok(*muscle)));
    assert!(Equipment::ALL.iter().all(|piece| piece.name().parse() == Ok(*piece)));
    assert_eq!("tail".parse::<MuscleGroup>().unwrap_err().to_string(), "\"tail\" is no muscle group");
}

/// The embedded file with one text replaced.
fn faults_after(original: &str, replacement: &str) -> String {
    let text = include_str!("../../catalogue/exercises.toml");
    assert!(text.contains(original), "{original:?} is not in the file");
    Catalogue::parse(&text.replacen(original, replacement, 1)).unwrap_err().to_string()
}

#[test]
fn each_fault_of_a_file_is_named() {
    for (original, replacement, fault) in [
        ("id = \"pull_up\"", "id = \"push_up\"", "the id \"push_up\" is there twice"),
        ("id = \"pull_up\"", "id = \"Pull-up\"", "more than small letters"),
        ("name.en = \"Pull-up\"", "name.en = \"push-UP\"", "the English name \"push-UP\" is there twice"),
        ("name.en = \"Pull-up\"", "name.en = \" \"", "is empty or has spaces around it in English"),
        ("name.en = \"Pull-up\"", "name.en = \"Подтягивания\"", "Cyrillic letters in English"),
        ("name.ru = \"Бёрпи\"", "name.ru = \"Burpee\"", "no Cyrillic letters in Russian"),
        ("muscles = [\"lats\"]", "muscles = []", "works no muscle"),
        ("muscles = [\"lats\"]", "muscles = [\"lats\", \"lats\"]", "names a muscle twice"),
        ("equipment = [\"none\"]", "equipment = []", "names no equipment"),
        ("equipment = [\"none\"]", "equipment = [\"none\", \"box\"]", "needs nothing and something"),
        ("id = \"calves\"", "id = \"lats\"", "the muscle group calves is there 0 times"),
    ] {
        let faults = faults_after(original, replacement);
        assert!(faults.contains(fault), "{fault:?} is not in {faults:?}");
    }
}

#[test]
fn unknown_words_and_fields_are_refused() {
    for (original, replacement) in [
        ("muscles = [\"lats\"]", "muscles = [\"tail\"]"),
        ("measure = \"reps\"", "measure = \"sweat\""),
        ("measure = \"reps\"", "measure = \"reps\"\ncolour = \"red\""),
    ] {
        assert_eq!(faults_after(original, replacement), "the catalogue cannot be read");
    }
}
