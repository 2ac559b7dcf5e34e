//! Whether a schema tells what is sent or what is answered: one message can mean both, and they differ.

use std::collections::HashSet;

use http::Method;
use prost_reflect::{FieldDescriptor, Kind};

use crate::json::WellKnown;
use crate::route::{BodyRule, Route};

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the client: nothing unknown, no value that stands for "not set", and only what is needed is required.
    Request,
    /// From the client to change what is there: null clears, and is not the same as absent.
    Patch,
    /// To the client: whatever has no presence is always there, and newer servers may say more.
    Answer,
}

impl Direction {
    /// The direction of the body of a route.
    pub(super) fn of_body(route: &Route) -> Self {
        if route.method == Some(Method::PATCH) && route.mask.is_some() { Self::Patch } else { Self::Request }
    }

    /// The direction of a field inside. The mask of a PATCH goes into single messages, and no further.
    pub(super) fn inside(self, field: &FieldDescriptor) -> Self {
        let is_single = !field.is_list() && !field.is_map();
        match (self, field.kind()) {
            (Self::Patch, Kind::Message(inner)) if is_single && WellKnown::of(&inner).is_none() => {
                Self::Patch
            }
            (Self::Patch, _) => Self::Request,
            (direction, _) => direction,
        }
    }
}

/// The names of all messages and enums that can be part of answers, and of requests that are no PATCH.
pub(super) struct Uses {
    answers: HashSet<String>,
    requests: HashSet<String>,
}

impl Uses {
    pub(super) fn of<'a>(routes: impl Iterator<Item = &'a Route>) -> Self {
        let mut uses = Self { answers: HashSet::new(), requests: HashSet::new() };
        for route in routes {
            let operation = &route.operation;
            match &route.response_body {
                Some(field) => enter(&mut uses.answers, &field.kind()),
                None => enter(&mut uses.answers, &Kind::Message(operation.output.clone())),
            }
            match &route.body {
                _ if Direction::of_body(route) == Direction::Patch => {}
                BodyRule::Field(field) => enter(&mut uses.requests, &field.kind()),
                BodyRule::Message => enter(&mut uses.requests, &Kind::Message(operation.input.clone())),
                BodyRule::Ignored => {}
            }
        }
        uses
    }

    /// Whether a message or an enum can be part of an answer.
    pub(super) fn is_answered(&self, full_name: &str) -> bool {
        self.answers.contains(full_name)
    }

    /// The name of a schema: that of the type, told apart where different things have the same type.
    pub(super) fn name(&self, full_name: &str, direction: Direction) -> String {
        let suffix = match direction {
            Direction::Request if self.answers.contains(full_name) => "Input",
            Direction::Patch if self.answers.contains(full_name) || self.requests.contains(full_name) => {
                "Patch"
            }
            _ => "",
        };
        format!("{full_name}{suffix}")
    }
}

fn enter(names: &mut HashSet<String>, kind: &Kind) {
    match kind {
        Kind::Message(message) if names.insert(message.full_name().to_owned()) => {
            message.fields().for_each(|field| enter(names, &field.kind()));
        }
        Kind::Enum(descriptor) => {
            names.insert(descriptor.full_name().to_owned());
        }
        _ => {}
    }
}
