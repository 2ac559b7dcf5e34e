//! Making a one-time code and the event that carries it to its owner.

use chassis::sealing::{address_place, one_time_code_place};
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::{CodePurpose, OneTimeCodeIssued, SealedSecret};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::{Accounts, timestamp};
use crate::email_address::EmailAddress;
use crate::one_time_code::{self, Purpose};
use crate::store::one_time_codes::NewCode;

impl Accounts {
    /// Draws a code for an account: the row to store, which holds its hash, and the event, which holds it sealed.
    pub(super) fn draw_code(
        &self,
        user_id: Uuid,
        email: &EmailAddress,
        purpose: Purpose,
        now: DateTime<Utc>,
    ) -> (NewCode, OneTimeCodeIssued) {
        let code = one_time_code::draw();
        let code_id = Uuid::now_v7();
        let expire_time = now + one_time_code::LIFETIME;
        let row = NewCode {
            code_id,
            user_id,
            purpose,
            code_hash: self.pepper.hash(code_id, code.expose_secret()),
            issue_time: now,
            expire_time,
        };
        let (code_id, user_id) = (code_id.to_string(), user_id.to_string());
        let place = one_time_code_place(&code_id, &user_id);
        let sealed_email = Some(self.seal_address(email, &address_place(&code_id, &user_id)));
        let event = OneTimeCodeIssued {
            user_id,
            purpose: CodePurpose::from(purpose).into(),
            sealed_code: Some(self.seal(&code, &place)),
            expire_time: Some(timestamp(expire_time)),
            code_id,
            sealed_email,
        };
        (row, event)
    }

    /// Seals the address that a secret is for: whatever a listener believes by then, the mail goes to no other.
    pub(super) fn seal_address(&self, email: &EmailAddress, place: &[u8]) -> SealedSecret {
        self.seal(&SecretString::from(email.as_str()), place)
    }

    /// Seals a secret for its place in an event.
    pub(super) fn seal(&self, secret: &SecretString, place: &[u8]) -> SealedSecret {
        let sealed = self.sealing.seal(secret.expose_secret().as_bytes(), place);
        SealedSecret { key_id: sealed.key_id, nonce: sealed.nonce, ciphertext: sealed.ciphertext }
    }
}

impl From<Purpose> for CodePurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Verify => Self::Verify,
            Purpose::Login => Self::Login,
        }
    }
}
