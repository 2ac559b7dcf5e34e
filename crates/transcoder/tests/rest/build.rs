//! Faults that are found before the first request.

use std::error::Error as _;

use rstest::rstest;
use tonic::transport::Channel;
use transcoder::{BuildError, Transcoder};

use crate::library::{SERVICE, builder, descriptor_set};

fn channel() -> Channel {
    Channel::from_static("http://127.0.0.1:1").connect_lazy()
}

/// Compiles a service with the given rpcs, and builds a transcoder for it.
fn build(rpcs: &str) -> Result<Transcoder, BuildError> {
    let source = format!(
        r#"syntax = "proto3";
        package shop.v1;
        import "google/api/annotations.proto";
        import "library/v1/options.proto";
        service Shop {{ {rpcs} }}
        message Request {{ string id = 1; repeated string ids = 2; Request inner = 3; map<string, string> tags = 4; }}
        "#
    );
    let root = env!("CARGO_MANIFEST_DIR");
    let mut resolver = protox::file::ChainFileResolver::new();
    resolver.add(protox::file::IncludeFileResolver::new(format!("{root}/tests/proto").into()));
    resolver.add(protox::file::IncludeFileResolver::new(format!("{root}/../../proto").into()));
    resolver.add(protox::file::GoogleFileResolver::new());
    resolver.add(Source(source));
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file("shop.proto").unwrap();
    Transcoder::builder(compiler.encode_file_descriptor_set())
        .service("shop.v1.Shop", channel())
        .success_status_option("library.v1.success")
        .build()
}

struct Source(String);

impl protox::file::FileResolver for Source {
    fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
        if name == "shop.proto" {
            return protox::file::File::from_source(name, &self.0);
        }
        Err(protox::Error::file_not_found(name))
    }
}

fn rpc(name: &str, rule: &str) -> String {
    format!("rpc {name}(Request) returns (Request) {{ option (google.api.http) = {{ {rule} }}; }}")
}

#[rstest]
#[case(r#"get: "/v1/{id""#, "shop.v1.Shop.Get: the path /v1/{id has a variable that is not closed")]
#[case(r#"get: "/v1/{name}""#, "shop.v1.Shop.Get: the field name of the path is not known here")]
#[case(r#"get: "/v1/{inner.name}""#, "shop.v1.Shop.Get: the field inner.name of the path is not known here")]
#[case(r#"get: "/v1/{ids}""#, "shop.v1.Shop.Get: the field ids of the path is repeated")]
#[case(
    r#"get: "/v1/{tags}""#,
    "shop.v1.Shop.Get: the field tags of the path is no field that takes a single value"
)]
#[case(
    r#"get: "/v1/{inner}""#,
    "shop.v1.Shop.Get: the field inner of the path is no field that takes a single value"
)]
#[case(r#"post: "/v1" body: "thing""#, "shop.v1.Shop.Get: the field thing of the body is not known here")]
#[case(
    r#"get: "/v1" response_body: "thing""#,
    "shop.v1.Shop.Get: the field thing of the response body is not known here"
)]
#[case(r#"body: "*""#, "shop.v1.Shop.Get: the http rule has no usable method and path")]
#[case(
    r#"custom { kind: "NOT A METHOD" path: "/v1" }"#,
    "shop.v1.Shop.Get: the http rule has no usable method and path"
)]
#[tokio::test]
async fn a_faulty_annotation_is_named(#[case] rule: &str, #[case] message: &str) {
    assert_eq!(build(&rpc("Get", rule)).err().unwrap().to_string(), message);
}

#[tokio::test]
async fn two_rpcs_for_the_same_requests_are_a_conflict() {
    let rpcs = [rpc("Get", r#"get: "/v1/{id}""#), rpc("Find", r#"get: "/v1/{inner.id=*}""#)].concat();
    let error = build(&rpcs).err().unwrap().to_string();
    assert_eq!(error, "shop.v1.Shop.Find: GET /v1/{inner.id} is taken by shop.v1.Shop.Get");
}

#[tokio::test]
async fn a_success_status_must_mean_success() {
    let rpc = r#"rpc Get(Request) returns (Request) {
        option (google.api.http) = { get: "/v1" };
        option (library.v1.success) = 404;
    }"#;
    assert_eq!(build(rpc).err().unwrap().to_string(), "shop.v1.Shop.Get: 404 is no success status");
}

#[tokio::test]
async fn a_method_of_any_kind_may_be_bound() {
    assert!(build(&rpc("Get", r#"custom { kind: "*" path: "/v1/{id}" }"#)).is_ok());
}

#[tokio::test]
async fn what_the_builder_names_must_exist() {
    let error = Transcoder::builder(descriptor_set()).service("no.Service", channel()).build().err().unwrap();
    assert_eq!(error.to_string(), "there is no service no.Service in the descriptor set");
    let error = builder(channel()).public_option("library.v1.success").build().err().unwrap();
    assert_eq!(error.to_string(), "there is no option library.v1.success of type bool");
    let error = builder(channel()).success_status_option("nothing").build().err().unwrap();
    assert_eq!(error.to_string(), "there is no option nothing of type int32");
    let error = builder(channel()).forward_header("grpc-timeout").build().err().unwrap();
    assert_eq!(error.to_string(), "the header grpc-timeout cannot be forwarded");
}

#[tokio::test]
async fn bytes_that_are_no_descriptor_set_are_refused() {
    let error = Transcoder::builder(&b"\xff"[..]).service(SERVICE, channel()).build().err().unwrap();
    assert_eq!(error.to_string(), "the descriptor set cannot be read");
    assert!(error.source().is_some());
    let error = Transcoder::builder(&b""[..]).service(SERVICE, channel()).build().err().unwrap();
    assert_eq!(error.to_string(), "the descriptor set has no google.api.http option");
}
