//! `fitness.workout.v1.ReminderService`.

use chassis::errors::Failure;
use chassis::mask::Mask;
use chassis::{auth, validation};
use chrono::Weekday;
use fitness_proto::fitness::workout::v1 as proto;
use proto::reminder_service_server::ReminderService;
use tonic::{Request, Response, Status};

use super::id;
use crate::model::reminder::Placed;
use crate::model::schedule::Weekdays;
use crate::paging::Page;
use crate::reminders::{CreateReminder, UpdateReminder};
use crate::training::{Training, TrainingError, timestamp};

/// Maps the RPCs to the use cases.
pub(crate) struct ReminderApi(pub(crate) Training);

#[tonic::async_trait]
impl ReminderService for ReminderApi {
    async fn create_reminder(
        &self,
        request: Request<proto::CreateReminderRequest>,
    ) -> Result<Response<proto::CreateReminderResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let create = CreateReminder {
            weekdays: weekdays(request.days_of_week()),
            message: request.message,
            time_of_day: request.time_of_day,
            time_zone: request.time_zone,
            routine_id: Some(request.routine_id).filter(|text| !text.is_empty()).map(|text| id(&text)),
            enabled: request.enabled.unwrap_or(true),
            skip_dates: request.skip_dates,
        };
        let reminder = self.0.create_reminder(caller.user_id, create).await?;
        Ok(Response::new(proto::CreateReminderResponse { reminder: Some(message(reminder)) }))
    }

    async fn get_reminder(
        &self,
        request: Request<proto::GetReminderRequest>,
    ) -> Result<Response<proto::GetReminderResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let reminder = self.0.get_reminder(caller.user_id, id(&request.reminder_id)).await?;
        Ok(Response::new(proto::GetReminderResponse { reminder: Some(message(reminder)) }))
    }

    async fn list_reminders(
        &self,
        request: Request<proto::ListRemindersRequest>,
    ) -> Result<Response<proto::ListRemindersResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let page = Page::parse(request.page_size, &request.page_token).map_err(TrainingError::from)?;
        let listed = self.0.list_reminders(caller.user_id, &page).await?.map(message);
        Ok(Response::new(proto::ListRemindersResponse {
            reminders: listed.rows,
            next_page_token: listed.next_page_token,
        }))
    }

    async fn update_reminder(
        &self,
        request: Request<proto::UpdateReminderRequest>,
    ) -> Result<Response<proto::UpdateReminderResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        let reminder = self.0.update_reminder(caller.user_id, changes(request)?).await?;
        Ok(Response::new(proto::UpdateReminderResponse { reminder: Some(message(reminder)) }))
    }

    async fn delete_reminder(
        &self,
        request: Request<proto::DeleteReminderRequest>,
    ) -> Result<Response<proto::DeleteReminderResponse>, Status> {
        let caller = auth::principal(&request).map_err(Failure::from)?;
        let request = request.into_inner();
        let request = validation::check(request)?;
        self.0.delete_reminder(caller.user_id, id(&request.reminder_id)).await?;
        Ok(Response::new(proto::DeleteReminderResponse {}))
    }
}

/// What an update is about. What is named and absent is asked to be emptied.
fn changes(request: proto::UpdateReminderRequest) -> Result<UpdateReminder, Failure> {
    let update = request.reminder.unwrap_or_default();
    let mask = Mask::of(request.update_mask, &update)?;
    Ok(UpdateReminder {
        reminder_id: id(&request.reminder_id),
        weekdays: mask.has("days_of_week").then(|| weekdays(update.days_of_week())),
        message: mask.has("message").then(|| update.message.unwrap_or_default()),
        time_of_day: mask.has("time_of_day").then(|| update.time_of_day.unwrap_or_default()),
        time_zone: mask.has("time_zone").then(|| update.time_zone.unwrap_or_default()),
        routine_id: mask.change("routine_id", update.routine_id.as_deref().map(id)),
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
