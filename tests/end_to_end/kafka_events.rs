//! Kafka as a consumer sees it that nobody here wrote: values by the .proto files, CloudEvents headers, trace context.

use std::time::Duration;

use fitness_proto::fitness::user::v1::{OneTimeCodeIssued, UserRegistered};
use prost::Message as _;

use crate::harness::{Account, Api, Inbox, Record, read_topic, shared};

#[tokio::test]
async fn an_outside_consumer_reads_the_events_with_the_proto_files_alone() {
    let system = shared().await;
    let (api, inbox): (Api, Inbox) = (system.api(), system.inbox());
    let account = Account::new("en");
    let trace_id = uuid::Uuid::now_v7().simple().to_string();
    let response = api
        .request("POST", "/v1/auth/register")
        .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"))
        .json(&account.registration())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 202);
    let mail = inbox.wait_for(&account.email, 1, Duration::from_secs(10)).await.remove(0);
    assert_eq!(mail.header("X-Trace-Id"), trace_id);

    let of_this_trace =
        |record: &Record| record.headers.get("traceparent").is_some_and(|t| t.contains(&trace_id));
    let records = read_topic(system.kafka(), "fitness.user.events", |records| {
        records.iter().filter(|record| of_this_trace(record)).count() == 2
    })
    .await;
    let records: Vec<_> = records.into_iter().filter(of_this_trace).collect();

    let registered = UserRegistered::decode(records[0].payload.as_slice()).unwrap();
    assert_eq!(registered.email, account.email);
    let issued = OneTimeCodeIssued::decode(records[1].payload.as_slice()).unwrap();
    let types = ["fitness.user.v1.UserRegistered", "fitness.user.v1.OneTimeCodeIssued"];
    for (record, event_type) in records.iter().zip(types) {
        let header = |name: &str| record.headers.get(name).unwrap_or_else(|| panic!("no {name}")).as_str();
        assert_eq!(record.key, registered.user_id);
        assert_eq!(header("ce_specversion"), "1.0");
        assert_eq!(header("ce_type"), event_type);
        assert_eq!(header("content-type"), "application/protobuf");
        assert_eq!(uuid::Uuid::parse_str(header("ce_id")).unwrap().get_version_num(), 7);
        assert!(!header("ce_source").is_empty());
        assert!(header("ce_time").contains('T'));
        assert!(
            record.headers.values().all(|value| !value.contains(&account.email)),
            "no address in a header"
        );
    }

    let code = mail.code();
    let sealed = issued.sealed_code.unwrap();
    assert!(!sealed.key_id.is_empty());
    let readable = |record: &&Record| record.payload.windows(6).any(|window| window == code.as_bytes());
    assert!(!records.iter().any(|record| readable(&record)), "the code is readable on the topic");
    let address = account.email.as_bytes();
    let holders = records.iter().filter(|record| record.payload.windows(address.len()).any(|w| w == address));
    assert_eq!(holders.count(), 1, "the address is only where the event is about it");
}
