//! Telling the rest of the system what became of mails.

use chassis::time::timestamp;
use chrono::Utc;
use eventbus::TraceContext;
use fitness_proto::fitness::notify::v1::{NotificationFailed, NotificationInDoubt, NotificationSent};
use outbox::{EncodedEvent, Outbox};
use prost_types::Timestamp;

use crate::ledger::attempts::Settlement;
use crate::ledger::claims::Claim;
use crate::ledger::sweep::Recovered;
use crate::notification::State;

/// The event of an attempt, in the trace of the attempt; `None` if it is not the end of anything.
pub(super) fn settled(
    outbox: &Outbox,
    claim: &Claim,
    settlement: &Settlement,
    attempt: &tracing::Span,
) -> Option<EncodedEvent> {
    let (user_id, notification_id) = (claim.user_id.to_string(), claim.notification_id.to_string());
    let template = claim.template.clone();
    let (attempts, time) = (claim.attempts + 1, Some(now()));
    let mut trace = TraceContext::of(attempt);
    if trace.traceparent.is_none() {
        // The attempt is not recorded; what follows still belongs to the trace of the cause.
        trace = TraceContext { traceparent: claim.traceparent.clone(), tracestate: claim.tracestate.clone() };
    }
    match settlement.state {
        State::Sent => {
            let sent = NotificationSent { user_id, notification_id, template, attempts, send_time: time };
            Some(outbox.encode(&sent, trace))
        }
        State::Failed => {
            let reason = reason(settlement);
            let failed =
                NotificationFailed { user_id, notification_id, template, attempts, reason, fail_time: time };
            Some(outbox.encode(&failed, trace))
        }
        State::InDoubt => {
            let in_doubt = NotificationInDoubt { user_id, notification_id, template, attempt_time: time };
            Some(outbox.encode(&in_doubt, trace))
        }
        _ => None,
    }
}

/// The event of a mail whose worker died, in the trace of what caused the mail.
pub(super) fn recovered(outbox: &Outbox, row: &Recovered) -> EncodedEvent {
    let in_doubt = NotificationInDoubt {
        user_id: row.user_id.to_string(),
        notification_id: row.notification_id.to_string(),
        template: row.template.clone(),
        attempt_time: Some(now()),
    };
    let trace = TraceContext { traceparent: row.traceparent.clone(), tracestate: row.tracestate.clone() };
    outbox.encode(&in_doubt, trace)
}

#[expect(clippy::disallowed_methods, reason = "an outcome is told as it happens")]
fn now() -> Timestamp {
    timestamp(Utc::now())
}
fn reason(settlement: &Settlement) -> String {
    let reply = settlement.reply.as_ref().map(|reply| format!("{} {}", reply.code, reply.text));
    [settlement.detail.clone(), reply].into_iter().flatten().collect::<Vec<_>>().join(": ")
}
