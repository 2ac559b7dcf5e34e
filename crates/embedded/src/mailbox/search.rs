//! The part of Mailpit's search that tests and people need: `to:`, `from:`, `subject:` and plain words, all of which
//! must match, in any case. Quotes keep words together.

use super::message::Message;

/// A search, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    terms: Vec<Term>,
}

#[derive(Debug, PartialEq, Eq)]
enum Term {
    To(String),
    From(String),
    Subject(String),
    Anywhere(String),
}

impl Query {
    pub(super) fn parse(text: &str) -> Self {
        let terms = words(&text.to_lowercase())
            .into_iter()
            .map(|word| match word.split_once(':') {
                Some(("to", rest)) => Term::To(rest.to_owned()),
                Some(("from", rest)) => Term::From(rest.to_owned()),
                Some(("subject", rest)) => Term::Subject(rest.to_owned()),
                _ => Term::Anywhere(word),
            })
            .collect();
        Self { terms }
    }

    pub(super) fn matches(&self, message: &Message) -> bool {
        self.terms.iter().all(|term| match term {
            // The envelope names every recipient and costs no parsing.
            Term::To(text) => message.recipients().iter().any(|recipient| contains(recipient, text)),
            Term::From(text) => {
                contains(message.sender(), text)
                    || message.header("From").iter().any(|from| contains(from, text))
            }
            Term::Subject(text) => contains(&message.subject(), text),
            Term::Anywhere(text) => {
                contains(&message.subject(), text)
                    || contains(&message.text(), text)
                    || message.recipients().iter().any(|recipient| contains(recipient, text))
            }
        })
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(part)
}

/// Splits at white space outside quotes, and drops the quotes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted) = (String::new(), false);
    for character in text.chars() {
        match character {
            '"' => quoted = !quoted,
            _ if character.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            _ => word.push(character),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_their_prefix_and_kept_together_by_quotes() {
        let query = Query::parse("To:Ada@Example.org subject:\"your code\" hello \"two words\"");
        let expected = [
            Term::To("ada@example.org".into()),
            Term::Subject("your code".into()),
            Term::Anywhere("hello".into()),
            Term::Anywhere("two words".into()),
        ];
        assert_eq!(query.terms, expected);
    }
}
