//! Telling the rest of the system what became of mails.

use chrono::{DateTime, Utc};
use fitness_proto::fitness::notify::v1::{NotificationFailed, NotificationInDoubt, NotificationSent};
use outbox::{Outbox, OutboxError};
use prost_types::Timestamp;
use sqlx::PgConnection;

use crate::ledger::attempts::{Settled, Settlement};

/// The events of one batch of settlements.
#[derive(Debug, Default)]
pub(super) struct Report {
    sent: Vec<NotificationSent>,
    failed: Vec<NotificationFailed>,
    in_doubt: Vec<NotificationInDoubt>,
}

impl Report {
    pub(super) fn new(settled: &[Settled], settlements: &[Settlement], now: DateTime<Utc>) -> Self {
        let time =
            Some(Timestamp { seconds: now.timestamp(), nanos: now.timestamp_subsec_nanos().cast_signed() });
        let mut report = Self::default();
        for settled in settled {
            let (user_id, notification_id) =
                (settled.user_id.to_string(), settled.notification_id.to_string());
            let (template, attempts) = (settled.template.clone(), settled.attempts);
            match settled.state.as_str() {
                "sent" => {
                    let send_time = time;
                    report.sent.push(NotificationSent {
                        user_id,
                        notification_id,
                        template,
                        attempts,
                        send_time,
                    });
                }
                "failed" => {
                    let settlement =
                        settlements.iter().find(|s| s.lease.notification_id == settled.notification_id);
                    let reason = settlement.map(reason).unwrap_or_default();
                    let fail_time = time;
                    let failed = NotificationFailed {
                        user_id,
                        notification_id,
                        template,
                        attempts,
                        reason,
                        fail_time,
                    };
                    report.failed.push(failed);
                }
                "in_doubt" => {
                    let attempt_time = time;
                    report.in_doubt.push(NotificationInDoubt {
                        user_id,
                        notification_id,
                        template,
                        attempt_time,
                    });
                }
                _ => {}
            }
        }
        report
    }

    /// Enqueues the events in the transaction of the ledger; answers whether there were any.
    pub(super) async fn publish(
        &self,
        outbox: &Outbox,
        connection: &mut PgConnection,
    ) -> Result<bool, OutboxError> {
        if !self.sent.is_empty() {
            outbox.enqueue_all(connection, &self.sent).await?;
        }
        if !self.failed.is_empty() {
            outbox.enqueue_all(connection, &self.failed).await?;
        }
        if !self.in_doubt.is_empty() {
            outbox.enqueue_all(connection, &self.in_doubt).await?;
        }
        Ok(!(self.sent.is_empty() && self.failed.is_empty() && self.in_doubt.is_empty()))
    }
}

fn reason(settlement: &Settlement) -> String {
    let reply = settlement.reply.as_ref().map(|reply| format!("{} {}", reply.code, reply.text));
    [settlement.detail.clone(), reply].into_iter().flatten().collect::<Vec<_>>().join(": ")
}
