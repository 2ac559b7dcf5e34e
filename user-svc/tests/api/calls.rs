//! The calls of a client, one line each for a test.

use chassis::sealing::{Sealed, password_reset_place};
use fitness_proto::fitness::user::v1 as proto;
use tonic::{Request, Status};

use crate::fixture::Service;

/// A request with an access token.
pub(crate) fn signed<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// A request as the gateway passes it on.
pub(crate) fn through_gateway<T>(message: T, user_agent: &str, address: &str) -> Request<T> {
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    metadata.insert("x-client-user-agent", user_agent.parse().unwrap());
    metadata.insert("x-client-address", address.parse().unwrap());
    request
}

impl Service {
    pub(crate) async fn login_from(
        &self,
        email: &str,
        password: &str,
        user_agent: &str,
        address: &str,
    ) -> Result<proto::LoginResponse, Status> {
        let message = proto::LoginRequest { email: email.to_owned(), password: password.to_owned() };
        let request = through_gateway(message, user_agent, address);
        Ok(self.auth.clone().login(request).await?.into_inner())
    }

    pub(crate) async fn request_login_code(
        &self,
        email: &str,
    ) -> Result<proto::RequestLoginCodeResponse, Status> {
        let request = proto::RequestLoginCodeRequest { email: email.to_owned() };
        Ok(self.auth.clone().request_login_code(request).await?.into_inner())
    }

    pub(crate) async fn login_with_code(
        &self,
        email: &str,
        code: &str,
    ) -> Result<proto::LoginWithCodeResponse, Status> {
        let request = proto::LoginWithCodeRequest { email: email.to_owned(), code: code.to_owned() };
        Ok(self.auth.clone().login_with_code(request).await?.into_inner())
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<proto::RefreshResponse, Status> {
        let request = proto::RefreshRequest { refresh_token: refresh_token.to_owned() };
        Ok(self.auth.clone().refresh(request).await?.into_inner())
    }

    pub(crate) async fn logout(&self, token: &str) -> Result<(), Status> {
        self.auth.clone().logout(signed(proto::LogoutRequest {}, token)).await.map(drop)
    }

    pub(crate) async fn forgot_password(&self, email: &str) -> Result<proto::ForgotPasswordResponse, Status> {
        let request = proto::ForgotPasswordRequest { email: email.to_owned() };
        Ok(self.auth.clone().forgot_password(request).await?.into_inner())
    }

    pub(crate) async fn reset_password(&self, token: &str, new_password: &str) -> Result<(), Status> {
        let (token, new_password) = (token.to_owned(), new_password.to_owned());
        let request = proto::ResetPasswordRequest { token, new_password };
        self.auth.clone().reset_password(request).await.map(drop)
    }

    pub(crate) async fn sessions(&self, token: &str) -> Result<Vec<proto::Session>, Status> {
        let request = signed(proto::ListSessionsRequest::default(), token);
        Ok(self.auth.clone().list_sessions(request).await?.into_inner().sessions)
    }

    pub(crate) async fn revoke_session(&self, token: &str, session_id: &str) -> Result<(), Status> {
        let request = proto::RevokeSessionRequest { session_id: session_id.to_owned() };
        self.auth.clone().revoke_session(signed(request, token)).await.map(drop)
    }

    pub(crate) async fn get_me(&self, token: &str) -> Result<proto::User, Status> {
        let request = signed(proto::GetMeRequest {}, token);
        Ok(self.users.clone().get_me(request).await?.into_inner().user.unwrap())
    }

    pub(crate) async fn update_me(
        &self,
        token: &str,
        profile: proto::Profile,
        paths: &[&str],
    ) -> Result<proto::User, Status> {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let update_mask = Some(prost_types::FieldMask { paths });
        let request = proto::UpdateMeRequest { profile: Some(profile), update_mask };
        Ok(self.users.clone().update_me(signed(request, token)).await?.into_inner().user.unwrap())
    }

    pub(crate) async fn delete_me(&self, token: &str) -> Result<(), Status> {
        self.users.clone().delete_me(signed(proto::DeleteMeRequest {}, token)).await.map(drop)
    }

    pub(crate) async fn change_password(&self, token: &str, old: &str, new: &str) -> Result<(), Status> {
        let (old_password, new_password) = (old.to_owned(), new.to_owned());
        let request = proto::ChangePasswordRequest { old_password, new_password };
        self.users.clone().change_password(signed(request, token)).await.map(drop)
    }

    pub(crate) async fn export_me(&self, token: &str) -> Result<proto::ExportMeResponse, Status> {
        let request = signed(proto::ExportMeRequest {}, token);
        Ok(self.users.clone().export_me(request).await?.into_inner())
    }

    pub(crate) async fn get_user(&self, token: &str, user_id: &str) -> Result<proto::User, Status> {
        let request = signed(proto::GetUserRequest { user_id: user_id.to_owned() }, token);
        Ok(self.users.clone().get_user(request).await?.into_inner().user.unwrap())
    }

    pub(crate) async fn list_users(
        &self,
        token: &str,
        request: proto::ListUsersRequest,
    ) -> Result<proto::ListUsersResponse, Status> {
        Ok(self.users.clone().list_users(signed(request, token)).await?.into_inner())
    }

    pub(crate) async fn set_roles(
        &self,
        token: &str,
        user_id: &str,
        roles: &[proto::Role],
    ) -> Result<proto::User, Status> {
        let roles = roles.iter().map(|role| (*role).into()).collect();
        let request = proto::SetRolesRequest { user_id: user_id.to_owned(), roles };
        Ok(self.users.clone().set_roles(signed(request, token)).await?.into_inner().user.unwrap())
    }

    /// The token of a link, opened as the consumer of the event does.
    pub(crate) fn open_link(&self, event: &proto::PasswordResetRequested) -> String {
        let secret = event.sealed_token.clone().unwrap();
        let sealed = Sealed { key_id: secret.key_id, nonce: secret.nonce, ciphertext: secret.ciphertext };
        let token = self.sealing.open(&sealed, &password_reset_place(&event.reset_id, &event.user_id));
        String::from_utf8(token.unwrap().to_vec()).unwrap()
    }

    /// The token of the link that was asked for last.
    pub(crate) async fn last_link(&self) -> String {
        self.open_link(self.events().await.last().expect("a link was asked for"))
    }

    /// Makes an account an admin behind the back of the service.
    pub(crate) async fn make_admin(&self, user_id: &str) {
        sqlx::query("UPDATE users SET roles = ARRAY['athlete', 'admin'] WHERE user_id = $1::uuid")
            .bind(user_id)
            .execute(&self.pool)
            .await
            .unwrap();
    }
}
