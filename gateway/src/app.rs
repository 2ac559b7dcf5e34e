//! What the gateway consists of.

use std::net::SocketAddr;
use std::ops::Deref;

use anyhow::Context as _;
use chassis::auth::Verifier;
use chassis::frame::Frame;
use chassis::health::Need;
use chassis::http_server::HttpServer;
use chassis::ops;
use fitness_proto::fitness::user::v1::file_service_client::FileServiceClient;
use tokio_util::sync::CancellationToken;

use crate::config::GatewayConfig;
use crate::feed::{Feed, Standing};
use crate::files::Files;
use crate::services::Services;
use crate::{layers, routes};

/// A gateway that listens and can be run.
pub struct App {
    frame: Frame,
    http_addr: SocketAddr,
}

impl App {
    /// Binds the listeners and makes the routes. None of the services has to be there.
    pub async fn build(config: GatewayConfig) -> anyhow::Result<Self> {
        let http = ops::bind(config.http_addr, "GATEWAY_HTTP_ADDR").await?;
        let http_addr = http.local_addr()?;
        let mut frame = Frame::bind(config.ops_addr, "GATEWAY_OPS_ADDR", config.stop()).await?;
        let services = Services::connect(&config)?;
        let (verifier, keys) = Verifier::remote(&config.jwt_issuer);
        let token_keys = frame.health().dependency("token-keys", Need::Deferrable);
        let user_svc = services.user_unguarded();
        frame.front("token keys", |stop| keys.run(user_svc, token_keys, stop));
        let standing = Standing::new(services.user(), services.workout());
        let live = Feed::open(&mut frame, &config, verifier, standing)?;
        let files =
            Files { client: FileServiceClient::new(services.user()), timeout: config.default_timeout };
        let transcoder =
            routes::transcoder(&services, &config).context("the contracts cannot be served as REST")?;
        services.watch(&mut frame);
        let routes = routes::routes(&transcoder, files, live, frame.health());
        let service = layers::wrap(routes, transcoder, &config);
        let (proxies, deadline) = (config.trusted_proxies, config.drain.deadline);
        let server = HttpServer::new(service, config.http_limits).trust(move |peer| proxies.contains(peer));
        frame.front("http", move |stop| server.serve(http, deadline, stop));
        Ok(Self { frame, http_addr })
    }

    /// Where clients connect.
    pub fn http_addr(&self) -> SocketAddr {
        self.http_addr
    }

    /// Serves until `shutdown`, then drains.
    pub async fn run_until(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        self.frame.run_until(shutdown).await
    }
}

impl Deref for App {
    type Target = Frame;

    fn deref(&self) -> &Frame {
        &self.frame
    }
}
