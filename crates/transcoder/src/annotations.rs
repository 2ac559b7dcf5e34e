//! What the options of a method say: paths, success status, openness.

use http::Method;
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MethodDescriptor, Value,
};

use crate::BuildError;

const ON_METHODS: &str = "google.protobuf.MethodOptions";
const ON_FIELDS: &str = "google.protobuf.FieldOptions";

/// The options that matter here.
pub(crate) struct Annotations {
    http: ExtensionDescriptor,
    success_status: Option<ExtensionDescriptor>,
    public: Option<ExtensionDescriptor>,
    optional_body: Option<ExtensionDescriptor>,
    nullable: Option<ExtensionDescriptor>,
}

/// The names of options beyond `google.api.http`, each of them left out by who has none.
#[derive(Default)]
pub(crate) struct OptionNames {
    pub(crate) success_status: Option<String>,
    pub(crate) public: Option<String>,
    pub(crate) optional_body: Option<String>,
    pub(crate) nullable: Option<String>,
}

/// One binding of `google.api.http`.
#[derive(Debug)]
pub(crate) struct HttpRule {
    /// No method means all of them.
    pub(crate) method: Option<Method>,
    pub(crate) template: String,
    pub(crate) body: String,
    pub(crate) response_body: String,
}

impl Annotations {
    pub(crate) fn new(pool: &DescriptorPool, names: &OptionNames) -> Result<Self, BuildError> {
        let http = pool.get_extension_by_name("google.api.http").ok_or(BuildError::NoHttpOption)?;
        let option = |name: &Option<String>, of, kind: &Kind, expected| match name {
            None => Ok(None),
            Some(name) => {
                let option = pool
                    .get_extension_by_name(name)
                    .filter(|option| option.kind() == *kind && option.containing_message().full_name() == of);
                option.map(Some).ok_or_else(|| BuildError::UnknownOption { name: name.clone(), expected })
            }
        };
        Ok(Self {
            success_status: option(&names.success_status, ON_METHODS, &Kind::Int32, "int32")?,
            public: option(&names.public, ON_METHODS, &Kind::Bool, "bool")?,
            optional_body: option(&names.optional_body, ON_METHODS, &Kind::Bool, "bool")?,
            nullable: option(&names.nullable, ON_FIELDS, &Kind::Bool, "bool")?,
            http,
        })
    }

    /// The binding of a method and its additional ones; none for a method that REST does not know.
    pub(crate) fn http_rules(&self, method: &MethodDescriptor) -> Result<Vec<HttpRule>, BuildError> {
        let options = method.options();
        if !options.has_extension(&self.http) {
            return Ok(Vec::new());
        }
        let main = options.get_extension(&self.http);
        let Value::Message(main) = main.as_ref() else { return Ok(Vec::new()) };
        let additional = main.get_field_by_name("additional_bindings");
        let additional = additional.as_deref().and_then(Value::as_list).unwrap_or_default();
        std::iter::once(main)
            .chain(additional.iter().filter_map(Value::as_message))
            .map(|rule| http_rule(rule).ok_or_else(|| BuildError::Pattern { rpc: method.full_name().into() }))
            .collect()
    }

    /// The declared status of success, 0 where none is declared.
    pub(crate) fn success_status(&self, method: &MethodDescriptor) -> i32 {
        let option = self.success_status.as_ref();
        option.and_then(|option| method.options().get_extension(option).as_i32()).unwrap_or_default()
    }

    /// Whether the method may be called without an access token.
    pub(crate) fn is_public(&self, method: &MethodDescriptor) -> bool {
        flag(self.public.as_ref(), method)
    }

    /// Whether a request without a body means one with nothing in it.
    pub(crate) fn is_body_optional(&self, method: &MethodDescriptor) -> bool {
        flag(self.optional_body.as_ref(), method)
    }
}

impl Annotations {
    /// The rule for `null` in the body of a PATCH.
    pub(crate) fn nullability(&self) -> Nullability {
        Nullability(self.nullable.clone())
    }
}

/// Which fields a PATCH clears by `null`.
#[derive(Clone, Debug)]
pub(crate) struct Nullability(Option<ExtensionDescriptor>);

impl Nullability {
    /// Whether `null` means something for the field: by the option where there is one, else wherever the field can be
    /// absent at all.
    pub(crate) fn allows(&self, field: &FieldDescriptor) -> bool {
        match &self.0 {
            Some(option) => field.options().get_extension(option).as_bool().unwrap_or_default(),
            None => field.supports_presence(),
        }
    }
}

fn flag(option: Option<&ExtensionDescriptor>, method: &MethodDescriptor) -> bool {
    option.and_then(|option| method.options().get_extension(option).as_bool()).unwrap_or_default()
}

/// The method and the path of a custom pattern.
fn custom(rule: &DynamicMessage) -> Option<(Option<Method>, String)> {
    let custom = rule.get_field_by_name("custom")?;
    let custom = custom.as_message()?;
    let kind = text(custom, "kind");
    let method = if kind == "*" { None } else { Some(kind.parse().ok()?) };
    Some((method, text(custom, "path")))
}

fn text(message: &DynamicMessage, name: &str) -> String {
    message.get_field_by_name(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn http_rule(rule: &DynamicMessage) -> Option<HttpRule> {
    let verbs = [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
        ("patch", Method::PATCH),
    ];
    let (method, template) = match verbs.into_iter().find(|(name, _)| rule.has_field_by_name(name)) {
        Some((name, method)) => (Some(method), text(rule, name)),
        None => custom(rule)?,
    };
    Some(HttpRule { method, template, body: text(rule, "body"), response_body: text(rule, "response_body") })
}
