//! What the contracts say of each RPC: whether it exists and whether it needs a token.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, Value};

/// An RPC of the contracts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rpc {
    /// `package.Service/Method`: the span name, and a label of which there are only so many.
    pub(super) name: String,
    /// Full name of the service.
    pub(super) service: String,
    /// Name of the method.
    pub(super) method: String,
    /// Whether it may be called without an access token.
    pub(super) public: bool,
    /// Whether the caller sends a stream.
    pub(super) takes_stream: bool,
    /// Whether the answer is a stream.
    pub(super) gives_stream: bool,
}

static METHODS: LazyLock<HashMap<String, Rpc>> = LazyLock::new(|| read(fitness_proto::DESCRIPTOR_SET));

/// The RPC behind a request path such as `/fitness.user.v1.AuthService/Login`.
pub(super) fn find(path: &str) -> Option<&'static Rpc> {
    METHODS.get(path)
}

fn read(descriptor_set: &[u8]) -> HashMap<String, Rpc> {
    let pool = DescriptorPool::decode(descriptor_set).expect("our own build wrote the descriptor set");
    let public = pool.get_extension_by_name("fitness.options.v1.public").expect("options.proto has it");
    let mut methods = HashMap::new();
    for service in pool.services() {
        for method in service.methods() {
            let name = format!("{}/{}", service.full_name(), method.name());
            let public = matches!(method.options().get_extension(&public).as_ref(), Value::Bool(true));
            methods.insert(
                format!("/{name}"),
                Rpc {
                    name,
                    service: service.full_name().to_owned(),
                    method: method.name().to_owned(),
                    public,
                    takes_stream: method.is_client_streaming(),
                    gives_stream: method.is_server_streaming(),
                },
            );
        }
    }
    methods
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_contract_calls_public_is_public() {
        assert!(find("/fitness.user.v1.AuthService/Login").unwrap().public);
        assert!(!find("/fitness.user.v1.UserService/GetMe").unwrap().public);
        assert_eq!(find("/fitness.user.v1.AuthService/Nothing"), None);
    }
}
