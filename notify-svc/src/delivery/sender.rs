//! One SMTP connection and the loop that feeds it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use outbox::Outbox;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::DeliveryConfig;
use super::breaker::{Breaker, Line};
use super::held::{HeldClaim, Hold};
use super::queue::Queue;
use super::recorder::Recorder;
use super::settlement::{label, lease, not_rendered, not_tried, settle};
use super::{report, spans};
use crate::ledger::attempts::Settlement;
use crate::ledger::claims::Claim;
use crate::metrics::Metrics;
use crate::render::{RenderError, Renderer};
use crate::smtp::{Outcome, WireMail};

pub(super) struct Sender {
    pub(super) queue: Arc<Queue>,
    pub(super) breaker: Arc<Breaker>,
    pub(super) recorder: Recorder,
    pub(super) outbox: Outbox,
    pub(super) renderer: Arc<Renderer>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) config: DeliveryConfig,
    pub(super) shutdown: CancellationToken,
}

/// An attempt that is over and not written yet. Its row is held until it is.
struct Ended {
    settlement: Settlement,
    hold: Hold,
}

impl Sender {
    pub(super) async fn run(self) {
        let mut line: Option<Line> = None;
        // Whoever lost the relay also looks for it, with or without a row to send: while the breaker is open nothing
        // is claimed, so there would be no row to look with.
        while (line.is_none() && self.breaker.is_open()) || self.work(&mut line).await {
            let connected = match line.take() {
                Some(line) => Some(line),
                None => self.shutdown.run_until_cancelled(self.breaker.connect()).await,
            };
            let Some(connected) = connected else { break };
            line = self.send_what_is_there(connected).await;
        }
        hang_up(line).await;
    }

    /// Waits for something to send, without a connection if it takes long; false at a stop.
    async fn work(&self, line: &mut Option<Line>) -> bool {
        let ticket = timeout(self.config.idle_timeout, self.queue.ticket());
        match self.shutdown.run_until_cancelled(ticket).await {
            None => false,
            Some(Ok(())) => true,
            Some(Err(_)) => {
                hang_up(line.take()).await;
                self.shutdown.run_until_cancelled(self.queue.ticket()).await.is_some()
            }
        }
    }

    /// Sends until the queue is empty, the connection is used up, or the service stops. Each settlement travels to the
    /// ledger together with the beginning of the next mail. The caller holds a ticket.
    async fn send_what_is_there(&self, line: Line) -> Option<Line> {
        let mut line = Some(line);
        let mut ended: Option<Ended> = None;
        loop {
            if let Some(held) = self.queue.take() {
                ended = self.attempt(held, &mut line, ended).await;
            }
            let usable = line.as_ref().is_some_and(|line| self.is_good(line));
            if !usable {
                hang_up(line.take()).await;
            }
            if !usable || self.shutdown.is_cancelled() || !self.queue.try_ticket() {
                break;
            }
        }
        if let Some(Ended { settlement, hold }) = ended {
            self.recorder.settle(settlement).await;
            drop(hold);
        }
        line
    }

    /// Makes one attempt; `before` is settled on the way. Answers how this one ended, which is still to be written.
    #[expect(
        clippy::disallowed_methods,
        reason = "pauses grow with a jitter, so that not all come back at one time"
    )]
    async fn attempt(
        &self,
        held: HeldClaim,
        line: &mut Option<Line>,
        before: Option<Ended>,
    ) -> Option<Ended> {
        let HeldClaim { claim, hold } = held;
        let (before, before_hold) = before.map(|ended| (ended.settlement, ended.hold)).unzip();
        let span = spans::deliver(&claim);
        // A row that breaks the renderer fails by itself: with the worker, others would fall too.
        let render = || catch_unwind(AssertUnwindSafe(|| self.renderer.render(&claim)));
        let rendered = spans::render(&span).in_scope(render).unwrap_or(Err(RenderError::Panic));
        let mail = match rendered {
            Ok(mail) => mail,
            Err(error) => {
                let reason = chassis::lifecycle::chain(&error);
                tracing::error!(parent: &span, template = claim.template, reason, "a mail cannot be written");
                if let Some(before) = before {
                    self.recorder.settle(before).await;
                }
                let settlement = self.reported(&claim, not_rendered(&claim, &error, rand::random()), &span);
                return Some(Ended { settlement, hold });
            }
        };
        let since = Instant::now();
        let allowed = self.recorder.settle_and_begin(before, lease(&claim)).instrument(span.clone()).await;
        drop(before_hold);
        if !allowed {
            return None;
        }
        hold.begun(since, self.config.lease);
        let outcome = self.transact(&mail, &hold, line, &span).await;
        if let Outcome::Lost { reason, .. } = &outcome
            && line.is_none()
        {
            let settlement = not_tried(&claim, &format!("the relay is away: {reason}"));
            return Some(Ended { settlement, hold });
        }
        if let Outcome::Refused { reply, .. } = &outcome
            && reply.is_about_the_server()
        {
            self.breaker.trip(&format!("{} {}", reply.code, reply.text));
        }
        let settlement = self.reported(&claim, settle(&claim, outcome, rand::random()), &span);
        Some(Ended { settlement, hold })
    }

    fn reported(&self, claim: &Claim, settlement: Settlement, attempt: &tracing::Span) -> Settlement {
        let report = report::settled(&self.outbox, claim, &settlement, attempt);
        Settlement { report, ..settlement }
    }

    /// One transaction, and a second one over a new connection if the first broke before the final dot: a relay may
    /// close a kept connection whenever it likes. Leaves no line behind if the relay cannot be reached.
    async fn transact(
        &self,
        mail: &WireMail,
        hold: &Hold,
        line: &mut Option<Line>,
        attempt: &tracing::Span,
    ) -> Outcome {
        let Some(first) = line.as_mut() else {
            return Outcome::Lost { stage: crate::smtp::Stage::Mail, reason: "no connection".to_owned() };
        };
        let outcome = self.send(mail, hold, first, attempt).await;
        if !matches!(outcome, Outcome::Lost { .. }) || self.shutdown.is_cancelled() {
            return outcome;
        }
        *line = None;
        if self.breaker.is_open() || !hold.is_safe() {
            return outcome;
        }
        // A relay that takes its time does not hold a stop up.
        *line = self.shutdown.run_until_cancelled(self.breaker.try_connect()).await.flatten();
        match line {
            Some(second) => self.send(mail, hold, second, attempt).await,
            None => outcome,
        }
    }

    async fn send(&self, mail: &WireMail, hold: &Hold, line: &mut Line, attempt: &tracing::Span) -> Outcome {
        let span = spans::send(attempt, &self.config.smtp);
        let finished = {
            let sending = line.connection.send_while(mail, || hold.is_safe()).instrument(span.clone());
            let stop = async {
                self.shutdown.cancelled().await;
                tokio::time::sleep(self.config.stop_grace).await;
            };
            tokio::select! {
                outcome = sending => Some(outcome),
                () = stop => None,
            }
        };
        let outcome =
            finished.unwrap_or_else(|| line.connection.interrupted("stopped while waiting for the relay"));
        spans::record(&span, &outcome);
        let (label, code) = label(&outcome);
        self.metrics.attempt(label, code);
        outcome
    }

    fn is_good(&self, line: &Line) -> bool {
        let connection = &line.connection;
        connection.is_usable()
            && connection.accepted() < self.config.mails_per_connection
            && connection.age() < self.config.connection_age
    }
}

async fn hang_up(line: Option<Line>) {
    if let Some(mut line) = line {
        line.connection.quit().await;
    }
}
