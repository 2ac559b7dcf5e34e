//! What `VerifyEmail` and `LoginWithCode` have in common: a code is typed in and compared.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Accounts;
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::one_time_code::{MAX_TRIES, MAX_TRIES_OF_STRANGERS, Purpose};
use crate::store::one_time_codes::{self, AskingPlace, Standing, TriedCode};
use crate::store::{decoy, users};
use crate::user::User;

/// Where a code is typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A device at a network where a code was asked for, or where the owner signed in before.
    Known([u8; 32]),
    /// A network, whatever the device says it is.
    Strange([u8; 32]),
}

/// A try that the limits allow.
#[derive(Debug, PartialEq, Eq)]
struct Try {
    /// The code of the place with this try counted.
    of_place: TriedCode,
    /// A further code that it is compared with.
    newest: Option<TriedCode>,
    stranger: bool,
}

impl Place {
    fn hash(&self) -> &[u8; 32] {
        match self {
            Self::Known(hash) | Self::Strange(hash) => hash,
        }
    }

    /// What may be tried here, if anything. Strangers try the newest code only, a known place its own as well.
    fn admit(self, Standing { newest, of_place }: Standing) -> Option<Try> {
        let stranger = matches!(self, Self::Strange(_));
        let newest_id = newest.as_ref().map(|code| code.code_id);
        let own = of_place.filter(|own| !stranger || Some(own.code_id) == newest_id);
        if stranger && newest.as_ref()?.tries >= MAX_TRIES_OF_STRANGERS {
            return None;
        }
        let own = match own {
            Some(own) => own,
            None => TriedCode { tries: 0, ..newest.clone()? },
        };
        if own.tries >= MAX_TRIES {
            return None;
        }
        let newest = newest.filter(|newest| newest.code_id != own.code_id);
        Some(Try { of_place: TriedCode { tries: own.tries + 1, ..own }, newest, stranger })
    }
}

impl Accounts {
    /// Uses a code up and answers its account, whose row the transaction holds from then on.
    ///
    /// A wrong code, an expired one and an unknown address cost three statements each. A try is kept although it
    /// failed, which is why the caller commits the transaction in any case.
    pub(super) async fn try_code(
        &self,
        connection: &mut PgConnection,
        (email, code): (&EmailAddress, &SecretString),
        purpose: Purpose,
        place: Place,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Option<User>> {
        let user = users::lock_by_email(connection, email).await?;
        let user_id = user.as_ref().map_or(Uuid::nil(), |user| user.user_id);
        let standing = one_time_codes::standing(connection, user_id, purpose, place.hash(), now).await?;
        let admitted = place.admit(standing);
        if let Some(Try { of_place, stranger, .. }) = &admitted {
            one_time_codes::count_try(connection, user_id, purpose, place.hash(), of_place, *stranger)
                .await?;
        } else {
            decoy::write(connection).await?;
        }
        let matches =
            |tried: &TriedCode| self.pepper.matches(tried.code_id, code.expose_secret(), &tried.code_hash);
        let hit = admitted.is_some_and(|admitted| {
            matches(&admitted.of_place) | admitted.newest.as_ref().is_some_and(matches)
        });
        let Some(user) = user.filter(|_| hit) else { return Ok(None) };
        one_time_codes::use_up(connection, user_id, purpose, now).await?;
        Ok(Some(user))
    }

    /// Where a client types a code in. `known` says whether it has tries of its own there.
    pub(super) fn place(&self, email: &EmailAddress, client: &Client, known: bool) -> Place {
        if let Some(place) = self.place_hash(email, client).filter(|_| known) {
            return Place::Known(place);
        }
        Place::Strange(self.network_hash(client))
    }

    /// Where a client asks for a code.
    pub(super) fn asking_place(&self, email: &EmailAddress, client: &Client) -> AskingPlace {
        AskingPlace { own: self.place_hash(email, client), network: self.network_hash(client) }
    }

    fn network_hash(&self, client: &Client) -> [u8; 32] {
        let network = client.address.map_or_else(String::new, |address| address.network().to_string());
        self.pepper.pseudonym("network", &[network.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u128, tries: i32) -> TriedCode {
        TriedCode {
            code_id: Uuid::from_u128(number),
            code_hash: vec![0; 32],
            expire_time: DateTime::UNIX_EPOCH,
            tries,
        }
    }

    fn standing(newest: Option<TriedCode>, of_place: Option<TriedCode>) -> Standing {
        Standing { newest, of_place }
    }

    const KNOWN: Place = Place::Known([1; 32]);
    const STRANGE: Place = Place::Strange([2; 32]);

    #[test]
    fn strangers_have_five_tries_of_a_code_at_a_network_and_fifteen_in_all() {
        let tried = |all, here| STRANGE.admit(standing(Some(code(1, all)), Some(code(1, here))));
        assert_eq!(tried(14, 4).unwrap().of_place.tries, 5);
        assert_eq!(tried(14, 5), None);
        assert_eq!(tried(15, 0), None);
        // A newer code is another one.
        let newer = STRANGE.admit(standing(Some(code(2, 0)), Some(code(1, 5)))).unwrap();
        assert_eq!((newer.of_place, newer.newest), (code(2, 1), None));
    }

    #[test]
    fn a_known_place_has_its_own_tries_and_its_own_code_whatever_strangers_do() {
        let own = KNOWN.admit(standing(Some(code(2, 15)), Some(code(1, 4)))).unwrap();
        assert_eq!((own.of_place, own.newest, own.stranger), (code(1, 5), Some(code(2, 15)), false));
        assert_eq!(KNOWN.admit(standing(Some(code(2, 0)), Some(code(1, 5)))), None);
        let first = KNOWN.admit(standing(Some(code(2, 15)), None)).unwrap();
        assert_eq!((first.of_place, first.newest), (code(2, 1), None));
    }

    #[test]
    fn without_a_code_there_is_nothing_to_try() {
        assert_eq!(KNOWN.admit(Standing::default()), None);
        assert_eq!(STRANGE.admit(standing(None, Some(code(1, 0)))), None);
    }
}
