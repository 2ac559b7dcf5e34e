//! `fitness.user.v1.UserService`.

use chassis::auth::Role;
use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, id};
use chassis::mask::Mask;
use chassis::paging::Page;
use fitness_proto::fitness::user::v1 as proto;
use fitness_proto::fitness::user::v1::user_service_server::UserService;

use super::{client, session_message, user_message};
use crate::accounts::{Accounts, ChangePassword, UpdateMe, timestamp};

/// Maps the RPCs to the use cases.
pub(crate) struct UserApi(pub(crate) Accounts);

chassis::rpcs! { UserService for UserApi {
    signed_in get_me(proto::GetMeRequest) -> proto::GetMeResponse;
    signed_in update_me(proto::UpdateMeRequest) -> proto::UpdateMeResponse;
    signed_in delete_me(proto::DeleteMeRequest) -> proto::DeleteMeResponse;
    signed_in change_password(proto::ChangePasswordRequest) -> proto::ChangePasswordResponse;
    signed_in export_me(proto::ExportMeRequest) -> proto::ExportMeResponse;
    signed_in get_user(proto::GetUserRequest) -> proto::GetUserResponse;
    signed_in list_users(proto::ListUsersRequest) -> proto::ListUsersResponse;
    signed_in set_roles(proto::SetRolesRequest) -> proto::SetRolesResponse;
} }

impl UserApi {
    async fn get_me(&self, call: Call<proto::GetMeRequest>) -> Answer<proto::GetMeResponse> {
        let user = self.0.get_me(&call.caller).await?;
        Ok(proto::GetMeResponse { user: Some(user_message::from(user)) })
    }

    async fn update_me(&self, call: Call<proto::UpdateMeRequest>) -> Answer<proto::UpdateMeResponse> {
        let update = update(call.message)?;
        let user = self.0.update_me(&call.caller, update).await?;
        Ok(proto::UpdateMeResponse { user: Some(user_message::from(user)) })
    }

    async fn delete_me(&self, call: Call<proto::DeleteMeRequest>) -> Answer<proto::DeleteMeResponse> {
        self.0.delete_me(&call.caller).await?;
        Ok(proto::DeleteMeResponse {})
    }

    async fn change_password(
        &self,
        call: Call<proto::ChangePasswordRequest>,
    ) -> Answer<proto::ChangePasswordResponse> {
        let client = client::from(&call.metadata);
        let change = ChangePassword {
            old_password: call.message.old_password.into(),
            new_password: call.message.new_password.into(),
        };
        self.0.change_password(&call.caller, change, &client).await?;
        Ok(proto::ChangePasswordResponse {})
    }

    async fn export_me(&self, call: Call<proto::ExportMeRequest>) -> Answer<proto::ExportMeResponse> {
        let export = self.0.export_me(&call.caller).await?;
        let session = |session| session_message::from(session, call.caller.session_id);
        Ok(proto::ExportMeResponse {
            user: Some(user_message::from(export.user)),
            email_verify_time: export.email_verify_time.map(timestamp),
            password_change_time: export.password_change_time.map(timestamp),
            update_time: Some(timestamp(export.update_time)),
            sessions: export.sessions.into_iter().map(session).collect(),
            devices: export.devices.into_iter().map(session_message::from_device).collect(),
            export_time: Some(timestamp(export.export_time)),
        })
    }

    async fn get_user(&self, call: Call<proto::GetUserRequest>) -> Answer<proto::GetUserResponse> {
        let user_id = id("user_id", &call.message.user_id)?;
        let user = self.0.get_user(&call.caller, user_id).await?;
        Ok(proto::GetUserResponse { user: Some(user_message::from(user)) })
    }

    async fn list_users(&self, call: Call<proto::ListUsersRequest>) -> Answer<proto::ListUsersResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let outcome = self.0.list_users(&call.caller, &call.message.email_prefix, &page).await;
        let listed = outcome?;
        Ok(proto::ListUsersResponse {
            users: listed.rows.into_iter().map(user_message::from).collect(),
            next_page_token: listed.next_page_token,
        })
    }

    async fn set_roles(&self, call: Call<proto::SetRolesRequest>) -> Answer<proto::SetRolesResponse> {
        let user_id = id("user_id", &call.message.user_id)?;
        let roles: Vec<_> = call.message.roles().filter_map(Role::from_message).collect();
        let user = self.0.set_roles(&call.caller, user_id, &roles).await?;
        Ok(proto::SetRolesResponse { user: Some(user_message::from(user)) })
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
