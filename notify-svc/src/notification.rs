//! The vocabulary of the ledger: which mails there are, what matters about each kind, and the states of a notification.

mod category;
mod state;
mod template;

pub use self::category::{Category, InDoubtRule};
pub use self::state::State;
pub use self::template::{Need, Template};

/// A name that is none of the known ones.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name:?} is no {kind}")]
pub struct UnknownName {
    kind: &'static str,
    name: String,
}

/// Finds the one of `all` that has the name.
fn named<T: Copy>(
    all: &[T],
    name_of: impl Fn(T) -> &'static str,
    kind: &'static str,
    name: &str,
) -> Result<T, UnknownName> {
    let found = all.iter().copied().find(|one| name_of(*one) == name);
    found.ok_or_else(|| UnknownName { kind, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_what_they_name() {
        for template in Template::ALL {
            assert_eq!(template.name().parse(), Ok(template));
        }
        for category in Category::ALL {
            assert_eq!(category.name().parse(), Ok(category));
        }
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        for rule in [InDoubtRule::Resend, InDoubtRule::GiveUp] {
            assert_eq!(rule.name().parse(), Ok(rule));
        }
        assert!("newsletter".parse::<Template>().is_err());
    }

    #[test]
    fn what_concerns_the_account_and_its_safety_cannot_be_switched_off() {
        let mandatory: Vec<_> =
            Category::ALL.into_iter().filter(|category| !category.is_optional()).collect();
        assert_eq!(mandatory, [Category::OneTimeCode, Category::Security, Category::Account]);
    }

    #[test]
    fn no_secret_is_in_a_mail_that_can_be_switched_off() {
        assert!(
            Template::ALL
                .into_iter()
                .all(|template| !template.has_secret() || !template.category().is_optional())
        );
    }
}
