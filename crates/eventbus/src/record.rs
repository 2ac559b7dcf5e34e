//! A record as it came from a broker.

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::Position;
use crate::headers::{self, MalformedRecord};

/// The name of a header and its bytes.
pub type NameAndValue<'a> = (&'a str, Option<&'a [u8]>);

/// A record with its original bytes. It is kept until it is finished, so that a dead letter repeats it unchanged.
pub trait Record: Send + Sync + 'static {
    /// The topic it came from.
    fn topic(&self) -> &str;

    /// Where it lies on it.
    fn position(&self) -> Position;

    /// Its time in milliseconds since 1970.
    fn timestamp_ms(&self) -> Option<i64>;

    /// Its key.
    fn key(&self) -> Option<&Bytes>;

    /// Its value.
    fn payload(&self) -> Option<&Bytes>;

    /// Its headers in their order, unless one of them has a name that cannot be told.
    fn headers(&self) -> Result<Vec<NameAndValue<'_>>, MalformedRecord>;

    /// How much memory it takes, roughly.
    fn size(&self) -> usize;

    /// When it was written, where that is a time that can be told.
    fn time(&self) -> Option<DateTime<Utc>> {
        let time = self.timestamp_ms().and_then(DateTime::<Utc>::from_timestamp_millis);
        time.filter(|time| headers::is_of_this_era(*time))
    }
}

#[cfg(test)]
pub(crate) mod raw;
