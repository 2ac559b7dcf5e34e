//! What can be published: the one thing that the contracts know of the event bus.

/// A protobuf message that is published on a topic.
pub trait Event: prost::Message + prost::Name + Default {
    /// The topic that carries events of this type.
    const TOPIC: &'static str;

    /// The id of the user whom the event is about. Events of one key keep their order.
    fn key(&self) -> &str;
}
