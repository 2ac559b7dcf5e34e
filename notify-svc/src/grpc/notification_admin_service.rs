//! `fitness.notify.v1.NotificationAdminService`.

use chassis::errors::{Failure, report};
use chassis::grpc::{id, optional_id};
use chassis::paging::Page;
use chassis::{auth, moment, validation};
use fitness_proto::fitness::notify::v1::notification_admin_service_server::NotificationAdminService;
use fitness_proto::fitness::notify::v1::{
    CancelNotificationRequest, CancelNotificationResponse, GetDeadLetterRequest, GetDeadLetterResponse,
    ListDeadLettersRequest, ListDeadLettersResponse, PreviewFormat, PreviewTemplateRequest,
    RecoverNotificationsRequest, RecoverNotificationsResponse, ReplayDeadLetterRequest,
    ReplayDeadLetterResponse, ReplayDeadLettersRequest, ReplayDeadLettersResponse, ResendNotificationRequest,
    ResendNotificationResponse, SearchNotificationsRequest, SearchNotificationsResponse,
};
use fitness_proto::google::api::HttpBody;
use tonic::{Request, Response, Status};

use super::{dead_letter_message, notification_message};
use crate::access::Access;
use crate::dead_letters::DeadLetters;
use crate::ledger::dead_letters::Filter;
use crate::notifications::{Notifications, Recover, Search};

/// Maps the RPCs to the use cases.
pub(crate) struct NotificationAdminApi {
    pub(crate) notifications: Notifications,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) access: Access,
}

impl NotificationAdminApi {
    /// Takes the request of an administrator that keeps the rules of the contract.
    async fn admitted<T: prost::Message + prost::Name + Default>(
        &self,
        request: Request<T>,
    ) -> Result<T, Status> {
        let principal = auth::principal(&request).map_err(Failure::from)?;
        self.access.admin(&principal).await.map_err(report)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        Ok(request)
    }
}

#[tonic::async_trait]
impl NotificationAdminService for NotificationAdminApi {
    async fn search_notifications(
        &self,
        request: Request<SearchNotificationsRequest>,
    ) -> Result<Response<SearchNotificationsResponse>, Status> {
        let request = self.admitted(request).await?;
        let state = notification_message::state_filter(request.state());
        let user_id = optional_id("user_id", &request.user_id).map_err(Failure::from)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let search = Search { user_id, state, template: request.template };
        let listed = self.notifications.search(&search, &page).await.map_err(report)?;
        Ok(Response::new(SearchNotificationsResponse {
            notifications: listed.rows.into_iter().map(notification_message::from_entry).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    async fn resend_notification(
        &self,
        request: Request<ResendNotificationRequest>,
    ) -> Result<Response<ResendNotificationResponse>, Status> {
        let request = self.admitted(request).await?;
        let notification_id = id("notification_id", &request.notification_id).map_err(Failure::from)?;
        let story = self.notifications.resend(notification_id).await.map_err(report)?;
        let notification = Some(notification_message::from_story(story));
        Ok(Response::new(ResendNotificationResponse { notification }))
    }

    async fn cancel_notification(
        &self,
        request: Request<CancelNotificationRequest>,
    ) -> Result<Response<CancelNotificationResponse>, Status> {
        let request = self.admitted(request).await?;
        let notification_id = id("notification_id", &request.notification_id).map_err(Failure::from)?;
        let story = self.notifications.cancel(notification_id).await.map_err(report)?;
        let notification = Some(notification_message::from_story(story));
        Ok(Response::new(CancelNotificationResponse { notification }))
    }

    async fn recover_notifications(
        &self,
        request: Request<RecoverNotificationsRequest>,
    ) -> Result<Response<RecoverNotificationsResponse>, Status> {
        let request = self.admitted(request).await?;
        let state = notification_message::state_filter(request.state());
        let start_time = moment::time("start_time", request.start_time).map_err(Failure::from)?;
        let start_time = start_time.unwrap_or_default();
        let end_time = moment::time("end_time", request.end_time).map_err(Failure::from)?;
        let recover = Recover { start_time, end_time, template: request.template, state };
        let recovered = self.notifications.recover(&recover).await.map_err(report)?;
        Ok(Response::new(RecoverNotificationsResponse {
            recovered: recovered.count as i32,
            more: recovered.more,
        }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<ListDeadLettersRequest>,
    ) -> Result<Response<ListDeadLettersResponse>, Status> {
        let request = self.admitted(request).await?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(Failure::from)?;
        let ListDeadLettersRequest { consumer_group, event_type, include_replayed, .. } = request;
        let filter = Filter { include_replayed, ..filter(consumer_group, event_type) };
        let listed = self.dead_letters.list(&filter, &page).await.map_err(report)?;
        Ok(Response::new(ListDeadLettersResponse {
            dead_letters: listed.rows.into_iter().map(dead_letter_message::listed).collect(),
            next_page_token: listed.next_page_token,
        }))
    }

    async fn get_dead_letter(
        &self,
        request: Request<GetDeadLetterRequest>,
    ) -> Result<Response<GetDeadLetterResponse>, Status> {
        let request = self.admitted(request).await?;
        let dead_letter_id = id("dead_letter_id", &request.dead_letter_id).map_err(Failure::from)?;
        let letter = self.dead_letters.get(dead_letter_id).await.map_err(report)?;
        let dead_letter = Some(dead_letter_message::from(letter));
        Ok(Response::new(GetDeadLetterResponse { dead_letter }))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<ReplayDeadLetterRequest>,
    ) -> Result<Response<ReplayDeadLetterResponse>, Status> {
        let request = self.admitted(request).await?;
        let dead_letter_id = id("dead_letter_id", &request.dead_letter_id).map_err(Failure::from)?;
        let letter = self.dead_letters.replay(dead_letter_id, request.force).await.map_err(report)?;
        let dead_letter = Some(dead_letter_message::from(letter));
        Ok(Response::new(ReplayDeadLetterResponse { dead_letter }))
    }

    async fn replay_dead_letters(
        &self,
        request: Request<ReplayDeadLettersRequest>,
    ) -> Result<Response<ReplayDeadLettersResponse>, Status> {
        let request = self.admitted(request).await?;
        let filter = filter(request.consumer_group, request.event_type);
        let replayed = self.dead_letters.replay_many(&filter).await.map_err(report)?;
        Ok(Response::new(ReplayDeadLettersResponse {
            replayed: replayed.replayed as i32,
            failed: replayed.failed as i32,
            more: replayed.more,
        }))
    }

    async fn preview_template(
        &self,
        request: Request<PreviewTemplateRequest>,
    ) -> Result<Response<HttpBody>, Status> {
        let request = self.admitted(request).await?;
        let content = self.notifications.preview_template(&request.name, &request.locale).map_err(report)?;
        let (content_type, body) = match request.format() {
            PreviewFormat::Unspecified | PreviewFormat::Html => ("text/html; charset=utf-8", content.html),
            PreviewFormat::Text => {
                ("text/plain; charset=utf-8", format!("{}\n\n{}", content.subject, content.text))
            }
        };
        let content_type = content_type.to_owned();
        Ok(Response::new(HttpBody { content_type, data: body.into_bytes(), extensions: Vec::new() }))
    }
}

fn filter(consumer_group: String, event_type: String) -> Filter {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Filter { consumer_group: given(consumer_group), event_type: given(event_type), include_replayed: false }
}
