//! Which of the codings that there are a client takes (RFC 9110, section 12.5.3).

use http::HeaderMap;
use http::header::ACCEPT_ENCODING;

/// The form in which a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

/// The smallest first: of what is wanted equally, the first is sent.
const BY_SIZE: [Coding; 3] = [Coding::Brotli, Coding::Gzip, Coding::Identity];

impl Coding {
    /// The coding that a client likes best; none if it refuses all of them.
    pub(crate) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let wishes = wishes(headers);
        let wanted = BY_SIZE.into_iter().map(|coding| (coding, coding.quality(&wishes)));
        let wanted = wanted.filter(|(_, quality)| *quality > 0);
        // Of equals the last is the greatest to `max_by_key`.
        wanted.rev().max_by_key(|(_, quality)| *quality).map(|(coding, _)| coding)
    }

    /// Its name in headers; none for the text as it is.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    fn is_called(self, name: &str) -> bool {
        match self {
            Self::Brotli => name == "br",
            Self::Gzip => name == "gzip" || name == "x-gzip",
            Self::Identity => name == "identity",
        }
    }

    /// How much a client wants it, in thousandths and one more: what nobody names is taken as it is, last of all.
    fn quality(self, wishes: &[(String, u16)]) -> u16 {
        let named = wishes.iter().find(|(name, _)| self.is_called(name));
        let wish = named.or_else(|| wishes.iter().find(|(name, _)| name == "*"));
        match wish {
            Some((_, 0)) => 0,
            Some((_, quality)) => quality + 1,
            None => u16::from(self == Self::Identity),
        }
    }
}

/// The codings that a client names, with their weights in thousandths. What cannot be read is not there.
fn wishes(headers: &HeaderMap) -> Vec<(String, u16)> {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).filter_map(wish).collect()
}

fn wish(member: &str) -> Option<(String, u16)> {
    let mut parts = member.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((name, weight.map_or(Some(1_000), thousandths)?))
}

/// A weight: from 0 to 1 with at most three digits behind the point.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_weight =
        matches!(whole, "0" | "1") && rest.len() <= 3 && rest.bytes().all(|byte| byte.is_ascii_digit());
    let value = format!("{whole}{rest:0<3}").parse().ok().filter(|_| is_weight)?;
    (value <= 1_000).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_gets_the_coding_that_it_wants_most_and_of_equals_the_smallest() {
        use Coding::{Brotli, Gzip, Identity};
        for (accepted, wanted) in [
            (&[][..], Some(Identity)),
            (&[""], Some(Identity)),
            (&["br"], Some(Brotli)),
            (&["gzip"], Some(Gzip)),
            (&["x-gzip"], Some(Gzip)),
            (&["GZIP, BR"], Some(Brotli)),
            (&["gzip", "br"], Some(Brotli)),
            (&["gzip, deflate, br, zstd"], Some(Brotli)),
            (&["br;q=0.5, gzip;q=0.8"], Some(Gzip)),
            (&["br;q=0.5, gzip;q=0.8, identity"], Some(Identity)),
            (&["br ; q=0.001"], Some(Brotli)),
            (&["gzip;Q=0.5"], Some(Gzip)),
            (&["gzip;q=0"], Some(Identity)),
            (&["gzip;q=0.000, br;q=0"], Some(Identity)),
            (&["*"], Some(Brotli)),
            (&["*;q=0.5, br;q=0"], Some(Gzip)),
            (&["*;q=0, gzip"], Some(Gzip)),
            (&["identity;q=0"], None),
            (&["identity;q=0, gzip;q=0.1"], Some(Gzip)),
            (&["identity;q=0, *"], Some(Brotli)),
            (&["*;q=0"], None),
            (&["deflate, *;q=0"], None),
            (&["deflate"], Some(Identity)),
            // What cannot be read is not there.
            (&["gzip;q=2"], Some(Identity)),
            (&["gzip;q=high"], Some(Identity)),
            (&["gzip;q=1.001"], Some(Identity)),
            (&["gzip;q=0.1234"], Some(Identity)),
            (&[",,;q=1,br"], Some(Brotli)),
        ] {
            let mut headers = HeaderMap::new();
            for value in accepted {
                headers.append(ACCEPT_ENCODING, value.parse().unwrap());
            }
            assert_eq!(Coding::wanted(&headers), wanted, "{accepted:?}");
        }
    }
}
