//! Replicas stop under load, one after the other, as in a rolling update: nobody notices.

use std::time::Duration;

use tokio::net::TcpStream;

use super::balancer::Balancer;
use super::load::{Call, Load};
use super::pipeline::{Pipeline, arrivals, waits};
use super::report::{points, say};
use crate::harness::{Account, Deployment, Exit, Person, Service, eventually, http};

const ROUNDS: usize = 3;
const EXIT_LIMIT: Duration = Duration::from_secs(10);
const LIMIT: Duration = Duration::from_mins(1);
/// Requests a second; a third of them registrations.
const RATE: u32 = 30;
/// Registrations between two stops, so that each meets load.
const BETWEEN: usize = 20;

/// What a load balancer and a caller see of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sight {
    ready: bool,
    listens: bool,
}

/// Stops a replica and watches it: it has to say that it is not ready while it still listens.
async fn stop(deployment: &mut Deployment, service: Service, replica: usize) -> Exit {
    let addr = deployment.addr(service, replica);
    let ready_url = deployment.ops_url(service, replica, "/readyz");
    let mut sights: Vec<Sight> = Vec::new();
    let watch = async {
        loop {
            let answer = http().get(&ready_url).send().await;
            let ready = answer.is_ok_and(|answer| answer.status() == 200);
            let sight = Sight { ready, listens: TcpStream::connect(addr).await.is_ok() };
            if sights.last() != Some(&sight) {
                sights.push(sight);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let exit = tokio::select! {
        exit = deployment.end_one(service, replica, "TERM") => exit,
        () = watch => unreachable!("it watches for ever"),
    };
    let turning_away = Sight { ready: false, listens: true };
    let gone = Sight { ready: false, listens: false };
    assert!(
        sights.contains(&turning_away),
        "{service:?} closes before it says that it is not ready: {sights:?}"
    );
    sights.retain(|sight| *sight != Sight { ready: true, listens: true });
    assert!(
        sights == [turning_away] || sights == [turning_away, gone],
        "{service:?} stops in its order: {sights:?}"
    );
    exit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_stop_under_load_lose_double_and_refuse_nothing() {
    let mut deployment = super::deploy(2).await;
    let pipeline = Pipeline::of(&deployment);
    let person = Person::join_as(deployment.api(), deployment.inbox(), Account::new("en")).await;
    eventually("the athlete profile", LIMIT, || async {
        (person.call("GET", "/v1/routines", None).await.0 == 200).then_some(())
    })
    .await;
    let read = |path| Call::Read { path, token: person.access_token.clone() };
    let gateways = [0, 1].map(|replica| format!("http://{}", deployment.addr(Service::Gateway, replica)));
    let balancer = Balancer::new(gateways);
    let calls = vec![Call::Register, read("/v1/routines"), read("/v1/notifications")];
    let load = Load::start(&balancer, RATE, calls);
    let mut longest = Duration::ZERO;
    for round in 1..=ROUNDS {
        let mut exits = Vec::new();
        for service in Service::ALL {
            load.until_accepted(load.accepted() + BETWEEN).await;
            let replica = round % 2;
            let exit = stop(&mut deployment, service, replica).await;
            assert!(exit.status.success(), "{service:?} ended with {}", exit.status);
            longest = longest.max(exit.took);
            exits.push(format!("{} {:.1} s", service.name(), exit.took.as_secs_f64()));
            deployment.start_one(service, replica);
            deployment.until_one_is_ready(service, replica, true).await;
            deployment.assert_running();
        }
        say(&format!("round {round}: exits {}", exits.join(", ")));
    }
    load.until_accepted(load.accepted() + BETWEEN).await;
    let outcome = load.stop().await;
    outcome.assert_all_answered();
    // The person of the reads has a code and a welcome.
    pipeline.until_settled(outcome.accepted.len() + 1, 1).await;
    let arrivals = arrivals(&deployment, &outcome);
    say(&format!(
        "{} requests, none failed, {} found a closed port and went on; {}",
        outcome.times.len(),
        balancer.refused(),
        points(outcome.times.iter().copied())
    ));
    say(&format!(
        "{} mails, none lost, none doubled; {}",
        arrivals.len(),
        points(waits(&arrivals, &outcome))
    ));
    assert!(longest <= EXIT_LIMIT, "the longest exit took {longest:?}");
    super::assert_nothing_personal_is_logged(&deployment);
    deployment.end().await;
}
