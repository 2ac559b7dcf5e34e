//! What the service consists of.

use std::sync::Arc;

use anyhow::Context as _;
use chassis::auth::Verifier;
use chassis::frame::Backend;
use chassis::time::{Clock, SystemClock};
use fitness_proto::fitness::user::v1::auth_service_server::AuthServiceServer;
use fitness_proto::fitness::user::v1::ended_session_service_server::EndedSessionServiceServer;
use fitness_proto::fitness::user::v1::file_service_server::FileServiceServer;
use fitness_proto::fitness::user::v1::user_service_server::UserServiceServer;

use crate::config::{IDENTITY, UserSvcConfig};
use crate::ended_sessions::EndedSessions;
use crate::events::{self, Intake};
use crate::grpc::{AuthApi, EndedSessionApi, FileApi, UserApi};
use crate::store::TABLES;

/// user-svc.
#[derive(Debug)]
pub struct App;

impl App {
    /// Binds the addresses. Neither the database nor the broker has to be there.
    pub async fn build(config: UserSvcConfig) -> anyhow::Result<Backend> {
        Self::with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    pub async fn with_clock(config: UserSvcConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Backend> {
        let tokens = &config.access_tokens;
        let verifier =
            Verifier::new(tokens.key_set(), tokens.issuer()).context("the public key does not verify")?;
        let backend = Backend::bind(&IDENTITY, &TABLES, config.backend.clone()).await?;
        let ended = EndedSessions::new(backend.pool(), tokens.lifetime());
        let accounts = config.accounts(backend.pool(), backend.outbox(), Arc::clone(&clock));
        let files = config.files(backend.pool(), clock)?;
        let watched = EndedSessionApi { ended: ended.clone(), shutdown: backend.stopping() };
        let (housekeeper, sweeper, searcher) = (accounts.clone(), files.clone(), files.clone());
        let (kafka, group) = (&config.backend.kafka, &config.backend.kafka_group);

        backend
            .authenticate(verifier)
            .service(AuthServiceServer::new(AuthApi(accounts.clone())))
            .service(UserServiceServer::new(UserApi(accounts.clone())))
            .service(FileServiceServer::new(FileApi { files, accounts: accounts.clone() }))
            .service(EndedSessionServiceServer::new(watched))
            .rear("ended sessions", |stop| async move { ended.run(stop).await })
            .front("files", |stop| sweeper.run_sweeper(stop))
            .front("stray objects", |stop| searcher.run_stray_search(stop))
            .front("housekeeping", move |stop| async move {
                housekeeper.keep_house(config.housekeeping_interval, stop).await;
            })
            .consumer("events", events::consumer(group), events::topics(kafka, group), Intake(accounts))
    }
}
