//! What every way to sign in ends with: a session and its tokens.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Accounts;
use crate::store::sessions::{self, NewSession};
use crate::tokens::RefreshToken;
use crate::user::User;

/// A new session.
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
    /// Opens a session in the caller's transaction; the tokens are good once that is committed.
    pub(super) async fn sign_in(
        &self,
        connection: &mut PgConnection,
        user: User,
        now: DateTime<Utc>,
    ) -> sqlx::Result<SignedIn> {
        let refresh_token = RefreshToken::draw();
        let session = NewSession {
            session_id: Uuid::now_v7(),
            user_id: user.user_id,
            token_hash: refresh_token.hash,
            now,
            expire_time: now + self.session_lifetime,
        };
        sessions::open(connection, &session).await?;
        Ok(SignedIn {
            access_token: self.access_tokens.issue(user.user_id, session.session_id, &user.roles, now),
            access_token_lifetime: self.access_tokens.lifetime(),
            refresh_token: refresh_token.text,
            user,
        })
    }
}
