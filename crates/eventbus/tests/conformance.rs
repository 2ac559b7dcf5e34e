//! The conformance suite on the embedded broker, and on an external one where `TEST_KAFKA_BROKERS` names it.

use std::env;
use std::net::SocketAddr;

use embedded::broker::Broker;
use eventbus::conformance::{self, KafkaBus};

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

conforms! {
    a_batch_is_acknowledged_in_its_order
    a_refused_record_blocks_its_key_alone
    the_trace_context_survives
    records_of_a_key_keep_their_order
    a_crash_before_the_commit_repeats_the_records
    a_group_resumes_where_it_committed
    a_retry_holds_back_its_key_alone
    a_panic_is_a_retry
    ten_thousand_records_arrive
    a_rejected_record_becomes_a_dead_letter
    an_exhausted_record_becomes_a_dead_letter
    an_undecodable_record_becomes_a_dead_letter
    members_share_the_partitions
    a_leaving_member_is_replaced_at_once
}
