//! Events of the tests beside those of registration.

use chassis::sealing::{address_place, password_reset_place};
use chrono::{DateTime, TimeDelta, Utc};
use eventbus::Envelope;
use fitness_proto::fitness::user::v1::{
    PasswordChanged, PasswordResetRequested, Role, UserDeleted, UserProfileUpdated, UserRolesChanged,
    UserSignedIn,
};
use fitness_proto::fitness::workout::v1::{
    AchievementUnlocked, AthleteActivity, RoutineAction, RoutineChanged, WeeklySummaryDue, WorkoutReminderDue,
};
use uuid::Uuid;

use crate::stage::{Person, Stage, envelope, envelope_at, timestamp};

pub(crate) fn reset_requested(stage: &Stage, person: &Person, token: &str) -> Envelope {
    let (reset_id, user_id) = (Uuid::now_v7().to_string(), person.user_id.to_string());
    let sealed_token = Some(stage.seal(token, &password_reset_place(&reset_id, &user_id)));
    let sealed_email = Some(stage.seal(&person.email, &address_place(&reset_id, &user_id)));
    let expire_time = Some(timestamp(Utc::now() + TimeDelta::minutes(30)));
    envelope(&PasswordResetRequested { user_id, reset_id, sealed_token, expire_time, sealed_email })
}

pub(crate) fn password_changed(person: &Person) -> Envelope {
    envelope(&PasswordChanged { user_id: person.user_id.to_string(), ..PasswordChanged::default() })
}

pub(crate) fn signed_in(person: &Person, device: &str, new_device: bool) -> Envelope {
    let (user_id, device) = (person.user_id.to_string(), device.to_owned());
    envelope(&UserSignedIn { user_id, device, new_device, ..UserSignedIn::default() })
}

pub(crate) fn profile_updated(person: &Person, locale: &str, at: DateTime<Utc>) -> Envelope {
    let event = UserProfileUpdated {
        user_id: person.user_id.to_string(),
        email: person.email.clone(),
        display_name: "Anna".to_owned(),
        locale: locale.to_owned(),
        time_zone: "Asia/Kolkata".to_owned(),
        update_time: Some(timestamp(at)),
    };
    envelope_at(&event, at)
}

pub(crate) fn roles_changed(user_id: Uuid, roles: &[Role], at: DateTime<Utc>) -> Envelope {
    let roles = roles.iter().map(|role| i32::from(*role)).collect();
    let event = UserRolesChanged { user_id: user_id.to_string(), roles, change_time: Some(timestamp(at)) };
    envelope_at(&event, at)
}

pub(crate) fn deleted(person: &Person) -> Envelope {
    envelope(&UserDeleted { user_id: person.user_id.to_string(), delete_time: None })
}

pub(crate) fn reminder(person: &Person, lives: TimeDelta) -> Envelope {
    let now = Utc::now();
    envelope(&WorkoutReminderDue {
        user_id: person.user_id.to_string(),
        reminder_id: Uuid::now_v7().to_string(),
        message: "Shoes are in the bag.".to_owned(),
        routine_name: "Upper body".to_owned(),
        due_time: Some(timestamp(now)),
        expire_time: Some(timestamp(now + lives)),
    })
}

pub(crate) fn achievement(person: &Person, title: &str) -> Envelope {
    achievement_at(person, title, Utc::now())
}

pub(crate) fn achievement_at(person: &Person, title: &str, at: DateTime<Utc>) -> Envelope {
    let event = AchievementUnlocked {
        user_id: person.user_id.to_string(),
        achievement: "workouts_10".to_owned(),
        title: title.to_owned(),
        description: "You finished ten workouts.".to_owned(),
        trainer_ids: Vec::new(),
        unlock_time: Some(timestamp(at)),
    };
    envelope_at(&event, at)
}

pub(crate) fn routine_assigned(person: &Person) -> Envelope {
    envelope(&RoutineChanged {
        user_id: person.user_id.to_string(),
        name: "Strong back".to_owned(),
        action: RoutineAction::Assigned.into(),
        actor_name: "Tom".to_owned(),
        ..RoutineChanged::default()
    })
}

pub(crate) fn week_over(person: &Person) -> Envelope {
    envelope(&WeeklySummaryDue {
        user_id: person.user_id.to_string(),
        week_start: "2026-11-16".to_owned(),
        workout_count: 3,
        set_count: 48,
        volume_kg: 12_345.6,
        record_count: 2,
        athletes: vec![AthleteActivity {
            display_name: "Bob".to_owned(),
            workout_count: 4,
            routine_change_count: 1,
        }],
        due_time: Some(timestamp(Utc::now())),
    })
}
