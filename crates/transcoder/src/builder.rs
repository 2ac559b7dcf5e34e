//! Putting a transcoder together.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as HttpBody;
use prost_reflect::DescriptorPool;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt as _};

use crate::annotations::{Annotations, OptionNames};
use crate::backend::Backend;
use crate::build_error::BuildError;
use crate::deadline::Timeouts;
use crate::metadata::Forwarding;
use crate::route::{Operation, Route};
use crate::router::Router;
use crate::transcoder::{Shared, Transcoder};

const DEFAULT_MAX_BODY_BYTES: usize = 1024 * 1024;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Collects what a [`Transcoder`] needs. Faults are reported by [`TranscoderBuilder::build`].
pub struct TranscoderBuilder {
    descriptor_set: Bytes,
    services: Vec<(String, Backend)>,
    max_body_bytes: usize,
    default_timeout: Duration,
    max_timeout: Option<Duration>,
    options: OptionNames,
    forwarded_headers: Vec<String>,
    returned_metadata: Vec<String>,
}

impl TranscoderBuilder {
    pub(crate) fn new(descriptor_set: Bytes) -> Self {
        Self {
            descriptor_set,
            services: Vec::new(),
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            default_timeout: DEFAULT_TIMEOUT,
            max_timeout: None,
            options: OptionNames::default(),
            forwarded_headers: Vec::new(),
            returned_metadata: Vec::new(),
        }
    }

    /// Adds the REST paths of a service, by its full name, and where its calls go: a tonic `Channel`, or any other
    /// client transport.
    #[must_use]
    pub fn service<S, B>(mut self, name: impl Into<String>, backend: S) -> Self
    where
        S: Service<http::Request<tonic::body::Body>, Response = http::Response<B>>,
        S: Clone + Send + Sync + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send + 'static,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let backend = backend
            .map_response(|response: http::Response<B>| response.map(tonic::body::Body::new))
            .map_err(|error| tonic::Status::from_error(error.into()));
        self.services.push((name.into(), BoxCloneSyncService::new(backend)));
        self
    }

    /// Sets how large the body of a request may be; 1 MiB if not set.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets how long a call may take if the client does not say; 30 seconds if not set.
    #[must_use]
    pub fn default_timeout(mut self, timeout: Duration) -> Self {
        self.default_timeout = timeout;
        self
    }

    /// Sets how long a call may take if the client asks by `Grpc-Timeout`; the default timeout if not set.
    #[must_use]
    pub fn max_timeout(mut self, timeout: Duration) -> Self {
        self.max_timeout = Some(timeout);
        self
    }

    /// Names the `int32` method option that holds the HTTP status of success.
    #[must_use]
    pub fn success_status_option(mut self, name: impl Into<String>) -> Self {
        self.options.success_status = Some(name.into());
        self
    }

    /// Names the `bool` method option that says that no access token is needed.
    #[must_use]
    pub fn public_option(mut self, name: impl Into<String>) -> Self {
        self.options.public = Some(name.into());
        self
    }

    /// Names the `bool` method option that says that a request may come without its body, which then has nothing in
    /// it. Without the option a body is required wherever the body has fields.
    #[must_use]
    pub fn optional_body_option(mut self, name: impl Into<String>) -> Self {
        self.options.optional_body = Some(name.into());
        self
    }

    /// Names the `bool` field option that says that `null` clears the field in a PATCH. It is refused for all others;
    /// without the option, for fields that cannot be absent.
    #[must_use]
    pub fn nullable_option(mut self, name: impl Into<String>) -> Self {
        self.options.nullable = Some(name.into());
        self
    }

    /// Lets one more request header through to the services, besides `authorization`, `traceparent`, `tracestate`
    /// and `x-request-id`.
    #[must_use]
    pub fn forward_header(mut self, name: impl Into<String>) -> Self {
        self.forwarded_headers.push(name.into());
        self
    }

    /// Lets a key of the services' answer metadata through to the client, as a header of the same name.
    #[must_use]
    pub fn return_metadata(mut self, name: impl Into<String>) -> Self {
        self.returned_metadata.push(name.into());
        self
    }

    /// Reads the descriptors and lays out all routes.
    pub fn build(self) -> Result<Transcoder, BuildError> {
        let pool = DescriptorPool::decode(self.descriptor_set)
            .map_err(|error| BuildError::DescriptorSet(Box::new(error)))?;
        let annotations = Annotations::new(&pool, &self.options)?;
        let mut forwarding = Forwarding::default();
        self.forwarded_headers.iter().try_for_each(|name| forwarding.add_to_backend(name))?;
        self.returned_metadata.iter().try_for_each(|name| forwarding.add_to_client(name))?;

        let mut routes = Vec::new();
        for (name, backend) in self.services {
            let service =
                pool.get_service_by_name(&name).ok_or_else(|| BuildError::UnknownService(name.clone()))?;
            for rpc in service.methods() {
                // A request is one message; a stream of them has no REST form.
                if rpc.is_client_streaming() {
                    continue;
                }
                let rules = annotations.http_rules(&rpc)?;
                let operation = Arc::new(Operation::new(rpc, &annotations, backend.clone())?);
                for rule in rules {
                    routes.push(Arc::new(Route::new(&operation, rule, annotations.nullability())?));
                }
            }
        }
        Ok(Transcoder::new(Shared {
            router: lay_out(&routes)?,
            routes,
            forwarding,
            timeouts: Timeouts {
                default: self.default_timeout,
                max: self.max_timeout.unwrap_or(self.default_timeout),
            },
            max_body_bytes: self.max_body_bytes,
            has_public_option: self.options.public.is_some(),
            pool,
        }))
    }
}

fn lay_out(routes: &[Arc<Route>]) -> Result<Router<Arc<Route>>, BuildError> {
    let mut tree = Router::default();
    for route in routes {
        let inserted = tree.insert(&route.template, route.method.clone(), Arc::clone(route));
        inserted.map_err(|first| BuildError::Conflict {
            method: route.method.clone(),
            template: route.path.to_string(),
            first: first.operation.rpc.full_name().to_owned(),
            second: route.operation.rpc.full_name().to_owned(),
        })?;
    }
    Ok(tree)
}
