//! Lists in pages (AIP-158): a token says after which row the next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chassis::errors::Violation;
use uuid::Uuid;

const DEFAULT_SIZE: i32 = 50;
const MAX_SIZE: i32 = 200;

/// Which page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    size: i32,
    /// The last row of the page before.
    after: Option<Uuid>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Token of the next page; empty on the last one.
    pub next_page_token: String,
}

impl PageRequest {
    /// Reads size and token of a request; a size of 0 is the usual one.
    pub fn parse(size: i32, token: &str) -> Result<Self, Vec<Violation>> {
        let size = if size == 0 { DEFAULT_SIZE } else { size.clamp(1, MAX_SIZE) };
        if token.is_empty() {
            return Ok(Self { size, after: None });
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).ok();
        let after = bytes.and_then(|bytes| Uuid::from_slice(&bytes).ok());
        let after = after.ok_or_else(|| {
            vec![Violation::new("page_token", "must be the next_page_token of the page before")]
        })?;
        Ok(Self { size, after: Some(after) })
    }

    /// The row after which the page begins.
    pub(crate) fn after(self) -> Option<Uuid> {
        self.after
    }

    /// How many rows to read: one more than the page holds, which tells whether another page follows.
    pub(crate) fn rows(self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Makes the page of what was read.
    pub(crate) fn page<T>(self, mut items: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let size = self.size as usize;
        let more = items.len() > size;
        items.truncate(size);
        let last = items.last().filter(|_| more);
        let next_page_token = last.map(|item| URL_SAFE_NO_PAD.encode(id(item))).unwrap_or_default();
        Page { items, next_page_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_full_page_begins_the_next_one_and_the_last_page_has_none() {
        let ids: Vec<_> = (1..=3).map(Uuid::from_u128).collect();
        let first = PageRequest::parse(2, "").unwrap();
        assert_eq!((first.after(), first.rows()), (None, 3));
        let page = first.page(ids.clone(), |id| *id);
        assert_eq!(page.items, ids[..2]);
        let second = PageRequest::parse(2, &page.next_page_token).unwrap();
        assert_eq!(second.after(), Some(ids[1]));
        assert_eq!(second.page(ids[2..].to_vec(), |id| *id).next_page_token, "");
    }

    #[test]
    fn a_size_is_kept_in_bounds_and_a_foreign_token_is_refused() {
        let rows = |size| PageRequest::parse(size, "").unwrap().rows();
        assert_eq!((rows(0), rows(1), rows(1_000_000)), (51, 2, 201));
        for token in ["x", "AAAA", "not base64!"] {
            assert_eq!(PageRequest::parse(0, token).unwrap_err()[0].field, "page_token", "{token}");
        }
    }
}
