//! A system under test, whatever it runs in: one process on embedded servers, or processes on real ones.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::deployment::{Deployment, Plan};
use super::service::Service;
use super::standalone::Standalone;
use super::{Api, Inbox, REAL_SERVERS};

/// Everything is logged that can be: tests search it for what must not be there.
pub(super) const LOG_LEVEL: &str = "trace,h2=info,hyper=info";

/// How a system is started.
#[derive(Default)]
pub(crate) struct Options {
    /// Keeps the data here; without it, the data goes with the system.
    pub(crate) data_dir: Option<PathBuf>,
    /// Settings beside the free ports.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// A running system.
pub(crate) struct System {
    inner: Inner,
    kafka: String,
}

enum Inner {
    Standalone(Box<Standalone>),
    Processes(Box<Deployment>),
}

/// The system that tests share which leave it as it is.
pub(crate) async fn shared() -> &'static System {
    static SHARED: OnceCell<System> = OnceCell::const_new();
    SHARED.get_or_init(|| async { System::start(Options::default()).await }).await
}

impl System {
    /// Starts a system and waits until it says that it is ready.
    pub(crate) async fn start(options: Options) -> Self {
        if !REAL_SERVERS {
            let standalone = Standalone::start(options).await;
            let kafka = standalone.address("Kafka").to_owned();
            return Self { inner: Inner::Standalone(Box::new(standalone)), kafka };
        }
        let Options { data_dir, mut environment } = options;
        if environment.iter().all(|(name, _)| *name != "LOG_LEVEL") {
            environment.push(("LOG_LEVEL", LOG_LEVEL.to_owned()));
        }
        let plan = Plan { environment, data_dir, ..Plan::default() };
        let deployment = Deployment::start(plan).await;
        let kafka = deployment.servers.kafka_brokers();
        Self { inner: Inner::Processes(Box::new(deployment)), kafka }
    }

    /// Base URL of the REST API.
    pub(crate) fn rest(&self) -> String {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.address("REST").to_owned(),
            Inner::Processes(deployment) => deployment.rest(),
        }
    }

    /// `host:port` of user-svc's gRPC server.
    pub(crate) fn user_svc(&self) -> String {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.address("gRPC user-svc").to_owned(),
            Inner::Processes(deployment) => deployment.addr(Service::UserSvc, 0).to_string(),
        }
    }

    /// Kafka bootstrap servers.
    pub(crate) fn kafka(&self) -> &str {
        &self.kafka
    }

    /// URL of a service's metrics.
    pub(crate) fn metrics(&self, service: &str) -> String {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.address(&format!("metrics {service}")).to_owned(),
            Inner::Processes(deployment) => {
                let found = Service::ALL.into_iter().find(|candidate| candidate.name() == service);
                deployment.ops_url(found.expect("it is a service"), 0, "/metrics")
            }
        }
    }

    /// A REST client.
    pub(crate) fn api(&self) -> Api {
        Api::new(&self.rest())
    }

    /// The embedded mailbox.
    pub(crate) fn inbox(&self) -> Inbox {
        match &self.inner {
            Inner::Standalone(standalone) => Inbox::new(standalone.address("mailbox")),
            Inner::Processes(deployment) => deployment.inbox(),
        }
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.log(),
            Inner::Processes(deployment) => deployment.log(),
        }
    }

    /// Sends a signal to every process of ours: `KILL`, `TERM`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.signal(name),
            Inner::Processes(deployment) => deployment.signal_all(name),
        }
    }

    /// Waits until our processes are gone.
    pub(crate) async fn gone(&mut self, limit: Duration) {
        match &mut self.inner {
            Inner::Standalone(standalone) => standalone.gone(limit).await,
            Inner::Processes(deployment) => deployment.all_gone(limit).await,
        }
    }

    /// The process that a system of one process is.
    pub(crate) fn process(&self) -> u32 {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.process(),
            Inner::Processes(_) => unreachable!("whoever asks is about the one process"),
        }
    }

    /// The processes that a system of one process has started, by their parent's id.
    pub(crate) fn descendants(&self) -> Vec<u32> {
        match &self.inner {
            Inner::Standalone(standalone) => standalone.descendants(),
            Inner::Processes(_) => unreachable!("whoever asks is about the one process"),
        }
    }
}
