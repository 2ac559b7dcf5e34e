//! Pages of lists that are in the order of their identifiers, newest first.
//!
//! A page begins behind the last identifier of the one before, so the last page costs what the first one does, and
//! rows that come in meanwhile move nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

const DEFAULT_SIZE: i32 = 20;

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    size: i32,
    before: Uuid,
}

/// A text that is no page token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page token is not one that a list has answered")]
pub struct InvalidPageToken;

/// The rows of a page.
#[derive(Clone, Debug)]
pub struct Paged<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Leads to the next page; empty on the last one.
    pub next_page_token: String,
}

impl Page {
    /// The page behind `token`, the first one if it is empty; a `size` of 0 stands for the usual one.
    pub fn new(size: i32, token: &str) -> Result<Self, InvalidPageToken> {
        let before = if token.is_empty() {
            Uuid::max()
        } else {
            let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidPageToken)?;
            Uuid::from_slice(&bytes).map_err(|_| InvalidPageToken)?
        };
        Ok(Self { size: if size <= 0 { DEFAULT_SIZE } else { size }, before })
    }

    /// The identifiers of the page are below this one.
    pub fn before(&self) -> Uuid {
        self.before
    }

    /// How many rows to read: one more than the page holds tells whether there is another page.
    pub fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Makes the page of the rows that were read.
    pub fn of<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> Uuid) -> Paged<T> {
        let size = self.size.unsigned_abs() as usize;
        let more = rows.len() > size;
        rows.truncate(size);
        let last = rows.last().filter(|_| more).map(id);
        let next_page_token = last.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes())).unwrap_or_default();
        Paged { rows, next_page_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_the_tokens_meets_every_row_once() {
        let all: Vec<_> = (1..=7).rev().map(Uuid::from_u128).collect();
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page = Page::new(3, &token).unwrap();
            let rows = all.iter().copied().filter(|id| *id < page.before());
            let paged = page.of(rows.take(page.limit() as usize).collect(), |id| *id);
            assert!(paged.rows.len() <= 3);
            seen.extend(paged.rows);
            token = paged.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn no_size_is_the_usual_one_and_no_token_the_first_page() {
        let page = Page::new(0, "").unwrap();
        assert_eq!((page.limit(), page.before()), (21, Uuid::max()));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for token in ["x", "AAAA", "0191d9a8-7b54-7c9e-8f00-000000000001", "&&&&&&&&&&&&&&&&&&&&&&"] {
            assert_eq!(Page::new(0, token), Err(InvalidPageToken), "{token}");
        }
    }
}
