//! The rules of the catalogue's file.

use std::collections::BTreeSet;
use std::hash::Hash;

use super::{Catalogue, CatalogueExercise, Equipment, MuscleGroup, Term, Texts};

/// Everything that breaks a rule, in words for the person who edits the file.
pub(super) fn find(catalogue: &Catalogue) -> Vec<String> {
    let mut faults = Vec::new();
    terms("muscle group", &catalogue.muscle_groups, MuscleGroup::ALL, MuscleGroup::name, &mut faults);
    terms("equipment", &catalogue.equipment, Equipment::ALL, Equipment::name, &mut faults);
    for exercise in &catalogue.exercises {
        check(exercise, &mut faults);
    }
    let exercises = || catalogue.exercises.iter();
    repeated("id", exercises().map(|exercise| exercise.slug.as_str()), &mut faults);
    repeated("English name", exercises().map(|exercise| exercise.name.en.as_str()), &mut faults);
    repeated("Russian name", exercises().map(|exercise| exercise.name.ru.as_str()), &mut faults);
    faults
}

fn terms<T: Copy + PartialEq>(
    kind: &str,
    terms: &[Term<T>],
    all: &[T],
    name: fn(T) -> &'static str,
    faults: &mut Vec<String>,
) {
    for &word in all {
        let count = terms.iter().filter(|term| term.id == word).count();
        if count != 1 {
            faults.push(format!("the {kind} {} is there {count} times", name(word)));
        }
    }
    for term in terms {
        texts(&format!("the name of {}", name(term.id)), &term.name, faults);
    }
}

fn check(exercise: &CatalogueExercise, faults: &mut Vec<String>) {
    let slug = &exercise.slug;
    if slug.is_empty() || !slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        faults.push(format!("the id {slug:?} has more than small letters and underscores"));
    }
    texts(&format!("the name of {slug}"), &exercise.name, faults);
    texts(&format!("the description of {slug}"), &exercise.description, faults);
    let worked: Vec<_> = exercise.muscles.iter().chain(&exercise.secondary_muscles).collect();
    if exercise.muscles.is_empty() {
        faults.push(format!("{slug} works no muscle"));
    }
    if has_repetition(&worked) {
        faults.push(format!("{slug} names a muscle twice"));
    }
    if exercise.equipment.is_empty() || has_repetition(&exercise.equipment) {
        faults.push(format!("{slug} names no equipment, or some of it twice"));
    }
    if exercise.equipment.contains(&Equipment::BodyWeight) && exercise.equipment.len() > 1 {
        faults.push(format!("{slug} needs nothing and something"));
    }
}

fn texts(what: &str, texts: &Texts, faults: &mut Vec<String>) {
    let is_cyrillic = |letter: char| matches!(letter, '\u{400}'..='\u{4ff}');
    for (language, text) in [("English", &texts.en), ("Russian", &texts.ru)] {
        if text.trim().is_empty() || text.trim() != text {
            faults.push(format!("{what} is empty or has spaces around it in {language}"));
        }
    }
    if texts.en.contains(is_cyrillic) {
        faults.push(format!("{what} has Cyrillic letters in English"));
    }
    if !texts.ru.contains(is_cyrillic) {
        faults.push(format!("{what} has no Cyrillic letters in Russian"));
    }
}

fn repeated<'a>(what: &str, values: impl Iterator<Item = &'a str>, faults: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for value in values {
        if !seen.insert(value.to_lowercase()) {
            faults.push(format!("the {what} {value:?} is there twice"));
        }
    }
}

fn has_repetition<T: Eq + Hash>(values: &[T]) -> bool {
    let distinct: std::collections::HashSet<_> = values.iter().collect();
    distinct.len() < values.len()
}
