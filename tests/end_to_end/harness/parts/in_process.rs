//! The services as tasks of the test, on embedded servers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chassis::config::Settings;
use chassis::health::Health;
use gateway::GatewayConfig;
use notify_svc::NotifySvcConfig;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use user_svc::UserSvcConfig;
use workout_svc::WorkoutSvcConfig;

use crate::harness::address::free_addr;
use crate::harness::servers::{External, Servers};
use crate::harness::service::Service;

struct Task {
    health: Health,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

/// All services and what they stand on.
pub(crate) struct InProcess {
    settings: Settings,
    http: SocketAddr,
    services: BTreeMap<Service, Task>,
    pub(super) servers: Servers,
    _folder: tempfile::TempDir,
}

impl InProcess {
    /// Starts everything.
    pub(super) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let servers = Servers::start(folder.path(), External::default(), false).await;
        let mut settings = Settings::from_pairs::<&str, &str>([]);
        standalone::provide_secrets(&mut settings, None).unwrap();
        let http = free_addr();
        for service in Service::ALL {
            let addr = if service == Service::Gateway { http } else { free_addr() };
            settings.set(service.address_setting(), addr.to_string());
            settings.set(service.ops_setting(), "127.0.0.1:0");
            if let Some(setting) = service.url_setting() {
                settings.set(setting, format!("http://{addr}"));
            }
        }
        let (host, port) = servers.smtp();
        for (name, value) in [
            ("KAFKA_BROKERS", servers.kafka_brokers()),
            ("SMTP_HOST", host),
            ("SMTP_PORT", port),
            ("FILES_DIR", folder.path().join("files").display().to_string()),
            // Nobody else is there to turn to.
            ("DRAIN_DELAY_MS", "0".to_owned()),
        ] {
            settings.set(name, value);
        }
        let mut parts = Self { settings, http, services: BTreeMap::new(), servers, _folder: folder };
        for service in Service::ALL {
            parts.run(service).await;
        }
        parts
    }

    /// Base URL of the REST API.
    pub(super) fn rest(&self) -> String {
        format!("http://{}", self.http)
    }

    /// Starts a service.
    pub(super) async fn run(&mut self, service: Service) {
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        let mut settings = self.settings.clone();
        if let Some(database) = service.database() {
            settings.set("DATABASE_URL", self.servers.database_url(database));
        }
        let (health, running) = match service {
            Service::UserSvc => {
                let config = UserSvcConfig::from_settings(&mut settings).unwrap();
                let app = user_svc::App::build(config).await.unwrap();
                (app.health(), tokio::spawn(app.run_until(stop)))
            }
            Service::WorkoutSvc => {
                let config = WorkoutSvcConfig::from_settings(&mut settings).unwrap();
                let app = workout_svc::App::build(config).await.unwrap();
                (app.health(), tokio::spawn(app.run_until(stop)))
            }
            Service::NotifySvc => {
                let config = NotifySvcConfig::from_settings(&mut settings).unwrap();
                let app = notify_svc::App::build(config).await.unwrap();
                (app.health(), tokio::spawn(app.run_until(stop)))
            }
            Service::Gateway => {
                let config = GatewayConfig::from_settings(&mut settings);
                let app = gateway::App::build(config).await.unwrap();
                (app.health(), tokio::spawn(app.run_until(stop)))
            }
        };
        self.services.insert(service, Task { health, shutdown, running });
    }

    /// Waits until each service says of itself that it is ready.
    pub(super) async fn until_ready(&self) {
        for task in self.services.values() {
            task.health.ready().await;
        }
    }

    /// Stops a service; it has to end well.
    pub(super) async fn stop(&mut self, service: Service) {
        let task = self.services.remove(&service).expect("it runs");
        task.shutdown.cancel();
        task.running.await.unwrap().unwrap();
    }

    /// Stops everything in order.
    pub(super) async fn end(mut self) {
        for service in Service::ALL.into_iter().rev() {
            if self.services.contains_key(&service) {
                self.stop(service).await;
            }
        }
        self.servers.end().await;
    }
}
