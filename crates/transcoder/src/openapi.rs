//! The OpenAPI 3.1 document, made from the same routes and descriptors that requests are served with.

mod comments;
mod direction;
mod operation;
mod presence;
mod responses;
mod rules;
mod schema;

use std::collections::{BTreeSet, HashMap};

use http::Method;
use serde_json::{Map, Value, json};

use self::comments::Comments;
use self::operation::Operations;
use self::schema::Schemas;
use crate::path_template::PathPart;
use crate::route::Route;
use crate::transcoder::Shared;

/// What the descriptors do not say about an API.
#[derive(Clone, Debug)]
pub struct ApiInfo {
    /// Name of the API.
    pub title: String,
    /// Version of the document.
    pub version: String,
    /// What the API is for, in Markdown.
    pub description: String,
    /// SPDX identifier of the licence.
    pub license: Option<&'static str>,
    /// Where the API is, as URLs that may be relative to that of the document.
    pub servers: Vec<String>,
}

/// The methods that a path item can have; OpenAPI 3.1 has no place for others.
const METHODS: [Method; 8] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::OPTIONS,
    Method::HEAD,
    Method::PATCH,
    Method::TRACE,
];

/// Makes the document. Paths and tags are in the order of the services, schemas are sorted by name.
pub(crate) fn document(shared: &Shared, info: &ApiInfo) -> Value {
    let comments = Comments::new(&shared.pool);
    let schemas = Schemas::new(shared, &comments);
    let mut operations = Operations::new(schemas, shared.has_public_option);
    let mut paths = Map::new();
    let mut by_shape: HashMap<String, &Route> = HashMap::new();
    for route in &shared.routes {
        let Some(method) = route.method.as_ref().filter(|method| METHODS.contains(method)) else { continue };
        // Two paths that differ in the names of parameters only are the same path to OpenAPI; the first names stay.
        let named = *by_shape.entry(shape(route)).or_insert(route);
        let item = paths.entry(named.path.to_string()).or_insert_with(|| json!({}));
        item[method.as_str().to_ascii_lowercase()] = operations.operation(route, named);
    }
    let mut components = json!({
        "schemas": operations.into_schemas(),
        "responses": responses::components(),
    });
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": info.title, "version": info.version, "description": info.description },
        "servers": info.servers.iter().map(|url| json!({ "url": url })).collect::<Vec<_>>(),
        "tags": tags(shared, &comments),
        "paths": paths,
    });
    if let Some(license) = info.license {
        document["info"]["license"] = json!({ "name": license, "identifier": license });
    }
    if shared.has_public_option {
        components["securitySchemes"] = json!({
            "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
        });
        document["security"] = json!([{ "bearer": [] }]);
    }
    document["components"] = components;
    document
}

/// The path with all parameters alike.
fn shape(route: &Route) -> String {
    let parts = route.template.parts().into_iter().map(|part| match part {
        PathPart::Literal(text) => text.to_owned(),
        PathPart::Parameter { .. } => "{}".to_owned(),
    });
    format!("{}:{}", parts.collect::<Vec<_>>().join("/"), route.template.verb.as_deref().unwrap_or_default())
}

fn tags(shared: &Shared, comments: &Comments) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let services = shared.routes.iter().map(|route| route.operation.rpc.parent_service().clone());
    let services = services.filter(|service| seen.insert(service.full_name().to_owned()));
    let tag = |service: prost_reflect::ServiceDescriptor| {
        let comment = comments.of(&service.parent_file(), service.path());
        json!({ "name": service.name(), "description": comment.unwrap_or_default() })
    };
    services.map(tag).collect()
}
