//! `fitness.user.v1.UserService`.

use chassis::auth::{self, Role};
use chassis::errors::{Failure, report};
use chassis::grpc::id;
use chassis::mask::Mask;
use chassis::paging::Page;
use chassis::validation;
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::user::v1::user_service_server::UserService;
use tonic::{Request, Response, Status};

use super::{client, session_message, user_message};
use crate::accounts::{Accounts, ChangePassword, UpdateMe, timestamp};

/// Maps the RPCs to the use cases.
pub(crate) struct UserApi(pub(crate) Accounts);

#[tonic::async_trait]
impl UserService for UserApi {
    async fn get_me(
        &self,
        request: Request<proto::GetMeRequest>,
    ) -> Result<Response<proto::GetMeResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let user = self.0.get_me(&principal).await.map_err(report)?;
        Ok(Response::new(proto::GetMeResponse { user: Some(user_message::from(user)) }))
    }

    async fn update_me(
        &self,
        request: Request<proto::UpdateMeRequest>,
    ) -> Result<Response<proto::UpdateMeResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let update = update(request)?;
        let user = self.0.update_me(&principal, update).await.map_err(report)?;
        Ok(Response::new(proto::UpdateMeResponse { user: Some(user_message::from(user)) }))
    }

    async fn delete_me(
        &self,
        request: Request<proto::DeleteMeRequest>,
    ) -> Result<Response<proto::DeleteMeResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        self.0.delete_me(&principal).await.map_err(report)?;
        Ok(Response::new(proto::DeleteMeResponse {}))
    }

    async fn change_password(
        &self,
        request: Request<proto::ChangePasswordRequest>,
    ) -> Result<Response<proto::ChangePasswordResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let client = client::from(request.metadata());
        let request = request.into_inner();
        let request = validation::check(request)?;
        let change = ChangePassword {
            old_password: request.old_password.into(),
            new_password: request.new_password.into(),
        };
        self.0.change_password(&principal, change, &client).await.map_err(report)?;
        Ok(Response::new(proto::ChangePasswordResponse {}))
    }

    async fn export_me(
        &self,
        request: Request<proto::ExportMeRequest>,
    ) -> Result<Response<proto::ExportMeResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let export = self.0.export_me(&principal).await.map_err(report)?;
        let session = |session| session_message::from(session, principal.session_id);
        Ok(Response::new(proto::ExportMeResponse {
            user: Some(user_message::from(export.user)),
            email_verify_time: export.email_verify_time.map(timestamp),
            password_change_time: export.password_change_time.map(timestamp),
            update_time: Some(timestamp(export.update_time)),
            sessions: export.sessions.into_iter().map(session).collect(),
            devices: export.devices.into_iter().map(session_message::from_device).collect(),
            export_time: Some(timestamp(export.export_time)),
        }))
    }

    async fn get_user(
        &self,
        request: Request<proto::GetUserRequest>,
    ) -> Result<Response<proto::GetUserResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let user_id = id("user_id", &request.user_id).map_err(Failure::from)?;
        let user = self.0.get_user(&principal, user_id).await.map_err(report)?;
        Ok(Response::new(proto::GetUserResponse { user: Some(user_message::from(user)) }))
    }

    async fn list_users(
        &self,
        request: Request<proto::ListUsersRequest>,
    ) -> Result<Response<proto::ListUsersResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let outcome = self.0.list_users(&principal, &request.email_prefix, &page).await;
        let listed = outcome.map_err(report)?;
        Ok(Response::new(proto::ListUsersResponse {
            users: listed.rows.into_iter().map(user_message::from).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    async fn set_roles(
        &self,
        request: Request<proto::SetRolesRequest>,
    ) -> Result<Response<proto::SetRolesResponse>, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let user_id = id("user_id", &request.user_id).map_err(Failure::from)?;
        let roles: Vec<_> = request.roles().filter_map(Role::from_message).collect();
        let user = self.0.set_roles(&principal, user_id, &roles).await.map_err(report)?;
        Ok(Response::new(proto::SetRolesResponse { user: Some(user_message::from(user)) }))
    }
}

/// Takes the fields of the profile that the update is about.
fn update(request: proto::UpdateMeRequest) -> Result<UpdateMe, Failure> {
    let profile = request.profile.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &profile)?;
    Ok(UpdateMe {
        display_name: mask.has("display_name").then_some(profile.display_name),
        locale: mask.has("locale").then_some(profile.locale),
        time_zone: mask.has("time_zone").then_some(profile.time_zone),
    })
}
