//! `RequestLoginCode`: sends a code that signs in; the earlier one stops working.

use super::{AccountError, Accounts};
use crate::client::Client;
use crate::one_time_code::Purpose;

impl Accounts {
    /// Issues a code if the address is proved and the limits allow it, and says nothing of either.
    pub async fn request_login_code(&self, email: &str, client: &Client) -> Result<(), AccountError> {
        self.send_code(email, Purpose::Login, client).await
    }
}
