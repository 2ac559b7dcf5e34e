//! `fitness.workout.v1.ReminderService`.

use chassis::errors::Failure;
use chassis::grpc::{Answer, Call, id, optional_id};
use chassis::mask::Mask;
use chassis::paging::Page;
use chrono::Weekday;
use fitness_proto::fitness::workout::v1 as proto;
use proto::reminder_service_server::ReminderService;

use crate::model::reminder::Placed;
use crate::model::schedule::Weekdays;
use crate::reminders::{CreateReminder, UpdateReminder};
use crate::training::{Training, timestamp};

/// Maps the RPCs to the use cases.
pub(crate) struct ReminderApi(pub(crate) Training);

chassis::rpcs! { ReminderService for ReminderApi {
    signed_in create_reminder(proto::CreateReminderRequest) -> proto::CreateReminderResponse;
    signed_in get_reminder(proto::GetReminderRequest) -> proto::GetReminderResponse;
    signed_in list_reminders(proto::ListRemindersRequest) -> proto::ListRemindersResponse;
    signed_in update_reminder(proto::UpdateReminderRequest) -> proto::UpdateReminderResponse;
    signed_in delete_reminder(proto::DeleteReminderRequest) -> proto::DeleteReminderResponse;
} }

impl ReminderApi {
    async fn create_reminder(
        &self,
        call: Call<proto::CreateReminderRequest>,
    ) -> Answer<proto::CreateReminderResponse> {
        let create = CreateReminder {
            weekdays: weekdays(call.message.days_of_week()),
            message: call.message.message,
            time_of_day: call.message.time_of_day,
            time_zone: call.message.time_zone,
            routine_id: optional_id("routine_id", &call.message.routine_id)?,
            enabled: call.message.enabled.unwrap_or(true),
            skip_dates: call.message.skip_dates,
        };
        let reminder = self.0.create_reminder(call.caller.user_id, create).await?;
        Ok(proto::CreateReminderResponse { reminder: Some(message(reminder)) })
    }

    async fn get_reminder(
        &self,
        call: Call<proto::GetReminderRequest>,
    ) -> Answer<proto::GetReminderResponse> {
        let reminder =
            self.0.get_reminder(call.caller.user_id, id("reminder_id", &call.message.reminder_id)?).await?;
        Ok(proto::GetReminderResponse { reminder: Some(message(reminder)) })
    }

    async fn list_reminders(
        &self,
        call: Call<proto::ListRemindersRequest>,
    ) -> Answer<proto::ListRemindersResponse> {
        let page = Page::parse(call.message.page_size, &call.message.page_token)?;
        let listed = self.0.list_reminders(call.caller.user_id, &page).await?.map(message);
        Ok(proto::ListRemindersResponse { reminders: listed.rows, next_page_token: listed.next_page_token })
    }

    async fn update_reminder(
        &self,
        call: Call<proto::UpdateReminderRequest>,
    ) -> Answer<proto::UpdateReminderResponse> {
        let reminder = self.0.update_reminder(call.caller.user_id, changes(call.message)?).await?;
        Ok(proto::UpdateReminderResponse { reminder: Some(message(reminder)) })
    }

    async fn delete_reminder(
        &self,
        call: Call<proto::DeleteReminderRequest>,
    ) -> Answer<proto::DeleteReminderResponse> {
        self.0.delete_reminder(call.caller.user_id, id("reminder_id", &call.message.reminder_id)?).await?;
        Ok(proto::DeleteReminderResponse {})
    }
}

/// What an update is about. What is named and absent is asked to be emptied.
fn changes(request: proto::UpdateReminderRequest) -> Result<UpdateReminder, Failure> {
    let update = request.reminder.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    let routine_id = optional_id("reminder.routine_id", update.routine_id.as_deref().unwrap_or_default())?;
    Ok(UpdateReminder {
        reminder_id: id("reminder_id", &request.reminder_id)?,
        weekdays: mask.has("days_of_week").then(|| weekdays(update.days_of_week())),
        message: mask.has("message").then(|| update.message.unwrap_or_default()),
        time_of_day: mask.has("time_of_day").then(|| update.time_of_day.unwrap_or_default()),
        time_zone: mask.has("time_zone").then(|| update.time_zone.unwrap_or_default()),
        routine_id: mask.change("routine_id", routine_id),
        enabled: mask.has("enabled").then(|| update.enabled.unwrap_or_default()),
        skip_dates: mask.has("skip_dates").then_some(update.skip_dates),
    })
}

fn weekdays(days: impl Iterator<Item = proto::Day>) -> Weekdays {
    Weekdays::of(days.filter_map(weekday))
}

fn weekday(day: proto::Day) -> Option<Weekday> {
    match day {
        proto::Day::Unspecified => None,
        proto::Day::Monday => Some(Weekday::Mon),
        proto::Day::Tuesday => Some(Weekday::Tue),
        proto::Day::Wednesday => Some(Weekday::Wed),
        proto::Day::Thursday => Some(Weekday::Thu),
        proto::Day::Friday => Some(Weekday::Fri),
        proto::Day::Saturday => Some(Weekday::Sat),
        proto::Day::Sunday => Some(Weekday::Sun),
    }
}

fn message(placed: Placed) -> proto::Reminder {
    let Placed { reminder, time_zone } = placed;
    proto::Reminder {
        reminder_id: reminder.reminder_id.to_string(),
        message: reminder.message,
        time_of_day: reminder.time_of_day.format("%H:%M").to_string(),
        // The numbers of the days are those of ISO 8601 in the contract too.
        days_of_week: reminder.weekdays.iter().map(|day| day.number_from_monday() as i32).collect(),
        time_zone: time_zone.name().to_owned(),
        follows_profile: reminder.time_zone.is_none(),
        routine_id: reminder.routine_id.map(|id| id.to_string()).unwrap_or_default(),
        enabled: reminder.enabled,
        skip_dates: reminder.skip_dates.iter().map(ToString::to_string).collect(),
        next_due_time: reminder.next_due_time.map(timestamp),
        create_time: Some(timestamp(reminder.create_time)),
        update_time: Some(timestamp(reminder.update_time)),
    }
}
