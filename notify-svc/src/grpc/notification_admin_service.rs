//! `fitness.notify.v1.NotificationAdminService`.

use chassis::auth::Principal;
use chassis::grpc::{Answer, Call, id, optional_id};
use chassis::moment;
use chassis::paging::Page;
use fitness_proto::fitness::notify::v1::notification_admin_service_server::NotificationAdminService;
use fitness_proto::fitness::notify::v1::{
    CancelNotificationRequest, CancelNotificationResponse, GetDeadLetterRequest, GetDeadLetterResponse,
    ListDeadLettersRequest, ListDeadLettersResponse, PreviewFormat, PreviewTemplateRequest,
    RecoverNotificationsRequest, RecoverNotificationsResponse, ReplayDeadLetterRequest,
    ReplayDeadLetterResponse, ReplayDeadLettersRequest, ReplayDeadLettersResponse, ResendNotificationRequest,
    ResendNotificationResponse, SearchNotificationsRequest, SearchNotificationsResponse,
};
use fitness_proto::google::api::HttpBody;

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
    /// Lets administrators in.
    async fn admit(&self, caller: &Principal) -> Answer<()> {
        Ok(self.access.admin(caller).await?)
    }
}

chassis::rpcs! { NotificationAdminService for NotificationAdminApi, admitting NotificationAdminApi::admit {
    signed_in search_notifications(SearchNotificationsRequest) -> SearchNotificationsResponse;
    signed_in resend_notification(ResendNotificationRequest) -> ResendNotificationResponse;
    signed_in cancel_notification(CancelNotificationRequest) -> CancelNotificationResponse;
    signed_in recover_notifications(RecoverNotificationsRequest) -> RecoverNotificationsResponse;
    signed_in list_dead_letters(ListDeadLettersRequest) -> ListDeadLettersResponse;
    signed_in get_dead_letter(GetDeadLetterRequest) -> GetDeadLetterResponse;
    signed_in replay_dead_letter(ReplayDeadLetterRequest) -> ReplayDeadLetterResponse;
    signed_in replay_dead_letters(ReplayDeadLettersRequest) -> ReplayDeadLettersResponse;
    signed_in preview_template(PreviewTemplateRequest) -> HttpBody;
} }

impl NotificationAdminApi {
    async fn search_notifications(
        &self,
        call: Call<SearchNotificationsRequest>,
    ) -> Answer<SearchNotificationsResponse> {
        let state = notification_message::state_filter(call.message.state());
        let user_id = optional_id("user_id", &call.message.user_id)?;
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let search = Search { user_id, state, template: call.message.template };
        let listed = self.notifications.search(&search, &page).await?;
        Ok(SearchNotificationsResponse {
            notifications: listed.rows.into_iter().map(notification_message::from_entry).collect(),
            next_page_token: listed.next_page_token,
        })
    }

    async fn resend_notification(
        &self,
        call: Call<ResendNotificationRequest>,
    ) -> Answer<ResendNotificationResponse> {
        let notification_id = id("notification_id", &call.message.notification_id)?;
        let story = self.notifications.resend(notification_id).await?;
        let notification = Some(notification_message::from_story(story));
        Ok(ResendNotificationResponse { notification })
    }

    async fn cancel_notification(
        &self,
        call: Call<CancelNotificationRequest>,
    ) -> Answer<CancelNotificationResponse> {
        let notification_id = id("notification_id", &call.message.notification_id)?;
        let story = self.notifications.cancel(notification_id).await?;
        let notification = Some(notification_message::from_story(story));
        Ok(CancelNotificationResponse { notification })
    }

    async fn recover_notifications(
        &self,
        call: Call<RecoverNotificationsRequest>,
    ) -> Answer<RecoverNotificationsResponse> {
        let state = notification_message::state_filter(call.message.state());
        let start_time = moment::time("start_time", call.message.start_time)?.unwrap_or_default();
        let end_time = moment::time("end_time", call.message.end_time)?;
        let recover = Recover { start_time, end_time, template: call.message.template, state };
        let recovered = self.notifications.recover(&recover).await?;
        Ok(RecoverNotificationsResponse { recovered: recovered.count as i32, more: recovered.more })
    }

    async fn list_dead_letters(&self, call: Call<ListDeadLettersRequest>) -> Answer<ListDeadLettersResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let ListDeadLettersRequest { consumer_group, event_type, include_replayed, .. } = call.message;
        let filter = Filter { include_replayed, ..filter(consumer_group, event_type) };
        let listed = self.dead_letters.list(&filter, &page).await?;
        Ok(ListDeadLettersResponse {
            dead_letters: listed.rows.into_iter().map(dead_letter_message::listed).collect(),
            next_page_token: listed.next_page_token,
        })
    }

    async fn get_dead_letter(&self, call: Call<GetDeadLetterRequest>) -> Answer<GetDeadLetterResponse> {
        let dead_letter_id = id("dead_letter_id", &call.message.dead_letter_id)?;
        let letter = self.dead_letters.get(dead_letter_id).await?;
        let dead_letter = Some(dead_letter_message::from(letter));
        Ok(GetDeadLetterResponse { dead_letter })
    }

    async fn replay_dead_letter(
        &self,
        call: Call<ReplayDeadLetterRequest>,
    ) -> Answer<ReplayDeadLetterResponse> {
        let dead_letter_id = id("dead_letter_id", &call.message.dead_letter_id)?;
        let letter = self.dead_letters.replay(dead_letter_id, call.message.force).await?;
        let dead_letter = Some(dead_letter_message::from(letter));
        Ok(ReplayDeadLetterResponse { dead_letter })
    }

    async fn replay_dead_letters(
        &self,
        call: Call<ReplayDeadLettersRequest>,
    ) -> Answer<ReplayDeadLettersResponse> {
        let filter = filter(call.message.consumer_group, call.message.event_type);
        let replayed = self.dead_letters.replay_many(&filter).await?;
        Ok(ReplayDeadLettersResponse {
            replayed: replayed.replayed as i32,
            failed: replayed.failed as i32,
            more: replayed.more,
        })
    }

    #[expect(clippy::unused_async, reason = "handlers are asynchronous")]
    async fn preview_template(&self, call: Call<PreviewTemplateRequest>) -> Answer<HttpBody> {
        let content = self.notifications.preview_template(&call.message.name, &call.message.locale)?;
        let (content_type, body) = match call.message.format() {
            PreviewFormat::Unspecified | PreviewFormat::Html => ("text/html; charset=utf-8", content.html),
            PreviewFormat::Text => {
                ("text/plain; charset=utf-8", format!("{}\n\n{}", content.subject, content.text))
            }
        };
        let content_type = content_type.to_owned();
        Ok(HttpBody { content_type, data: body.into_bytes(), extensions: Vec::new() })
    }
}

fn filter(consumer_group: String, event_type: String) -> Filter {
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Filter { consumer_group: given(consumer_group), event_type: given(event_type), include_replayed: false }
}
