//! `fitness.user.v1.AuthService`.

use chassis::validation;
use fitness_proto::fitness::user::v1::auth_service_server::AuthService;
use fitness_proto::fitness::user::v1::{
    GetKeySetRequest, LoginRequest, LoginResponse, RegisterRequest, RegisterResponse, ResendCodeRequest,
    ResendCodeResponse, VerifyEmailRequest, VerifyEmailResponse,
};
use fitness_proto::google::api::HttpBody;
use secrecy::ExposeSecret as _;
use tonic::{Request, Response, Status};

use super::failure::status;
use super::user_message;
use crate::accounts::{Accounts, Login, Register, VerifyEmail};

/// What the tokens are for (RFC 6750).
const TOKEN_TYPE: &str = "Bearer";

/// Maps the RPCs to the use cases.
pub(crate) struct AuthApi(pub(crate) Accounts);

#[tonic::async_trait]
impl AuthService for AuthApi {
    async fn register(
        &self,
        request: Request<RegisterRequest>,
    ) -> Result<Response<RegisterResponse>, Status> {
        let request = request.into_inner();
        validation::check(&request)?;
        let register = Register {
            email: request.email,
            password: request.password.into(),
            display_name: request.display_name,
            locale: request.locale,
            time_zone: request.time_zone,
        };
        self.0.register(register).await.map_err(|error| status(&error))?;
        Ok(Response::new(RegisterResponse {}))
    }

    async fn verify_email(
        &self,
        request: Request<VerifyEmailRequest>,
    ) -> Result<Response<VerifyEmailResponse>, Status> {
        let request = request.into_inner();
        validation::check(&request)?;
        let verify = VerifyEmail { email: request.email, code: request.code.into() };
        let signed_in = self.0.verify_email(verify).await.map_err(|error| status(&error))?;
        Ok(Response::new(VerifyEmailResponse {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: signed_in.access_token_lifetime.num_seconds() as i32,
            user: Some(user_message::from(signed_in.user)),
        }))
    }

    async fn resend_code(
        &self,
        request: Request<ResendCodeRequest>,
    ) -> Result<Response<ResendCodeResponse>, Status> {
        let request = request.into_inner();
        validation::check(&request)?;
        self.0.resend_code(&request.email).await.map_err(|error| status(&error))?;
        Ok(Response::new(ResendCodeResponse {}))
    }

    async fn login(&self, request: Request<LoginRequest>) -> Result<Response<LoginResponse>, Status> {
        let request = request.into_inner();
        validation::check(&request)?;
        let login = Login { email: request.email, password: request.password.into() };
        let signed_in = self.0.login(login).await.map_err(|error| status(&error))?;
        Ok(Response::new(LoginResponse {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: signed_in.access_token_lifetime.num_seconds() as i32,
            user: Some(user_message::from(signed_in.user)),
        }))
    }

    async fn get_key_set(&self, _request: Request<GetKeySetRequest>) -> Result<Response<HttpBody>, Status> {
        let data = serde_json::to_vec(self.0.access_tokens.key_set()).expect("a key set is plain strings");
        let content_type = "application/jwk-set+json".to_owned();
        Ok(Response::new(HttpBody { content_type, data, extensions: Vec::new() }))
    }
}
