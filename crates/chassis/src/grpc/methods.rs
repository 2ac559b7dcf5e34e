//! What the contracts say of each RPC: whether it exists and whether it needs a token.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, Value};

/// An RPC of the contracts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rpc {
    /// `package.Service/Method`: the span name, and a label of which there are only so many.
    pub(super) name: String,
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

/// Whether the path is one of those by which others look after this server or go along with it: health, reflection and
/// the sessions that end. They are asked for by everybody all the time, and are no work.
pub(super) fn is_upkeep(path: &str) -> bool {
    is_watch(path) || ["/grpc.health.", "/grpc.reflection."].iter().any(|package| path.starts_with(package))
}

/// Whether it is the stream on which the other services hear of ended sessions.
pub(super) fn is_watch(path: &str) -> bool {
    path.starts_with("/fitness.user.v1.EndedSessionService/")
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

    #[test]
    fn health_and_reflection_are_upkeep_and_calls_are_not() {
        assert!(is_upkeep("/grpc.health.v1.Health/Check"));
        assert!(is_upkeep("/fitness.user.v1.EndedSessionService/WatchEndedSessions"));
        assert!(is_upkeep("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"));
        assert!(!is_upkeep("/fitness.user.v1.AuthService/Login"));
        assert!(!is_upkeep("/grpc.invented.v1.Nothing/Call"));
    }
}
