use http::Method;
use proptest::prelude::*;
use rstest::rstest;

use super::{Lookup, Router};
use crate::path_template::PathTemplate;

fn library(templates: &[(&str, &'static str)]) -> Router<(&'static str, PathTemplate)> {
    let mut router = Router::default();
    for (method, text) in templates {
        let template = PathTemplate::parse(text).unwrap();
        let method = (*method != "*").then(|| method.parse().unwrap());
        router.insert(&template, method, (*text, template.clone())).unwrap();
    }
    router
}

/// Answers `template field=value…`, `405 methods` or `404`.
fn find(router: &Router<(&'static str, PathTemplate)>, method: &str, path: &str) -> String {
    match router.find(&method.parse().unwrap(), path) {
        Lookup::Found((text, template), segments) => {
            template.variables.iter().fold((*text).to_owned(), |text, variable| {
                let length = template.segments.len();
                let value = segments.slice(path, &variable.segments, length, template.multi());
                format!("{text} {}={value}", variable.field)
            })
        }
        Lookup::WrongMethod(allowed) => {
            format!("405 {}", allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(","))
        }
        Lookup::UnknownVerb(verbs) => format!("404 of {}", verbs.join(",")),
        Lookup::NotFound => "404".to_owned(),
    }
}

#[rstest]
#[case("GET", "/v1/books", "/v1/books")]
#[case("GET", "/v1/books/7", "/v1/books/{id} id=7")]
#[case("GET", "/v1/books/me", "/v1/books/me")]
#[case("DELETE", "/v1/books/me", "/v1/books/{id} id=me")]
#[case("POST", "/v1/books:import", "/v1/books:import")]
#[case("POST", "/v1/books/7:archive", "/v1/books/{id}:archive id=7")]
#[case("POST", "/v1/books/7:8:archive", "/v1/books/{id}:archive id=7:8")]
#[case("GET", "/v1/books/7:archive", "405 POST")]
#[case("DELETE", "/v1/books/7:archive", "405 POST")]
#[case("OPTIONS", "/v1/books/me:archive", "405 POST")]
#[case("GET", "/v1/books/7:cancel", "404 of archive")]
#[case("GET", "/v1/files/a/b:import", "/v1/files/{path=**} path=a/b:import")]
#[case("GET", "/v1/files/a/b:cancel", "405 POST")]
#[case("GET", "/v1/books/7:", "/v1/books/{id} id=7:")]
#[case("GET", "/v1/books/7:unknown", "404 of archive")]
#[case("POST", "/v1/books/7:unknown", "404 of archive")]
#[case("DELETE", "/v1/books/7:un-known_2", "404 of archive")]
#[case("PATCH", "/v1/books/7:8:unknown", "404 of archive")]
#[case("POST", "/v1/books:unknown", "404 of import")]
#[case("GET", "/v1/books/me:unknown", "404 of archive")]
#[case("GET", "/v1/shelves/3/books:unknown", "404 of ")]
#[case("GET", "/v2/books:unknown", "404")]
#[case("GET", "/v1/books/7:8", "/v1/books/{id} id=7:8")]
#[case("GET", "/v1/books/7:un%6bnown", "/v1/books/{id} id=7:un%6bnown")]
#[case("GET", "/v1/shelves/3/books", "/v1/{parent=shelves/*}/books parent=shelves/3")]
#[case("GET", "/v1/files/a/b/c", "/v1/files/{path=**} path=a/b/c")]
#[case("GET", "/v1/files/a//c", "/v1/files/{path=**} path=a//c")]
#[case("GET", "/v1/files/", "/v1/files/{path=**} path=")]
#[case("GET", "/v1/files", "/v1/files/{path=**} path=")]
#[case("POST", "/v1/files/a/b:cancel", "/v1/files/{path=**}:cancel path=a/b")]
#[case("GET", "/v1/trees/a/b/c/leaves/9", "/v1/trees/{path=**}/leaves/{leaf} path=a/b/c leaf=9")]
#[case("GET", "/v1/trees/leaves/9", "/v1/trees/{path=**}/leaves/{leaf} path= leaf=9")]
#[case("REPORT", "/v1/any", "/v1/any")]
#[case("PUT", "/v1/books/7", "405 GET,DELETE")]
#[case("GET", "/v1/books:import", "405 POST")]
#[case("GET", "/v1/books/", "404")]
#[case("GET", "/v1/books//", "404")]
#[case("GET", "/v2/books", "404")]
#[case("GET", "/", "404")]
#[case("GET", "//", "404")]
#[case("GET", "*", "404")]
#[case("GET", "/v1/books/7/", "404")]
fn a_path_leads_to_its_route(#[case] method: &str, #[case] path: &str, #[case] expected: &str) {
    let router = library(&[
        ("GET", "/v1/books"),
        ("GET", "/v1/books/{id}"),
        ("DELETE", "/v1/books/{id}"),
        ("GET", "/v1/books/me"),
        ("POST", "/v1/books:import"),
        ("POST", "/v1/books/{id}:archive"),
        ("GET", "/v1/{parent=shelves/*}/books"),
        ("GET", "/v1/files/{path=**}"),
        ("POST", "/v1/files/{path=**}:cancel"),
        ("GET", "/v1/trees/{path=**}/leaves/{leaf}"),
        ("*", "/v1/any"),
    ]);
    assert_eq!(find(&router, method, path), expected);
}

#[test]
fn two_routes_for_the_same_paths_and_method_conflict() {
    let mut router = Router::default();
    let first = PathTemplate::parse("/v1/books/{id}").unwrap();
    let second = PathTemplate::parse("/v1/books/{name=*}").unwrap();
    router.insert(&first, Some(Method::GET), "first").unwrap();
    assert_eq!(router.insert(&second, Some(Method::GET), "second"), Err(&"first"));
    assert_eq!(router.insert(&second, Some(Method::PUT), "third"), Ok(()));
}

#[test]
fn without_custom_verbs_a_colon_is_a_part_of_a_value() {
    let router = library(&[("GET", "/v1/books/{id}")]);
    assert_eq!(find(&router, "GET", "/v1/books/urn:isbn"), "/v1/books/{id} id=urn:isbn");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_path_makes_the_router_panic(path in "[/a-c:*{}]{0,30}") {
        let router = library(&[
            ("GET", "/a/{x}"),
            ("GET", "/{x=a/**}/b"),
            ("GET", "/{x=**}:c"),
            ("GET", "/a/b/{y.z=*}:c"),
        ]);
        find(&router, "GET", &path);
    }
}
