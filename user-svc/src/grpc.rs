//! The gRPC services: requests in, use case, responses out. Nothing is decided here.

mod auth_service;
mod client;
mod ended_session_service;
mod failure;
mod file_service;
mod session_message;
mod user_message;
mod user_service;

pub(crate) use self::auth_service::AuthApi;
pub(crate) use self::ended_session_service::EndedSessionApi;
pub(crate) use self::file_service::FileApi;
pub(crate) use self::user_service::UserApi;
