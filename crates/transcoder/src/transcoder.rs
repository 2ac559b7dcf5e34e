//! The service that makes REST out of gRPC.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body as HttpBody;
use prost_reflect::DescriptorPool;
use tower::Service;

use crate::body::Body;
use crate::builder::TranscoderBuilder;
use crate::deadline::Timeouts;
use crate::exchange;
use crate::metadata::Forwarding;
use crate::openapi::{self, ApiInfo};
use crate::route::Route;
use crate::router::{Lookup, Router};

/// A tower service that answers REST requests by calling gRPC services. Clones are cheap and share everything.
///
/// It takes any HTTP request and never fails: what goes wrong is answered with a [`Problem`](crate::Problem).
#[derive(Clone)]
pub struct Transcoder {
    shared: Arc<Shared>,
}

/// What all clones have in common.
pub(crate) struct Shared {
    pub(crate) router: Router<Arc<Route>>,
    /// In the order of the services and of the .proto files.
    pub(crate) routes: Vec<Arc<Route>>,
    pub(crate) forwarding: Forwarding,
    pub(crate) timeouts: Timeouts,
    pub(crate) max_body_bytes: usize,
    pub(crate) has_public_option: bool,
    pub(crate) pool: DescriptorPool,
}

/// Which route a request took. Responses carry it as an extension, for the names of spans and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRoute {
    /// The path with variables in braces, such as `/v1/books/{book_id}:archive`.
    pub path: Arc<str>,
    /// Full name of the rpc, such as `library.v1.BookService.ArchiveBook`.
    pub rpc: Arc<str>,
    /// Whether the rpc may be called without an access token.
    pub public: bool,
}

impl MatchedRoute {
    pub(crate) fn new(route: &Route) -> Self {
        Self {
            path: Arc::clone(&route.path),
            rpc: Arc::clone(&route.operation.name),
            public: route.operation.public,
        }
    }
}

impl Transcoder {
    /// Starts from an encoded `google.protobuf.FileDescriptorSet`, imports included. With source information in it,
    /// the OpenAPI document has the comments of the .proto files.
    pub fn builder(descriptor_set: impl Into<Bytes>) -> TranscoderBuilder {
        TranscoderBuilder::new(descriptor_set.into())
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// The route that a request would take.
    pub fn route(&self, method: &Method, path: &str) -> Option<MatchedRoute> {
        match self.shared.router.find(method, path) {
            Lookup::Found(route, _) => Some(MatchedRoute::new(route)),
            Lookup::WrongMethod(_) if *method == Method::HEAD => self.route(&Method::GET, path),
            Lookup::WrongMethod(_) | Lookup::UnknownVerb(_) | Lookup::NotFound => None,
        }
    }

    /// The OpenAPI 3.1 document of all routes. The same descriptors always make the same document.
    pub fn openapi(&self, info: &ApiInfo) -> serde_json::Value {
        openapi::document(&self.shared, info)
    }
}

impl<B> Service<Request<B>> for Transcoder
where
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move { Ok(exchange::answer(&shared, request).await) })
    }
}
