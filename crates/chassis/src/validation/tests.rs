use fitness_proto::fitness::user::v1::{RegisterRequest, VerifyEmailRequest};
use fitness_proto::fitness::workout::v1::{
    CreateRoutineRequest, NewRoutineDay, ReminderUpdate, UpdateReminderRequest,
};
use tonic_types::StatusExt as _;

use super::*;

fn register() -> RegisterRequest {
    RegisterRequest {
        email: "ann@example.org".to_owned(),
        password: "correct horse".to_owned(),
        display_name: "Ann".to_owned(),
        ..RegisterRequest::default()
    }
}

fn violations<T: std::fmt::Debug>(result: Result<T, Failure>) -> Vec<(String, String)> {
    let status = tonic::Status::from(result.unwrap_err());
    let details = status.get_error_details();
    let fields = &details.bad_request().unwrap().field_violations;
    fields.iter().map(|violation| (violation.field.clone(), violation.description.clone())).collect()
}

#[test]
fn a_request_that_keeps_the_rules_passes() {
    assert_eq!(check(register()).unwrap(), register());
}

#[test]
fn every_missing_field_is_named() {
    let fields = violations(check(RegisterRequest::default()));
    let required = |name: &str| (name.to_owned(), "is required".to_owned());
    assert_eq!(fields, [required("email"), required("password"), required("display_name")]);
}

#[test]
fn addresses_with_line_ends_or_without_a_host_are_refused() {
    for email in ["a@b\r\nBcc: c@d", "a@b\n", "a b@c", "a", "@b", "a@", "a@b,c@d", "a@-b", "\"a\"@b", "ä@b"]
    {
        let request = RegisterRequest { email: email.to_owned(), ..register() };
        let fields = violations(check(request));
        assert_eq!(fields, [("email".to_owned(), "must be an e-mail address".to_owned())], "{email:?}");
    }
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let request = RegisterRequest { display_name: "ж".repeat(80), ..register() };
    check(request).unwrap();
    let request = RegisterRequest { display_name: "ж".repeat(81), ..register() };
    assert_eq!(violations(check(request))[0].1, "must have at most 80 characters");
}

#[test]
fn a_code_is_six_digits_and_the_answer_does_not_repeat_it() {
    for code in ["12345", "1234567", "12345a", "١٢٣٤٥٦", "123456\n"] {
        let request = VerifyEmailRequest { email: "ann@example.org".to_owned(), code: code.to_owned() };
        let fields = violations(check(request));
        assert_eq!(fields[0].0, "code");
        assert!(!fields[0].1.contains(code));
    }
}

#[test]
fn a_nul_character_is_refused_in_every_text_field_of_every_message() {
    let validator = Validator::new(fitness_proto::DESCRIPTOR_SET).unwrap();
    let mut tried = 0;
    for message in validator.pool.all_messages() {
        for field in message.fields().filter(|field| field.kind() == prost_reflect::Kind::String) {
            let text = Value::String("a\0b".to_owned());
            let (value, path) = if field.is_list() {
                (Value::List(vec![text]), format!("{}[0]", field.name()))
            } else {
                (text, field.name().to_owned())
            };
            let mut request = DynamicMessage::new(message.clone());
            request.set_field(&field, value);
            let found =
                violations(validator.check(message.full_name(), &prost::Message::encode_to_vec(&request)));
            let expected = (path, "must not contain the character U+0000".to_owned());
            assert!(found.contains(&expected), "{}: {found:?}", field.full_name());
            assert_eq!(
                found.iter().filter(|(path, _)| *path == expected.0).count(),
                1,
                "{}",
                field.full_name()
            );
            tried += 1;
        }
    }
    assert!(tried > 100, "only {tried} fields were found");
}

#[test]
fn a_mask_clears_only_what_the_contract_calls_nullable() {
    let update = |path: &str| UpdateReminderRequest {
        reminder_id: "0190a7f2-7c3e-7d1a-9f00-000000000000".to_owned(),
        reminder: Some(ReminderUpdate { message: Some("Legs".to_owned()), ..ReminderUpdate::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
    };
    for path in ["message", "routine_id", "days_of_week", "skip_dates", "no_such", "message.no_such"] {
        check(update(path)).unwrap();
    }
    for path in ["enabled", "time_of_day", "time_zone"] {
        let expected = (format!("reminder.{path}"), "must not be null".to_owned());
        assert_eq!(violations(check(update(path))), [expected]);
    }
    let whole: Vec<_> = violations(check(update("*"))).into_iter().map(|(field, _)| field).collect();
    assert_eq!(whole, ["reminder.time_of_day", "reminder.time_zone", "reminder.enabled"]);
}

#[test]
fn texts_are_checked_and_handed_on_in_their_normal_form() {
    let request = RegisterRequest {
        display_name: " Ju\u{308}rgen\u{200b} ".to_owned(),
        password: "u\u{308}ber-all-mountains".to_owned(),
        ..register()
    };
    let kept = check(request).unwrap();
    assert_eq!(kept.display_name, "J\u{fc}rgen");
    assert_eq!(kept.password, "\u{fc}ber-all-mountains");

    let nested = CreateRoutineRequest {
        name: "Push".to_owned(),
        days: vec![NewRoutineDay { name: "A\u{200b}".to_owned(), exercises: Vec::new() }],
        ..CreateRoutineRequest::default()
    };
    assert_eq!(check(nested).unwrap().days[0].name, "A");
}

#[test]
fn a_text_that_cannot_be_shown_is_named_once() {
    for (text, description) in [
        ("\u{3164}", "must hold something that can be seen"),
        ("\u{200b}", "is required"),
        ("a\nb", "must not hold control characters"),
        ("\u{202e}nnA", "must not hold characters that turn the direction of text"),
        (&format!("\u{202e}{}", "x".repeat(100)), "must not hold characters that turn the direction of text"),
    ] {
        let fields = violations(check(RegisterRequest { display_name: text.to_owned(), ..register() }));
        assert_eq!(fields, [("display_name".to_owned(), description.to_owned())], "{text:?}");
    }
}

/// What programs write: identifiers, tokens, names out of lists. Whoever adds a text to a request says which it is.
const FOR_PROGRAMS: [&str; 13] = [
    "code",
    "consumer_group",
    "email",
    "email_prefix",
    "event_type",
    "locale",
    "page_token",
    "refresh_token",
    "template",
    "time_of_day",
    "time_zone",
    "token",
    "paths",
];

#[test]
fn every_text_of_every_request_is_for_people_or_for_programs() {
    let validator = Validator::new(fitness_proto::DESCRIPTOR_SET).unwrap();
    let mut seen = std::collections::HashSet::new();
    let services = validator.pool.services().filter(|service| service.full_name().starts_with("fitness."));
    let mut waiting: Vec<_> =
        services.flat_map(|service| service.methods().map(|rpc| rpc.input()).collect::<Vec<_>>()).collect();
    let mut texts = 0;
    while let Some(message) = waiting.pop() {
        if !seen.insert(message.full_name().to_owned()) {
            continue;
        }
        for field in message.fields() {
            if let prost_reflect::Kind::Message(inner) = field.kind() {
                waiting.push(inner);
            }
            if field.kind() != prost_reflect::Kind::String {
                continue;
            }
            let is_for_programs = FOR_PROGRAMS.contains(&field.name())
                || ["_id", "_ids", "_date", "_dates"].iter().any(|end| field.name().ends_with(end))
                || matches!(
                    field.full_name(),
                    "fitness.notify.v1.PreviewTemplateRequest.name"
                        | "fitness.notify.v1.QuietHours.start"
                        | "fitness.notify.v1.QuietHours.end"
                );
            assert_ne!(validator.texts.knows(field.full_name()), is_for_programs, "{}", field.full_name());
            texts += 1;
        }
    }
    assert!(texts > 80, "only {texts} texts were found");
}

/// The violations of a message with this value in a field, as far as they are about it.
fn about(validator: &Validator, field: &prost_reflect::FieldDescriptor, value: Value) -> usize {
    let message = field.parent_message();
    let mut request = DynamicMessage::new(message.clone());
    request.set_field(field, if field.is_list() { Value::List(vec![value]) } else { value });
    let checked = validator.check(message.full_name(), &prost::Message::encode_to_vec(&request));
    let found = checked.err().map(|failure| violations(Err::<(), _>(failure))).unwrap_or_default();
    found.iter().filter(|(path, _)| path.split('[').next() == Some(field.name())).count()
}

#[test]
fn every_list_takes_a_page_of_any_size_that_is_not_negative() {
    let validator = Validator::new(fitness_proto::DESCRIPTOR_SET).unwrap();
    let sizes: Vec<_> =
        validator.pool.all_messages().filter_map(|message| message.get_field_by_name("page_size")).collect();
    for size in &sizes {
        let about = |rows| about(&validator, size, Value::I32(rows));
        assert_eq!((about(-1), about(0), about(i32::MAX)), (1, 0, 0), "{}", size.full_name());
    }
    assert!(sizes.len() > 10, "only {} lists were found", sizes.len());
}

#[test]
fn every_identifier_that_a_request_names_must_be_a_uuid() {
    let validator = Validator::new(fitness_proto::DESCRIPTOR_SET).unwrap();
    let services = validator.pool.services().filter(|service| service.full_name().starts_with("fitness."));
    let requests = services.flat_map(|service| service.methods().map(|rpc| rpc.input()).collect::<Vec<_>>());
    let mut ids = 0;
    for field in requests.flat_map(|request| request.fields().collect::<Vec<_>>()) {
        if field.name().ends_with("_id") || field.name().ends_with("_ids") {
            let told = about(&validator, &field, Value::String("no-uuid".to_owned()));
            assert_eq!(told, 1, "{}", field.full_name());
            ids += 1;
        }
    }
    assert!(ids > 20, "only {ids} identifiers were found");
}
