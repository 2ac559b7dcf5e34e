//! From a ledger row to the bytes of a mail.
//!
//! Everything in a mail comes from its row, the templates and the configuration, nothing from the clock or from chance:
//! a repeat is the same mail byte by byte.

mod headers;
mod links;
mod locale;
mod message;
mod moments;
mod names;
pub mod samples;
mod variables;
mod wrap;

pub use locale::Locale;

use chassis::sealing::{OpenError, SealingKeys};
use lettre::message::Mailbox;
use rust_embed::RustEmbed;
use tera::{Context, Tera};

use crate::ledger::claims::Claim;
use crate::notification::{Template, UnknownName};
use crate::secrets::SecretError;
use crate::smtp::WireMail;
use message::Senders;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct TemplateFiles;

/// Subject and both bodies of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    /// For readers without HTML; says the same.
    pub text: String,
    /// For the rest.
    pub html: String,
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The row names no template of ours.
    #[error("the template is not known")]
    Template(#[from] UnknownName),
    /// The row lacks a variable.
    #[error("the variable {0} is missing or malformed")]
    Variable(&'static str),
    /// A sealed value cannot be read.
    #[error("a secret of the mail cannot be read")]
    Secret(#[from] SecretError),
    /// The recipient is not whom the code or the link was made for. Nobody gets it.
    #[error("the address is not the one that the secret of the mail was sealed for")]
    Address,
    /// The template does not fit its variables. The engine's own text is left out: it may quote values.
    #[error("the template {0} cannot be rendered")]
    Engine(String),
    /// A fault of ours, which this row has found.
    #[error("the renderer has panicked")]
    Panic,
    /// The address or the message is refused by the message builder.
    #[error("the message cannot be built: {0}")]
    Message(&'static str),
}

impl RenderError {
    /// Whether a change of configuration can help, so that trying again makes sense.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Secret(SecretError::Open(OpenError::UnknownKey)))
    }
}

/// Templates that do not compile.
#[derive(Debug, thiserror::Error)]
#[error("the mail templates are broken")]
pub struct TemplatesError(#[from] tera::Error);

/// Writes mails.
#[derive(Debug)]
pub struct Renderer {
    tera: Tera,
    from: Mailbox,
    reply_to: Mailbox,
    public_url: String,
    keys: SealingKeys,
}

impl Renderer {
    /// Compiles the templates.
    pub fn new(from: Mailbox, public_url: &str, keys: SealingKeys) -> Result<Self, TemplatesError> {
        let mut tera = Tera::new();
        // By default Tera looks at names that end in .html, which would leave every body of ours unescaped.
        tera.autoescape_on([".html.tera"]);
        let files = TemplateFiles::iter().filter_map(|name| {
            let file = TemplateFiles::get(&name)?;
            let text = String::from_utf8(file.data.into_owned()).ok()?;
            Some((name.into_owned(), text))
        });
        tera.add_raw_templates(files.collect::<Vec<_>>())?;
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self { tera, reply_to: from.clone(), from, public_url, keys })
    }

    /// Has answers go to somebody else than the sender.
    #[must_use]
    pub fn reply_to(self, reply_to: Option<Mailbox>) -> Self {
        Self { reply_to: reply_to.unwrap_or(self.reply_to), ..self }
    }

    /// Writes the mail of a claimed row.
    pub fn render(&self, claim: &Claim) -> Result<WireMail, RenderError> {
        let template: Template = claim.template.parse()?;
        variables::check_address(claim, &self.keys)?;
        let variables = variables::of(claim, &self.public_url, &self.keys)?;
        let locale = Locale::negotiate(&claim.locale);
        let content = self.content(template, locale, &variables)?;
        let unsubscribe = links::unsubscribe(claim, template.category(), &self.public_url, &self.keys);
        let senders = Senders { from: &self.from, reply_to: &self.reply_to };
        message::build(senders, claim, locale, content, unsubscribe.map(|links| links.one_click))
    }

    /// Writes what the sample of a mail holds.
    pub fn preview(&self, template: Template, locale: Locale) -> Result<Content, RenderError> {
        let claim = samples::sample(template, locale, &self.keys);
        self.content(template, locale, &variables::of(&claim, &self.public_url, &self.keys)?)
    }

    /// Fills the three templates of a mail.
    pub fn content(
        &self,
        template: Template,
        locale: Locale,
        variables: &Context,
    ) -> Result<Content, RenderError> {
        let fill = |part: &str| {
            let name = format!("{}/{}/{part}", template.name(), locale.name());
            self.tera.render(&name, variables).map_err(|_| RenderError::Engine(name))
        };
        Ok(Content {
            subject: names::without_controls(&fill("subject.txt.tera")?),
            text: wrap::wrap(&fill("body.txt.tera")?),
            html: fill("body.html.tera")?,
        })
    }
}

#[cfg(test)]
mod tests;
