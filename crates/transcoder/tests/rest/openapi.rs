use std::collections::HashSet;

use serde_json::Value;
use tonic::transport::Channel;
use transcoder::{ApiInfo, Transcoder};

use crate::library::{SERVICE, builder, descriptor_set};

fn document() -> Value {
    let channel = Channel::from_static("http://127.0.0.1:1").connect_lazy();
    let info = ApiInfo {
        title: "Library".to_owned(),
        version: "1.0.0".to_owned(),
        description: "Books and shelves.".to_owned(),
        license: Some("MIT"),
        servers: vec!["/".to_owned()],
    };
    builder(channel).build().unwrap().openapi(&info)
}

#[tokio::test]
async fn the_document_describes_all_routes() {
    insta::assert_json_snapshot!(document());
}

#[tokio::test]
async fn the_document_is_always_the_same() {
    assert_eq!(document().to_string(), document().to_string());
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_operation_id_is_unique() {
    let document = document();
    let mut ids = HashSet::new();
    visit(&document, &mut |key, value| {
        if let ("$ref", Some(reference)) = (key, value.as_str()) {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some_and(|target| !target.is_null()), "{reference}");
        }
        if let ("operationId", Some(id)) = (key, value.as_str()) {
            assert!(ids.insert(id.to_owned()), "{id}");
        }
    });
    assert!(ids.len() > 10);
}

#[tokio::test]
async fn every_parameter_of_a_path_is_described() {
    let document = document();
    for (path, item) in document["paths"].as_object().unwrap() {
        let expected: Vec<_> =
            path.split('{').skip(1).map(|part| part.split('}').next().unwrap().to_owned()).collect();
        for operation in item.as_object().unwrap().values() {
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let names: Vec<_> = in_path.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(names, expected, "{path}");
        }
    }
}

#[tokio::test]
async fn no_two_paths_differ_in_the_names_of_parameters_only() {
    let mut shapes = HashSet::new();
    for path in document()["paths"].as_object().unwrap().keys() {
        let shape = path.split('/').map(|part| match part.split_once('}') {
            Some((_, verb)) => format!("{{}}{verb}"),
            None => part.to_owned(),
        });
        assert!(shapes.insert(shape.collect::<Vec<_>>()), "{path}");
    }
}

#[tokio::test]
async fn without_a_public_option_there_is_no_word_of_tokens() {
    let channel = Channel::from_static("http://127.0.0.1:1").connect_lazy();
    let transcoder = Transcoder::builder(descriptor_set()).service(SERVICE, channel).build().unwrap();
    let info = ApiInfo {
        title: String::new(),
        version: String::new(),
        description: String::new(),
        license: None,
        servers: Vec::new(),
    };
    assert!(!transcoder.openapi(&info).to_string().contains("bearer"));
}

fn visit(value: &Value, look: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                look(key, member);
                visit(member, look);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| visit(element, look)),
        _ => {}
    }
}
