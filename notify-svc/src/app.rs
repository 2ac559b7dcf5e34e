//! What the service consists of.

use std::sync::Arc;

use chassis::frame::Backend;
use chassis::health::Need;
use chassis::time::SystemClock;
use eventbus::ConsumerConfig;
use fitness_proto::fitness::notify::v1::notification_admin_service_server::NotificationAdminServiceServer;
use fitness_proto::fitness::notify::v1::notification_service_server::NotificationServiceServer;

use crate::access::Access;
use crate::config::{IDENTITY, NotifySvcConfig};
use crate::dead_letters::{Collector, DeadLetters};
use crate::events::{self, Intake};
use crate::grpc::{NotificationAdminApi, NotificationApi};
use crate::ledger::TABLES;
use crate::notifications::Notifications;
use crate::render::Renderer;

/// notify-svc.
#[derive(Debug)]
pub struct App;

impl App {
    /// Binds the addresses and compiles the templates. Database, broker, relay and user-svc may be away.
    pub async fn build(config: NotifySvcConfig) -> anyhow::Result<Backend> {
        let renderer = Renderer::new(config.from, &config.public_url, config.sealing.clone())?;
        let renderer = Arc::new(renderer.reply_to(config.reply_to));
        let (kafka, group) = (config.backend.kafka.clone(), config.backend.kafka_group.clone());
        let (requests, listened) = (config.mail_requests, events::listened(config.mail_requests));
        let backend = Backend::bind(&IDENTITY, &TABLES, config.backend).await?;
        let (pool, retention, clock) = (backend.pool(), config.retention, Arc::new(SystemClock));

        let notifications = Notifications::new(pool.clone(), clock.clone(), renderer, config.sealing);
        let smtp = backend.health().dependency("smtp", Need::Deferrable);
        let workers = notifications.workers(config.delivery, backend.outbox(), smtp, retention);
        let (wake, metrics) = (notifications.wake.clone(), Arc::clone(&notifications.metrics));
        let intake = Intake::new(pool.clone(), wake, config.give_up_in_doubt, retention, metrics);
        let intake = Arc::new(intake);
        let waiting = Arc::clone(&intake);
        let access = Access::new(pool.clone());
        let people = NotificationApi { notifications: notifications.clone(), access: access.clone() };
        let dead_letters = DeadLetters { pool: pool.clone(), clock, publisher: backend.publisher() };
        let admins = NotificationAdminApi { notifications, dead_letters, access };
        let (letters, collectors) = (config.dead_letter_topics, format!("{group}-dead-letters"));
        let collector = Collector::new(pool, kafka.broker().origins(&collectors, &listened));
        let collecting = events::collector(&collectors, &letters);
        let buried = events::dead_letter_topics(&kafka, &group, &letters);

        backend
            // Mail needs no tokens.
            .token_keys(&config.token_keys, Need::Deferrable)?
            .service(NotificationServiceServer::new(people))
            .service(NotificationAdminServiceServer::new(admins))
            .start_with(|parts| workers.start(&parts.front))
            .front("waiting notifications", |stop| waiting.keep_waiting(stop))
            .consumer(
                "events",
                ConsumerConfig::new(&group, &listened),
                events::topics(&kafka, requests),
                intake,
            )?
            .consumer("dead letters", collecting, buried, collector)
    }
}
