//! Pages of lists: an opaque token names the last row of a page, and the next page starts behind it (AIP-158).
//!
//! A page costs the same wherever it is, because the database goes straight to its first row, and rows that come in
//! meanwhile move nothing. Every list of every service has the same sizes: too large a page is answered as the largest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors::Violation;

/// Rows of a page whose size nobody asked for.
const DEFAULT_SIZE: u32 = 50;
/// Most rows of a page.
const MAX_SIZE: u32 = 100;

/// Which page is wanted; `K` is what the list is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    size: usize,
    /// The last row of the page before.
    pub after: Option<K>,
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Asks for the next page; empty on the last one.
    pub next_page_token: String,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// Reads what a request says; a size of 0 is the usual one.
    pub fn parse(page_size: i32, page_token: &str) -> Result<Self, Violation> {
        let size = match u32::try_from(page_size) {
            Ok(0) => DEFAULT_SIZE,
            Ok(size) => size.min(MAX_SIZE),
            Err(_) => return Err(Violation::new("page_size", "must be 0 or more")),
        };
        let after = if page_token.is_empty() {
            None
        } else {
            let invalid = || Violation::new("page_token", "must be the next_page_token of the page before");
            let json = URL_SAFE_NO_PAD.decode(page_token).map_err(|_| invalid())?;
            let key: Value = serde_json::from_slice(&json).map_err(|_| invalid())?;
            if holds_nul(&key) {
                return Err(invalid());
            }
            Some(serde_json::from_value(key).map_err(|_| invalid())?)
        };
        Ok(Self { size: size as usize, after })
    }

    /// How many rows to read: one more than the page has, to know whether another follows.
    pub fn limit(&self) -> i64 {
        self.size as i64 + 1
    }

    /// Makes a page of the rows that were read; `key` tells what a row is ordered by.
    pub fn cut<T>(&self, mut rows: Vec<T>, key: impl FnOnce(&T) -> K) -> Listed<T> {
        let more = rows.len() > self.size;
        rows.truncate(self.size);
        let next_page_token = match rows.last() {
            Some(last) if more => {
                let json = serde_json::to_vec(&key(last)).expect("keys are plain values");
                URL_SAFE_NO_PAD.encode(json)
            }
            _ => String::new(),
        };
        Listed { rows, next_page_token }
    }
}

/// A forged key may hold U+0000, of which the database knows nothing.
fn holds_nul(key: &Value) -> bool {
    match key {
        Value::String(text) => text.contains('\0'),
        Value::Array(keys) => keys.iter().any(holds_nul),
        _ => false,
    }
}

impl<T> Listed<T> {
    /// The same page of something made from its rows.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Listed<U> {
        Listed { rows: self.rows.into_iter().map(make).collect(), next_page_token: self.next_page_token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_to_the_row_behind_the_last_one() {
        let first = Page::<(String, u32)>::parse(2, "").unwrap();
        assert_eq!((first.limit(), first.after.clone()), (3, None));
        let key = |row: &u32| (format!("ю{row}"), *row);
        let listed = first.cut(vec![1, 2, 3], key);
        assert_eq!(listed.rows, [1, 2]);
        let second = Page::parse(2, &listed.next_page_token).unwrap();
        assert_eq!(second.after, Some(("ю2".to_owned(), 2)));
        assert_eq!(second.cut(vec![3, 4], key).next_page_token, "");
    }

    #[test]
    fn a_large_page_is_the_largest_and_what_is_no_size_or_no_token_is_refused() {
        let limit = |size| Page::<u32>::parse(size, "").unwrap().limit();
        assert_eq!((limit(0), limit(1), limit(100), limit(101), limit(i32::MAX)), (51, 2, 101, 101, 101));
        let field = |size, token| Page::<u32>::parse(size, token).unwrap_err().field;
        assert_eq!(field(-1, ""), "page_size");
        for token in ["x", "====", "bm8", "InRleHQi", "AAAA"] {
            assert_eq!(field(0, token), "page_token", "{token}");
        }
        let forged = URL_SAFE_NO_PAD.encode(r#"["a\u0000",7]"#);
        assert_eq!(Page::<(String, u32)>::parse(0, &forged).unwrap_err().field, "page_token");
    }
}
