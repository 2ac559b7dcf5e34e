//! Whether a password is hard enough to guess, by zxcvbn, which knows common passwords, names, words, dates, rows of
//! keys, repeats, and what people do to them.
//!
//! Two things are added to it. What its owner is called and where their mail goes is taken out first: a long address
//! would count as strong letters otherwise. And Cyrillic letters are read by the Latin ones on the same keys as well,
//! because `йцукенгшщз` is as much of a row as `qwertyuiop`.

use std::iter::once;

use unicode_normalization::UnicodeNormalization as _;
use zxcvbn::feedback::Warning;
use zxcvbn::{Score, zxcvbn};

/// A guesser who has the hashes and the whole night needs more than this: 10⁸ guesses.
const LEAST_SCORE: Score = Score::Three;
/// The beginning that is judged. Time grows steeply with length (100 characters can take seconds), and what follows a
/// beginning that is strong does not make it weaker.
const JUDGED_CHARS: usize = 24;
/// Shorter parts of a name or an address stand in half of all words, and are left to zxcvbn.
const SHORTEST_OWN: usize = 4;
const CYRILLIC_KEYS: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
const LATIN_KEYS: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";

/// Why a password is too weak, in words that follow the name of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// Little is left of it without its owner's name and address.
    #[error("must not be made of your own name or address; take four words that do not belong together")]
    Own,
    /// Guessers come to it early.
    #[error("must be harder to guess: {0}; take four words that do not belong together")]
    Guessable(&'static str),
}

/// Whose password it is to be.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    /// The address.
    pub email: &'a str,
    /// The name.
    pub display_name: &'a str,
}

/// Judges a password. The time is bounded whatever is given, and is milliseconds for what people choose.
pub fn judge(password: &str, owner: Owner<'_>) -> Result<(), Weakness> {
    let written = folded(password);
    judge_text(&written, &own_parts(owner, folded))?;
    let typed = on_latin_keys(&written);
    if typed == written {
        return Ok(());
    }
    judge_text(&typed, &own_parts(owner, |text| on_latin_keys(&folded(text))))
}

fn judge_text(password: &str, own: &[String]) -> Result<(), Weakness> {
    let rest = without(password, own);
    let is_strong = estimate(&rest, own).score() >= LEAST_SCORE;
    // With the own words known to it, the estimate of the whole is no higher than without them.
    if is_strong && rest == password {
        return Ok(());
    }
    let whole = estimate(password, &[]);
    if whole.score() < LEAST_SCORE {
        let warning = whole.feedback().and_then(zxcvbn::feedback::Feedback::warning);
        return Err(Weakness::Guessable(why(warning)));
    }
    if is_strong { Ok(()) } else { Err(Weakness::Own) }
}

fn estimate(password: &str, own: &[String]) -> zxcvbn::Entropy {
    let beginning: String = password.chars().take(JUDGED_CHARS).collect();
    let own: Vec<_> = own.iter().map(String::as_str).collect();
    zxcvbn(&beginning, &own)
}

/// The text in one width and case.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

fn on_latin_keys(text: &str) -> String {
    let latin = |letter| {
        CYRILLIC_KEYS
            .chars()
            .zip(LATIN_KEYS.chars())
            .find(|(key, _)| *key == letter)
            .map_or(letter, |(_, key)| key)
    };
    text.chars().map(latin).collect()
}

/// The name and the address, whole and in parts, the longest first.
fn own_parts(owner: Owner<'_>, form: impl Fn(&str) -> String) -> Vec<String> {
    let (local, domain) = owner.email.split_once('@').unwrap_or((owner.email, ""));
    // The last label says a country or nothing at all.
    let site = domain.rsplit_once('.').map_or(domain, |(site, _)| site);
    let mut parts: Vec<String> = [owner.email, local, domain, site, owner.display_name]
        .into_iter()
        .map(&form)
        .flat_map(|whole| {
            let words: Vec<_> = whole.split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
            let joined = words.concat();
            words.into_iter().chain([joined, whole])
        })
        .filter(|part| !part.is_empty())
        .collect();
    parts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    parts.dedup();
    parts
}

/// What is left of a password without such parts, forwards or backwards.
fn without(password: &str, own: &[String]) -> String {
    own.iter()
        .filter(|part| part.chars().count() >= SHORTEST_OWN)
        .flat_map(|part| once(part.clone()).chain(once(part.chars().rev().collect())))
        .fold(password.to_owned(), |rest, part| rest.replace(&part, ""))
}

fn why(warning: Option<Warning>) -> &'static str {
    use Warning as W;
    match warning {
        Some(W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess) => {
            "it is a row of keys"
        }
        Some(W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess) => {
            "it repeats itself"
        }
        Some(W::ThisIsATop10Password | W::ThisIsATop100Password | W::ThisIsACommonPassword) => {
            "it is among the most common ones"
        }
        Some(W::ThisIsSimilarToACommonlyUsedPassword) => "it is close to a common one",
        Some(W::SequencesLikeAbcAreEasyToGuess) => "it is a sequence such as abc or 6543",
        Some(W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess) => "it is a date",
        Some(
            W::AWordByItselfIsEasyToGuess
            | W::NamesAndSurnamesByThemselvesAreEasyToGuess
            | W::CommonNamesAndSurnamesAreEasyToGuess,
        ) => "it is a single word or a name",
        None => "it is made of what guessers try first",
    }
}

#[cfg(test)]
mod tests;
