//! The message as RFC 5322 and MIME want it.

use std::time::SystemTime;

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::names::greeting_name;
use super::{Content, Locale, RenderError, headers};
use crate::ledger::claims::Claim;
use crate::smtp::WireMail;

/// Whom a mail is from, and who reads the answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Senders<'a> {
    pub(super) from: &'a Mailbox,
    pub(super) reply_to: &'a Mailbox,
}

/// Builds the mail. Message-ID, Date and boundary come from the row; `one_click` is where its kind is switched off.
pub(super) fn build(
    Senders { from, reply_to }: Senders<'_>,
    claim: &Claim,
    locale: Locale,
    content: Content,
    one_click: Option<String>,
) -> Result<WireMail, RenderError> {
    let address = claim.email.parse().map_err(|_| RenderError::Message("the address is not valid"))?;
    let name = Some(greeting_name(&claim.display_name)).filter(|name| !name.is_empty());
    let to = Mailbox::new(name, address);
    let id = claim.notification_id;
    let mut builder = Message::builder()
        .raw_header(headers::mailbox("From", from))
        .raw_header(headers::mailbox("Reply-To", reply_to))
        .raw_header(headers::mailbox("To", &to))
        .raw_header(headers::text("Subject", &content.subject))
        // RFC 3282.
        .raw_header(header("Content-Language", locale.name()))
        .date(SystemTime::from(claim.create_time))
        .message_id(Some(format!("<{id}@{}>", from.email.domain())))
        // RFC 3834: keeps vacation notices from answering.
        .raw_header(header("Auto-Submitted", "auto-generated"));
    if let Some(trace_id) = trace_id(claim) {
        builder = builder.raw_header(header("X-Trace-Id", trace_id));
    }
    if let Some(url) = one_click {
        // RFC 2369 and RFC 8058: the mail program offers it, and does it without opening a page.
        builder = builder
            .raw_header(header("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let body = MultiPart::alternative()
        .boundary(format!("=_{}", id.simple()))
        .singlepart(part(ContentType::TEXT_PLAIN, content.text))
        .singlepart(part(ContentType::TEXT_HTML, content.html));
    let message =
        builder.multipart(body).map_err(|_| RenderError::Message("the message builder refused it"))?;
    let text = String::from_utf8(message.formatted())
        .map_err(|_| RenderError::Message("the message is not valid UTF-8"))?;
    Ok(WireMail::new(message.envelope().clone(), &text))
}

/// Always quoted-printable: it survives relays without 8BITMIME and keeps every line short.
fn part(content_type: ContentType, body: String) -> SinglePart {
    SinglePart::builder().header(content_type).header(ContentTransferEncoding::QuotedPrintable).body(body)
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The trace id inside a `traceparent`: 32 hexadecimal digits after the version.
fn trace_id(claim: &Claim) -> Option<&str> {
    let id = claim.traceparent.as_deref()?.split('-').nth(1)?;
    (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
}
