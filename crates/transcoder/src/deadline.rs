//! How long a call may take.

use std::time::Duration;

use http::HeaderMap;

use crate::problem::Violation;

/// A client may ask for less, or within bounds for more, with this header of gRPC.
const HEADER: &str = "grpc-timeout";

/// The time a call gets by default and at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) default: Duration,
    pub(crate) max: Duration,
}

impl Timeouts {
    /// The time that this request gets.
    pub(crate) fn of(self, headers: &HeaderMap) -> Result<Duration, Violation> {
        let Some(value) = headers.get(HEADER) else { return Ok(self.default) };
        let asked = value.to_str().ok().and_then(parse);
        let asked = asked.ok_or_else(|| {
            Violation::new(HEADER, "must be a number of at most 8 digits and a unit: H, M, S, m, u or n")
        })?;
        Ok(asked.min(self.max))
    }
}

/// Reads `TimeoutValue TimeoutUnit` of the gRPC protocol over HTTP/2.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("5S", Some(Duration::from_secs(5)))]
    #[case("200m", Some(Duration::from_millis(200)))]
    #[case("7u", Some(Duration::from_micros(7)))]
    #[case("99999999H", Some(Duration::from_hours(99_999_999)))]
    #[case("123456789S", None)]
    #[case("S", None)]
    #[case("", None)]
    #[case("5", None)]
    #[case("-5S", None)]
    #[case("5 S", None)]
    #[case("5ж", None)]
    fn the_header_is_read_as_grpc_writes_it(#[case] text: &str, #[case] expected: Option<Duration>) {
        assert_eq!(parse(text), expected);
    }

    #[test]
    fn a_client_gets_no_more_than_the_maximum() {
        let timeouts = Timeouts { default: Duration::from_secs(10), max: Duration::from_secs(30) };
        let mut headers = HeaderMap::new();
        assert_eq!(timeouts.of(&headers), Ok(timeouts.default));
        headers.insert(HEADER, "1H".parse().unwrap());
        assert_eq!(timeouts.of(&headers), Ok(timeouts.max));
        headers.insert(HEADER, "1S".parse().unwrap());
        assert_eq!(timeouts.of(&headers), Ok(Duration::from_secs(1)));
        headers.insert(HEADER, "soon".parse().unwrap());
        assert!(timeouts.of(&headers).is_err());
    }
}
