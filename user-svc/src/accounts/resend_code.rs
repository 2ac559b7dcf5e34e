//! `ResendCode`: sends a new code to prove an address; the earlier one stops working.

use super::{AccountError, Accounts};
use crate::client::Client;
use crate::one_time_code::Purpose;

impl Accounts {
    /// Issues a code if the address waits to be proved and the limits allow it, and says nothing of either.
    pub async fn resend_code(&self, email: &str, client: &Client) -> Result<(), AccountError> {
        self.send_code(email, Purpose::Verify, client).await
    }
}
