//! The conformance suite on the embedded broker, and on an external one where `TEST_KAFKA_BROKERS` names it.

use std::env;
use std::net::SocketAddr;

use embedded::broker::Broker;
use eventbus::conformance;
use eventbus::for_each_promise;
use eventbus_kafka::conformance::KafkaBus;

macro_rules! conforms {
    ($($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let address = SocketAddr::from(([127, 0, 0, 1], 0));
            let broker = Broker::start(address).await.expect("the embedded broker starts");
            conformance::$name(&KafkaBus::new(&broker.addr().to_string())).await;
            broker.stop().await;
            if let Ok(brokers) = env::var("TEST_KAFKA_BROKERS") {
                conformance::$name(&KafkaBus::new(&brokers)).await;
            }
        })*
    };
}

for_each_promise!(conforms);
