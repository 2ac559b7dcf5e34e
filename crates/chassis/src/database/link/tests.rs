use embedded::postgres::{Cluster, ClusterConfig};
use embedded::silent_proxy::SilentProxy;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::database::{self, DatabaseConfig};
use crate::health::{Health, Need};

/// `/readyz` tells the truth within this time.
const TRUTH: Duration = Duration::from_secs(5);
/// Work goes on within this time.
const RECOVERY: Duration = Duration::from_secs(20);

/// A pool as a service has it, and its health.
struct Service {
    pool: PgPool,
    health: Health,
    _watching: DropGuard,
}

impl Service {
    async fn start(url: &str) -> Self {
        let pool = database::open(&DatabaseConfig::new(SecretString::from(url), 3), "test").unwrap();
        let health = Health::default();
        let shutdown = CancellationToken::new();
        let postgres = health.dependency("postgres", Need::Required);
        tokio::spawn(database::watch(pool.clone(), postgres, shutdown.clone()));
        let service = Self { pool, health, _watching: shutdown.drop_guard() };
        service.says(true, RECOVERY).await;
        service
    }

    async fn says(&self, ready: bool, limit: Duration) {
        let mut reports = self.health.watch();
        let said = timeout(limit, reports.wait_for(|report| report.ready == ready)).await;
        assert!(said.is_ok(), "ready is not {ready} after {limit:?}: {:?}", self.health.report());
    }

    /// As many statements as there are connections, without any limit of their own.
    fn work(&self, statement: &'static str) -> tokio::task::JoinSet<bool> {
        (0..3)
            .map(|_| {
                let pool = self.pool.clone();
                async move { sqlx::query(statement).execute(&pool).await.is_ok() }
            })
            .collect()
    }

    async fn works_again(&self) {
        let since = Instant::now();
        timeout(RECOVERY, async {
            while !self.work("SELECT 1").join_all().await.into_iter().all(|done| done) {}
        })
        .await
        .expect("the statements go through again");
        self.says(true, RECOVERY.saturating_sub(since.elapsed())).await;
    }
}

async fn cluster() -> (Cluster, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Cluster::start(ClusterConfig::ephemeral(folder.path())).await.unwrap(), folder)
}

#[tokio::test]
async fn a_silent_network_is_noticed_and_forgotten_when_it_is_over() {
    let url = embedded::postgres::fresh_database("silence").await;
    let mut url: url::Url = url.parse().unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let server = tokio::net::lookup_host(server).await.unwrap().next().unwrap();
    let network = SilentProxy::start(server).await.unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(network.addr().port())).unwrap();
    let service = Service::start(url.as_str()).await;
    assert!(service.work("SELECT 1").join_all().await.into_iter().all(|done| done));

    network.silence();
    let waiting = service.work("SELECT 1");
    service.says(false, TRUTH).await;
    let ended = timeout(RECOVERY, waiting.join_all()).await.expect("no statement waits for ever");
    assert_eq!(ended, [false; 3]);

    network.restore();
    service.works_again().await;
}

#[tokio::test]
async fn a_stopped_server_is_noticed_and_used_again_when_it_goes_on() {
    let (cluster, _folder) = cluster().await;
    let service = Service::start(&cluster.url("postgres")).await;

    cluster.freeze().unwrap();
    let waiting = service.work("SELECT 1");
    service.says(false, TRUTH).await;
    let ended = timeout(RECOVERY, waiting.join_all()).await.expect("no statement waits for ever");
    assert_eq!(ended, [false; 3]);

    cluster.thaw().unwrap();
    service.works_again().await;

    cluster.freeze().unwrap();
    let since = Instant::now();
    database::close(&service.pool).await;
    assert!(since.elapsed() < Duration::from_secs(5), "a stop does not wait for the server");
    cluster.thaw().unwrap();
    cluster.stop().await;
}

#[tokio::test]
async fn a_slow_statement_is_not_taken_for_silence() {
    let url = embedded::postgres::fresh_database("slow").await;
    let service = Service::start(&url).await;
    let since = Instant::now();
    let slow = service.work("SELECT pg_sleep(12)").join_all().await;
    assert_eq!(slow, [true; 3]);
    assert!(since.elapsed() > PATIENCE + ANSWER_LIMIT, "it took longer than the patience lasts");
}

/// Lets the server speak TLS by a certificate for `127.0.0.1`, and answers that certificate.
async fn encrypted(cluster: &Cluster) -> String {
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let pool = PgPool::connect(&cluster.url("postgres")).await.unwrap();
    let files = [("server.key", own.signing_key.serialize_pem()), ("server.crt", own.cert.pem())];
    for (file, pem) in files {
        // The server writes them itself: it takes no key that another account owns or can read.
        let write = format!(
            "COPY (SELECT regexp_split_to_table('{pem}', E'\\n')) TO PROGRAM 'umask 077; cat > {file}'"
        );
        sqlx::query(sqlx::AssertSqlSafe(write)).execute(&pool).await.unwrap();
    }
    sqlx::query("ALTER SYSTEM SET ssl = on").execute(&pool).await.unwrap();
    sqlx::query("SELECT pg_reload_conf()").execute(&pool).await.unwrap();
    pool.close().await;
    own.cert.pem()
}

#[tokio::test]
async fn tls_goes_through_and_the_certificate_belongs_to_the_host_of_the_url() {
    let (cluster, folder) = cluster().await;
    let root = folder.path().join("root.crt");
    std::fs::write(&root, encrypted(&cluster).await).unwrap();
    let url = |host: &str| {
        let url = cluster.url("postgres").replace("127.0.0.1", host);
        url.replace("sslmode=disable", &format!("sslmode=verify-full&sslrootcert={}", root.display()))
    };

    let service = Service::start(&url("127.0.0.1")).await;
    let encrypted: bool = sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        .fetch_one(&service.pool)
        .await
        .unwrap();
    assert!(encrypted);

    let another =
        database::open(&DatabaseConfig::new(SecretString::from(url("localhost")), 1), "test").unwrap();
    let refused = sqlx::query("SELECT 1").execute(&another).await.unwrap_err();
    assert!(format!("{refused:?}").contains("InvalidCertificate"), "{refused:?}");
    cluster.stop().await;
}
