//! A client behind its circuit breaker.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chassis::errors::{ErrorCode, Failure};
use chassis::grpc::client::Client;
use chassis::lifecycle::chain;
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::Service;

use super::breaker::Breaker;

/// When to come back while a service is away. The health check finds it again within that time.
const RETRY_DELAY: Duration = Duration::from_secs(2);

/// Calls one service, or answers at once that it is away. Every way in which a call does not reach the service ends in
/// the same status: `DEPENDENCY_UNAVAILABLE` and when to come back.
#[derive(Clone, Debug)]
pub(crate) struct Guarded {
    client: Client,
    breaker: Breaker,
}

impl Guarded {
    pub(super) fn new(client: Client, breaker: Breaker) -> Self {
        Self { client, breaker }
    }
}

impl Service<Request<Body>> for Guarded {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    /// Always ready: what is wrong is the answer of the call, which has a status to say it with.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let breaker = self.breaker.clone();
        if breaker.is_open() {
            return Box::pin(async { Err(away()) });
        }
        let answer = self.client.call(request);
        let client = self.client.clone();
        Box::pin(async move {
            tokio::select! {
                answer = answer => {
                    // One replica that breaks off is no outage while another one is there.
                    if answer.is_ok() || !client.has_replica() {
                        breaker.called(answer.is_ok());
                    }
                    answer.map_err(|error| {
                        tracing::debug!(service = breaker.service(), error = %chain(&error), "a call was not delivered");
                        away()
                    })
                }
                () = breaker.opened() => Err(away()),
            }
        })
    }
}

fn away() -> Status {
    Failure::new(ErrorCode::DependencyUnavailable).retry_after(RETRY_DELAY).into()
}
