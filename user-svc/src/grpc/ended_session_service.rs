//! `fitness.user.v1.EndedSessionService`.

use std::sync::Arc;
use std::time::Duration;

use chassis::grpc::{Answer, Anybody, Call};
use chassis::time::timestamp;
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::user::v1::ended_session_service_server::EndedSessionService;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::accounts::AccountError;
use crate::ended_sessions::EndedSessions;
use crate::store::ended_sessions::EndedSession;

/// Most sessions of a message.
const CHUNK: usize = 1_000;
/// How long a stream lasts, so that watchers find replicas that have come since.
const STREAM_TIME: Duration = Duration::from_mins(5);

/// Lets the other services watch.
pub(crate) struct EndedSessionApi {
    pub(crate) ended: EndedSessions,
    /// A watcher never leaves by itself; a stop ends its stream.
    pub(crate) shutdown: CancellationToken,
}

type Stream = BoxStream<'static, Result<proto::WatchEndedSessionsResponse, Status>>;
type Messages = Vec<Result<proto::WatchEndedSessionsResponse, Status>>;

chassis::rpcs! { EndedSessionService for EndedSessionApi {
    [type WatchEndedSessionsStream = Stream]
    open watch_ended_sessions(proto::WatchEndedSessionsRequest) -> Stream;
} }

impl EndedSessionApi {
    async fn watch_ended_sessions(
        &self,
        _call: Call<proto::WatchEndedSessionsRequest, Anybody>,
    ) -> Answer<Stream> {
        let (all, readings) = self.ended.watch().await.map_err(AccountError::from)?;
        let first = stream::iter(messages(&self.ended, &all));
        let ended = self.ended.clone();
        let news =
            stream::unfold(readings, next).flat_map(move |reading| stream::iter(messages(&ended, &reading)));
        let shutdown = self.shutdown.clone();
        let end = async move {
            let _ = tokio::time::timeout(STREAM_TIME, shutdown.cancelled()).await;
        };
        Ok(first.chain(news).take_until(Box::pin(end)).boxed())
    }
}

type Readings = broadcast::Receiver<Arc<[EndedSession]>>;

/// The next reading; nothing for a watcher that has missed one, which begins anew.
async fn next(mut readings: Readings) -> Option<(Arc<[EndedSession]>, Readings)> {
    let reading = readings.recv().await.ok()?;
    Some((reading, readings))
}

/// A reading as messages, of which there is always one.
fn messages(ended: &EndedSessions, sessions: &[EndedSession]) -> Messages {
    let chunks = sessions.chunks(CHUNK).chain(sessions.is_empty().then_some(sessions));
    let message = |chunk: &[EndedSession]| {
        let sessions = chunk.iter().map(|session| proto::EndedSession {
            session_id: session.session_id.to_string(),
            forget_time: Some(timestamp(ended.forget_time(session.end_time))),
        });
        Ok(proto::WatchEndedSessionsResponse { sessions: sessions.collect() })
    };
    chunks.map(message).collect()
}
