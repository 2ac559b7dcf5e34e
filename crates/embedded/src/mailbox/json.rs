//! Messages in the JSON shapes of Mailpit's REST API.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use mail_parser::{Address as ParsedAddress, MessagePart, MimeHeaders};
use serde::Serialize;

use super::message::{Message, unfolded};

const SNIPPET_CHARACTERS: usize = 250;

/// A name and an address.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Address {
    pub(super) name: String,
    pub(super) address: String,
}

/// A message in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    read: bool,
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    reply_to: Vec<Address>,
    pub(super) subject: String,
    created: String,
    username: String,
    tags: Vec<String>,
    size: usize,
    attachments: usize,
    snippet: String,
}

/// A page of a list.
#[derive(Debug, Serialize)]
pub(super) struct List {
    total: usize,
    unread: usize,
    count: usize,
    messages_count: usize,
    messages_unread: usize,
    start: usize,
    tags: Vec<String>,
    messages: Vec<Summary>,
}

/// A whole message.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Detail {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    reply_to: Vec<Address>,
    return_path: String,
    subject: String,
    list_unsubscribe: ListUnsubscribe,
    date: String,
    tags: Vec<String>,
    username: String,
    text: String,
    #[serde(rename = "HTML")]
    html: String,
    size: usize,
    inline: Vec<Attachment>,
    attachments: Vec<Attachment>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ListUnsubscribe {
    header: String,
    links: Vec<String>,
    errors: String,
    header_post: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment {
    #[serde(rename = "PartID")]
    part_id: String,
    file_name: String,
    content_type: String,
    #[serde(rename = "ContentID")]
    content_id: String,
    size: usize,
}

impl Summary {
    pub(super) fn of(message: &Message) -> Self {
        let parsed = message.parse();
        let (to, cc) = (addresses(parsed.to()), addresses(parsed.cc()));
        let text = parsed.body_text(0).unwrap_or_default();
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            id: message.id().to_owned(),
            message_id: parsed.message_id().unwrap_or_default().to_owned(),
            read: false,
            from: addresses(parsed.from()).into_iter().next(),
            bcc: blind_copies(message, addresses(parsed.bcc()), &to, &cc),
            to,
            cc,
            reply_to: addresses(parsed.reply_to()),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            created: rfc3339(message.received()),
            username: String::new(),
            tags: Vec::new(),
            size: message.raw().len(),
            attachments: parsed.attachment_count(),
            snippet: words.chars().take(SNIPPET_CHARACTERS).collect(),
        }
    }
}

impl List {
    /// The page `start..start + limit` of `found`, which is what matched among all messages.
    pub(super) fn page(all: &[Arc<Message>], found: &[Arc<Message>], start: usize, limit: usize) -> Self {
        let messages: Vec<Summary> = found
            .iter()
            .skip(start)
            .take(limit)
            .map(|message| Summary { read: message.is_read(), ..message.summary().clone() })
            .collect();
        Self {
            total: all.len(),
            unread: unread(all),
            count: messages.len(),
            messages_count: found.len(),
            messages_unread: unread(found),
            start,
            tags: Vec::new(),
            messages,
        }
    }
}

fn unread(messages: &[Arc<Message>]) -> usize {
    messages.iter().filter(|message| !message.is_read()).count()
}

impl Detail {
    pub(super) fn of(message: &Message) -> Self {
        let parsed = message.parse();
        let summary = message.summary().clone();
        let date = parsed.date().and_then(|date| DateTime::from_timestamp(date.to_timestamp(), 0));
        let (inline, attachments) =
            parsed.attachments().zip(1..).map(attachment).partition(|(inline, _)| *inline);
        let kept = |parts: Vec<(bool, Attachment)>| parts.into_iter().map(|(_, part)| part).collect();
        Self {
            id: summary.id,
            message_id: summary.message_id,
            from: summary.from,
            to: summary.to,
            cc: summary.cc,
            bcc: summary.bcc,
            reply_to: summary.reply_to,
            return_path: message.sender().to_owned(),
            subject: summary.subject,
            list_unsubscribe: ListUnsubscribe::of(message),
            date: rfc3339(date.unwrap_or(message.received())),
            tags: Vec::new(),
            username: String::new(),
            text: message.text(),
            html: message.html(),
            size: summary.size,
            inline: kept(inline),
            attachments: kept(attachments),
        }
    }
}

impl ListUnsubscribe {
    fn of(message: &Message) -> Self {
        let first = |name| message.header(name).into_iter().next().unwrap_or_default();
        let header = first("List-Unsubscribe");
        let links = header
            .split(',')
            .filter_map(|link| Some(link.trim().strip_prefix('<')?.strip_suffix('>')?.to_owned()))
            .collect();
        Self { header, links, errors: String::new(), header_post: first("List-Unsubscribe-Post") }
    }
}

/// Header names in the form `Message-Id`, each with its values in order.
pub(super) fn headers(message: &Message) -> BTreeMap<String, Vec<String>> {
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in message.parse().headers_raw() {
        headers.entry(canonical(name)).or_default().push(unfolded(value));
    }
    headers
}

fn canonical(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|character| {
            let cased = if start { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() };
            start = character == '-';
            cased
        })
        .collect()
}

/// Type and bytes of the attachment with this `PartID`.
pub(super) fn attached(message: &Message, part_id: &str) -> Option<(String, Vec<u8>)> {
    let parsed = message.parse();
    let number: usize = part_id.parse().ok()?;
    let part = parsed.attachments().nth(number.checked_sub(1)?)?;
    let (_, described) = attachment((part, number));
    Some((described.content_type, part.contents().to_vec()))
}

fn attachment((part, number): (&MessagePart<'_>, usize)) -> (bool, Attachment) {
    let content_type = part.content_type().map_or_else(
        || "application/octet-stream".to_owned(),
        |found| [found.ctype(), found.subtype().unwrap_or_default()].join("/"),
    );
    let inline = part.content_disposition().is_some_and(mail_parser::ContentType::is_inline);
    let attachment = Attachment {
        part_id: number.to_string(),
        file_name: part.attachment_name().unwrap_or_default().to_owned(),
        content_type,
        content_id: part.content_id().unwrap_or_default().to_owned(),
        size: part.contents().len(),
    };
    (inline, attachment)
}

fn addresses(parsed: Option<&ParsedAddress<'_>>) -> Vec<Address> {
    let parsed = parsed.into_iter().flat_map(ParsedAddress::iter);
    parsed
        .map(|found| Address {
            name: found.name.as_deref().unwrap_or_default().to_owned(),
            address: found.address.as_deref().unwrap_or_default().to_owned(),
        })
        .collect()
}

/// The recipients of the envelope whom no header names received a blind copy.
fn blind_copies(message: &Message, mut named: Vec<Address>, to: &[Address], cc: &[Address]) -> Vec<Address> {
    for recipient in message.recipients() {
        let is_recipient = |address: &Address| address.address.eq_ignore_ascii_case(recipient);
        if !to.iter().chain(cc).chain(&named).any(is_recipient) {
            named.push(Address { name: String::new(), address: recipient.clone() });
        }
    }
    named
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_spelled_as_mailpit_spells_them() {
        assert_eq!(canonical("message-ID"), "Message-Id");
        assert_eq!(canonical("X-TRACE-id"), "X-Trace-Id");
    }
}
