use prost_reflect::{DynamicMessage, Value};
use rstest::rstest;
use serde_json::json;

use crate::library::{Library, Reply, pool};

#[tokio::test]
async fn fields_without_presence_are_always_written_and_others_when_set() {
    let library = Library::start().await;
    library.reply(Reply::Message(json!({"title": "Moomin", "author": {}})));
    let answer = library.get("/v1/books/b").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let expected = concat!(
        r#"{"name":"","title":"Moomin","author":{"name":"","email":""},"tags":[],"colour":"COLOUR_UNSPECIFIED","#,
        r#""pages":0,"copies_sold":"0","notes":{},"isbn10":""}"#
    );
    assert_eq!(answer.text(), expected);
}

#[rstest]
#[case("GET", "/v1/books/b", 200)]
#[case("POST", "/v1/shelves/a/books", 201)]
#[case("POST", "/v1/shelves/a/books/b:archive", 202)]
#[case("DELETE", "/v1/books/b", 204)]
#[tokio::test]
async fn success_has_the_status_that_the_method_declares(
    #[case] method: &str,
    #[case] path: &str,
    #[case] status: u16,
) {
    let library = Library::start().await;
    let answer = library.json(method, path, "{}").await;
    assert_eq!(answer.status, status);
    assert_eq!(answer.body.is_empty(), status == 204);
    assert_eq!(answer.header("content-type").is_none(), status == 204);
}

#[tokio::test]
async fn a_part_of_the_answer_can_be_the_body() {
    let library = Library::start().await;
    library.reply(Reply::Message(json!({"books": [{"title": "Moomin"}], "next_page_token": "x"})));
    let books = library.get("/v1/books:search").await.json();
    assert_eq!((books[0]["title"].as_str(), books.as_array().map(Vec::len)), (Some("Moomin"), Some(1)));

    library.reply(Reply::Message(json!({})));
    assert_eq!(library.get("/v1/books:search").await.text(), "[]");

    library.reply(Reply::Message(json!({})));
    assert_eq!(library.json("PATCH", "/v1/shelves/a/books/b", "{}").await.text(), "null");
}

#[tokio::test]
async fn raw_bytes_are_answered_as_they_are() {
    let library = Library::start().await;
    library.reply(Reply::Message(json!({"content_type": "text/plain; charset=utf-8", "data": "4pyT"})));
    let answer = library.get("/v1/shelves/a/books/b:download").await;
    assert_eq!((answer.header("content-type"), answer.text()), (Some("text/plain; charset=utf-8"), "✓"));

    library.reply(Reply::Message(json!({"content_type": "broken\n", "data": ""})));
    let answer = library.get("/v1/shelves/a/books/b:download").await;
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
}

#[rstest]
#[case("timestamp", i64::MAX, 0, "9999-12-31T23:59:59.999999999Z")]
#[case("timestamp", 253_402_300_800, 5, "9999-12-31T23:59:59.999999999Z")]
#[case("timestamp", i64::MIN, 0, "0001-01-01T00:00:00Z")]
#[case("timestamp", 0, -1, "1970-01-01T00:00:00Z")]
#[case("timestamp", 0, i32::MAX, "1970-01-01T00:00:00.999999999Z")]
#[case("duration", i64::MAX, 0, "315576000000.999999999s")]
#[case("duration", i64::MIN, 0, "-315576000000.999999999s")]
#[case("duration", 1, -5, "1s")]
#[case("duration", -1, i32::MAX, "-1s")]
#[tokio::test]
async fn a_value_that_json_has_no_room_for_is_answered_as_the_nearest_one(
    #[case] name: &str,
    #[case] seconds: i64,
    #[case] nanos: i32,
    #[case] expected: &str,
) {
    let descriptor = pool().get_message_by_name("library.v1.Kinds").unwrap();
    let mut message = DynamicMessage::new(descriptor);
    message.set_field_by_name("a_string", Value::String("the rest".to_owned()));
    let inner = message.get_field_by_name_mut(name).unwrap().as_message_mut().unwrap();
    inner.set_field_by_number(1, Value::I64(seconds));
    inner.set_field_by_number(2, Value::I32(nanos));
    let library = Library::start().await;
    library.reply(Reply::Dynamic(message));
    let answer = library.get("/v1/kinds").await;
    assert_eq!((answer.status, answer.json()["a_string"].as_str()), (200, Some("the rest")));
    assert_eq!(answer.json()[name], expected);
}

#[rstest]
#[case("any", &[(1, Value::String("x/no.such.Type".to_owned())), (2, Value::Bytes("ab".into()))], json!({"@type": "x/no.such.Type", "value": "YWI="}))]
#[case("any", &[(1, Value::String("x/library.v1.Kinds".to_owned())), (2, Value::Bytes("\x07".into()))], json!({"@type": "x/library.v1.Kinds", "value": "Bw=="}))]
#[case("any", &[(1, Value::String("nothing".to_owned()))], json!({"@type": "nothing", "value": ""}))]
#[case("value", &[(2, Value::F64(f64::NAN))], json!(null))]
#[tokio::test]
async fn what_cannot_be_read_costs_itself_only(
    #[case] name: &str,
    #[case] fields: &[(u32, Value)],
    #[case] expected: serde_json::Value,
) {
    let mut message = DynamicMessage::new(pool().get_message_by_name("library.v1.Kinds").unwrap());
    let inner = message.get_field_by_name_mut(name).unwrap().as_message_mut().unwrap();
    for (number, value) in fields {
        inner.set_field_by_number(*number, value.clone());
    }
    let library = Library::start().await;
    library.reply(Reply::Dynamic(message));
    let answer = library.get("/v1/kinds").await;
    assert_eq!((answer.status, &answer.json()[name]), (200, &expected));
}

#[tokio::test]
async fn all_kinds_come_back_as_they_went() {
    let library = Library::start().await;
    let body = json!({
        "a_bool": true, "an_int32": -1, "a_sint32": -2, "a_sfixed32": -3, "a_uint32": 1, "a_fixed32": 2,
        "an_int64": "-1", "a_sint64": "-2", "a_sfixed64": "-3", "a_uint64": "18446744073709551615", "a_fixed64": "1",
        "a_float": 1.5, "a_double": "NaN", "a_string": "a\"b\u{1}", "some_bytes": "AP8=", "colour": "COLOUR_BLUE",
        "child": {"a_float": "Infinity", "a_double": 1e300}, "maybe_int32": 0, "maybe_string": "",
        "maybe_colour": "COLOUR_UNSPECIFIED", "many_int32": [1, 2], "many_string": ["a"],
        "many_colour": ["COLOUR_RED", 7], "many_child": [{}], "many_timestamp": ["1969-12-31T23:59:59.500Z"],
        "by_string": {"b": "2", "a": "1"}, "by_int32": {"-1": {}}, "by_int64": {"5": 0.5},
        "by_uint64": {"6": "COLOUR_RED"}, "by_bool": {"true": ""}, "choice_null": null,
        "timestamp": "0001-01-01T00:00:00Z", "duration": "-0.500s", "field_mask": "a_bool,child.a_float",
        "struct": {"a": [1, null, "x", {"b": true}]}, "value": null, "list": [[]],
        "any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}, "empty": {},
        "bool_value": false, "int32_value": 0, "uint32_value": 1, "int64_value": "2", "uint64_value": "3",
        "float_value": 0.25, "double_value": "-Infinity", "string_value": "", "bytes_value": "AA==",
    });
    let answer = library.json("POST", "/v1/kinds", &body.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    for (name, value) in body.as_object().unwrap() {
        if !matches!(name.as_str(), "child" | "many_child" | "by_int32" | "struct" | "list") {
            assert_eq!(&answer[name], value, "{name}");
        }
    }
    assert_eq!(answer["child"]["a_float"], "Infinity");
    assert_eq!(answer["struct"], json!({"a": [1.0, null, "x", {"b": true}]}));
}
