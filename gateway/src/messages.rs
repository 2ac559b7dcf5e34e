//! Protobuf messages as JSON, by their descriptors.

use std::sync::LazyLock;

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, ReflectMessage as _, SerializeOptions,
};
use serde_json::Value;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(fitness_proto::DESCRIPTOR_SET).expect("our own build wrote the descriptor set")
});

static TOPIC: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| POOL.get_extension_by_name("fitness.options.v1.topic"));
static EVENT_KEY: LazyLock<Option<ExtensionDescriptor>> =
    LazyLock::new(|| POOL.get_extension_by_name("fitness.options.v1.event_key"));

/// Reads an encoded message of the contracts; nothing if the contracts do not know it or it is not of that type.
pub(crate) fn decode(full_name: &str, encoded: &[u8]) -> Option<DynamicMessage> {
    DynamicMessage::decode(POOL.get_message_by_name(full_name)?, encoded).ok()
}

/// Whether a message is an event that belongs on this topic, under this key.
pub(crate) fn is_event_on(message: &DynamicMessage, topic: &str, key: &str) -> bool {
    let descriptor = message.descriptor();
    let on_topic = TOPIC.as_ref().is_some_and(|option| {
        descriptor.options().get_extension(option).as_str().is_some_and(|declared| declared == topic)
    });
    let key_field = EVENT_KEY.as_ref().and_then(|option| {
        descriptor.fields().find(|field| field.options().get_extension(option).as_bool() == Some(true))
    });
    on_topic && key_field.is_some_and(|field| message.get_field(&field).as_str() == Some(key))
}

/// The JSON of a message, in the form in which all of REST answers: original field names, defaults written out.
pub(crate) fn json(message: &DynamicMessage) -> Option<Value> {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    message.serialize_with_options(serde_json::value::Serializer, &options).ok()
}

/// The same for a message that has just been decoded.
pub(crate) fn json_of<M: Message + Name>(message: &M) -> Value {
    decode(&M::full_name(), &message.encode_to_vec())
        .and_then(|message| json(&message))
        .expect("a message of the contracts has a JSON form")
}
