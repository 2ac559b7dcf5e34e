//! `fitness.user.v1.FileService`.

use std::fmt::Write as _;
use std::pin::pin;

use bytes::Bytes;
use chassis::auth::Principal;
use chassis::errors::{ErrorCode, Failure, report};
use chassis::grpc::id;
use chassis::lifecycle::chain;
use chassis::paging::Page;
use chassis::{auth, validation};
use fitness_proto::fitness::user::v1 as proto;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use proto::file_service_server::FileService;
use proto::upload_file_request::Part as UploadPart;
use proto::{
    DeleteFileRequest, DeleteFileResponse, DownloadFileRequest, DownloadFileResponse, ListFilesRequest,
    ListFilesResponse, UploadFileRequest, UploadFileResponse, download_file_response,
};
use tonic::{Request, Response, Status, Streaming};
use uuid::Uuid;

use crate::accounts::{Accounts, timestamp};
use crate::files::{File, FileError, FilePurpose, Files, NewFile};

/// The longest chunk of an upload, as the contract says.
const MAX_CHUNK_BYTES: usize = 256 * 1024;

/// Maps the RPCs to the use cases.
pub(crate) struct FileApi {
    pub(crate) files: Files,
    /// Knows whether the session of a token is alive.
    pub(crate) accounts: Accounts,
}

impl FileApi {
    async fn caller(&self, principal: Result<Principal, ErrorCode>) -> Result<Uuid, Status> {
        let principal = principal.map_err(Failure::from)?;
        let user = self.accounts.get_me(&principal).await;
        Ok(user.map_err(report)?.user_id)
    }
}

#[tonic::async_trait]
impl FileService for FileApi {
    async fn upload_file(
        &self,
        request: Request<Streaming<UploadFileRequest>>,
    ) -> Result<Response<UploadFileResponse>, Status> {
        let user_id = self.caller(auth::principal(&request)).await?;
        let mut parts = request.into_inner();
        let first = parts.message().await?.and_then(|first| first.part);
        let Some(UploadPart::Info(info)) = first else {
            return Err(report(FileError::invalid("info", "must come first")));
        };
        let info = validation::check(info)?;
        let new = NewFile { purpose: purpose(&info)?, file_name: info.file_name };
        let chunks = futures::stream::unfold(parts, |mut parts| async {
            let chunk = chunk(parts.message().await)?;
            Some((chunk, parts))
        });
        let file = self.files.upload(user_id, new, pin!(chunks)).await.map_err(report)?;
        Ok(Response::new(UploadFileResponse { file: Some(message(file)) }))
    }

    type DownloadFileStream = BoxStream<'static, Result<DownloadFileResponse, Status>>;

    async fn download_file(
        &self,
        request: Request<DownloadFileRequest>,
    ) -> Result<Response<Self::DownloadFileStream>, Status> {
        let user_id = self.caller(auth::principal(&request)).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let download = self
            .files
            .download(user_id, id("file_id", &request.file_id).map_err(Failure::from)?)
            .await
            .map_err(report)?;
        let file = download_file_response::Part::File(message(download.file));
        let chunks = download.chunks.map_err(|error| {
            tracing::warn!(error = %chain(&error), "a download broke off");
            Failure::away().into()
        });
        let chunks = chunks.map_ok(|bytes| download_file_response::Part::Chunk(bytes.into()));
        let parts = futures::stream::once(async { Ok(file) }).chain(chunks);
        Ok(Response::new(parts.map_ok(|part| DownloadFileResponse { part: Some(part) }).boxed()))
    }

    async fn list_files(
        &self,
        request: Request<ListFilesRequest>,
    ) -> Result<Response<ListFilesResponse>, Status> {
        let user_id = self.caller(auth::principal(&request)).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let listed = self.files.list(user_id, &page).await.map_err(report)?.map(message);
        Ok(Response::new(ListFilesResponse { files: listed.rows, next_page_token: listed.next_page_token }))
    }

    async fn delete_file(
        &self,
        request: Request<DeleteFileRequest>,
    ) -> Result<Response<DeleteFileResponse>, Status> {
        let user_id = self.caller(auth::principal(&request)).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.files
            .delete(user_id, id("file_id", &request.file_id).map_err(Failure::from)?)
            .await
            .map_err(report)?;
        Ok(Response::new(DeleteFileResponse {}))
    }
}

fn purpose(info: &proto::FileInfo) -> Result<FilePurpose, Status> {
    match info.purpose() {
        proto::FilePurpose::Avatar => Ok(FilePurpose::Avatar),
        proto::FilePurpose::ProgressPhoto => Ok(FilePurpose::ProgressPhoto),
        proto::FilePurpose::Unspecified => Err(report(FileError::invalid("purpose", "must be set"))),
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
