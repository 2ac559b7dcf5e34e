//! What settings topics and the broker have, as tools ask for them. They are what this broker does; none can be changed.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};
use kafka_protocol::protocol::StrBytes;

use super::topics::{NODE, Topics};

/// Kinds of resources.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// Where a value comes from: it is the default.
const DEFAULT_CONFIG: i8 = 5;
/// Types of values.
const BOOLEAN: i8 = 1;
const INT: i8 = 3;
const LONG: i8 = 5;
const LIST: i8 = 7;

/// Name, value and type.
type Setting = (&'static str, &'static str, i8);

const OF_TOPICS: [Setting; 4] = [
    ("cleanup.policy", "delete", LIST),
    ("min.insync.replicas", "1", INT),
    // Everything is kept until the process ends.
    ("retention.bytes", "-1", LONG),
    ("retention.ms", "-1", LONG),
];
const OF_THE_BROKER: [Setting; 3] = [
    ("auto.create.topics.enable", "false", BOOLEAN),
    ("default.replication.factor", "1", INT),
    ("num.partitions", "1", INT),
];

impl Topics {
    pub(super) fn describe_configs(&self, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
        let results = request.resources.into_iter().map(|resource| {
            let settings = match resource.resource_type {
                TOPIC if self.exists(&resource.resource_name) => Ok(&OF_TOPICS[..]),
                TOPIC => Err((ResponseError::UnknownTopicOrPartition, "there is no such topic")),
                // An empty name asks for the defaults of all brokers.
                BROKER if ["", &NODE.to_string()].contains(&resource.resource_name.as_str()) => {
                    Ok(&OF_THE_BROKER[..])
                }
                BROKER => Err((ResponseError::InvalidRequest, "there is no such broker; the only one is 1")),
                _ => Err((ResponseError::InvalidRequest, "only topics and brokers have settings here")),
            };
            described(resource, settings)
        });
        DescribeConfigsResponse::default().with_results(results.collect())
    }
}

fn described(
    resource: DescribeConfigsResource,
    settings: Result<&[Setting], (ResponseError, &'static str)>,
) -> DescribeConfigsResult {
    let DescribeConfigsResource { resource_type, resource_name, configuration_keys, .. } = resource;
    let result =
        DescribeConfigsResult::default().with_resource_type(resource_type).with_resource_name(resource_name);
    let settings = match settings {
        Ok(settings) => settings,
        Err((error, text)) => {
            let text = StrBytes::from_static_str(text);
            return result.with_error_code(error.code()).with_error_message(Some(text));
        }
    };
    let wanted = |name: &str| {
        configuration_keys.as_ref().is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
    };
    let configs = settings.iter().filter(|(name, ..)| wanted(name)).map(|(name, value, kind)| {
        DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_static_str(name))
            .with_value(Some(StrBytes::from_static_str(value)))
            .with_read_only(true)
            .with_config_source(DEFAULT_CONFIG)
            .with_config_type(*kind)
    });
    result.with_configs(configs.collect())
}
