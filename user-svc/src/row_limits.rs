//! How much an account may have: the one place that says so. docs/limits.md shows it.
//!
//! What has no line here has one row for an account (codes by purpose, a link) or an address (a registration), follows
//! from a session (refresh tokens, which housekeeping removes once used), or counts and ends by itself (rate limits).

use chassis::limits::Limit;

/// Sessions, ended ones included. A sign-in is never refused for their number: the ones unused longest make way,
/// ended ones first.
pub(crate) const SESSIONS: Limit =
    Limit { of: "sessions", field: "sessions", most: 100, advice: "the one unused longest ends by itself" };
/// Kinds of devices that sign-ins came from.
pub(crate) const DEVICES: Limit =
    Limit { of: "devices", field: "devices", most: 100, advice: "the one unused longest is forgotten" };
/// Networks and devices whose tries count apart from strangers'.
pub(crate) const PLACES: Limit = Limit {
    of: "places that you sign in from",
    field: "places",
    most: 200,
    advice: "the one unused longest is forgotten",
};
/// Pictures; `FILES_MAX_PER_ACCOUNT` says another number.
pub(crate) const FILES: Limit =
    Limit { of: "pictures", field: "file", most: 200, advice: "delete some first" };
/// Bytes of pictures; `FILES_MAX_BYTES_PER_ACCOUNT` says another number.
pub(crate) const FILE_BYTES: Limit =
    Limit { of: "bytes of pictures", field: "file", most: 524_288_000, advice: "delete some first" };

/// All of them, in the order of the page.
#[cfg(test)]
const ALL: [Limit; 5] = [SESSIONS, DEVICES, PLACES, FILES, FILE_BYTES];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_limits_says_what_holds() {
        let page = include_str!("../../docs/limits.md");
        let (_, section) = page.split_once("## Accounts and pictures\n").unwrap();
        let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        assert_eq!(rows, ALL.map(Limit::row));
    }
}
