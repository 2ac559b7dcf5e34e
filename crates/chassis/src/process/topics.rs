//! `topics`: the topics made by a job of its own, whose principal may create them.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{ProcessError, Service, on_all_cores, say, until_signal};
use crate::bus::TopicPlan;
use crate::config::Settings;
use crate::lifecycle::chain;

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_secs(1);

/// Topics that were not created.
#[derive(Debug, thiserror::Error)]
#[error("not all topics exist: {broker} at {address} did not create them within {} s ({last})", .wait.as_secs())]
pub(super) struct TopicsError {
    broker: &'static str,
    address: String,
    wait: Duration,
    last: String,
}

pub(super) fn run<S: Service>(file: Option<&Path>, wait: Duration) -> Result<(), ProcessError> {
    let mut settings = Settings::load(file);
    let Some(plan) = S::topics(&mut settings) else {
        say(&format!("{} publishes nothing and needs no topics of its own; nothing to do", S::NAME));
        return Ok(());
    };
    settings.finish_part()?;
    on_all_cores(until_signal(create(S::NAME, &plan, wait)))?;
    for topic in &plan.topics {
        say(&format!("{}: the topic {} exists", S::NAME, topic.name));
    }
    Ok(())
}

/// Tries until the deadline whatever the broker says: brokers that are still gathering refuse what they allow later.
async fn create(service: &str, plan: &TopicPlan, wait: Duration) -> Result<(), TopicsError> {
    let broker = plan.broker.terms().name;
    let deadline = Instant::now() + wait;
    let mut last = None;
    loop {
        let trouble = match timeout_at(deadline, plan.broker.create_topics(&plan.topics)).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => chain(&error),
            Err(_) => last.take().unwrap_or_else(|| "no answer".to_owned()),
        };
        if Instant::now() + PAUSE >= deadline {
            return Err(TopicsError {
                broker,
                address: plan.broker.address().to_owned(),
                wait,
                last: trouble,
            });
        }
        if last.is_none() {
            say(&format!("{service}: waiting for {broker}, {} s at most: {trouble}", wait.as_secs()));
        }
        last = Some(trouble);
        tokio::time::sleep(PAUSE).await;
    }
}
