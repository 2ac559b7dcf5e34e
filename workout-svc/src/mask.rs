//! Field masks of updates: which of the given values count (AIP-134).

use chassis::errors::Violation;
use prost_types::FieldMask;

/// The fields that an update is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mask(Vec<&'static str>);

impl Mask {
    /// Reads a mask over the fields that can be changed, each given with whether it is present in the message. Without
    /// a mask, those that are present count.
    pub(crate) fn parse(
        mask: Option<FieldMask>,
        fields: &[(&'static str, bool)],
    ) -> Result<Self, Vec<Violation>> {
        let names = fields.iter().map(|(name, _)| *name);
        let Some(mask) = mask else {
            return Ok(Self(fields.iter().filter(|(_, present)| *present).map(|(name, _)| *name).collect()));
        };
        if mask.paths.iter().any(|path| path == "*") {
            return Ok(Self(names.collect()));
        }
        // A path into a field, such as `set_plans.sets`, is no path that can be changed by itself.
        let chosen = mask.paths.iter().map(|path| names.clone().find(|name| name == path));
        let chosen: Option<Vec<_>> = chosen.collect();
        chosen.map(Self).ok_or_else(|| {
            let names = names.collect::<Vec<_>>().join(", ");
            vec![Violation::new("update_mask", format!("must name fields that can be changed: {names}"))]
        })
    }

    /// Whether the update is about the field.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.0.contains(&field)
    }

    /// What the update does to a field for which it has this value.
    pub(crate) fn change<T>(&self, field: &str, value: T) -> Change<T> {
        if self.has(field) { Change::To(value) } else { Change::Keep }
    }
}

/// What an update does to a value, which may be that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<T> {
    /// It stays.
    Keep,
    /// It becomes this one.
    To(T),
}

impl<T> Change<T> {
    /// The value after the update of `old`.
    pub(crate) fn of(self, old: T) -> T {
        match self {
            Self::Keep => old,
            Self::To(new) => new,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, bool); 2] = [("name", true), ("goal", false)];

    fn parse(paths: &[&str]) -> Result<Mask, Vec<Violation>> {
        let paths = paths.iter().copied().map(str::to_owned).collect();
        Mask::parse(Some(FieldMask { paths }), &FIELDS)
    }

    #[test]
    fn without_a_mask_the_fields_that_are_present_count() {
        let mask = Mask::parse(None, &FIELDS).unwrap();
        assert!(mask.has("name") && !mask.has("goal"));
    }

    #[test]
    fn a_mask_names_the_fields_that_count() {
        let mask = parse(&["goal"]).unwrap();
        assert!(!mask.has("name") && mask.has("goal"));
        assert!(parse(&["*"]).unwrap().has("name"));
        assert!(!parse(&[]).unwrap().has("name"));
    }

    #[test]
    fn a_path_to_anything_else_is_refused() {
        for path in ["owner", "name.first", "<script>", ""] {
            let violations = parse(&["name", path]).unwrap_err();
            assert_eq!(violations.len(), 1);
            assert_eq!(violations[0].field, "update_mask");
            assert_eq!(violations[0].description, "must name fields that can be changed: name, goal");
        }
    }
}
