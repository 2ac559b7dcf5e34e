//! The system in parts that can be stopped and started one at a time, each at a fixed address.

mod in_process;

use std::time::Duration;

use self::in_process::InProcess;
use super::deployment::{Deployment, Plan};
use super::servers::Servers;
use super::service::Service;
use super::{Api, Inbox, REAL_SERVERS, eventually};

const READY_LIMIT: Duration = Duration::from_mins(1);

/// A part that can be away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    UserSvc,
    WorkoutSvc,
    NotifySvc,
    Postgres,
    Kafka,
    Smtp,
}

/// All parts of a system: services as tasks on embedded servers, or as processes on real ones.
pub(crate) enum Parts {
    InProcess(Box<InProcess>),
    Processes(Box<Deployment>),
}

impl Parts {
    /// Starts everything.
    pub(crate) async fn start() -> Self {
        let mut parts = if REAL_SERVERS {
            Self::Processes(Box::new(Deployment::start(Plan::default()).await))
        } else {
            Self::InProcess(Box::new(InProcess::start().await))
        };
        parts.until_ready().await;
        parts
    }

    /// A REST client.
    pub(crate) fn api(&self) -> Api {
        match self {
            Self::InProcess(services) => Api::new(&services.rest()),
            Self::Processes(deployment) => deployment.api(),
        }
    }

    /// The mailbox.
    pub(crate) fn inbox(&self) -> Inbox {
        Inbox::new(&format!("http://{}", self.servers().mailbox_addr()))
    }

    /// Takes a part away.
    pub(crate) async fn stop(&mut self, part: Part) {
        match part {
            Part::Postgres => self.servers_mut().stop_postgres().await,
            Part::Kafka => self.servers_mut().kafka_mut().stop().await,
            Part::Smtp => self.servers().mailbox.close_smtp().await,
            Part::UserSvc => self.stop_service(Service::UserSvc).await,
            Part::WorkoutSvc => self.stop_service(Service::WorkoutSvc).await,
            Part::NotifySvc => self.stop_service(Service::NotifySvc).await,
        }
    }

    /// Brings a part back, at its old address and with its data.
    pub(crate) async fn resume(&mut self, part: Part) {
        match part {
            Part::Postgres => self.servers_mut().start_postgres().await,
            Part::Kafka => self.servers_mut().kafka_mut().start_again().await,
            Part::Smtp => self.servers().mailbox.open_smtp().await.unwrap(),
            Part::UserSvc => self.start_service(Service::UserSvc).await,
            Part::WorkoutSvc => self.start_service(Service::WorkoutSvc).await,
            Part::NotifySvc => self.start_service(Service::NotifySvc).await,
        }
    }

    async fn stop_service(&mut self, service: Service) {
        match self {
            Self::InProcess(services) => services.stop(service).await,
            Self::Processes(deployment) => {
                let exit = deployment.end_one(service, 0, "TERM").await;
                assert!(exit.status.success(), "{service:?}: {}", exit.status);
            }
        }
    }

    async fn start_service(&mut self, service: Service) {
        match self {
            Self::InProcess(services) => services.run(service).await,
            Self::Processes(deployment) => deployment.start_one(service, 0),
        }
    }

    /// Waits until each service says that it is ready, and the gateway that all behind it is up. The gateway alone will
    /// not do: it may not have noticed yet that a service was away.
    pub(crate) async fn until_ready(&mut self) {
        match self {
            Self::InProcess(services) => {
                let ready = tokio::time::timeout(READY_LIMIT, services.until_ready()).await;
                ready.expect("the services get ready");
            }
            Self::Processes(deployment) => deployment.until_ready(false).await,
        }
        let api = self.api();
        eventually("all parts are up", READY_LIMIT, || async {
            let report = api.request("GET", "/readyz").send().await.ok()?;
            let report: serde_json::Value = report.json().await.ok()?;
            let up = |(_, state): (&String, &serde_json::Value)| state["state"] == "up";
            report["dependencies"].as_object()?.iter().all(up).then_some(())
        })
        .await;
    }

    /// The URL of a service's database.
    pub(crate) fn database_url(&self, database: &str) -> String {
        self.servers().database_url(database)
    }

    /// Kafka bootstrap servers.
    pub(crate) fn kafka(&self) -> String {
        self.servers().kafka_brokers()
    }

    /// Stops everything in order.
    pub(crate) async fn end(self) {
        match self {
            Self::InProcess(services) => services.end().await,
            Self::Processes(deployment) => deployment.end().await,
        }
    }

    fn servers(&self) -> &Servers {
        match self {
            Self::InProcess(services) => &services.servers,
            Self::Processes(deployment) => &deployment.servers,
        }
    }

    fn servers_mut(&mut self) -> &mut Servers {
        match self {
            Self::InProcess(services) => &mut services.servers,
            Self::Processes(deployment) => &mut deployment.servers,
        }
    }
}
