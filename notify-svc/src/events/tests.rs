use eventbus::{Event, TraceContext};
use fitness_proto::DESCRIPTOR_SET;
use fitness_proto::fitness::workout::v1::RoutineAction;

use super::*;

fn meaning<E: Event>(event: &E) -> Result<Option<Effect>, EventError> {
    let time = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
    effect(&Envelope::new(event, Uuid::from_u128(1), "test", time, TraceContext::default()))
}

fn somebody() -> String {
    Uuid::from_u128(7).to_string()
}

#[test]
fn every_event_of_the_topics_is_known() {
    let pool = prost_reflect::DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let topic = pool.get_extension_by_name("fitness.options.v1.topic").unwrap();
    let mut known = 0;
    for message in pool.all_messages() {
        let on = message.options().get_extension(&topic).as_str().unwrap_or_default().to_owned();
        if listened(true).contains(&on.as_str()) {
            let mut envelope = Envelope::new(
                &EmailVerified::default(),
                Uuid::from_u128(1),
                "test",
                Utc::now(),
                TraceContext::default(),
            );
            envelope.event_type = message.full_name().to_owned();
            // An empty event may be refused, but not as an unknown one.
            assert!(!matches!(effect(&envelope), Ok(None)), "{} is not known", message.full_name());
            known += 1;
        }
    }
    assert!(known >= 20, "only {known} events were found");
}

#[test]
fn only_a_sign_in_from_a_new_device_is_told() {
    let known = UserSignedIn { user_id: somebody(), ..UserSignedIn::default() };
    assert_eq!(meaning(&known).unwrap(), Some(Effect::Nothing));
    let new = UserSignedIn { new_device: true, ..known };
    assert!(matches!(
        meaning(&new).unwrap(),
        Some(Effect::Notify(Draft { template: Template::NewSignIn, .. }))
    ));
}

#[test]
fn only_an_assigned_routine_is_told() {
    for action in
        [RoutineAction::Created, RoutineAction::Updated, RoutineAction::Deleted, RoutineAction::DayAdded]
    {
        let event =
            RoutineChanged { user_id: somebody(), action: action.into(), ..RoutineChanged::default() };
        assert_eq!(meaning(&event).unwrap(), Some(Effect::Nothing));
    }
    let action = RoutineAction::Assigned.into();
    let event = RoutineChanged { user_id: somebody(), action, ..RoutineChanged::default() };
    assert!(matches!(meaning(&event).unwrap(), Some(Effect::Notify(_))));
}

#[test]
fn a_week_without_a_date_or_with_an_impossible_figure_is_refused() {
    let event = WeeklySummaryDue { user_id: somebody(), ..WeeklySummaryDue::default() };
    assert!(matches!(meaning(&event), Err(EventError::Field("week_start"))));
    let event = WeeklySummaryDue { week_start: "2026-11-16".to_owned(), volume_kg: f64::NAN, ..event };
    assert!(matches!(meaning(&event), Err(EventError::Field("volume_kg"))));
}
