//! The broker is away while people register: stopped for two minutes, or killed again and again. Nobody who registers
//! notices, every mail comes once, and the backlog drains about as fast as the slowest stage can work.

use std::time::Duration;

use chrono::Utc;
use tokio::time::Instant;

use super::balancer::Balancer;
use super::load::{Call, Load};
use super::pipeline::{HeldOutbox, Pipeline, arrivals, waits};
use super::report::{points, say};
use crate::harness::{Deployment, eventually};

const RATE: u32 = 100;
const OUTAGE: Duration = Duration::from_mins(2);
/// Enough for the slowest stage to show its pace.
const SAMPLE: usize = 2_000;

fn balancer(deployment: &Deployment) -> Balancer {
    Balancer::new([deployment.rest()])
}

/// Mails a second that go out of a backlog without any outage: the outbox is held back, filled, and let go. Every stage
/// has to do then what it has to do after the outage, so this is the pace of the slowest one beside the others.
async fn undisturbed_rate(deployment: &Deployment, pipeline: &Pipeline) -> (f64, usize) {
    let held = HeldOutbox::hold(deployment).await;
    let load = Load::start(&balancer(deployment), RATE, vec![Call::Register]);
    load.until_accepted(SAMPLE).await;
    let outcome = load.stop().await;
    outcome.assert_all_answered();
    assert_eq!(deployment.servers.mailbox.accepted(), 0, "the outbox is held back");
    held.release().await;
    pipeline.until_settled(outcome.accepted.len(), 0).await;
    let arrivals = arrivals(deployment, &outcome);
    let (first, last) = (arrivals.values().min().unwrap(), arrivals.values().max().unwrap());
    let rate = arrivals.len() as f64 / (*last - *first).as_seconds_f64();
    (rate, arrivals.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_broker_away_for_two_minutes_everybody_is_answered_and_the_backlog_drains_in_time() {
    let mut deployment = super::deploy(1).await;
    let pipeline = Pipeline::of(&deployment);
    let (rate, sample) = undisturbed_rate(&deployment, &pipeline).await;
    say(&format!("undisturbed: {sample} mails at {rate:.0}/s"));

    deployment.servers.kafka_mut().stop().await;
    let start = Instant::now();
    say(&format!("the broker is stopped; {RATE} registrations/s for {} s", OUTAGE.as_secs()));
    let load = Load::start(&balancer(&deployment), RATE, vec![Call::Register]);
    for part in 1..=4 {
        tokio::time::sleep_until(start + OUTAGE * part / 4).await;
        deployment.assert_running();
        say(&format!("  {} registrations accepted", load.accepted()));
    }
    let outcome = load.stop().await;
    let mailed = deployment.servers.mailbox.accepted() as usize - sample;
    assert_eq!(mailed, 0, "mails cannot come while the broker is away");
    deployment.servers.kafka_mut().start_again().await;
    let (away, back) = (start.elapsed(), Utc::now());
    let backlog = outcome.accepted.len();
    say(&format!(
        "the broker is back after {:.1} s; backlog {backlog}; answers: {}",
        away.as_secs_f64(),
        points(outcome.times.iter().copied())
    ));
    outcome.assert_all_answered();
    let planned = OUTAGE.as_secs() as usize * RATE as usize;
    assert!(outcome.times.len() + 5 >= planned, "the load was {} of {planned}", outcome.times.len());

    pipeline.until_settled(sample + backlog, 0).await;
    let arrivals = arrivals(&deployment, &outcome);
    let drained = (*arrivals.values().max().unwrap() - back).as_seconds_f64();
    let ideal = backlog as f64 / rate;
    say(&format!(
        "drained in {drained:.1} s ({:.0}/s); ideal {ideal:.1} s at the undisturbed rate: {:.2} times",
        backlog as f64 / drained,
        drained / ideal
    ));
    assert!(drained <= 2.0 * ideal, "drained in {drained:.1} s, ideal {ideal:.1} s");
    super::assert_nothing_personal_is_logged(&deployment);
    deployment.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_broker_killed_under_load_no_mail_is_lost_or_doubled() {
    const KILLS: usize = 3;
    const BETWEEN: usize = 150;
    let mut deployment = super::deploy(1).await;
    let pipeline = Pipeline::of(&deployment);
    let load = Load::start(&balancer(&deployment), RATE / 4, vec![Call::Register]);
    for kill in 1..=KILLS {
        load.until_accepted(kill * BETWEEN).await;
        // The broker dies with records on their way to it and from it.
        let before = deployment.servers.mailbox.accepted();
        let limit = Duration::from_mins(1);
        eventually("mails go out", limit, || async {
            (deployment.servers.mailbox.accepted() > before).then_some(())
        })
        .await;
        let start = Instant::now();
        deployment.servers.kafka_mut().kill().await;
        deployment.servers.kafka_mut().start_again().await;
        say(&format!(
            "the broker was killed ({kill} of {KILLS}) and is back after {:.1} s",
            start.elapsed().as_secs_f64()
        ));
    }
    load.until_accepted((KILLS + 1) * BETWEEN).await;
    let outcome = load.stop().await;
    outcome.assert_all_answered();
    pipeline.until_settled(outcome.accepted.len(), 0).await;
    let arrivals = arrivals(&deployment, &outcome);
    say(&format!(
        "{} mails, none lost, none doubled; {}",
        arrivals.len(),
        points(waits(&arrivals, &outcome))
    ));
    super::assert_nothing_personal_is_logged(&deployment);
    deployment.end().await;
}
