use eventbus::conformance;
use eventbus::for_each_promise;
use eventbus_kafka::conformance::KafkaBus;

macro_rules! conforms {
    ($($name:ident)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let broker = crate::shared_broker().await;
            conformance::$name(&KafkaBus::new(&broker.addr().to_string())).await;
        })*
    };
}

for_each_promise!(conforms);
