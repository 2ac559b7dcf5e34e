//! Everything that runs, in the order in which it has to start and stop.

mod infrastructure;

use std::path::Path;

use anyhow::Context as _;
use chassis::config::Settings;
use gateway::GatewayConfig;
use notify_svc::NotifySvcConfig;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use user_svc::UserSvcConfig;
use workout_svc::WorkoutSvcConfig;

use self::infrastructure::Infrastructure;
pub(crate) use self::infrastructure::InfrastructureConfig;
use crate::arguments::Arguments;
use crate::data_dir::DataDir;
use crate::summary::Summary;
use crate::{configuration, secrets};

/// The settings that name an address; `--free-ports` gives each of them port 0.
const ADDRESSES: [&str; 12] = [
    "GATEWAY_HTTP_ADDR",
    "GATEWAY_OPS_ADDR",
    "USER_SVC_GRPC_ADDR",
    "USER_SVC_OPS_ADDR",
    "WORKOUT_SVC_GRPC_ADDR",
    "WORKOUT_SVC_OPS_ADDR",
    "NOTIFY_SVC_GRPC_ADDR",
    "NOTIFY_SVC_OPS_ADDR",
    "EMBEDDED_KAFKA_ADDR",
    "MAILBOX_SMTP_ADDR",
    "MAILBOX_HTTP_ADDR",
    "EMBEDDED_POSTGRES_ADDR",
];

/// A running system.
#[derive(Debug)]
pub struct Stack {
    /// Where everything is.
    pub summary: Summary,
    /// In stopping order: who takes calls goes before who answers them.
    services: Vec<Service>,
    /// Cancelled as soon as any service is over.
    ended: CancellationToken,
    infrastructure: Infrastructure,
    _data_dir: DataDir,
}

#[derive(Debug)]
struct Service {
    name: &'static str,
    shutdown: CancellationToken,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Service {
    /// Runs the service; `ended` is cancelled when it is over, for whatever reason.
    fn start<F>(
        name: &'static str,
        ended: &CancellationToken,
        run: impl FnOnce(CancellationToken) -> F,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let shutdown = CancellationToken::new();
        let ended = ended.clone().drop_guard();
        let service = run(shutdown.clone());
        let running = tokio::spawn(async move {
            let _ended = ended;
            service.await
        });
        Self { name, shutdown, running }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        match self.running.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(service = self.name, error = %format!("{error:#}"), "a service failed");
            }
            Err(error) => tracing::error!(service = self.name, %error, "a service died"),
        }
    }
}

impl Stack {
    /// Starts the embedded parts that are wanted, then the services.
    pub async fn start(arguments: &Arguments, mut settings: Settings) -> anyhow::Result<Self> {
        if arguments.free_ports {
            for name in ADDRESSES {
                settings.set_default(name, "127.0.0.1:0");
            }
        }
        // Everything stops together, and nobody balances load.
        settings.set_default("DRAIN_DELAY_MS", "0");
        let data_dir = DataDir::open(arguments)?;
        // What is gone at the end needs no keys that outlive it.
        let secrets_folder = (!arguments.ephemeral).then(|| data_dir.join("secrets"));
        secrets::provide(&mut settings, secrets_folder.as_deref())?;
        configuration::check(settings.clone())?;
        let infrastructure =
            Infrastructure::start(&mut settings, data_dir.path(), arguments.ephemeral).await?;
        let ended = CancellationToken::new();
        let started = start_services(&mut settings, &infrastructure, data_dir.path(), &ended).await;
        match started {
            Ok((services, summary)) => {
                Ok(Self { summary, services, ended, infrastructure, _data_dir: data_dir })
            }
            Err(error) => {
                infrastructure.stop().await;
                Err(error)
            }
        }
    }

    /// Runs until `shutdown` or until a service ends by itself, then stops everything in order.
    pub async fn run_until(self, shutdown: CancellationToken) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.ended.cancelled() => tracing::error!("a service ended early; stopping"),
        }
        for service in self.services {
            service.stop().await;
        }
        self.infrastructure.stop().await;
    }
}

/// All problems are found before anything starts.
const INCOMPLETE: &str = "a configuration without problems is complete";

async fn start_services(
    settings: &mut Settings,
    infrastructure: &Infrastructure,
    data_dir: &Path,
    ended: &CancellationToken,
) -> anyhow::Result<(Vec<Service>, Summary)> {
    settings.set("DATABASE_URL", infrastructure.database_url("user_svc").await?);
    settings.set_default("FILES_DIR", data_dir.join("files").display().to_string());
    let user = UserSvcConfig::from_settings(settings).context(INCOMPLETE)?;
    let user = user_svc::App::build(user).await.context("user-svc cannot start")?;
    // The others ask user-svc for its keys, wherever it listens.
    settings.set("USER_SVC_URL", format!("http://{}", user.grpc_addr()?));
    settings.set("DATABASE_URL", infrastructure.database_url("workout_svc").await?);
    let workout = WorkoutSvcConfig::from_settings(settings).context(INCOMPLETE)?;
    let workout = workout_svc::App::build(workout).await.context("workout-svc cannot start")?;
    settings.set("DATABASE_URL", infrastructure.database_url("notify_svc").await?);
    let notify = NotifySvcConfig::from_settings(settings).context(INCOMPLETE)?;
    let notify = notify_svc::App::build(notify).await.context("notify-svc cannot start")?;
    settings.set("WORKOUT_SVC_URL", format!("http://{}", workout.grpc_addr()?));
    settings.set("NOTIFY_SVC_URL", format!("http://{}", notify.grpc_addr()?));
    let gateway = GatewayConfig::from_settings(settings);
    std::mem::take(settings).finish()?;
    let gateway = gateway::App::build(gateway).await.context("the gateway cannot start")?;

    let summary = Summary {
        http: gateway.http_addr(),
        grpc: [
            ("user-svc", user.grpc_addr()?),
            ("workout-svc", workout.grpc_addr()?),
            ("notify-svc", notify.grpc_addr()?),
        ],
        ops: [
            ("gateway", gateway.ops_addr()?),
            ("user-svc", user.ops_addr()?),
            ("workout-svc", workout.ops_addr()?),
            ("notify-svc", notify.ops_addr()?),
        ],
        kafka: infrastructure.kafka.clone(),
        mailbox: infrastructure.mailbox_addr(),
        smtp: infrastructure.smtp.clone(),
        data: infrastructure.data_location(data_dir),
    };
    let healths = [user.health(), workout.health(), notify.health(), gateway.health()];
    let services = vec![
        Service::start("gateway", ended, |shutdown| gateway.run_until(shutdown)),
        Service::start("user-svc", ended, |shutdown| user.run_until(shutdown)),
        Service::start("workout-svc", ended, |shutdown| workout.run_until(shutdown)),
        Service::start("notify-svc", ended, |shutdown| notify.run_until(shutdown)),
    ];
    for health in healths {
        tokio::select! {
            () = health.ready() => {}
            () = ended.cancelled() => anyhow::bail!("a service ended while it started; the log says why"),
        }
    }
    Ok((services, summary))
}
