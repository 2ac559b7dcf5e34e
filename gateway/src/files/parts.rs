//! The parts of an upload on their way to user-svc.

use axum::body::Bytes;
use fitness_proto::fitness::user::v1::upload_file_request::Part;
use fitness_proto::fitness::user::v1::{FileInfo, UploadEnd, UploadFileRequest};
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;

/// Parts that may wait for user-svc; more are left with the client.
const QUEUE_LENGTH: usize = 4;
/// What the contract allows in one part.
const MAX_CHUNK_BYTES: usize = 256 * 1024;

/// The near end of an upload. Dropped before [`PartSender::end`], it leaves the upload without its last part, by which
/// user-svc sees that it has broken off.
pub(super) struct PartSender(mpsc::Sender<Part>);

/// Nobody listens any more: the call has been answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answered;

/// The two ends of an upload that begins with `info`.
pub(super) fn channel(
    info: FileInfo,
) -> (PartSender, impl Stream<Item = UploadFileRequest> + Send + 'static) {
    let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
    sender.try_send(Part::Info(info)).expect("the queue is empty");
    let parts = futures::stream::unfold(receiver, |mut receiver| async {
        let part = receiver.recv().await?;
        Some((part, receiver))
    });
    (PartSender(sender), parts.map(|part| UploadFileRequest { part: Some(part) }))
}

impl PartSender {
    /// Sends bytes on, as fast as they are taken.
    pub(super) async fn send(&self, mut bytes: Bytes) -> Result<(), Answered> {
        while !bytes.is_empty() {
            let chunk = bytes.split_to(bytes.len().min(MAX_CHUNK_BYTES));
            self.0.send(Part::Chunk(chunk.into())).await.map_err(|_| Answered)?;
        }
        Ok(())
    }

    /// Says that this was all of it.
    pub(super) async fn end(self) -> Result<(), Answered> {
        self.0.send(Part::End(UploadEnd {})).await.map_err(|_| Answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_a_whole_upload_has_its_last_part() {
        for whole in [true, false] {
            let (sender, parts) = channel(FileInfo::default());
            let sending = async move {
                sender.send(vec![7; MAX_CHUNK_BYTES + 1].into()).await.unwrap();
                if whole {
                    sender.end().await.unwrap();
                }
            };
            let (parts, ()) = tokio::join!(parts.collect::<Vec<_>>(), sending);
            let chunks = parts.iter().filter(|part| matches!(part.part, Some(Part::Chunk(_)))).count();
            assert_eq!(chunks, 2);
            assert_eq!(matches!(parts.last().unwrap().part, Some(Part::End(_))), whole);
        }
    }
}
