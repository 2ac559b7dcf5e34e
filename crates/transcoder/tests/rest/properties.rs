//! Whatever a client sends, the fault is the client's.

use http::Request;
use http_body_util::Full;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::library::Library;

/// Runs a property over requests against one server.
fn no_request_is_a_server_error(strategy: impl Strategy<Value = Request<Full<bytes::Bytes>>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let library = runtime.block_on(Library::start());
    let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, ..Config::default() });
    let result = runner.run(&strategy, |request| {
        let text = format!("{} {} {:?}", request.method(), request.uri(), request.body());
        let answer = runtime.block_on(library.send(request));
        prop_assert!(answer.status < 500, "{text}: {answer:?}");
        Ok(())
    });
    result.unwrap();
}

fn post(body: Vec<u8>) -> Request<Full<bytes::Bytes>> {
    let request = Request::post("/v1/kinds").header("content-type", "application/json");
    request.body(Full::from(body)).unwrap()
}

#[test]
fn arbitrary_bytes_as_a_body_are_never_a_server_error() {
    no_request_is_a_server_error(proptest::collection::vec(any::<u8>(), 0..200).prop_map(post));
}

#[test]
fn arbitrary_json_as_a_body_is_never_a_server_error() {
    no_request_is_a_server_error(json().prop_map(|body| post(body.to_string().into_bytes())));
}

#[test]
fn arbitrary_paths_and_queries_are_never_a_server_error() {
    let segment = prop_oneof![
        Just("v1".to_owned()),
        Just("books".to_owned()),
        Just("shelves".to_owned()),
        Just("files".to_owned()),
        Just("kinds".to_owned()),
        "[a-z%0-9:.~-]{0,6}",
        "(%[0-9a-f]{2}){0,4}",
    ];
    let name =
        prop_oneof![field_name(), field_name().prop_map(|name| format!("child.{name}")), "[a-z._%]{0,8}"];
    let pair = (name, "[ -~]{0,12}").prop_map(|(name, value)| {
        let value = value.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        format!("{name}={value}")
    });
    let path =
        proptest::collection::vec(segment, 0..6).prop_map(|segments| format!("/{}", segments.join("/")));
    let path = prop_oneof![Just("/v1/kinds".to_owned()), path];
    let method = prop_oneof![Just("GET"), Just("POST"), Just("PATCH"), Just("PUT"), Just("DELETE")];
    let request = (method, path, proptest::collection::vec(pair, 0..4)).prop_filter_map(
        "not a URI",
        |(method, path, pairs)| {
            let uri = format!("{path}?{}", pairs.join("&"));
            // The one path that is 501 for all.
            let stream = path.ends_with("books:watch");
            Request::builder().method(method).uri(uri).body(Full::default()).ok().filter(|_| !stream)
        },
    );
    no_request_is_a_server_error(request);
}

fn field_name() -> impl Strategy<Value = String> {
    let descriptor = crate::library::pool().get_message_by_name("library.v1.Kinds").unwrap();
    let names: Vec<_> = descriptor.fields().map(|field| field.name().to_owned()).collect();
    proptest::sample::select(names)
}

/// JSON whose keys are often fields, so that it gets past the first of them.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
        "-?[0-9]{1,12}s".prop_map(Into::into),
        "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](Z|[+-][0-9]{2}:[0-9]{2})"
            .prop_map(Into::into),
        "[A-Za-z0-9+/]{0,8}={0,2}".prop_map(Into::into),
        Just("COLOUR_RED".into()),
        Just("type.googleapis.com/library.v1.Kinds".into()),
    ];
    let key = prop_oneof![4 => field_name(), 1 => Just("@type".to_owned()), 1 => ".{0,4}"];
    let value = leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::vec((key.clone(), inner), 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    (field_name(), value).prop_map(|(name, value)| serde_json::json!({ name: value }))
}
