//! `fitness.user.v1.AuthService`.

use chassis::auth;
use chassis::errors::{Failure, report};
use chassis::grpc::id;
use chassis::paging::Page;
use chassis::validation;
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::user::v1::auth_service_server::AuthService;
use fitness_proto::google::api::HttpBody;
use secrecy::ExposeSecret as _;
use tonic::{Request, Response, Status};

use super::{client, session_message, user_message};
use crate::accounts::{Accounts, Login, LoginWithCode, Register, ResetPassword, VerifyEmail};

/// What the tokens are for (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

/// Maps the RPCs to the use cases.
pub(crate) struct AuthApi(pub(crate) Accounts);

/// The answer of every RPC that signs in; they have different names and the same fields.
macro_rules! signed_in {
    ($message:ident, $signed_in:expr) => {{
        let signed_in = $signed_in;
        Ok(Response::new(proto::$message {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: signed_in.access_token_lifetime.num_seconds() as i32,
            user: Some(user_message::from(signed_in.user)),
        }))
    }};
}

#[tonic::async_trait]
impl AuthService for AuthApi {
    async fn register(
        &self,
        request: Request<proto::RegisterRequest>,
    ) -> Result<Response<proto::RegisterResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let register = Register {
            email: request.email,
            password: request.password.into(),
            display_name: request.display_name,
            locale: request.locale,
            time_zone: request.time_zone,
        };
        self.0.register(register, &client).await.map_err(report)?;
        Ok(Response::new(proto::RegisterResponse {}))
    }

    async fn verify_email(
        &self,
        request: Request<proto::VerifyEmailRequest>,
    ) -> Result<Response<proto::VerifyEmailResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let verify = VerifyEmail { email: request.email, code: request.code.into() };
        let outcome = self.0.verify_email(verify, &client).await;
        signed_in!(VerifyEmailResponse, outcome.map_err(report)?)
    }

    async fn resend_code(
        &self,
        request: Request<proto::ResendCodeRequest>,
    ) -> Result<Response<proto::ResendCodeResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.resend_code(&request.email, &client).await.map_err(report)?;
        Ok(Response::new(proto::ResendCodeResponse {}))
    }

    async fn login(
        &self,
        request: Request<proto::LoginRequest>,
    ) -> Result<Response<proto::LoginResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let login = Login { email: request.email, password: request.password.into() };
        let outcome = self.0.login(login, &client).await;
        signed_in!(LoginResponse, outcome.map_err(report)?)
    }

    async fn request_login_code(
        &self,
        request: Request<proto::RequestLoginCodeRequest>,
    ) -> Result<Response<proto::RequestLoginCodeResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.request_login_code(&request.email, &client).await.map_err(report)?;
        Ok(Response::new(proto::RequestLoginCodeResponse {}))
    }

    async fn login_with_code(
        &self,
        request: Request<proto::LoginWithCodeRequest>,
    ) -> Result<Response<proto::LoginWithCodeResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let login = LoginWithCode { email: request.email, code: request.code.into() };
        let outcome = self.0.login_with_code(login, &client).await;
        signed_in!(LoginWithCodeResponse, outcome.map_err(report)?)
    }

    async fn refresh(
        &self,
        request: Request<proto::RefreshRequest>,
    ) -> Result<Response<proto::RefreshResponse>, Status> {
        let request = request.into_inner();
        let request = validation::check(request)?;
        let outcome = self.0.refresh(&request.refresh_token.into()).await;
        signed_in!(RefreshResponse, outcome.map_err(report)?)
    }

    async fn logout(
        &self,
        request: Request<proto::LogoutRequest>,
    ) -> Result<Response<proto::LogoutResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        self.0.logout(&principal).await.map_err(report)?;
        Ok(Response::new(proto::LogoutResponse {}))
    }

    async fn forgot_password(
        &self,
        request: Request<proto::ForgotPasswordRequest>,
    ) -> Result<Response<proto::ForgotPasswordResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.forgot_password(&request.email, &client).await.map_err(report)?;
        Ok(Response::new(proto::ForgotPasswordResponse {}))
    }

    async fn reset_password(
        &self,
        request: Request<proto::ResetPasswordRequest>,
    ) -> Result<Response<proto::ResetPasswordResponse>, Status> {
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let reset = ResetPassword { token: request.token.into(), new_password: request.new_password.into() };
        self.0.reset_password(reset, &client).await.map_err(report)?;
        Ok(Response::new(proto::ResetPasswordResponse {}))
    }

    async fn list_sessions(
        &self,
        request: Request<proto::ListSessionsRequest>,
    ) -> Result<Response<proto::ListSessionsResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let listed = self.0.list_sessions(&principal, &page).await.map_err(report)?;
        let message = |session| session_message::from(session, principal.session_id);
        Ok(Response::new(proto::ListSessionsResponse {
            sessions: listed.rows.into_iter().map(message).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    async fn revoke_session(
        &self,
        request: Request<proto::RevokeSessionRequest>,
    ) -> Result<Response<proto::RevokeSessionResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let session_id = id("session_id", &request.session_id).map_err(Failure::from)?;
        self.0.revoke_session(&principal, session_id).await.map_err(report)?;
        Ok(Response::new(proto::RevokeSessionResponse {}))
    }

    async fn get_key_set(
        &self,
        _request: Request<proto::GetKeySetRequest>,
    ) -> Result<Response<HttpBody>, Status> {
        let data = serde_json::to_vec(self.0.access_tokens.key_set()).expect("a key set is plain strings");
        let content_type = "application/jwk-set+json".to_owned();
        Ok(Response::new(HttpBody { content_type, data, extensions: Vec::new() }))
    }
}
