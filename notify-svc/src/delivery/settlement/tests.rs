use chassis::sealing::SealingKeys;

use super::*;
use crate::render::Locale;
use crate::render::samples::sample;
use crate::smtp::Stage;

fn claim(template: Template, attempts: i32) -> Claim {
    let keys = SealingKeys::parse(&SealingKeys::generate("test")).unwrap();
    Claim { attempts, ..sample(template, Locale::English, &keys) }
}

fn refused(code: u16) -> Outcome {
    Outcome::Refused { stage: Stage::Rcpt, reply: Reply { code, text: String::new() } }
}

fn settled(template: Template, attempts: i32, outcome: Outcome) -> (State, Option<u64>, i32) {
    let settlement = settle(&claim(template, attempts), outcome, 0.5);
    (settlement.state, settlement.retry_in.map(|pause| pause.as_secs()), settlement.attempts_change)
}

#[test]
fn a_refusal_for_now_is_tried_again_by_the_schedule() {
    assert_eq!(settled(Template::Welcome, 0, refused(450)), (State::Deferred, Some(5), 0));
    assert_eq!(settled(Template::Welcome, 2, refused(450)), (State::Deferred, Some(120), 0));
    assert_eq!(settled(Template::EmailVerification, 7, refused(450)), (State::Deferred, Some(45), 0));
}

#[test]
fn the_last_attempt_of_the_schedule_ends_in_failed() {
    assert_eq!(settled(Template::Welcome, 8, refused(450)), (State::Deferred, Some(24 * 3600), 0));
    assert_eq!(settled(Template::Welcome, 9, refused(450)), (State::Failed, None, 0));
}

#[test]
fn a_refusal_for_good_fails_at_once() {
    assert_eq!(settled(Template::EmailVerification, 0, refused(550)), (State::Failed, None, 0));
}

#[test]
fn a_relay_that_goes_away_burns_no_attempt() {
    assert_eq!(settled(Template::Welcome, 0, refused(421)), (State::Pending, Some(1), -1));
    assert_eq!(settled(Template::Welcome, 3, refused(421)), (State::Deferred, Some(1), -1));
}

#[test]
fn a_mail_in_doubt_follows_its_rule() {
    let in_doubt = || Outcome::InDoubt { reason: "cut".to_owned() };
    assert_eq!(settled(Template::EmailVerification, 0, in_doubt()), (State::InDoubt, Some(5), 0));
    let mut careful = claim(Template::Welcome, 0);
    careful.in_doubt_rule = InDoubtRule::GiveUp.name().to_owned();
    let settlement = settle(&careful, in_doubt(), 0.5);
    assert_eq!((settlement.state, settlement.retry_in), (State::InDoubt, None));
}

#[test]
fn a_mail_lost_before_the_final_dot_is_simply_tried_again() {
    let lost = Outcome::Lost { stage: Stage::Body, reason: "cut".to_owned() };
    assert_eq!(settled(Template::AccountExists, 0, lost), (State::Deferred, Some(5), 0));
}
