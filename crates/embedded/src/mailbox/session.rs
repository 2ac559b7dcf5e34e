//! One SMTP conversation as a state machine: commands in, replies out, no sockets (RFC 5321).

use std::borrow::Cow;

use super::fault::Command;
use super::path::{self, PathAndParameters};

/// RFC 5321 asks for at least 100.
const MAX_RECIPIENTS: usize = 1_000;

/// A reply without its line end; lines of a longer one are separated already.
pub(super) type Reply = Cow<'static, str>;

/// The sender and the recipients of a message under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) sender: String,
    pub(super) recipients: Vec<String>,
}

/// A command line, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    verb: Verb,
    argument: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Ehlo,
    Helo,
    Mail,
    Rcpt,
    Data,
    Rset,
    Noop,
    Vrfy,
    Help,
    Quit,
    Unknown,
}

/// What the connection does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Reads the next command.
    Command,
    /// Reads a message.
    Message,
    /// Closes.
    Close,
}

impl<'a> Request<'a> {
    pub(super) fn parse(line: &'a str) -> Self {
        let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
        let verb = match word.to_ascii_uppercase().as_str() {
            "EHLO" => Verb::Ehlo,
            "HELO" => Verb::Helo,
            "MAIL" => Verb::Mail,
            "RCPT" => Verb::Rcpt,
            "DATA" => Verb::Data,
            "RSET" => Verb::Rset,
            "NOOP" => Verb::Noop,
            "VRFY" => Verb::Vrfy,
            "HELP" => Verb::Help,
            "QUIT" => Verb::Quit,
            _ => Verb::Unknown,
        };
        Self { verb, argument: argument.trim() }
    }

    /// The moment faults can be injected at.
    pub(super) fn moment(&self) -> Option<Command> {
        match self.verb {
            Verb::Ehlo | Verb::Helo => Some(Command::Ehlo),
            Verb::Mail => Some(Command::MailFrom),
            Verb::Rcpt => Some(Command::RcptTo),
            Verb::Data => Some(Command::Data),
            Verb::Rset => Some(Command::Rset),
            Verb::Noop => Some(Command::Noop),
            Verb::Vrfy => Some(Command::Vrfy),
            Verb::Quit => Some(Command::Quit),
            Verb::Help | Verb::Unknown => None,
        }
    }

    /// The address of a RCPT TO.
    pub(super) fn recipient(&self) -> Option<String> {
        (self.verb == Verb::Rcpt).then(|| path::parse(self.argument, "TO:").map(|path| path.address))?
    }
}

/// The state between two commands.
#[derive(Debug)]
pub(super) struct Session {
    greeted: bool,
    utf8: bool,
    envelope: Option<Envelope>,
    max_message_bytes: usize,
}

impl Session {
    pub(super) fn new(max_message_bytes: usize) -> Self {
        Self { greeted: false, utf8: false, envelope: None, max_message_bytes }
    }

    /// Obeys one command.
    pub(super) fn obey(&mut self, request: &Request<'_>) -> (Reply, Next) {
        let reply = match request.verb {
            Verb::Ehlo | Verb::Helo => self.hello(request),
            Verb::Mail => self.mail(request.argument),
            Verb::Rcpt => self.recipient(request.argument),
            Verb::Data => return self.data(request.argument),
            Verb::Rset => {
                self.envelope = None;
                "250 2.0.0 forgotten".into()
            }
            Verb::Noop => "250 2.0.0 nothing done".into(),
            Verb::Vrfy => "252 2.1.5 not verified, but mail for it is accepted".into(),
            Verb::Help => "214 2.0.0 EHLO MAIL RCPT DATA RSET NOOP VRFY QUIT".into(),
            Verb::Quit => return ("221 2.0.0 bye".into(), Next::Close),
            Verb::Unknown => "500 5.5.2 unknown command".into(),
        };
        (reply, Next::Command)
    }

    /// The envelope of the message that has just arrived.
    pub(super) fn take_envelope(&mut self) -> Envelope {
        self.envelope.take().unwrap_or_default()
    }

    fn hello(&mut self, request: &Request<'_>) -> Reply {
        if request.argument.is_empty() {
            return "501 5.5.4 say who you are".into();
        }
        self.greeted = true;
        self.envelope = None;
        if request.verb == Verb::Helo {
            return "250 mailbox".into();
        }
        let size = self.max_message_bytes;
        format!(
            "250-mailbox\r\n250-PIPELINING\r\n250-SIZE {size}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES"
        )
        .into()
    }

    fn mail(&mut self, argument: &str) -> Reply {
        if !self.greeted {
            return "503 5.5.1 EHLO comes first".into();
        }
        if self.envelope.is_some() {
            return "503 5.5.1 a message is under way already".into();
        }
        let Some(PathAndParameters { address, parameters }) = path::parse(argument, "FROM:") else {
            return "501 5.5.4 MAIL FROM:<address> was expected".into();
        };
        let mut utf8 = false;
        for (name, value) in parameters {
            match (name.to_ascii_uppercase().as_str(), value.map(str::to_ascii_uppercase).as_deref()) {
                ("SIZE", Some(size)) => match size.parse::<u64>() {
                    Ok(size) if size > self.max_message_bytes as u64 => return too_large(),
                    Ok(_) => {}
                    Err(_) => return "501 5.5.4 SIZE is a number".into(),
                },
                ("BODY", Some("7BIT" | "8BITMIME")) => {}
                ("SMTPUTF8", None) => utf8 = true,
                _ => return "555 5.5.4 unknown parameter".into(),
            }
        }
        if !address.is_ascii() && !utf8 {
            return "550 5.6.7 this address needs SMTPUTF8".into();
        }
        if !address.is_empty() && !path::is_mailbox(&address) {
            return "501 5.1.7 this is no address".into();
        }
        self.utf8 = utf8;
        self.envelope = Some(Envelope { sender: address, recipients: Vec::new() });
        "250 2.1.0 sender accepted".into()
    }

    fn recipient(&mut self, argument: &str) -> Reply {
        let Some(envelope) = &mut self.envelope else {
            return "503 5.5.1 MAIL comes first".into();
        };
        let Some(PathAndParameters { address, parameters }) = path::parse(argument, "TO:") else {
            return "501 5.5.4 RCPT TO:<address> was expected".into();
        };
        if !parameters.is_empty() {
            return "555 5.5.4 unknown parameter".into();
        }
        if !path::is_mailbox(&address) {
            return "501 5.1.3 this is no address".into();
        }
        if !address.is_ascii() && !self.utf8 {
            return "550 5.6.7 this address needs SMTPUTF8".into();
        }
        if envelope.recipients.len() == MAX_RECIPIENTS {
            return "452 4.5.3 too many recipients".into();
        }
        envelope.recipients.push(address);
        "250 2.1.5 recipient accepted".into()
    }

    fn data(&self, argument: &str) -> (Reply, Next) {
        match &self.envelope {
            _ if !argument.is_empty() => ("501 5.5.4 DATA takes no argument".into(), Next::Command),
            None => ("503 5.5.1 MAIL comes first".into(), Next::Command),
            Some(envelope) if envelope.recipients.is_empty() => {
                ("554 5.5.1 no valid recipients".into(), Next::Command)
            }
            Some(_) => ("354 end with a single dot".into(), Next::Message),
        }
    }
}

/// The answer to a message over the limit, announced or sent.
pub(super) fn too_large() -> Reply {
    "552 5.3.4 the message is too large".into()
}
