//! The services behind the gateway: who they are, how they are called, what becomes of calls while one is away.

mod breaker;
mod guarded;

use chassis::frame::Frame;
use chassis::grpc::client::{self, Client, EndpointError};
use chassis::health::Need;

use self::breaker::Breaker;
pub(crate) use self::guarded::Guarded;
use crate::config::GatewayConfig;

/// A service and the RPC services that REST reaches there.
struct Described {
    name: &'static str,
    /// Nobody signs in without user-svc; without one of the others the rest of the product works.
    need: Need,
    rpc_services: &'static [&'static str],
}

const USER: Described = Described {
    name: "user-svc",
    need: Need::Required,
    rpc_services: &[
        "fitness.user.v1.AuthService",
        "fitness.user.v1.UserService",
        "fitness.user.v1.FileService",
    ],
};

const WORKOUT: Described = Described {
    name: "workout-svc",
    need: Need::Deferrable,
    rpc_services: &[
        "fitness.workout.v1.ExerciseService",
        "fitness.workout.v1.RoutineService",
        "fitness.workout.v1.WorkoutService",
        "fitness.workout.v1.ReminderService",
        "fitness.workout.v1.TrainerService",
    ],
};

const NOTIFY: Described = Described {
    name: "notify-svc",
    need: Need::Deferrable,
    rpc_services: &["fitness.notify.v1.NotificationService", "fitness.notify.v1.NotificationAdminService"],
};

/// A service that calls can be made to.
struct Connected {
    described: &'static Described,
    client: Client,
    breaker: Breaker,
}

/// All services behind the gateway.
pub(crate) struct Services([Connected; 3]);

/// A setting that is no URL.
#[derive(Debug, thiserror::Error)]
#[error("the URL of {service} does not fit")]
pub struct ServiceUrlError {
    service: &'static str,
    source: EndpointError,
}

impl Services {
    /// Prepares the connections; each is opened at its first call.
    pub(crate) fn connect(config: &GatewayConfig) -> Result<Self, ServiceUrlError> {
        let connect = |described: &'static Described, url: &str| {
            let client = client::connect(url, config.connections_per_service)
                .map_err(|source| ServiceUrlError { service: described.name, source })?;
            Ok(Connected { described, client, breaker: Breaker::new(described.name) })
        };
        Ok(Self([
            connect(&USER, &config.user_svc_url)?,
            connect(&WORKOUT, &config.workout_svc_url)?,
            connect(&NOTIFY, &config.notify_svc_url)?,
        ]))
    }

    /// Each RPC service by its full name, and the way there.
    pub(crate) fn rpc_services(&self) -> impl Iterator<Item = (&'static str, Guarded)> {
        self.0.iter().flat_map(|connected| {
            let names = connected.described.rpc_services.iter().copied();
            names.map(|name| (name, connected.guarded()))
        })
    }

    /// The way to user-svc.
    pub(crate) fn user(&self) -> Guarded {
        self.0[0].guarded()
    }

    /// The way to workout-svc.
    pub(crate) fn workout(&self) -> Guarded {
        self.0[1].guarded()
    }

    /// The way to user-svc that no breaker closes.
    pub(crate) fn user_unguarded(&self) -> Client {
        self.0[0].client.clone()
    }

    /// Watches how the services are doing, for `/readyz` and for the breakers.
    pub(crate) fn watch(self, frame: &mut Frame) {
        let health = frame.health();
        for Connected { described, client, breaker } in self.0 {
            let (health, dependency) = (health.clone(), health.dependency(described.name, described.need));
            frame.front("health of a service", |stop| client::watch_health(client, dependency, stop));
            frame.front("breaker of a service", |stop| breaker.follow(health, stop));
        }
    }
}

impl Connected {
    fn guarded(&self) -> Guarded {
        Guarded::new(self.client.clone(), self.breaker.clone())
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    #[test]
    fn every_rpc_has_a_route_to_a_service_or_is_a_stream() {
        let pool = DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).unwrap();
        let http = pool.get_extension_by_name("google.api.http").unwrap();
        let reached: Vec<_> =
            [&USER, &WORKOUT, &NOTIFY].iter().flat_map(|service| service.rpc_services).collect();
        let mut routes = 0;
        for service in pool.services().filter(|service| service.full_name().starts_with("fitness.")) {
            for rpc in service.methods() {
                let has_route = rpc.options().has_extension(&http);
                assert!(
                    has_route || rpc.is_client_streaming() || rpc.is_server_streaming(),
                    "{}",
                    rpc.full_name()
                );
                assert!(!has_route || reached.contains(&&service.full_name()), "{}", service.full_name());
                routes += usize::from(has_route);
            }
        }
        assert!(routes > 60, "only {routes} routes were found");
    }
}
