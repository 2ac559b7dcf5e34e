//! Events as JSON, for people who have to decide what to do with them.
//!
//! Secrets in events are sealed and stay so. Addresses are data of a person that deciding does not need.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

static CONTRACTS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).expect("our own build wrote the descriptor set")
});

/// The event in JSON with its addresses masked; `None` if its type is not known or it is no message of its type.
pub(super) fn event(event_type: &str, payload: &[u8]) -> Option<Value> {
    let descriptor = CONTRACTS.get_message_by_name(event_type)?;
    let message = DynamicMessage::decode(descriptor, payload).ok()?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    let mut value = message.serialize_with_options(serde_json::value::Serializer, &options).ok()?;
    mask(&mut value);
    Some(value)
}

/// The text with each address in it masked: `ann@example.org` becomes `a…@example.org`.
pub(super) fn without_addresses(text: &str) -> String {
    let masked = text.split_inclusive(char::is_whitespace).map(|word| match word.split_once('@') {
        Some((name, rest)) => {
            let first = name.chars().next().map(String::from).unwrap_or_default();
            format!("{first}…@{rest}")
        }
        None => word.to_owned(),
    });
    masked.collect()
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('@') => *text = without_addresses(text),
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use fitness_proto::fitness::user::v1::{OneTimeCodeIssued, SealedSecret, UserRegistered};
    use prost::{Message as _, Name as _};

    use super::*;

    #[test]
    fn an_event_is_readable_but_for_its_addresses() {
        let registered = UserRegistered {
            user_id: "u-1".to_owned(),
            email: "ann@example.org".to_owned(),
            display_name: "Ann ann@home.example".to_owned(),
            ..UserRegistered::default()
        };
        let value = event(&UserRegistered::full_name(), &registered.encode_to_vec()).unwrap();
        assert_eq!(value["user_id"], "u-1");
        assert_eq!(value["email"], "a…@example.org");
        assert_eq!(value["display_name"], "Ann a…@home.example");
    }

    #[test]
    fn a_secret_stays_sealed() {
        let sealed =
            SealedSecret { key_id: "k".to_owned(), nonce: vec![1; 24], ciphertext: b"sealed".to_vec() };
        let issued = OneTimeCodeIssued { sealed_code: Some(sealed), ..OneTimeCodeIssued::default() };
        let value = event(&OneTimeCodeIssued::full_name(), &issued.encode_to_vec()).unwrap();
        assert_eq!(value["sealed_code"]["ciphertext"], "c2VhbGVk");
    }

    #[test]
    fn what_cannot_be_decoded_is_none() {
        assert_eq!(event("fitness.user.v1.SomethingNew", b""), None);
        assert_eq!(event(&UserRegistered::full_name(), &[0xff, 0xff]), None);
    }
}
