//! The one way to a new password, for every call that sets one.

use chassis::errors::Violation;
use secrecy::SecretString;

use super::{AccountError, Accounts};
use crate::password::strength::Owner;
use crate::password::{ChosenPassword, PasswordError};

impl Accounts {
    /// Takes a password that its owner wants to have, or says which field of the request is too weak, and why.
    pub(super) async fn choose_password(
        &self,
        field: &'static str,
        password: &SecretString,
        owner: Owner<'_>,
    ) -> Result<ChosenPassword, AccountError> {
        self.passwords.choose(password, owner).await.map_err(|error| match error {
            PasswordError::Weak(weakness) => {
                AccountError::Invalid(vec![Violation::new(field, weakness.to_string())])
            }
            error => error.into(),
        })
    }
}
