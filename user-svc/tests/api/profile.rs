//! `UpdateMe`.

use fitness_proto::fitness::user::v1 as proto;
use tonic::Code;

use crate::calls::signed;
use crate::fixture::{Service, reason};
use crate::validation::fields;

fn profile() -> proto::Profile {
    proto::Profile {
        display_name: "Anna Lee".to_owned(),
        locale: "ru-RU".to_owned(),
        time_zone: "Asia/Tokyo".to_owned(),
    }
}

#[tokio::test]
async fn the_fields_of_the_mask_change_and_the_event_has_the_whole_profile() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let user = service.update_me(&opened.access_token, profile(), &["locale"]).await.unwrap();
    assert_eq!((user.display_name.as_str(), user.locale.as_str()), ("Anna", "ru"));
    assert_eq!(user.time_zone, "Europe/Berlin");
    assert_eq!(service.get_me(&opened.access_token).await.unwrap(), user);

    let updated: Vec<proto::UserProfileUpdated> = service.events().await;
    assert_eq!(updated.len(), 1);
    let event = &updated[0];
    assert_eq!((event.user_id.as_str(), event.email.as_str()), (user.user_id.as_str(), "anna@example.org"));
    assert_eq!((event.display_name.as_str(), event.locale.as_str()), ("Anna", "ru"));
    assert_eq!(event.time_zone, "Europe/Berlin");
    assert!(event.update_time.is_some());

    let user =
        service.update_me(&opened.access_token, profile(), &["display_name", "time_zone"]).await.unwrap();
    assert_eq!((user.display_name.as_str(), user.time_zone.as_str()), ("Anna Lee", "Asia/Tokyo"));
    service.stop().await;
}

#[tokio::test]
async fn without_a_mask_the_fields_that_are_set_change() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let profile = proto::Profile { time_zone: "Asia/Tokyo".to_owned(), ..proto::Profile::default() };
    let request = proto::UpdateMeRequest { profile: Some(profile), update_mask: None };
    let user =
        service.users.clone().update_me(signed(request, &token)).await.unwrap().into_inner().user.unwrap();
    assert_eq!((user.display_name.as_str(), user.time_zone.as_str()), ("Anna", "Asia/Tokyo"));
    service.stop().await;
}

#[tokio::test]
async fn what_changes_nothing_is_no_event() {
    let service = Service::start().await;
    let token = service.open_account("anna@example.org").await.access_token;
    let same = proto::Profile { display_name: " Anna ".to_owned(), ..proto::Profile::default() };
    service.update_me(&token, same, &["display_name"]).await.unwrap();
    assert_eq!(service.events::<proto::UserProfileUpdated>().await.len(), 0);
    service.stop().await;
}

#[tokio::test]
async fn a_bad_field_is_named_and_nothing_changes() {
    let service = Service::start().await;
    let opened = service.open_account("anna@example.org").await;
    let token = &opened.access_token;
    let empty = proto::Profile::default;
    let cases = [
        ("display_name", "profile.display_name", empty()),
        (
            "display_name",
            "profile.display_name",
            proto::Profile { display_name: "a\r\nb".to_owned(), ..empty() },
        ),
        ("display_name", "profile.display_name", proto::Profile { display_name: "x".repeat(81), ..empty() }),
        ("locale", "profile.locale", proto::Profile { locale: "not a tag".to_owned(), ..empty() }),
        (
            "time_zone",
            "profile.time_zone",
            proto::Profile { time_zone: "Mars/Olympus".to_owned(), ..empty() },
        ),
        ("time_zone", "profile.time_zone", proto::Profile { time_zone: "x".repeat(65), ..empty() }),
        ("email", "update_mask", empty()),
        ("roles", "update_mask", empty()),
    ];
    for (path, field, profile) in cases {
        let status = service.update_me(token, profile, &[path]).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
        assert_eq!(fields(&status), [field], "{path}");
    }
    let request = proto::UpdateMeRequest::default();
    let status = service.users.clone().update_me(signed(request, token)).await.unwrap_err();
    assert_eq!(fields(&status), ["profile"]);
    assert_eq!(service.get_me(token).await.unwrap(), opened.user.unwrap());
    service.stop().await;
}
