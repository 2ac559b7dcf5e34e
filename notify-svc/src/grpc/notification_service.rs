//! `fitness.notify.v1.NotificationService`.

use chassis::errors::{Failure, report};
use chassis::grpc::id;
use chassis::paging::Page;
use chassis::{auth, validation};
use fitness_proto::fitness::notify::v1::notification_service_server::NotificationService;
use fitness_proto::fitness::notify::v1::{
    GetNotificationPreferencesRequest, GetNotificationPreferencesResponse, GetNotificationRequest,
    GetNotificationResponse, ListNotificationsRequest, ListNotificationsResponse, NotificationCategory,
    UnsubscribeRequest, UnsubscribeResponse, UpdateNotificationPreferencesRequest,
    UpdateNotificationPreferencesResponse,
};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{notification_message, preference_changes};
use crate::access::Access;
use crate::notifications::Notifications;

/// Maps the RPCs to the use cases.
pub(crate) struct NotificationApi {
    pub(crate) notifications: Notifications,
    pub(crate) access: Access,
}

impl NotificationApi {
    /// The account of the caller, which still exists.
    async fn caller<T>(&self, request: &Request<T>) -> Result<Uuid, Status> {
        let principal = auth::principal(request).map_err(Failure::from)?;
        self.access.account(&principal).await.map_err(report)
    }
}

#[tonic::async_trait]
impl NotificationService for NotificationApi {
    async fn list_notifications(
        &self,
        request: Request<ListNotificationsRequest>,
    ) -> Result<Response<ListNotificationsResponse>, Status> {
        let user_id = self.caller(&request).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let listed = self.notifications.list(user_id, &page).await.map_err(report)?;
        Ok(Response::new(ListNotificationsResponse {
            notifications: listed.rows.into_iter().map(notification_message::from_entry).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    async fn get_notification(
        &self,
        request: Request<GetNotificationRequest>,
    ) -> Result<Response<GetNotificationResponse>, Status> {
        let user_id = self.caller(&request).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let notification_id = id("notification_id", &request.notification_id).map_err(Failure::from)?;
        let story = self.notifications.get(user_id, notification_id).await.map_err(report)?;
        let notification = Some(notification_message::from_story(story));
        Ok(Response::new(GetNotificationResponse { notification }))
    }

    async fn get_notification_preferences(
        &self,
        request: Request<GetNotificationPreferencesRequest>,
    ) -> Result<Response<GetNotificationPreferencesResponse>, Status> {
        let user_id = self.caller(&request).await?;
        let preferences = self.notifications.get_preferences(user_id).await.map_err(report)?;
        let preferences = Some(preference_changes::message(&preferences));
        Ok(Response::new(GetNotificationPreferencesResponse { preferences }))
    }

    async fn update_notification_preferences(
        &self,
        request: Request<UpdateNotificationPreferencesRequest>,
    ) -> Result<Response<UpdateNotificationPreferencesResponse>, Status> {
        let user_id = self.caller(&request).await?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let changes = preference_changes::changes(request)?;
        let preferences = self.notifications.update_preferences(user_id, &changes).await.map_err(report)?;
        let preferences = Some(preference_changes::message(&preferences));
        Ok(Response::new(UpdateNotificationPreferencesResponse { preferences }))
    }

    async fn unsubscribe(
        &self,
        request: Request<UnsubscribeRequest>,
    ) -> Result<Response<UnsubscribeResponse>, Status> {
        let request = request.into_inner();
        let request = validation::check(request)?;
        let category = self.notifications.unsubscribe(&request.token).await.map_err(report)?;
        let category = NotificationCategory::from(category).into();
        Ok(Response::new(UnsubscribeResponse { category }))
    }
}
