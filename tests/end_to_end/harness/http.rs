//! The one HTTP client of the tests: a server that falls silent fails its test and does not hold it.

use std::time::Duration;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Between two parts of an answer; a feed says something more often.
const SILENCE_LIMIT: Duration = Duration::from_mins(1);

/// A client with limits.
pub(crate) fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().connect_timeout(CONNECT_LIMIT).read_timeout(SILENCE_LIMIT);
    builder.build().expect("the machine has what TLS needs")
}
