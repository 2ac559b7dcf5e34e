//! What every way to sign in ends with: a session and its tokens.

use chrono::{DateTime, TimeDelta, Utc};
use fitness_proto::fitness::user::v1::{SignInMethod, UserSignedIn};
use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AccountError, Accounts, timestamp};
use crate::client::Client;
use crate::email_address::EmailAddress;
use crate::opaque_token::OpaqueToken;
use crate::row_limits;
use crate::store::sessions::{self, NewSession};
use crate::store::{devices, known_places};
use crate::user::User;

/// A session with fresh tokens.
#[derive(Debug)]
pub struct SignedIn {
    /// The account.
    pub user: User,
    /// Token for calls.
    pub access_token: SecretString,
    /// How long the access token is good.
    pub access_token_lifetime: TimeDelta,
    /// Token that buys the next access token.
    pub refresh_token: SecretString,
}

impl Accounts {
    /// Opens a session in the caller's transaction, which holds the row of the account; the tokens are good once that
    /// is committed.
    pub(super) async fn sign_in(
        &self,
        connection: &mut PgConnection,
        user: User,
        client: &Client,
        method: SignInMethod,
        now: DateTime<Utc>,
    ) -> Result<SignedIn, AccountError> {
        let refresh_token = OpaqueToken::draw();
        let device = &client.device;
        let session = NewSession {
            session_id: Uuid::now_v7(),
            user_id: user.user_id,
            device: device.name(),
            token_hash: refresh_token.hash,
            now,
            expire_time: now + self.session_lifetime,
        };
        sessions::open(connection, &session).await?;
        sessions::keep_newest(connection, user.user_id, row_limits::SESSIONS.most.cast_signed()).await?;
        let device_hash =
            self.pepper.pseudonym("device", &[user.user_id.as_bytes(), device.kind().as_bytes()]);
        let new_device = devices::note(connection, user.user_id, &device_hash, device.name(), now).await?;
        devices::keep_newest(connection, user.user_id, row_limits::DEVICES.most.cast_signed()).await?;
        let email = EmailAddress::parse(&user.email).ok();
        if let Some(place) = email.and_then(|email| self.place_hash(&email, client)) {
            known_places::note(connection, user.user_id, &place, now).await?;
            known_places::keep_newest(connection, user.user_id, row_limits::PLACES.most.cast_signed())
                .await?;
        }
        let event = UserSignedIn {
            user_id: user.user_id.to_string(),
            session_id: session.session_id.to_string(),
            method: method.into(),
            device: device.name().to_owned(),
            new_device,
            sign_in_time: Some(timestamp(now)),
        };
        self.outbox.enqueue(connection, &event).await?;
        Ok(self.signed_in(user, session.session_id, refresh_token, now))
    }

    /// Issues the access token that goes with a refresh token.
    pub(super) fn signed_in(
        &self,
        user: User,
        session_id: Uuid,
        refresh_token: OpaqueToken,
        now: DateTime<Utc>,
    ) -> SignedIn {
        SignedIn {
            access_token: self.access_tokens.issue(user.user_id, session_id, &user.roles, now),
            access_token_lifetime: self.access_tokens.lifetime(),
            refresh_token: refresh_token.text,
            user,
        }
    }
}
