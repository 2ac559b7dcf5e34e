//! Settings that are numbers. Each has a range, and what it counts in stands in its name.

use std::fmt::{self, Display, Formatter};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use super::Settings;
use super::setting::{Setting, Source};

/// What a number may be, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The least.
    pub least: String,
    /// The most.
    pub most: String,
    /// What is counted, in words; nothing where the name of the setting says it.
    pub unit: &'static str,
}

impl Display for Range {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} to {}", self.least, self.most)?;
        if self.unit.is_empty() { Ok(()) } else { write!(formatter, " {}", self.unit) }
    }
}

impl Range {
    fn of<T: Display>(name: &str, range: &RangeInclusive<T>) -> Self {
        let units = [("MS", "ms"), ("SECONDS", "s"), ("DAYS", "days"), ("BYTES", "bytes"), ("KIB", "KiB")];
        let named = |(word, _): &(&str, &str)| name.split('_').any(|part| part == *word);
        let unit = units.into_iter().find(named).map_or("", |(_, unit)| unit);
        Self { least: range.start().to_string(), most: range.end().to_string(), unit }
    }
}

impl Settings {
    /// Reads a number within `range`. A value outside is a problem that names the setting and the range.
    pub fn number<T>(
        &mut self,
        name: &'static str,
        description: &'static str,
        default: T,
        range: RangeInclusive<T>,
    ) -> T
    where
        T: FromStr + Display + PartialOrd,
    {
        self.read_number(name, description, Some(default.to_string()), &range).unwrap_or(default)
    }

    /// The same for a number that may be left out.
    pub fn optional_number<T>(
        &mut self,
        name: &'static str,
        description: &'static str,
        range: RangeInclusive<T>,
    ) -> Option<T>
    where
        T: FromStr + Display + PartialOrd,
    {
        self.read_number(name, description, None, &range)
    }

    /// Reads a time in the unit at the end of `name`: `_MS`, `_SECONDS` or `_DAYS`.
    pub fn time(
        &mut self,
        name: &'static str,
        description: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Duration {
        let number = self.number(name, description, default, range);
        match name.rsplit('_').next() {
            Some("MS") => Duration::from_millis(number),
            Some("SECONDS") => Duration::from_secs(number),
            Some("DAYS") => Duration::from_hours(24 * number),
            _ => unreachable!("{name} does not end with a unit of time"),
        }
    }

    fn read_number<T>(
        &mut self,
        name: &'static str,
        description: &'static str,
        default: Option<String>,
        range: &RangeInclusive<T>,
    ) -> Option<T>
    where
        T: FromStr + Display + PartialOrd,
    {
        let (configured, source) = self.lookup(name).unzip();
        let unset = if default.is_some() { Source::Default } else { Source::Unset };
        let bounds = Range::of(name, range);
        self.remember(Setting {
            name,
            description,
            value: configured.clone().or_else(|| default.clone()),
            default,
            range: Some(bounds.clone()),
            source: source.unwrap_or(unset),
            secret: false,
        });
        let text = configured?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.unfit(name, &text, &format_args!("it is a number from {bounds}"));
        }
        number
    }
}
