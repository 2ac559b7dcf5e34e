//! A network between the workers and the database that loses answers, or goes silent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use embedded::mailbox::{Command, Fault};
use notify_svc::delivery::Wake;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::task::AbortOnDropHandle;

use crate::stage::{Running, Stage, eventually, start, verified};

/// Stands between and does what networks do.
struct Network {
    address: SocketAddr,
    state: Arc<State>,
    _serving: AbortOnDropHandle<()>,
}

#[derive(Default)]
struct State {
    /// Answers that are still to be lost, one of three.
    losing: AtomicUsize,
    answers: AtomicUsize,
    /// The generation of connections that are carried; older ones are silent.
    generation: AtomicUsize,
    /// Whether new connections are silent as well.
    dead: AtomicBool,
}

impl Network {
    async fn before(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let Ok(server) = TcpStream::connect(database).await else { continue };
                let generation = shared.generation.load(Ordering::SeqCst);
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (there, back) = (Arc::clone(&shared), Arc::clone(&shared));
                tokio::spawn(async move {
                    // The end of one way is the end of both: the halves close with the task.
                    tokio::select! {
                        () = carry(from_client, to_server, there, generation, false) => {}
                        () = carry(from_server, to_client, back, generation, true) => {}
                    }
                });
            }
        });
        Self { address, state, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Loses this many answers to what was committed; the connection goes with each.
    fn lose_answers(&self, count: usize) {
        self.state.losing.store(count, Ordering::SeqCst);
    }

    fn lost_all(&self) -> bool {
        self.state.losing.load(Ordering::SeqCst) == 0
    }

    /// From now on nothing passes over the connections there are, and nobody is told.
    fn fall_silent(&self, new_ones_too: bool) {
        self.state.dead.store(new_ones_too, Ordering::SeqCst);
        self.state.generation.fetch_add(1, Ordering::SeqCst);
    }

    fn come_back(&self) {
        self.state.dead.store(false, Ordering::SeqCst);
    }
}

impl State {
    fn is_silent(&self, generation: usize) -> bool {
        self.dead.load(Ordering::SeqCst) || generation < self.generation.load(Ordering::SeqCst)
    }

    fn loses(&self, bytes: &[u8]) -> bool {
        // ReadyForQuery outside of a transaction: whatever was asked is committed.
        let committed = bytes.ends_with(&[b'Z', 0, 0, 0, 5, b'I']);
        committed
            && self.answers.fetch_add(1, Ordering::SeqCst) % 3 == 2
            && self
                .losing
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
    }
}

async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: Arc<State>,
    generation: usize,
    answers: bool,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(read) = from.read(&mut bytes).await else { return };
        if state.is_silent(generation) {
            std::future::pending::<()>().await;
        }
        if read == 0 || answers && state.loses(&bytes[..read]) || to.write_all(&bytes[..read]).await.is_err()
        {
            return;
        }
    }
}

/// Workers whose database is behind a network.
async fn behind_a_network(stage: &Stage, connections: usize) -> (Network, Running, PgPool) {
    let options = stage.pool.connect_options();
    let database = tokio::net::lookup_host((options.get_host(), options.get_port())).await.unwrap().next();
    let network = Network::before(database.unwrap()).await;
    let options = (*options).clone().host("127.0.0.1").port(network.address.port());
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(3))
        .test_before_acquire(false)
        .connect_lazy_with(options);
    let workers = start(pool.clone(), stage.keys.clone(), Wake::default(), stage.config(connections));
    (network, workers, pool)
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_after_the_commit_leave_no_mail_behind_and_double_none() {
    const MAILS: usize = 300;
    let stage = Stage::new().await;
    let (network, workers, _pool) = behind_a_network(&stage, 4).await;
    network.lose_answers(40);
    for _ in 0..10 {
        let people = stage.people(MAILS / 10, "en").await;
        stage.take_all(&people.iter().map(verified).collect::<Vec<_>>()).await;
        stage.wake.wake();
    }
    assert!(eventually(async || network.lost_all()).await, "too few answers came to lose some");
    let left = async || stage.count("state <> 'sent'").await;
    let done = eventually(async || left().await == 0).await;
    assert!(done, "{} mails were left behind", left().await);
    workers.stop().await;
    // A row is taken over only when a lease ends, and then it is in doubt.
    let doubts = stage.published("NotificationInDoubt").await;
    let arrived = stage.mailbox.messages().len();
    assert!((MAILS..=MAILS + doubts as usize).contains(&arrived), "{arrived} arrived, {doubts} in doubt");
    assert_eq!(stage.published("NotificationSent").await, MAILS as i64);
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_go_on_over_new_connections_when_the_old_ones_fall_silent() {
    let stage = Stage::new().await;
    let (network, workers, _pool) = behind_a_network(&stage, 2).await;
    let first = stage.person("en").await;
    stage.take_all(&[verified(&first)]).await;
    stage.wait_for_state(&first, "sent").await;
    network.fall_silent(false);
    let second = stage.person("en").await;
    stage.take_all(&[verified(&second)]).await;
    stage.wait_for_state(&second, "sent").await;
    assert_eq!(stage.standing(&second).await.1, 1);
    workers.stop().await;
    stage.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_on_its_way_while_the_network_is_silent_ends_once() {
    let stage = Stage::new().await;
    let (network, workers, _pool) = behind_a_network(&stage, 2).await;
    let delay = Fault::Delay { at: Command::FinalDot, duration: Duration::from_millis(500) };
    stage.mailbox.inject(delay, 1);
    let person = stage.person("en").await;
    stage.take_all(&[verified(&person)]).await;
    stage.wait_for_state(&person, "sending").await;
    network.fall_silent(true);
    assert!(eventually(async || stage.mailbox.messages().len() == 1).await);
    network.come_back();
    stage.wait_for_state(&person, "sent").await;
    assert_eq!(stage.timeline(&person).await, ["pending", "sending", "sent"]);
    workers.stop().await;
    assert_eq!(stage.mailbox.messages().len(), 1);
    stage.finish().await;
}
