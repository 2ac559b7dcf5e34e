//! `fitness.user.v1.AuthService`.

use chassis::grpc::{Answer, Anybody, Call, id};
use chassis::paging::Page;
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::user::v1::auth_service_server::AuthService;
use fitness_proto::google::api::HttpBody;
use secrecy::ExposeSecret as _;

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
        Ok(proto::$message {
            access_token: signed_in.access_token.expose_secret().to_owned(),
            refresh_token: signed_in.refresh_token.expose_secret().to_owned(),
            token_type: TOKEN_TYPE.to_owned(),
            expires_in: signed_in.access_token_lifetime.num_seconds() as i32,
            user: Some(user_message::from(signed_in.user)),
        })
    }};
}

chassis::rpcs! { AuthService for AuthApi {
    open register(proto::RegisterRequest) -> proto::RegisterResponse;
    open verify_email(proto::VerifyEmailRequest) -> proto::VerifyEmailResponse;
    open resend_code(proto::ResendCodeRequest) -> proto::ResendCodeResponse;
    open login(proto::LoginRequest) -> proto::LoginResponse;
    open request_login_code(proto::RequestLoginCodeRequest) -> proto::RequestLoginCodeResponse;
    open login_with_code(proto::LoginWithCodeRequest) -> proto::LoginWithCodeResponse;
    open refresh(proto::RefreshRequest) -> proto::RefreshResponse;
    signed_in logout(proto::LogoutRequest) -> proto::LogoutResponse;
    open forgot_password(proto::ForgotPasswordRequest) -> proto::ForgotPasswordResponse;
    open reset_password(proto::ResetPasswordRequest) -> proto::ResetPasswordResponse;
    signed_in list_sessions(proto::ListSessionsRequest) -> proto::ListSessionsResponse;
    signed_in revoke_session(proto::RevokeSessionRequest) -> proto::RevokeSessionResponse;
    open get_key_set(proto::GetKeySetRequest) -> HttpBody;
} }

impl AuthApi {
    async fn register(&self, call: Call<proto::RegisterRequest, Anybody>) -> Answer<proto::RegisterResponse> {
        let client = client::from(&call.metadata);
        let register = Register {
            email: call.message.email,
            password: call.message.password.into(),
            display_name: call.message.display_name,
            locale: call.message.locale,
            time_zone: call.message.time_zone,
        };
        self.0.register(register, &client).await?;
        Ok(proto::RegisterResponse {})
    }

    async fn verify_email(
        &self,
        call: Call<proto::VerifyEmailRequest, Anybody>,
    ) -> Answer<proto::VerifyEmailResponse> {
        let client = client::from(&call.metadata);
        let verify = VerifyEmail { email: call.message.email, code: call.message.code.into() };
        signed_in!(VerifyEmailResponse, self.0.verify_email(verify, &client).await?)
    }

    async fn resend_code(
        &self,
        call: Call<proto::ResendCodeRequest, Anybody>,
    ) -> Answer<proto::ResendCodeResponse> {
        let client = client::from(&call.metadata);
        self.0.resend_code(&call.message.email, &client).await?;
        Ok(proto::ResendCodeResponse {})
    }

    async fn login(&self, call: Call<proto::LoginRequest, Anybody>) -> Answer<proto::LoginResponse> {
        let client = client::from(&call.metadata);
        let login = Login { email: call.message.email, password: call.message.password.into() };
        signed_in!(LoginResponse, self.0.login(login, &client).await?)
    }

    async fn request_login_code(
        &self,
        call: Call<proto::RequestLoginCodeRequest, Anybody>,
    ) -> Answer<proto::RequestLoginCodeResponse> {
        let client = client::from(&call.metadata);
        self.0.request_login_code(&call.message.email, &client).await?;
        Ok(proto::RequestLoginCodeResponse {})
    }

    async fn login_with_code(
        &self,
        call: Call<proto::LoginWithCodeRequest, Anybody>,
    ) -> Answer<proto::LoginWithCodeResponse> {
        let client = client::from(&call.metadata);
        let login = LoginWithCode { email: call.message.email, code: call.message.code.into() };
        signed_in!(LoginWithCodeResponse, self.0.login_with_code(login, &client).await?)
    }

    async fn refresh(&self, call: Call<proto::RefreshRequest, Anybody>) -> Answer<proto::RefreshResponse> {
        signed_in!(RefreshResponse, self.0.refresh(&call.message.refresh_token.into()).await?)
    }

    async fn logout(&self, call: Call<proto::LogoutRequest>) -> Answer<proto::LogoutResponse> {
        self.0.logout(&call.caller).await?;
        Ok(proto::LogoutResponse {})
    }

    async fn forgot_password(
        &self,
        call: Call<proto::ForgotPasswordRequest, Anybody>,
    ) -> Answer<proto::ForgotPasswordResponse> {
        let client = client::from(&call.metadata);
        self.0.forgot_password(&call.message.email, &client).await?;
        Ok(proto::ForgotPasswordResponse {})
    }

    async fn reset_password(
        &self,
        call: Call<proto::ResetPasswordRequest, Anybody>,
    ) -> Answer<proto::ResetPasswordResponse> {
        let client = client::from(&call.metadata);
        let reset = ResetPassword {
            token: call.message.token.into(),
            new_password: call.message.new_password.into(),
        };
        self.0.reset_password(reset, &client).await?;
        Ok(proto::ResetPasswordResponse {})
    }

    async fn list_sessions(
        &self,
        call: Call<proto::ListSessionsRequest>,
    ) -> Answer<proto::ListSessionsResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_sessions(&call.caller, &page).await?;
        let message = |session| session_message::from(session, call.caller.session_id);
        Ok(proto::ListSessionsResponse {
            sessions: listed.rows.into_iter().map(message).collect(),
            next_page_token: listed.next_page_token,
        })
    }

    async fn revoke_session(
        &self,
        call: Call<proto::RevokeSessionRequest>,
    ) -> Answer<proto::RevokeSessionResponse> {
        let session_id = id("session_id", &call.message.session_id)?;
        self.0.revoke_session(&call.caller, session_id).await?;
        Ok(proto::RevokeSessionResponse {})
    }

    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn get_key_set(&self, _call: Call<proto::GetKeySetRequest, Anybody>) -> Answer<HttpBody> {
        let data = serde_json::to_vec(self.0.access_tokens.key_set()).expect("a key set is plain strings");
        let content_type = "application/jwk-set+json".to_owned();
        Ok(HttpBody { content_type, data, extensions: Vec::new() })
    }
}
