//! The events in the .proto files, with their comments.

use std::collections::{BTreeMap, HashMap};

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, ExtensionDescriptor, FieldDescriptor,
    FileDescriptor, MessageDescriptor, Value,
};

pub(super) struct Contracts<'a> {
    pool: &'a DescriptorPool,
    topic: ExtensionDescriptor,
    key: ExtensionDescriptor,
    /// By file and path, as `google.protobuf.SourceCodeInfo` has them.
    comments: HashMap<(String, Vec<i32>), String>,
}

impl<'a> Contracts<'a> {
    pub(super) fn new(pool: &'a DescriptorPool) -> Self {
        let option = |name: &str| pool.get_extension_by_name(name).expect("our own option");
        let mut comments = HashMap::new();
        for file in pool.files() {
            let info = file.file_descriptor_proto().source_code_info.iter();
            for location in info.flat_map(|info| &info.location) {
                if let Some(comment) = &location.leading_comments {
                    let line = comment.split_whitespace().collect::<Vec<_>>().join(" ");
                    comments.insert((file.name().to_owned(), location.path.clone()), line);
                }
            }
        }
        let (topic, key) = (option("fitness.options.v1.topic"), option("fitness.options.v1.event_key"));
        Self { pool, topic, key, comments }
    }

    /// All events in the order of the files, by topic.
    pub(super) fn events_by_topic(&self) -> BTreeMap<String, Vec<MessageDescriptor>> {
        let mut topics: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for message in self.pool.all_messages() {
            if let Value::String(topic) = message.options().get_extension(&self.topic).as_ref()
                && !topic.is_empty()
            {
                topics.entry(topic.clone()).or_default().push(message);
            }
        }
        topics
    }

    pub(super) fn key(&self, event: &MessageDescriptor) -> FieldDescriptor {
        let mut fields = event.fields();
        fields
            .find(|field| field.options().has_extension(&self.key))
            .expect("the build refuses an event without a key")
    }

    pub(super) fn message(&self, message: &MessageDescriptor) -> &str {
        self.comment(&message.parent_file(), message.path())
    }

    pub(super) fn field(&self, field: &FieldDescriptor) -> &str {
        self.comment(&field.parent_file(), field.path())
    }

    pub(super) fn choice(&self, choice: &EnumDescriptor) -> &str {
        self.comment(&choice.parent_file(), choice.path())
    }

    pub(super) fn value(&self, value: &EnumValueDescriptor) -> &str {
        self.comment(&value.parent_enum().parent_file(), value.path())
    }

    fn comment(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.comments.get(&(file.name().to_owned(), path.to_vec())).map_or("", String::as_str)
    }
}
