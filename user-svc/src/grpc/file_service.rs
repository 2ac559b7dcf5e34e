//! `fitness.user.v1.FileService`.

use std::fmt::Write as _;
use std::pin::pin;

use bytes::Bytes;
use chassis::auth::Principal;
use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, CallFailed, id};
use chassis::lifecycle::chain;
use chassis::paging::Page;
use chassis::validation;
use fitness_proto::fitness::user::v1 as proto;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::file_service_server::FileService;
use proto::upload_file_request::Part as UploadPart;
use proto::{
    DeleteFileRequest, DeleteFileResponse, DownloadFileRequest, DownloadFileResponse, ListFilesRequest,
    ListFilesResponse, UploadFileRequest, UploadFileResponse, download_file_response,
};
use tonic::{Status, Streaming};

use crate::accounts::{Accounts, timestamp};
use crate::file::{File, FilePurpose};
use crate::files::{FileError, Files, NewFile};

/// The longest chunk of an upload, as the contract says.
const MAX_CHUNK_BYTES: usize = 256 * 1024;

/// Maps the RPCs to the use cases.
pub(crate) struct FileApi {
    pub(crate) files: Files,
    /// Knows whether the session of a token is alive.
    pub(crate) accounts: Accounts,
}

type Download = BoxStream<'static, Result<DownloadFileResponse, Status>>;

impl FileApi {
    /// Lets those in whose session is alive.
    async fn admit(&self, caller: &Principal) -> Answer<()> {
        self.accounts.get_me(caller).await?;
        Ok(())
    }
}

chassis::rpcs! { FileService for FileApi, admitting FileApi::admit {
    [type DownloadFileStream = Download]
    streaming upload_file(Streaming<UploadFileRequest>) -> UploadFileResponse;
    signed_in download_file(DownloadFileRequest) -> Download;
    signed_in list_files(ListFilesRequest) -> ListFilesResponse;
    signed_in delete_file(DeleteFileRequest) -> DeleteFileResponse;
} }

impl FileApi {
    async fn upload_file(&self, call: Call<Streaming<UploadFileRequest>>) -> Answer<UploadFileResponse> {
        let mut parts = call.message;
        let first = parts.message().await.map_err(CallFailed::broken_off)?.and_then(|first| first.part);
        let Some(UploadPart::Info(info)) = first else {
            return Err(FileError::invalid("info", "must come first").into());
        };
        let info = validation::check(info)?;
        let new = NewFile { purpose: purpose(&info)?, file_name: info.file_name };
        let chunks = futures::stream::unfold(parts, |mut parts| async {
            let chunk = chunk(parts.message().await)?;
            Some((chunk, parts))
        });
        let file = self.files.upload(call.caller.user_id, new, pin!(chunks)).await?;
        Ok(UploadFileResponse { file: Some(message(file)) })
    }

    async fn download_file(&self, call: Call<DownloadFileRequest>) -> Answer<Download> {
        let download =
            self.files.download(call.caller.user_id, id("file_id", &call.message.file_id)?).await?;
        let file = download_file_response::Part::File(message(download.file));
        let chunks = download.chunks.map_err(|error| {
            tracing::warn!(error = %chain(&error), "a download broke off");
            Failure::away().into()
        });
        let chunks = chunks.map_ok(|bytes| download_file_response::Part::Chunk(bytes.into()));
        let parts = futures::stream::once(async { Ok(file) }).chain(chunks);
        Ok(parts.map_ok(|part| DownloadFileResponse { part: Some(part) }).boxed())
    }

    async fn list_files(&self, call: Call<ListFilesRequest>) -> Answer<ListFilesResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.files.list(call.caller.user_id, &page).await?.map(message);
        Ok(ListFilesResponse { files: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn delete_file(&self, call: Call<DeleteFileRequest>) -> Answer<DeleteFileResponse> {
        self.files.delete(call.caller.user_id, id("file_id", &call.message.file_id)?).await?;
        Ok(DeleteFileResponse {})
    }
}

fn purpose(info: &proto::FileInfo) -> Result<FilePurpose, FileError> {
    match info.purpose() {
        proto::FilePurpose::Avatar => Ok(FilePurpose::Avatar),
        proto::FilePurpose::ProgressPhoto => Ok(FilePurpose::ProgressPhoto),
        proto::FilePurpose::Unspecified => Err(FileError::invalid("purpose", "must be set")),
    }
}

/// The bytes in a part of an upload after the first; nothing after the last.
///
/// tonic ends a stream that its caller has cancelled like one that is complete, so completeness is a message of its own.
fn chunk(part: Result<Option<UploadFileRequest>, Status>) -> Option<Result<Bytes, FileError>> {
    let Ok(Some(UploadFileRequest { part: Some(part) })) = part else {
        return Some(Err(FileError::Interrupted));
    };
    match part {
        UploadPart::Chunk(bytes) if bytes.len() <= MAX_CHUNK_BYTES => Some(Ok(bytes.into())),
        UploadPart::Chunk(_) => {
            Some(Err(FileError::invalid("chunk", format!("must have at most {MAX_CHUNK_BYTES} bytes"))))
        }
        UploadPart::Info(_) => Some(Err(FileError::invalid("info", "must come once"))),
        UploadPart::End(_) => None,
    }
}

fn message(file: File) -> proto::File {
    let purpose = match file.purpose {
        FilePurpose::Avatar => proto::FilePurpose::Avatar,
        FilePurpose::ProgressPhoto => proto::FilePurpose::ProgressPhoto,
    };
    proto::File {
        file_id: file.file_id.to_string(),
        purpose: purpose.into(),
        file_name: file.file_name,
        content_type: file.picture_type.media_type().to_owned(),
        size_bytes: file.size_bytes,
        sha256: hexadecimal(&file.sha256),
        create_time: Some(timestamp(file.create_time)),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
