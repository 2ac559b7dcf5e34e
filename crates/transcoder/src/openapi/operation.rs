//! One route as an operation of the document.

use std::collections::{BTreeMap, HashSet};

use http::StatusCode;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use super::comments::Comments;
use super::direction::Direction;
use super::responses;
use super::schema::{Schemas, is_deprecated};
use crate::json::WellKnown;
use crate::json::scalar::is_scalar;
use crate::path_template::{PathPart, Segment};
use crate::route::{BodyRule, Route};

/// Makes operations and remembers the ids it gave.
pub(super) struct Operations<'a> {
    schemas: Schemas<'a>,
    ids: HashSet<String>,
    has_public_option: bool,
}

impl<'a> Operations<'a> {
    pub(super) fn new(schemas: Schemas<'a>, has_public_option: bool) -> Self {
        Self { schemas, ids: HashSet::new(), has_public_option }
    }

    /// The schemas that the operations refer to.
    pub(super) fn into_schemas(self) -> BTreeMap<String, Value> {
        self.schemas.into_components()
    }

    /// Describes a route; the parameters of its path are named as those of `named`.
    pub(super) fn operation(&mut self, route: &Route, named: &Route) -> Value {
        let rpc = &route.operation.rpc;
        let comment = self.schemas.comments().of(&rpc.parent_file(), rpc.path()).unwrap_or_default();
        let (summary, mut description) = Comments::summary_and_rest(comment);
        if rpc.is_server_streaming() {
            description = "A stream, which REST does not serve yet: use gRPC.";
        }
        let mut operation = json!({
            "tags": [rpc.parent_service().name()],
            "operationId": self.id(route),
        });
        if !summary.is_empty() {
            operation["summary"] = json!(summary);
        }
        if !description.is_empty() {
            operation["description"] = json!(description);
        }
        let mut parameters = self.path_parameters(route, named);
        self.query_parameters(route, &route.operation.input, &mut Vec::new(), &mut parameters);
        if !parameters.is_empty() {
            operation["parameters"] = json!(parameters);
        }
        if let Some(body) = self.request_body(route) {
            operation["requestBody"] = body;
        }
        operation["responses"] = self.responses(route);
        if self.has_public_option && route.operation.public {
            operation["security"] = json!([]);
        }
        if is_deprecated(&rpc.options()) {
            operation["deprecated"] = json!(true);
        }
        operation
    }

    /// `BookService_GetBook`, with a number behind it for further bindings and for services of the same name.
    fn id(&mut self, route: &Route) -> String {
        let rpc = &route.operation.rpc;
        let id = format!("{}_{}", rpc.parent_service().name(), rpc.name());
        let numbered = (2..).map(|number| format!("{id}_{number}"));
        let free = std::iter::once(id.clone()).chain(numbered).find(|id| !self.ids.contains(id));
        let free = free.expect("there is always another number");
        self.ids.insert(free.clone());
        free
    }

    fn path_parameters(&mut self, route: &Route, named: &Route) -> Vec<Value> {
        let mut parameters = Vec::new();
        for (part, named) in route.template.parts().into_iter().zip(named.template.parts()) {
            let PathPart::Parameter { variable, segment, .. } = part else { continue };
            let PathPart::Parameter { name, .. } = named else { continue };
            let mut schema =
                variable.map(|index| self.schemas.field(route.variables[index].field(), Direction::Request));
            let mut description = schema.as_mut().and_then(take_description).unwrap_or_default();
            // A part of a value is text whatever rules there are for the whole.
            let is_whole = variable.is_some_and(|index| {
                let variable = &route.template.variables[index];
                variable.segments.len() == 1
            });
            if *segment == Segment::Multi {
                description.push_str(" May contain slashes, as they are.");
            }
            let schema = schema.filter(|_| is_whole).unwrap_or_else(|| json!({ "type": "string" }));
            parameters.push(parameter(&name, "path", true, description.trim(), schema));
        }
        parameters
    }

    /// Everything that neither the path nor the body gives, fields of fields with dots between.
    fn query_parameters(
        &mut self,
        route: &Route,
        message: &MessageDescriptor,
        parents: &mut Vec<FieldDescriptor>,
        parameters: &mut Vec<Value>,
    ) {
        if route.body == BodyRule::Message {
            return;
        }
        let mut fields: Vec<_> = message.fields().collect();
        fields.sort_by(|left, right| left.path().cmp(right.path()));
        for field in fields {
            if parents.is_empty() && route.body == BodyRule::Field(field.clone()) {
                continue;
            }
            // Made from the keys of the body.
            if parents.is_empty() && route.mask.as_ref() == Some(&field) {
                continue;
            }
            let names = parents.iter().chain([&field]).map(FieldDescriptor::name);
            let name = names.collect::<Vec<_>>().join(".");
            if field.is_map() || route.variables.iter().any(|variable| variable.name() == name) {
                continue;
            }
            match field.kind() {
                kind if is_scalar(&kind) => {
                    let mut schema = self.schemas.field(&field, Direction::Request);
                    let description = take_description(&mut schema).unwrap_or_default();
                    let required = parents.is_empty() && self.schemas.is_needed(&field);
                    parameters.push(parameter(&name, "query", required, &description, schema));
                }
                Kind::Message(inner) if !field.is_list() && WellKnown::of(&inner).is_none() => {
                    // A message inside itself would go on for ever; one level of it is shown.
                    if parents.iter().any(|parent| parent.kind() == field.kind()) {
                        continue;
                    }
                    parents.push(field);
                    self.query_parameters(route, &inner, parents, parameters);
                    parents.pop();
                }
                _ => {}
            }
        }
    }

    fn request_body(&mut self, route: &Route) -> Option<Value> {
        if route.raw_request.is_some() {
            return Some(json!({ "required": true, "content": { "*/*": { "schema": bytes() } } }));
        }
        let schema = match &route.body {
            BodyRule::Ignored => return None,
            BodyRule::Field(field) => self.schemas.field(field, Direction::of_body(route)),
            BodyRule::Message => {
                let input = &route.operation.input;
                let is_bound = |field: &FieldDescriptor| {
                    route.variables.iter().any(|variable| variable.field() == field)
                };
                // What the path gives need not be in the body again.
                match input.fields().filter(|field| !is_bound(field)).count() {
                    0 => return None,
                    count if count == input.fields().len() => self.schemas.message(input, Direction::Request),
                    _ => self.schemas.object(input, Direction::Request, &|field| !is_bound(field)),
                }
            }
        };
        let required = route.requires_body();
        Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }))
    }

    fn responses(&mut self, route: &Route) -> Value {
        let operation = &route.operation;
        let problems = responses::of(route, self.has_public_option);
        if operation.rpc.is_server_streaming() {
            return json!({ "501": responses::default(), "default": responses::default() });
        }
        let output = &operation.output;
        let comment = self.schemas.comments().of(&output.parent_file(), output.path());
        let description = comment.map(|comment| Comments::summary_and_rest(comment).0);
        let phrase = operation.success.canonical_reason().unwrap_or("Success");
        let mut success = json!({ "description": description.unwrap_or_else(|| phrase.to_owned()) });
        let bodiless = matches!(operation.success, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT);
        if !bodiless && route.is_raw_response {
            success["content"] = json!({ "*/*": { "schema": bytes() } });
        } else if !bodiless {
            let schema = match &route.response_body {
                Some(field) => self.schemas.field(field, Direction::Answer),
                None => self.schemas.message(output, Direction::Answer),
            };
            success["content"] = json!({ "application/json": { "schema": schema } });
        }
        let mut responses = json!({ operation.success.as_str(): success });
        responses.as_object_mut().expect("it is one").extend(problems);
        responses
    }
}

/// Bytes as they are; OpenAPI 3.1 has no word for it, and generators know the one of 3.0.
fn bytes() -> Value {
    json!({ "type": "string", "format": "binary" })
}

fn parameter(name: &str, place: &str, required: bool, description: &str, schema: Value) -> Value {
    let mut parameter = json!({ "name": name, "in": place });
    if required {
        parameter["required"] = json!(true);
    }
    if !description.is_empty() {
        parameter["description"] = json!(description);
    }
    parameter["schema"] = schema;
    parameter
}

/// Moves the description from a schema to the parameter that has it.
fn take_description(schema: &mut Value) -> Option<String> {
    let description = schema.as_object_mut()?.shift_remove("description")?;
    description.as_str().map(str::to_owned)
}
