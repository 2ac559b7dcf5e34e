//! Making a one-time code and the event that carries it to its owner.

use chassis::sealing::one_time_code_place;
use chrono::{DateTime, Utc};
use fitness_proto::fitness::user::v1::{CodePurpose, OneTimeCodeIssued, SealedSecret};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::{Accounts, timestamp};
use crate::one_time_code;
use crate::store::one_time_codes::NewCode;

impl Accounts {
    /// Draws a code for an account: the row to store, which holds its hash, and the event, which holds it sealed.
    pub(super) fn draw_code(&self, user_id: Uuid, now: DateTime<Utc>) -> (NewCode, OneTimeCodeIssued) {
        let code = one_time_code::draw();
        let code_id = Uuid::now_v7();
        let expire_time = now + one_time_code::LIFETIME;
        let row = NewCode {
            code_id,
            user_id,
            code_hash: self.pepper.hash(code_id, code.expose_secret()),
            issue_time: now,
            expire_time,
        };
        let (code_id, user_id) = (code_id.to_string(), user_id.to_string());
        let place = one_time_code_place(&code_id, &user_id);
        let sealed = self.sealing.seal(code.expose_secret().as_bytes(), &place);
        let event = OneTimeCodeIssued {
            user_id,
            purpose: CodePurpose::Verify.into(),
            sealed_code: Some(SealedSecret {
                key_id: sealed.key_id,
                nonce: sealed.nonce,
                ciphertext: sealed.ciphertext,
            }),
            expire_time: Some(timestamp(expire_time)),
            code_id,
        };
        (row, event)
    }
}
