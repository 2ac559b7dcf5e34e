use rstest::rstest;
use serde_json::{Value, json};

use crate::library::Library;

#[rstest]
#[case("", json!({}))]
#[case("&&", json!({}))]
#[case("page_size=7", json!({"page_size": 7}))]
#[case("pageSize=7&page_token=a%26b+c", json!({"page_size": 7, "page_token": "a&b c"}))]
#[case("filter.author=Tove", json!({"filter": {"author": "Tove"}}))]
#[case("filter.colours=COLOUR_RED&filter.colours=-2", json!({"filter": {"colours": ["COLOUR_RED", "COLOUR_BLUE"]}}))]
#[case("filter.published_after=2031-05-01T09:30:00Z", json!({"filter": {"published_after": "2031-05-01T09:30:00Z"}}))]
#[case("filter.publishedAfter=2031-05-01T09:30:00.5%2B02:00", json!({"filter": {"published_after": "2031-05-01T07:30:00.500Z"}}))]
#[case("filter.max_pages=0", json!({"filter": {"max_pages": 0}}))]
#[case("filter.reading_time=1.5s", json!({"filter": {"reading_time": "1.500s"}}))]
#[case("filter.available=false", json!({"filter": {"available": false}}))]
#[case("filter.cover_hash=-_8", json!({"filter": {"cover_hash": "+/8="}}))]
#[case("filter.cover_hash=%2B/8=", json!({"filter": {"cover_hash": "+/8="}}))]
#[case("filter.rating=4.5", json!({"filter": {"rating": 4.5}}))]
#[case("filter.rating=-Infinity", json!({"filter": {"rating": "-Infinity"}}))]
#[case("filter.sold=18446744073709551615", json!({"filter": {"sold": "18446744073709551615"}}))]
#[case("filter.also.also.author=Tove", json!({"filter": {"also": {"also": {"author": "Tove"}}}}))]
#[case("filter.room=a", json!({"filter": {"room": "a"}}))]
#[case("read_mask=title,author.name", json!({"read_mask": "title,author.name"}))]
#[case("order_by=title&orderBy=pages", json!({"order_by": ["title", "pages"]}))]
#[tokio::test]
async fn a_query_fills_the_fields_it_names(#[case] query: &str, #[case] expected: Value) {
    let library = Library::start().await;
    let answer = library.get(&format!("/v1/books:search?{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(library.call().json(), expected);
}

#[rstest]
#[case("colour=red", "colour: is not known here")]
#[case("filter.colour=red", "filter.colour: is not known here")]
#[case("filter.author.name=a", "filter.author.name: is not known here")]
#[case("filter.max_pages.value=1", "filter.max_pages.value: is not known here")]
#[case("filter=a", "filter: is no field that takes a single value")]
#[case("filter.notes=a", "filter.notes: is no field that takes a single value")]
#[case("=a", ": is not known here")]
#[case("page_size", "page_size: must be a 32-bit integer")]
#[case("page_size=many", "page_size: must be a 32-bit integer")]
#[case("page_size=2147483648", "page_size: must be a 32-bit integer")]
#[case("page_size=1&page_size=2", "page_size: is given twice")]
#[case("filter.available=yes", "filter.available: must be true or false")]
#[case("filter.rating=inf", "filter.rating: must be a number")]
#[case("filter.rating=1e999", "filter.rating: must be a number")]
#[case("filter.sold=-1", "filter.sold: must be an unsigned 64-bit integer")]
#[case("filter.cover_hash=$", "filter.cover_hash: must be bytes in base64")]
#[case("filter.reading_time=1h", "filter.reading_time: must be a duration in seconds such as 1.5s")]
#[case(
    "filter.published_after=2031-05-01",
    "filter.published_after: must be a time such as 2031-05-01T09:30:00Z (RFC 3339)"
)]
#[case("filter.colours=PINK", "filter.colours: must be one of COLOUR_UNSPECIFIED, COLOUR_RED, COLOUR_BLUE")]
#[case("filter.floor=1&filter.room=a", "filter.room: must not be given together with floor")]
#[case("read_mask=a%20b", "read_mask: must be field names separated by commas")]
#[case("page_token=%ff", "query: is not UTF-8 in percent-encoding")]
#[tokio::test]
async fn a_query_that_fits_no_field_is_refused(#[case] query: &str, #[case] violation: &str) {
    let library = Library::start().await;
    let answer = library.get(&format!("/v1/books:search?{query}")).await;
    assert_eq!(answer.violations(), [violation]);
    assert!(!library.was_called());
}

#[tokio::test]
async fn two_spellings_of_a_field_are_one_field() {
    let library = Library::start().await;
    let answer = library.get("/v1/books:search?page_size=1&pageSize=2").await;
    assert_eq!(answer.violations(), ["pageSize: is given twice"]);
}

#[tokio::test]
async fn everything_wrong_with_a_query_is_said_at_once() {
    let library = Library::start().await;
    let answer = library.get("/v1/books:search?a=1&page_size=x&filter.rating=y").await;
    let expected =
        ["a: is not known here", "page_size: must be a 32-bit integer", "filter.rating: must be a number"];
    assert_eq!(answer.violations(), expected);
}

#[rstest]
#[case("GET", "/v1/shelves/a/books?parent=shelves/b", "parent: is taken from the path")]
#[case("POST", "/v1/shelves/a/books?book.title=b", "book.title: belongs in the body")]
#[case("POST", "/v1/kinds?a_string=b", "a_string: belongs in the body")]
#[tokio::test]
async fn what_the_path_or_the_body_gives_cannot_come_from_the_query(
    #[case] method: &str,
    #[case] path: &str,
    #[case] violation: &str,
) {
    let library = Library::start().await;
    let answer = library.json(method, path, "{}").await;
    assert_eq!(answer.violations(), [violation]);
}

#[tokio::test]
async fn a_query_cannot_nest_without_end() {
    let library = Library::start().await;
    let name = format!("filter{}.author", ".also".repeat(5000));
    let answer = library.get(&format!("/v1/books:search?{name}=a")).await;
    let violations = answer.violations();
    assert!(violations[0].ends_with(": is nested too deeply") && violations[0].len() < 100, "{violations:?}");
}

#[tokio::test]
async fn fields_beside_a_body_field_come_from_the_query() {
    let library = Library::start().await;
    let answer = library.json("POST", "/v1/shelves/a/books?book_id=7", r#"{"title": "Moomin"}"#).await;
    assert_eq!(answer.status, 201);
    let expected = json!({"parent": "shelves/a", "book_id": "7", "book": {"title": "Moomin"}});
    assert_eq!(library.call().json(), expected);
}
