//! Every reply of the conversation in every form that servers give it, good and bad; and each mail ends once, in the
//! state that the reply stands for.

use notify_svc::smtp::{ConnectError, Outcome, Stage as At, WireMail, connect};

use crate::scripted_relay::{Moment, Said, ScriptedRelay};
use crate::stage::{Stage, eventually, verified};

use Moment::{Data, Ehlo, FinalDot, Greeting, Mail, Rcpt, Rset};

const ALL: [Moment; 7] = [Greeting, Ehlo, Mail, Rcpt, Data, FinalDot, Rset];

/// The code that answers a moment.
fn good(moment: Moment) -> u16 {
    match moment {
        Greeting => 220,
        Data => 354,
        Ehlo | Mail | Rcpt | FinalDot | Rset => 250,
    }
}

/// Forms in which a code may come, all of them the same to who reads them.
fn forms(code: u16) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = |text: String| text.into_bytes();
    vec![
        ("no text", bytes(format!("{code}\r\n"))),
        ("a blank and no text", bytes(format!("{code} \r\n"))),
        ("Latin-1", [&bytes(format!("{code} accept"))[..], b"\xe9\r\n"].concat()),
        ("NUL", bytes(format!("{code} a\0b\r\n"))),
        ("10 KB", bytes(format!("{code} {}\r\n", "x".repeat(10_240)))),
        ("many lines", bytes(format!("{code}-one\r\n{code}-\r\n{code}-{code} two\r\n{code} three\r\n"))),
        ("many lines, the last without text", bytes(format!("{code}-one\r\n{code}\r\n"))),
        ("a tab", bytes(format!("{code}\tx\r\n"))),
        ("LF alone", bytes(format!("{code} x\n"))),
        ("an address", bytes(format!("{code} <somebody@example.org>\r\n"))),
    ]
}

/// What is no reply at all, or none that the moment can have.
fn nonsense(moment: Moment) -> Vec<(&'static str, Vec<u8>)> {
    let code = good(moment);
    let other = if code == 354 { 250 } else { 354 };
    vec![
        ("no code", b"hello somebody@example.org\r\n".to_vec()),
        ("an unknown code", b"999 \0 somebody@example.org\r\n".to_vec()),
        ("a code of one digit more", format!("{code}0 x\r\n").into_bytes()),
        ("lines of different codes", format!("{code}-x\r\n550 x\r\n").into_bytes()),
        ("an empty line", b"\r\n".to_vec()),
        ("a code of another command", format!("{other} x\r\n").into_bytes()),
        ("a line without end", vec![b'2'; 100_000]),
    ]
}

fn said(bytes: &[u8]) -> Said {
    Said { bytes: bytes.to_vec(), times: usize::MAX }
}

fn once(bytes: &[u8]) -> Said {
    Said { bytes: bytes.to_vec(), times: 1 }
}

fn mail() -> WireMail {
    let address: lettre::Address = "a@example.org".parse().unwrap();
    WireMail::new(lettre::address::Envelope::new(Some(address.clone()), vec![address]).unwrap(), "text")
}

/// What becomes of one mail at a relay with this script.
async fn outcome(pipelining: bool, script: &[(Moment, Said)]) -> Result<(Outcome, bool), ConnectError> {
    let relay = ScriptedRelay::start(pipelining, script).await;
    let mut connection = connect(&relay.config()).await?;
    let outcome = connection.send(&mail()).await;
    Ok((outcome, connection.is_usable()))
}

#[tokio::test]
async fn a_positive_code_is_yes_in_every_form() {
    for pipelining in [true, false] {
        for moment in ALL {
            for (form, bytes) in forms(good(moment)) {
                let (outcome, usable) = outcome(pipelining, &[(moment, said(&bytes))]).await.unwrap();
                assert!(matches!(outcome, Outcome::Accepted(_)) && usable, "{moment:?}, {form}: {outcome:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_negative_code_is_no_in_every_form() {
    for pipelining in [true, false] {
        for (moment, at) in [(Mail, At::Mail), (Rcpt, At::Rcpt), (Data, At::Data), (FinalDot, At::FinalDot)] {
            for code in [451, 550, 499, 599] {
                for (form, bytes) in forms(code) {
                    let (outcome, _) = outcome(pipelining, &[(moment, said(&bytes))]).await.unwrap();
                    let Outcome::Refused { stage, reply } = outcome else {
                        panic!("{moment:?}, {form}: {outcome:?}")
                    };
                    assert_eq!((stage, reply.code), (at, code), "{form}");
                    assert!(reply.text.len() <= 200 && !reply.text.contains(['\0', '@']), "{reply:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_reply_to_the_command_ends_the_connection_and_nothing_counts_as_sent() {
    for pipelining in [true, false] {
        for moment in ALL {
            for (what, bytes) in nonsense(moment) {
                let result = outcome(pipelining, &[(moment, said(&bytes))]).await;
                let case = format!("{moment:?}, {what}, pipelining {pipelining}: {result:?}");
                assert!(!case.contains("somebody") && !case.contains("\\0"), "{case}");
                let stated = match moment {
                    Greeting | Ehlo => matches!(result, Err(ConnectError::Broken { .. })),
                    Mail | Rcpt | Data => matches!(result, Ok((Outcome::Lost { .. }, false))),
                    FinalDot | Rset => matches!(result, Ok((Outcome::InDoubt { .. }, false))),
                };
                assert!(stated, "{case}");
            }
        }
    }
}

/// A relay that is one reply ahead says yes to the wrong thing; it refuses every mail.
#[tokio::test]
async fn a_relay_that_is_one_reply_ahead_never_makes_a_refused_mail_count_as_sent() {
    const NO: &[u8] = b"550 no\r\n";
    for pipelining in [true, false] {
        for moment in ALL {
            for extra in ["250 ok\r\n", "354 go\r\n", "220 hi\r\n"] {
                for before in [true, false] {
                    let own = format!("{} x\r\n", good(moment));
                    let bytes = if before { format!("{extra}{own}") } else { format!("{own}{extra}") };
                    // Where the extra reply comes with the final dot's own, that one is the refusal.
                    let bytes = if moment == FinalDot { bytes.replace(&own, "550 no\r\n") } else { bytes };
                    let mut script = vec![(FinalDot, said(NO))];
                    script.retain(|(at, _)| *at != moment);
                    script.push((moment, said(bytes.as_bytes())));
                    let result = outcome(pipelining, &script).await;
                    assert!(
                        !matches!(result, Ok((Outcome::Accepted(_), _))),
                        "{moment:?}, {bytes:?}, pipelining {pipelining}: {result:?}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn replies_that_come_twice_end_the_connection_before_the_next_mail() {
    for pipelining in [true, false] {
        let relay =
            ScriptedRelay::start(pipelining, &[(FinalDot, once(b"250 taken\r\n250 taken\r\n"))]).await;
        let mut connection = connect(&relay.config()).await.unwrap();
        // Whichever of the two was meant, it was taken.
        assert!(matches!(connection.send(&mail()).await, Outcome::Accepted(_)));
        let second = connection.send(&mail()).await;
        assert!(matches!(second, Outcome::Lost { .. }), "{second:?}");
        assert!(!connection.is_usable());
        assert_eq!(relay.complete(), 1);
    }
}

#[tokio::test]
async fn a_relay_that_knows_no_rset_or_ends_after_each_mail_has_taken_it_all_the_same() {
    for pipelining in [true, false] {
        for reply in ["500 what\r\n", "502 not here\r\n", "421 enough for now\r\n"] {
            let (outcome, usable) = outcome(pipelining, &[(Rset, said(reply.as_bytes()))]).await.unwrap();
            assert!(matches!(outcome, Outcome::Accepted(_)) && !usable, "{reply}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn the_relay_is_greeted_by_the_name_that_was_set_or_by_an_address() {
    let relay = ScriptedRelay::start(true, &[]).await;
    connect(&relay.config()).await.unwrap();
    let mut config = relay.config();
    config.hello = Some("localhost".to_owned());
    connect(&config).await.unwrap();
    assert_eq!(relay.hellos(), ["notify.example.org", "[127.0.0.1]"]);
}

/// The whole way through the ledger: one mail at each moment in each form.
#[tokio::test(flavor = "multi_thread")]
async fn each_mail_ends_once_in_the_state_that_the_reply_stands_for() {
    let stage = Stage::new().await;
    let mut cases = Vec::new();
    for moment in ALL {
        cases.extend(forms(good(moment)).into_iter().map(|(_, bytes)| (moment, said(&bytes), "sent", 1)));
    }
    for moment in [Mail, Rcpt, Data, FinalDot] {
        cases.extend(forms(550).into_iter().map(|(_, bytes)| (moment, said(&bytes), "failed", 1)));
        cases.extend(forms(451).into_iter().map(|(_, bytes)| (moment, said(&bytes), "deferred", 1)));
    }
    for moment in [Mail, Rcpt, Data] {
        cases.extend(nonsense(moment).into_iter().map(|(_, bytes)| (moment, said(&bytes), "deferred", 0)));
    }
    for moment in [FinalDot, Rset] {
        cases.extend(nonsense(moment).into_iter().map(|(_, bytes)| (moment, said(&bytes), "in_doubt", 1)));
    }
    for (moment, script, state, complete) in cases {
        let case = format!("{moment:?} {:.40}", script.bytes.escape_ascii().to_string());
        let relay = ScriptedRelay::start(true, &[(moment, script)]).await;
        let mut config = stage.config(1);
        config.smtp = relay.config();
        let workers = stage.start(config);
        let person = stage.person("en").await;
        stage.take_all(&[verified(&person)]).await;
        stage.wait_for_state(&person, state).await;
        assert_eq!(stage.timeline(&person).await, ["pending", "sending", state], "{case}");
        workers.stop().await;
        // What is due again later would go to the relay of another case.
        sqlx::query("UPDATE notifications SET next_attempt_at = NULL").execute(&stage.pool).await.unwrap();
        assert!(relay.complete() <= complete, "{case}: {} mails arrived", relay.complete());
        assert!(relay.connections() <= 2, "{case}: {} connections", relay.connections());
    }
    let unclean = "SELECT count(*) FROM notification_timeline
                   WHERE reply_text ~ '[@[:cntrl:]]' OR detail ~ '[@[:cntrl:]]' OR length(reply_text || detail) > 400";
    let unclean: i64 = sqlx::query_scalar(unclean).fetch_one(&stage.pool).await.unwrap();
    assert_eq!(unclean, 0);
    assert!(eventually(async || stage.count("lease_owner IS NOT NULL").await == 0).await);
    stage.finish().await;
}
