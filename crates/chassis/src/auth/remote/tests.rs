use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::post;
use bytes::{BufMut as _, BytesMut};
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use embedded::silent_proxy::SilentProxy;
use fitness_proto::google::api::HttpBody;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use prost::Message as _;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;
use crate::auth::{AUDIENCE, Claims};
use crate::errors::ErrorCode;
use crate::grpc::client;
use crate::health::{Health, Need};

const ISSUER: &str = "https://id.example";

/// A signing key and the name under which it is published.
struct Signer {
    key: EncodingKey,
    id: &'static str,
}

impl Signer {
    fn new(id: &'static str, seed: u8) -> Self {
        // Without the public half: no JWK can be made from the longer form.
        let pair = KeypairBytes { secret_key: [seed; 32], public_key: None };
        let der = pair.to_pkcs8_der().unwrap();
        Self { key: EncodingKey::from_ed_der(der.as_bytes()), id }
    }

    fn key_set(&self) -> JwkSet {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::EdDSA).unwrap();
        key.common.key_id = Some(self.id.to_owned());
        JwkSet { keys: vec![key] }
    }

    fn token(&self) -> String {
        let now = chrono::Utc::now().timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: Uuid::from_u128(1),
            sid: Uuid::from_u128(2),
            roles: Vec::new(),
            iat: now,
            nbf: now,
            exp: now + 60,
            jti: Uuid::from_u128(3),
        };
        let header = Header { kid: Some(self.id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, &self.key).unwrap()
    }
}

/// What user-svc answers, as bytes on the wire: this crate has no server of that service.
struct KeyServer {
    document: Mutex<JwkSet>,
    fetches: AtomicUsize,
    away: AtomicBool,
}

impl KeyServer {
    fn new(signer: &Signer) -> Arc<Self> {
        Arc::new(Self {
            document: Mutex::new(signer.key_set()),
            fetches: AtomicUsize::new(0),
            away: AtomicBool::new(false),
        })
    }

    fn rotate(&self, signer: &Signer) {
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = signer.key_set();
    }

    fn answer(&self) -> Response {
        self.fetches.fetch_add(1, Ordering::Relaxed);
        if self.away.load(Ordering::Relaxed) {
            return Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "14")
                .body(Body::empty())
                .unwrap();
        }
        let document = self.document.lock().unwrap_or_else(PoisonError::into_inner);
        let data = serde_json::to_vec(&*document).unwrap();
        let message = HttpBody { data, ..HttpBody::default() }.encode_to_vec();
        let mut frame = BytesMut::new();
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len()).unwrap());
        frame.put_slice(&message);
        Response::builder()
            .header("content-type", "application/grpc")
            // A response with its status in the head needs no trailers.
            .header("grpc-status", "0")
            .body(Body::from(frame.freeze()))
            .unwrap()
    }

    async fn serve(self: &Arc<Self>, addr: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind(addr).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = Arc::clone(self);
        let handler = post(move || async move { server.answer() });
        let router = Router::new().route("/fitness.user.v1.AuthService/GetKeySet", handler);
        tokio::spawn(async move { axum::serve(listener, router).await });
        addr
    }
}

struct Running {
    verifier: Verifier,
    health: Health,
    shutdown: CancellationToken,
}

fn run(addr: SocketAddr) -> Running {
    let (verifier, fetcher) = Verifier::remote(ISSUER);
    let (health, shutdown) = (Health::default(), CancellationToken::new());
    let client = client::connect(&format!("http://{addr}"), 1).unwrap();
    let dependency = health.dependency("token-keys", Need::Required);
    tokio::spawn(fetcher.run(client, dependency, shutdown.clone()));
    Running { verifier, health, shutdown }
}

/// An address at which nobody listens.
async fn free_addr() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

async fn until_ready(health: &Health) {
    timeout(Duration::from_secs(20), health.ready()).await.expect("the keys are fetched");
}

#[tokio::test]
async fn keys_are_fetched_as_soon_as_the_other_service_is_there() {
    let (signer, addr) = (Signer::new("one", 1), free_addr().await);
    let running = run(addr);
    assert_eq!(running.verifier.verify(&signer.token()).await.unwrap_err(), ErrorCode::DependencyUnavailable);
    assert!(!running.health.report().ready);

    KeyServer::new(&signer).serve(addr).await;
    until_ready(&running.health).await;
    assert_eq!(running.verifier.verify(&signer.token()).await.unwrap().sub, Uuid::from_u128(1));
    running.shutdown.cancel();
}

#[tokio::test]
async fn a_token_of_a_rotated_key_is_accepted_at_once() {
    let (old, new) = (Signer::new("old", 1), Signer::new("new", 2));
    let server = KeyServer::new(&old);
    let addr = server.serve("127.0.0.1:0".parse().unwrap()).await;
    let running = run(addr);
    until_ready(&running.health).await;
    server.rotate(&new);
    // The first fetch has to be long enough ago for another one.
    let deadline = Instant::now() + Duration::from_secs(20);
    while running.verifier.verify(&new.token()).await.is_err() {
        assert!(Instant::now() < deadline, "the new key is never fetched");
        tokio::task::yield_now().await;
    }
    assert_eq!(running.verifier.verify(&old.token()).await.unwrap_err(), ErrorCode::TokenInvalid);
    running.shutdown.cancel();
}

#[tokio::test]
async fn an_unknown_key_while_its_issuer_is_away_is_an_outage_and_no_refusal() {
    let (old, new) = (Signer::new("old", 1), Signer::new("new", 2));
    let server = KeyServer::new(&old);
    let addr = server.serve("127.0.0.1:0".parse().unwrap()).await;
    let running = run(addr);
    until_ready(&running.health).await;
    server.away.store(true, Ordering::Relaxed);
    server.rotate(&new);
    // A fetch from before the outage may still be fresh.
    let deadline = Instant::now() + Duration::from_secs(20);
    while running.verifier.verify(&new.token()).await.unwrap_err() == ErrorCode::TokenInvalid {
        assert!(Instant::now() < deadline, "a rotation signs people out");
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        let refused = running.verifier.verify(&new.token()).await.unwrap_err();
        assert_eq!(refused, ErrorCode::DependencyUnavailable);
        assert_eq!(running.verifier.verify(&old.token()).await.unwrap().sub, Uuid::from_u128(1));
    }

    server.away.store(false, Ordering::Relaxed);
    while let Err(refused) = running.verifier.verify(&new.token()).await {
        assert_eq!(refused, ErrorCode::DependencyUnavailable, "the issuer is back and nobody was signed out");
        assert!(Instant::now() < deadline, "the new key is never fetched");
        tokio::task::yield_now().await;
    }
    running.shutdown.cancel();
}

#[tokio::test]
async fn an_unknown_key_is_an_outage_while_the_network_is_silent_and_known_again_afterwards() {
    let (old, new) = (Signer::new("old", 1), Signer::new("new", 2));
    let server = KeyServer::new(&old);
    let network = SilentProxy::start(server.serve("127.0.0.1:0".parse().unwrap()).await).await.unwrap();
    let running = run(network.addr());
    until_ready(&running.health).await;
    network.silence();
    server.rotate(&new);
    // A fetch from before the silence may still be fresh.
    let deadline = Instant::now() + Duration::from_secs(20);
    while running.verifier.verify(&new.token()).await.unwrap_err() == ErrorCode::TokenInvalid {
        assert!(Instant::now() < deadline, "a rotation signs people out");
        tokio::task::yield_now().await;
    }
    let asked = Instant::now();
    let refused = running.verifier.verify(&new.token()).await.unwrap_err();
    assert_eq!(refused, ErrorCode::DependencyUnavailable);
    assert!(asked.elapsed() < Duration::from_secs(10), "nobody waits for a silent network");
    running.verifier.verify(&old.token()).await.expect("known keys count on");

    network.restore();
    // The connection that was swallowed is found out within 15 seconds; the rest is for a busy machine.
    let deadline = Instant::now() + Duration::from_secs(40);
    while let Err(refused) = running.verifier.verify(&new.token()).await {
        assert_eq!(refused, ErrorCode::DependencyUnavailable);
        assert!(Instant::now() < deadline, "the new key is never fetched");
        tokio::task::yield_now().await;
    }
    running.shutdown.cancel();
}

#[tokio::test]
async fn invented_key_ids_cause_few_fetches() {
    let (signer, forger) = (Signer::new("one", 1), Signer::new("invented", 2));
    let server = KeyServer::new(&signer);
    let addr = server.serve("127.0.0.1:0".parse().unwrap()).await;
    let running = run(addr);
    until_ready(&running.health).await;
    let (start, before) = (Instant::now(), server.fetches.load(Ordering::Relaxed));
    for _ in 0..200 {
        let refused = running.verifier.verify(&forger.token()).await.unwrap_err();
        assert_eq!(refused, ErrorCode::TokenInvalid);
    }
    let fetches = server.fetches.load(Ordering::Relaxed) - before;
    let allowed = start.elapsed().as_secs() as usize + 1;
    assert!(fetches <= allowed, "{fetches} fetches in {:?}", start.elapsed());
    running.shutdown.cancel();
}

#[tokio::test]
async fn a_known_key_with_a_forged_signature_asks_for_nothing() {
    let (signer, forger) = (Signer::new("one", 1), Signer::new("one", 2));
    let server = KeyServer::new(&signer);
    let addr = server.serve("127.0.0.1:0".parse().unwrap()).await;
    let running = run(addr);
    until_ready(&running.health).await;
    assert_eq!(running.verifier.verify(&forger.token()).await.unwrap_err(), ErrorCode::TokenInvalid);
    assert_eq!(server.fetches.load(Ordering::Relaxed), 1);
    running.shutdown.cancel();
}
