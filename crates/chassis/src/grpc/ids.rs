//! Identifiers in requests.

use uuid::Uuid;

use crate::errors::Violation;

/// Reads an identifier. The rules of the contract ask for a UUID as well; a field without them is refused here.
pub fn id(field: &str, text: &str) -> Result<Uuid, Violation> {
    text.parse().map_err(|_| Violation::new(field, "must be a UUID"))
}

/// The same, where an empty text is none.
pub fn optional_id(field: &str, text: &str) -> Result<Option<Uuid>, Violation> {
    if text.is_empty() { Ok(None) } else { id(field, text).map(Some) }
}
