//! `fitness.notify.v1.NotificationService`.

use chassis::auth::Principal;
use chassis::grpc::{Answer, Anybody, Call, id};
use chassis::paging::Page;
use fitness_proto::fitness::notify::v1::notification_service_server::NotificationService;
use fitness_proto::fitness::notify::v1::{
    GetNotificationPreferencesRequest, GetNotificationPreferencesResponse, GetNotificationRequest,
    GetNotificationResponse, ListNotificationsRequest, ListNotificationsResponse, NotificationCategory,
    UnsubscribeRequest, UnsubscribeResponse, UpdateNotificationPreferencesRequest,
    UpdateNotificationPreferencesResponse,
};

use super::{notification_message, preference_changes};
use crate::access::Access;
use crate::notifications::Notifications;

/// Maps the RPCs to the use cases.
pub(crate) struct NotificationApi {
    pub(crate) notifications: Notifications,
    pub(crate) access: Access,
}

impl NotificationApi {
    /// Lets those in whose account still exists.
    async fn admit(&self, caller: &Principal) -> Answer<()> {
        Ok(self.access.account(caller).await?)
    }
}

chassis::rpcs! { NotificationService for NotificationApi, admitting NotificationApi::admit {
    signed_in list_notifications(ListNotificationsRequest) -> ListNotificationsResponse;
    signed_in get_notification(GetNotificationRequest) -> GetNotificationResponse;
    signed_in get_notification_preferences(GetNotificationPreferencesRequest) -> GetNotificationPreferencesResponse;
    signed_in update_notification_preferences(UpdateNotificationPreferencesRequest) -> UpdateNotificationPreferencesResponse;
    open unsubscribe(UnsubscribeRequest) -> UnsubscribeResponse;
} }

impl NotificationApi {
    async fn list_notifications(
        &self,
        call: Call<ListNotificationsRequest>,
    ) -> Answer<ListNotificationsResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.notifications.list(call.caller.user_id, &page).await?;
        Ok(ListNotificationsResponse {
            notifications: listed.rows.into_iter().map(notification_message::from_entry).collect(),
            next_page_token: listed.next_page_token,
        })
    }

    async fn get_notification(&self, call: Call<GetNotificationRequest>) -> Answer<GetNotificationResponse> {
        let notification_id = id("notification_id", &call.message.notification_id)?;
        let story = self.notifications.get(call.caller.user_id, notification_id).await?;
        let notification = Some(notification_message::from_story(story));
        Ok(GetNotificationResponse { notification })
    }

    async fn get_notification_preferences(
        &self,
        call: Call<GetNotificationPreferencesRequest>,
    ) -> Answer<GetNotificationPreferencesResponse> {
        let preferences = self.notifications.get_preferences(call.caller.user_id).await?;
        let preferences = Some(preference_changes::message(&preferences));
        Ok(GetNotificationPreferencesResponse { preferences })
    }

    async fn update_notification_preferences(
        &self,
        call: Call<UpdateNotificationPreferencesRequest>,
    ) -> Answer<UpdateNotificationPreferencesResponse> {
        let changes = preference_changes::changes(call.message)?;
        let preferences = self.notifications.update_preferences(call.caller.user_id, &changes).await?;
        let preferences = Some(preference_changes::message(&preferences));
        Ok(UpdateNotificationPreferencesResponse { preferences })
    }

    async fn unsubscribe(&self, call: Call<UnsubscribeRequest, Anybody>) -> Answer<UnsubscribeResponse> {
        let category = self.notifications.unsubscribe(&call.message.token).await?;
        let category = NotificationCategory::from(category).into();
        Ok(UnsubscribeResponse { category })
    }
}
