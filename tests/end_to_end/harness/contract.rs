//! Every RPC of the contracts and where REST has it, read from the descriptors: what is added there is tested here.

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};

/// An RPC and its REST route.
#[derive(Clone, Debug)]
pub(crate) struct Rpc {
    /// `fitness.user.v1.UserService/GetMe`.
    pub(crate) name: String,
    /// `GET`.
    pub(crate) verb: String,
    /// `/v1/routines/{routine_id}`.
    pub(crate) template: String,
    /// `*`, the name of a field, or empty.
    pub(crate) body: String,
    /// May be called without a token.
    pub(crate) public: bool,
    /// May come without its body.
    pub(crate) optional_body: bool,
    /// What it is asked.
    pub(crate) input: MessageDescriptor,
}

impl Rpc {
    /// The names in the path template.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let parts = self.template.split('{').skip(1);
        parts.map(|part| part.split(['}', '=']).next().unwrap()).collect()
    }

    /// The path with each variable replaced.
    pub(crate) fn path(&self, value: impl Fn(&str) -> String) -> String {
        let mut path = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap();
            path.push_str(before);
            path.push_str(&value(name.split('=').next().unwrap()));
            rest = after;
        }
        path + rest
    }

    /// The message in the body, if there is one.
    pub(crate) fn body_message(&self) -> Option<MessageDescriptor> {
        match self.body.as_str() {
            "" => None,
            "*" => Some(self.input.clone()),
            field => {
                let kind = self.input.get_field_by_name(field).expect("the body names a field").kind();
                Some(kind.as_message().expect("the body is a message").clone())
            }
        }
    }
}

/// All RPCs that REST has, unary ones.
pub(crate) fn rpcs() -> Vec<Rpc> {
    let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).unwrap();
    let services = pool.services().filter(|service| service.full_name().starts_with("fitness."));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.filter_map(|method| rpc(&pool, &method)).collect()
}

fn rpc(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<Rpc> {
    let options = method.options();
    let http = pool.get_extension_by_name("google.api.http").unwrap();
    if !options.has_extension(&http) || method.is_client_streaming() || method.is_server_streaming() {
        return None;
    }
    let rule = options.get_extension(&http).as_message().unwrap().clone();
    let text = |rule: &DynamicMessage, name: &str| {
        rule.get_field_by_name(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let verb =
        ["get", "put", "post", "delete", "patch"].into_iter().find(|verb| !text(&rule, verb).is_empty())?;
    let public = pool.get_extension_by_name("fitness.options.v1.public").unwrap();
    let optional_body = pool.get_extension_by_name("fitness.options.v1.optional_body").unwrap();
    Some(Rpc {
        name: format!("{}/{}", method.parent_service().full_name(), method.name()),
        verb: verb.to_uppercase(),
        template: text(&rule, verb),
        body: text(&rule, "body"),
        public: options.get_extension(&public).as_bool().unwrap_or_default(),
        optional_body: options.get_extension(&optional_body).as_bool().unwrap_or_default(),
        input: method.input(),
    })
}
