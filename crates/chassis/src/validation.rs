//! Checks requests against the `buf.validate` rules of their .proto files.
//!
//! Rules are compiled once from the descriptor set. A check goes through a dynamic message, which costs about two
//! microseconds and keeps the rules in one place: the contract that clients read as well.

mod mask;
mod rules;
mod texts;

use std::collections::HashMap;
use std::sync::LazyLock;

use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, MessageDescriptor, ReflectMessage as _, Value,
};

use self::rules::FieldRule;
use self::texts::Texts;
use crate::errors::{Failure, Violation};

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    Validator::new(fitness_proto::DESCRIPTOR_SET).expect("our own contracts hold only rules that we enforce")
});

/// Answers the request with the texts that people write in their normal form, if it keeps the rules of its contract and
/// no text in it has U+0000; else every violation.
pub fn check<M: prost::Message + prost::Name + Default>(message: M) -> Result<M, Failure> {
    let normalised = VALIDATOR.check(&M::full_name(), &message.encode_to_vec())?;
    Ok(normalised.map_or(message, |encoded| {
        M::decode(encoded.as_slice()).expect("it differs from a message of this type in texts only")
    }))
}

/// The descriptor of a message of our contracts.
pub(crate) fn descriptor(full_name: &str) -> MessageDescriptor {
    VALIDATOR.pool.get_message_by_name(full_name).expect("the message is of our contracts")
}

/// A rule that cannot be enforced.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// The descriptor set cannot be read.
    #[error("the descriptor set cannot be read")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// A pattern is no regular expression.
    #[error("the pattern of {field} is not a regular expression")]
    Pattern {
        /// Full name of the field.
        field: String,
        /// What is wrong with it.
        #[source]
        source: Box<regex::Error>,
    },
}

/// The compiled rules of all messages of a descriptor set.
#[derive(Debug)]
pub struct Validator {
    pool: DescriptorPool,
    rules: HashMap<String, Vec<FieldRule>>,
    nullable: Option<ExtensionDescriptor>,
    texts: Texts,
}

impl Validator {
    /// Compiles the rules of every message.
    pub fn new(descriptor_set: &[u8]) -> Result<Self, RuleError> {
        let pool = DescriptorPool::decode(descriptor_set)?;
        let mut rules = HashMap::new();
        if let Some(extension) = pool.get_extension_by_name("buf.validate.field") {
            for message in pool.all_messages() {
                let compiled = rules::compile(&message, &extension)?;
                if !compiled.is_empty() {
                    rules.insert(message.full_name().to_owned(), compiled);
                }
            }
        }
        let nullable = pool.get_extension_by_name("fitness.options.v1.nullable");
        let texts = Texts::of(&pool);
        Ok(Self { pool, rules, nullable, texts })
    }

    /// Checks an encoded message of the type `full_name`. Answers its normal form where that is another one.
    pub fn check(&self, full_name: &str, encoded: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let descriptor =
            self.pool.get_message_by_name(full_name).expect("the message is of this descriptor set");
        let mut message = DynamicMessage::decode(descriptor, encoded).expect("prost has just encoded it");
        let mut violations = Vec::new();
        // First, so that lengths are those of what is kept.
        let changed = self.texts.normalise(&mut message, "", &mut violations);
        self.check_message(&message, "", &mut violations);
        mask::check(&message, self.nullable.as_ref(), &mut violations);
        if violations.is_empty() {
            Ok(changed.then(|| prost::Message::encode_to_vec(&message)))
        } else {
            Err(Failure::invalid(violations))
        }
    }

    fn check_message(&self, message: &DynamicMessage, path: &str, violations: &mut Vec<Violation>) {
        for rule in self.rules.get(message.descriptor().full_name()).into_iter().flatten() {
            rule.check(message, path, violations);
        }
        for (field, value) in message.fields() {
            let path = rules::join(path, field.name());
            match value {
                Value::List(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.check_value(item, &format!("{path}[{index}]"), violations);
                    }
                }
                single => self.check_value(single, &path, violations),
            }
        }
    }

    fn check_value(&self, value: &Value, path: &str, violations: &mut Vec<Violation>) {
        match value {
            Value::Message(inner) => self.check_message(inner, path, violations),
            Value::String(text) if text.contains('\0') => refuse_nul(path, violations),
            _ => {}
        }
    }
}

/// Says that PostgreSQL keeps U+0000 in no text, instead of whatever a rule of the field said of the same value.
fn refuse_nul(path: &str, violations: &mut Vec<Violation>) {
    violations.retain(|violation| violation.field != path);
    violations.push(Violation::new(path, "must not contain the character U+0000"));
}

#[cfg(test)]
mod tests;
