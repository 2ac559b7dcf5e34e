//! The gRPC services: requests in, use case, responses out. Nothing is decided here.

mod auth_service;
mod failure;
mod user_message;
mod user_service;

pub(crate) use self::auth_service::AuthApi;
pub(crate) use self::user_service::UserApi;
