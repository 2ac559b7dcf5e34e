//! What a broker is called.

/// The names that an adapter gives its broker and the places of its records in spans, metrics and logs.
#[derive(Debug, PartialEq, Eq)]
pub struct Terms {
    /// Its name for people.
    pub name: &'static str,
    /// Its `messaging.system` by the OpenTelemetry conventions.
    pub system: &'static str,
    /// The attribute of a span that holds [`Position::offset`](crate::Position::offset).
    pub offset: &'static str,
}
