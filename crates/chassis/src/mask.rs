//! Field masks of updates: which of the new values count (AIP-134).
//!
//! One dialect for every update: without a mask those fields count that are present, `*` names all, and a path leads to
//! a field or, through single messages, to a field inside of one. The fields are those of the message of new values, so
//! that nobody lists them again.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use prost_types::FieldMask;

use crate::errors::Failure;
use crate::validation;

/// The fields that an update is about.
#[derive(Clone, Debug)]
pub struct Mask {
    /// The message of new values.
    message: MessageDescriptor,
    paths: Vec<String>,
}

impl Mask {
    /// Reads the mask of an update with these new values.
    pub fn of<M: prost::Message + prost::Name>(mask: Option<FieldMask>, new: &M) -> Result<Self, Failure> {
        let message = validation::descriptor(&M::full_name());
        let name = |field: FieldDescriptor| field.name().to_owned();
        let paths: Vec<_> = match mask {
            None => {
                let new = DynamicMessage::decode(message.clone(), new.encode_to_vec().as_slice())
                    .expect("prost has just encoded it");
                message.fields().filter(|field| new.has_field(field)).map(name).collect()
            }
            Some(mask) if mask.paths.iter().any(|path| path == "*") => message.fields().map(name).collect(),
            Some(mask) => mask.paths,
        };
        if paths.iter().all(|path| leads_to_field(&message, path)) {
            return Ok(Self { message, paths });
        }
        let names = message.fields().map(name).collect::<Vec<_>>().join(", ");
        let description = format!("must name fields that can be changed: {names}");
        Err(Failure::invalid_field("update_mask", description))
    }

    /// Whether the update is about the field, by its own path or as a part of a message that is named.
    pub fn has(&self, path: &str) -> bool {
        debug_assert!(leads_to_field(&self.message, path), "{} has no {path}", self.message.full_name());
        let is_part = |whole: &str| path.strip_prefix(whole).is_some_and(|rest| rest.starts_with('.'));
        self.paths.iter().any(|named| named == path || is_part(named))
    }

    /// What the update does to a field for which it has this value.
    pub fn change<T>(&self, path: &str, value: T) -> Change<T> {
        if self.has(path) { Change::To(value) } else { Change::Keep }
    }
}

/// Only singular messages have parts that can be changed by themselves.
fn leads_to_field(message: &MessageDescriptor, path: &str) -> bool {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    message.get_field_by_name(name).is_some_and(|field| match (rest, field.kind()) {
        (None, _) => true,
        (Some(rest), Kind::Message(inner)) => {
            !field.is_list() && !field.is_map() && leads_to_field(&inner, rest)
        }
        (Some(_), _) => false,
    })
}

/// What an update does to a value, which may be that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays.
    Keep,
    /// It becomes this one.
    To(T),
}

impl<T> Change<T> {
    /// The value after the update of `old`.
    pub fn of(self, old: T) -> T {
        match self {
            Self::Keep => old,
            Self::To(new) => new,
        }
    }
}

#[cfg(test)]
mod tests {
    use fitness_proto::fitness::notify::v1::NotificationPreferences;
    use fitness_proto::fitness::user::v1::Profile;
    use fitness_proto::fitness::workout::v1::{RoutineExerciseUpdate, RoutineUpdate, SetPlan};
    use tonic_types::StatusExt as _;

    use super::*;

    fn named() -> RoutineUpdate {
        RoutineUpdate { name: Some(String::new()), ..RoutineUpdate::default() }
    }

    #[expect(clippy::unnecessary_wraps, reason = "a request may have none")]
    fn mask(paths: &[&str]) -> Option<FieldMask> {
        Some(FieldMask { paths: paths.iter().copied().map(str::to_owned).collect() })
    }

    fn refused<M: prost::Message + prost::Name>(path: &str, new: &M) -> String {
        let status = tonic::Status::from(Mask::of(mask(&[path]), new).unwrap_err());
        let details = status.get_details_bad_request().unwrap();
        assert_eq!(details.field_violations.len(), 1);
        assert_eq!(details.field_violations[0].field, "update_mask", "{path}");
        details.field_violations[0].description.clone()
    }

    #[test]
    fn without_a_mask_the_fields_that_are_present_count() {
        let of = Mask::of(None, &named()).unwrap();
        assert!(of.has("name") && !of.has("goal"));
        let plans = RoutineExerciseUpdate { set_plans: vec![SetPlan::default()], ..Default::default() };
        let of = Mask::of(None, &plans).unwrap();
        assert!(of.has("set_plans") && !of.has("notes"));
        let of = Mask::of(None, &Profile { locale: "en".to_owned(), ..Default::default() }).unwrap();
        assert!(of.has("locale") && !of.has("display_name"));
    }

    #[test]
    fn a_mask_names_the_fields_that_count() {
        let of = Mask::of(mask(&["goal"]), &named()).unwrap();
        assert!(!of.has("name") && of.has("goal"));
        assert!(Mask::of(mask(&["*"]), &named()).unwrap().has("level"));
        assert!(!Mask::of(mask(&[]), &named()).unwrap().has("name"));
    }

    #[test]
    fn a_message_that_is_named_counts_with_its_parts() {
        let of = |path| Mask::of(mask(&[path]), &NotificationPreferences::default()).unwrap();
        assert!(of("quiet_hours").has("quiet_hours.start"));
        assert!(of("quiet_hours.end").has("quiet_hours.end"));
        assert!(!of("quiet_hours.end").has("quiet_hours.start") && !of("quiet_hours.end").has("quiet_hours"));
    }

    #[test]
    fn a_path_to_anything_else_is_refused() {
        let expected = "must name fields that can be changed: name, description, goal, level";
        for path in ["owner", "name.first", "<script>", "", "."] {
            assert_eq!(refused(path, &named()), expected, "{path}");
        }
        refused("set_plans.reps", &RoutineExerciseUpdate::default());
        refused("quiet_hours.middle", &NotificationPreferences::default());
    }
}
