//! What is known about an rpc and its bindings before the first request comes.

use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use crate::BuildError;
use crate::annotations::{Annotations, HttpRule, Nullability};
use crate::backend::Backend;
use crate::field_path::FieldPath;
use crate::json::WellKnown;
use crate::path_template::PathTemplate;

/// An rpc that REST can reach.
pub(crate) struct Operation {
    pub(crate) rpc: MethodDescriptor,
    /// Full name of the rpc.
    pub(crate) name: Arc<str>,
    pub(crate) is_server_streaming: bool,
    pub(crate) input: MessageDescriptor,
    pub(crate) output: MessageDescriptor,
    pub(crate) grpc_path: PathAndQuery,
    pub(crate) success: StatusCode,
    pub(crate) public: bool,
    pub(crate) optional_body: bool,
    pub(crate) backend: Backend,
}

/// One binding of an rpc to a method and a path.
pub(crate) struct Route {
    pub(crate) operation: Arc<Operation>,
    /// No method means all of them.
    pub(crate) method: Option<Method>,
    pub(crate) template: PathTemplate,
    /// The template as telemetry and OpenAPI show it.
    pub(crate) path: Arc<str>,
    /// In the order of the template's variables.
    pub(crate) variables: Vec<FieldPath>,
    pub(crate) body: BodyRule,
    pub(crate) response_body: Option<FieldDescriptor>,
    /// The field mask that a PATCH fills from the keys of its body.
    pub(crate) mask: Option<FieldDescriptor>,
    /// What `null` is allowed for there.
    pub(crate) nullability: Nullability,
    /// The `google.api.HttpBody` that the body of a request fills with its raw bytes.
    pub(crate) raw_request: Option<MessageDescriptor>,
    /// Whether the answer is a `google.api.HttpBody`, whose bytes go out as they are.
    pub(crate) is_raw_response: bool,
}

/// Where the body of a request goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BodyRule {
    Ignored,
    Message,
    Field(FieldDescriptor),
}

impl Operation {
    pub(crate) fn new(
        rpc: MethodDescriptor,
        annotations: &Annotations,
        backend: Backend,
    ) -> Result<Self, BuildError> {
        let success = match annotations.success_status(&rpc) {
            0 => StatusCode::OK,
            status => u16::try_from(status)
                .ok()
                .and_then(|status| StatusCode::from_u16(status).ok())
                .filter(StatusCode::is_success)
                .ok_or_else(|| BuildError::SuccessStatus { rpc: rpc.full_name().into(), status })?,
        };
        let grpc_path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
        Ok(Self {
            grpc_path: grpc_path.parse().expect("names of services and methods are identifiers"),
            name: rpc.full_name().into(),
            is_server_streaming: rpc.is_server_streaming(),
            input: rpc.input(),
            output: rpc.output(),
            public: annotations.is_public(&rpc),
            optional_body: annotations.is_body_optional(&rpc),
            success,
            backend,
            rpc,
        })
    }
}

impl Route {
    pub(crate) fn new(
        operation: &Arc<Operation>,
        rule: HttpRule,
        nullability: Nullability,
    ) -> Result<Self, BuildError> {
        let rpc = operation.rpc.full_name();
        let template = PathTemplate::parse(&rule.template).map_err(|reason| BuildError::Template {
            rpc: rpc.into(),
            template: rule.template.clone(),
            reason,
        })?;
        let field_error = |place, field: &str, reason: String| BuildError::Field {
            rpc: rpc.into(),
            place,
            field: field.into(),
            reason,
        };
        let variables = template.variables.iter().map(|variable| {
            let path = FieldPath::resolve(&operation.input, &variable.field).and_then(FieldPath::scalar);
            match path {
                Ok(path) if path.field().is_list() => {
                    Err(field_error("the path", &variable.field, "is repeated".into()))
                }
                Ok(path) => Ok(path),
                Err(error) => Err(field_error("the path", &variable.field, error.to_string())),
            }
        });
        let variables = variables.collect::<Result<Vec<_>, _>>()?;
        let unknown = "is not known here";
        let body = match rule.body.as_str() {
            "" => BodyRule::Ignored,
            "*" => BodyRule::Message,
            name => BodyRule::Field(
                operation
                    .input
                    .get_field_by_name(name)
                    .ok_or_else(|| field_error("the body", name, unknown.into()))?,
            ),
        };
        let response_body = match rule.response_body.as_str() {
            "" => None,
            name => Some(
                operation
                    .output
                    .get_field_by_name(name)
                    .ok_or_else(|| field_error("the response body", name, unknown.into()))?,
            ),
        };
        let mask = if rule.method == Some(Method::PATCH) {
            mask_field(&operation.input, &body, &variables)
        } else {
            None
        };
        let answer = response_body.clone().map_or(BodyRule::Message, BodyRule::Field);
        Ok(Self {
            operation: Arc::clone(operation),
            method: rule.method,
            path: template.to_string().into(),
            template,
            variables,
            raw_request: http_body(&operation.input, &body),
            is_raw_response: http_body(&operation.output, &answer).is_some(),
            body,
            response_body,
            mask,
            nullability,
        })
    }

    /// Whether a request has to bring a body: there is something to say in it, and the contract does not make saying
    /// nothing a meaning of its own. A body that got lost on its way must not be carried out as one with nothing in it.
    pub(crate) fn requires_body(&self) -> bool {
        match &self.body {
            _ if self.operation.optional_body => false,
            BodyRule::Ignored => false,
            BodyRule::Field(_) => true,
            BodyRule::Message => self.operation.input.fields().any(|field| !self.is_bound(&field)),
        }
    }

    /// Whether the path gives the whole field.
    fn is_bound(&self, field: &FieldDescriptor) -> bool {
        self.variables.iter().any(|variable| variable.field() == field)
    }
}

/// The type of a body that is taken or given as raw bytes.
fn http_body(message: &MessageDescriptor, body: &BodyRule) -> Option<MessageDescriptor> {
    let body = match body {
        BodyRule::Ignored => None,
        BodyRule::Message => Some(message.clone()),
        BodyRule::Field(field) if field.is_list() => None,
        BodyRule::Field(field) => field.kind().as_message().cloned(),
    };
    body.filter(|body| body.full_name() == "google.api.HttpBody")
}

/// The one field mask of the request, if the body is a field with fields of its own and nothing else sets the mask.
fn mask_field(
    input: &MessageDescriptor,
    body: &BodyRule,
    variables: &[FieldPath],
) -> Option<FieldDescriptor> {
    let BodyRule::Field(body) = body else { return None };
    let Kind::Message(resource) = body.kind() else { return None };
    if body.is_list() || body.is_map() || WellKnown::of(&resource).is_some() {
        return None;
    }
    let mut masks = input.fields().filter(|field| {
        let kind = field.kind();
        !field.is_list() && kind.as_message().and_then(WellKnown::of) == Some(WellKnown::FieldMask)
    });
    let mask = masks.next().filter(|_| masks.next().is_none())?;
    (!variables.iter().any(|variable| *variable.root() == mask)).then_some(mask)
}
