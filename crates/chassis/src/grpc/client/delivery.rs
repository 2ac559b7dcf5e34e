//! One call, and another try where the first one never reached a server.
//!
//! A call is repeated only if nothing can have come of it: no connection could be made; the connection was closed
//! before the call was written; or the server said that it did not take it up (HTTP/2: a stream above the last one of a
//! GOAWAY, or `REFUSED_STREAM`, RFC 9113 sections 6.8 and 8.7). A call whose connection breaks later may have been
//! carried out, and whether it may be repeated only its caller knows.

use std::error::Error;
use std::sync::LazyLock;

use http::{Request, Response};
use opentelemetry::metrics::Counter;
use tonic::body::Body;

use super::message::Message;
use super::replicas::Replicas;

/// How many replicas a call is offered to. More than two of them stop at the same moment only when all do.
const MAX_ATTEMPTS: usize = 3;

static REPEATED: LazyLock<Counter<u64>> = LazyLock::new(|| {
    opentelemetry::global::meter("chassis")
        .u64_counter("rpc.client.repeated_calls")
        .with_unit("{call}")
        .with_description("Calls that never reached a server and were offered to another replica.")
        .build()
});

/// A call that got no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The name of the service stands for no address.
    #[error("the service has no address")]
    NoAddress,
    /// The message could not be made.
    #[error("the message was not complete")]
    Message(#[source] tonic::Status),
    /// The server that took the call answers nobody.
    #[error("the server hangs")]
    Hanging,
    /// No server answered.
    #[error("no server answered")]
    Transport(#[from] tonic::transport::Error),
}

/// How certain it is that nothing came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// There was no connection, and the next attempt there will find none either.
    NoConnection,
    /// The server has not taken it up.
    NotTaken,
    /// It may have been carried out.
    Unknown,
}

impl CallError {
    fn fate(&self) -> Fate {
        let Self::Transport(error) = self else { return Fate::Unknown };
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if error.is::<tonic::ConnectError>() {
                return Fate::NoConnection;
            }
            if not_taken(error) {
                return Fate::NotTaken;
            }
            cause = error.source();
        }
        Fate::Unknown
    }
}

fn not_taken(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        // It waited for its turn on a connection that was closed meanwhile.
        return error.is_canceled();
    }
    error.downcast_ref::<h2::Error>().is_some_and(|error| {
        let said = error.reason().filter(|_| error.is_remote());
        // A graceful GOAWAY ends only streams that the server never saw. In the instant between a stream's opening and
        // the GOAWAY hyper drops the stream as well, but before its message, without which no call begins.
        (error.is_go_away() && said == Some(h2::Reason::NO_ERROR))
            || (error.is_reset() && said == Some(h2::Reason::REFUSED_STREAM))
    })
}

/// Makes the call. Whoever does not take it is passed over for a moment.
pub(super) async fn deliver(
    replicas: &Replicas,
    request: Request<Body>,
    takes_stream: bool,
) -> Result<Response<Body>, CallError> {
    let (head, body) = request.into_parts();
    let mut message = Message::of(body, takes_stream).await.map_err(CallError::Message)?;
    let mut tried = Vec::new();
    loop {
        let replica = replicas.pick(&tried).await.ok_or(CallError::NoAddress)?;
        // The last one is the one that answered.
        let span = tracing::Span::current();
        span.record("server.address", replica.addr().ip().to_string());
        span.record("server.port", replica.addr().port());
        let body = message.lend().expect("whether it can be lent once more was asked for");
        let error = match replica.call(Request::from_parts(head.clone(), body)).await {
            Some(Ok(response)) => return Ok(response),
            Some(Err(error)) => CallError::from(error),
            None => CallError::Hanging,
        };
        replicas.report_failure(&replica);
        tried.push(replica.addr());
        let hopeless = match error.fate() {
            Fate::NoConnection => !replicas.any_beside(&tried),
            Fate::NotTaken => false,
            Fate::Unknown => true,
        };
        if hopeless || tried.len() == MAX_ATTEMPTS || !message.is_whole() {
            return Err(error);
        }
        REPEATED.add(1, &[]);
        tracing::debug!(replica = %replica.addr(), "a call did not arrive and is offered again");
    }
}
