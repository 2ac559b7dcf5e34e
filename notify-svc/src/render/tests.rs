use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::*;
use crate::render::samples::sample;

/// Always the same: they sign what the snapshots show.
fn keys() -> SealingKeys {
    let text = format!("test:{}", STANDARD.encode([7; 32]));
    SealingKeys::parse(&SecretString::from(text)).unwrap()
}

fn renderer(keys: &SealingKeys) -> Renderer {
    let from = "Fitness Trainer <no-reply@fitness.example>".parse().unwrap();
    Renderer::new(from, "https://fitness.example/", keys.clone()).unwrap()
}

/// The mail as people read it: headers and both bodies decoded, ids of the sample left as they are.
fn readable(mail: &WireMail) -> String {
    let wire = mail.data().strip_suffix(".\r\n").unwrap().replace("\r\n..", "\r\n.");
    let message = mail_parser::MessageParser::default().parse(wire.as_bytes()).unwrap();
    let (headers, _) = wire.split_once("\r\n\r\n").unwrap();
    format!(
        "{}\n\n===== subject\n{}\n\n===== text\n{}\n===== html\n{}",
        headers.replace("\r\n", "\n"),
        message.subject().unwrap(),
        message.body_text(0).unwrap().replace("\r\n", "\n"),
        message.body_html(0).unwrap().replace("\r\n", "\n"),
    )
}

#[test]
fn every_mail_looks_as_agreed_in_every_language() {
    let keys = keys();
    let renderer = renderer(&keys);
    for template in Template::ALL {
        for locale in Locale::ALL {
            let mail = renderer.render(&sample(template, locale, &keys)).unwrap();
            insta::assert_snapshot!(format!("{}.{}", template.name(), locale.name()), readable(&mail));
        }
    }
}

#[test]
fn a_hostile_display_name_changes_neither_headers_nor_html() {
    let keys = keys();
    let mut claim = sample(Template::Welcome, Locale::English, &keys);
    claim.display_name = "<b>Ann</b>\r\nBcc: victim & \"co\"\u{202e}".to_owned();
    let mail = renderer(&keys).render(&claim).unwrap();
    let text = readable(&mail);
    assert!(!text.contains("\nBcc:"), "{text}");
    let (_, html) = text.split_once("===== html").unwrap();
    assert!(!html.contains("<b>"), "{html}");
    insta::assert_snapshot!("hostile_display_name", text);
}

#[test]
fn a_repeat_is_the_same_mail_byte_by_byte() {
    let keys = keys();
    let claim = sample(Template::EmailVerification, Locale::Russian, &keys);
    let repeat = Claim { attempts: 3, fence: 9, ..claim.clone() };
    let renderer = renderer(&keys);
    assert_eq!(renderer.render(&claim).unwrap().data(), renderer.render(&repeat).unwrap().data());
}

#[test]
fn the_code_is_in_both_bodies_and_not_in_the_headers() {
    let keys = keys();
    let mail = renderer(&keys).render(&sample(Template::EmailVerification, Locale::English, &keys)).unwrap();
    let text = readable(&mail);
    let (headers, bodies) = text.split_once("===== text").unwrap();
    assert!(!headers.contains("042137"));
    assert_eq!(bodies.matches("042137").count(), 2);
}

#[test]
fn the_wire_form_has_crlf_only_and_ends_with_the_only_lone_dot() {
    let keys = keys();
    for template in Template::ALL {
        for locale in Locale::ALL {
            let mail = renderer(&keys).render(&sample(template, locale, &keys)).unwrap();
            let data = mail.data();
            let bare = data.replace("\r\n", "");
            assert!(!bare.contains(['\r', '\n']), "a bare line end in {}", template.name());
            assert_eq!(data.find("\r\n.\r\n"), Some(data.len() - 5));
            assert!(data.lines().all(|line| line.len() <= 998) && data.is_ascii());
        }
    }
}

#[test]
fn a_variable_that_is_missing_is_an_error_and_not_an_empty_string() {
    let keys = keys();
    let error = renderer(&keys).content(Template::Welcome, Locale::English, &Context::new()).unwrap_err();
    assert!(matches!(error, RenderError::Engine(_)), "{error}");
}

#[test]
fn a_seal_of_an_unknown_key_may_open_later_and_a_broken_one_never_does() {
    let (keys, others) = (keys(), SealingKeys::parse(&SealingKeys::generate("other")).unwrap());
    let mut claim = sample(Template::EmailVerification, Locale::English, &others);
    assert!(renderer(&keys).render(&claim).unwrap_err().is_transient());
    claim.secrets.as_mut().unwrap()["code"]["key_id"] = "test".into();
    assert!(!renderer(&keys).render(&claim).unwrap_err().is_transient());
}

#[test]
fn only_mails_that_can_be_switched_off_say_where() {
    let keys = keys();
    for template in Template::ALL {
        for locale in Locale::ALL {
            let mail = readable(&renderer(&keys).render(&sample(template, locale, &keys)).unwrap());
            let (headers, bodies) = mail.split_once("===== text").unwrap();
            let optional = template.category().is_optional();
            assert_eq!(
                headers.contains("\nList-Unsubscribe: <https://fitness.example/v1/unsubscribe?token="),
                optional
            );
            assert_eq!(headers.contains("\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n"), optional);
            let links = bodies.matches("https://fitness.example/unsubscribe?token=").count();
            assert_eq!(links, if optional { 2 } else { 0 }, "{} {}", template.name(), locale.name());
        }
    }
}

#[test]
fn texts_of_strangers_change_neither_headers_nor_html_and_make_no_links() {
    let keys = keys();
    let mut claim = sample(Template::RoutineAssigned, Locale::English, &keys);
    claim.variables["routine_name"] = "<b>Back</b>\r\nBcc: victim".into();
    claim.variables["trainer_name"] = "www.evil.example".into();
    let text = readable(&renderer(&keys).render(&claim).unwrap());
    assert!(!text.contains("\nBcc:") && !text.contains("evil"), "{text}");
    let (_, html) = text.split_once("===== html").unwrap();
    assert!(!html.contains("<b>") && html.contains("your trainer"), "{html}");
}

#[test]
fn a_week_without_workouts_and_athletes_has_no_empty_tables() {
    let keys = keys();
    for locale in Locale::ALL {
        let mut claim = sample(Template::WeeklySummary, locale, &keys);
        claim.variables["workouts"] = 0.into();
        claim.variables["athletes"] = serde_json::json!([]);
        let mail = renderer(&keys).render(&claim).unwrap();
        insta::assert_snapshot!(format!("empty_week.{}", locale.name()), readable(&mail));
    }
}

#[test]
fn headers_and_texts_have_short_lines_but_for_links_and_an_own_address_for_answers() {
    let keys = keys();
    let answers = "Support <support@fitness.example>".parse().unwrap();
    let renderer = renderer(&keys).reply_to(Some(answers));
    for template in Template::ALL {
        for locale in Locale::ALL {
            let mail = renderer.render(&sample(template, locale, &keys)).unwrap();
            let wire = mail.data();
            let message = mail_parser::MessageParser::default().parse(wire.as_bytes()).unwrap();
            let (headers, _) = wire.split_once("\r\n\r\n").unwrap();
            for line in headers.lines().filter(|line| !line.starts_with("List-Unsubscribe:")) {
                assert!(line.len() <= 76, "{line}");
            }
            for line in message.body_text(0).unwrap().lines().filter(|line| !line.contains("://")) {
                assert!(line.chars().count() <= 78, "{line}");
            }
            assert!(headers.contains("\r\nReply-To: Support <support@fitness.example>\r\n"));
            assert!(headers.contains(&format!("\r\nContent-Language: {}\r\n", locale.name())));
        }
    }
}

#[test]
fn a_title_that_looks_encoded_smuggles_nothing_into_the_subject() {
    let keys = keys();
    let mut claim = sample(Template::RoutineAssigned, Locale::English, &keys);
    claim.variables["routine_name"] = "=?utf-8?q?Win=20at=20evil=2Eexample?=".into();
    let mail = renderer(&keys).render(&claim).unwrap();
    let message = mail_parser::MessageParser::default().parse(mail.data().as_bytes()).unwrap();
    assert!(message.subject().unwrap().contains("=?utf-8?q?Win=20at=20evil=2Eexample?="));
}
