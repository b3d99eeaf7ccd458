//! Queues of the template: rules of a bus that put events on one, for a function that takes them from there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::Error;
use crate::pattern::Pattern;
use crate::template::Template;
use crate::triggers::{BusRule, bus_name, resolve};

/// How often a function gets an event from a queue here. The template gives it hours; whoever waits at a laptop
/// sees the dead letter sooner.
const RECEIVES: u64 = 5;

/// What Lambda hands to a function that takes from a queue: one message, which is this event.
#[must_use]
pub fn message(event: &Value) -> Value {
    message_of(&event.to_string())
}

/// What Lambda hands to a function that takes from a queue: one message with this body.
#[must_use]
pub fn message_of(body: &str) -> Value {
    json!({
        "Records": [{
            "messageId": Uuid::new_v4(),
            "receiptHandle": "local",
            "body": body,
            "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:local",
            "awsRegion": "eu-central-1",
        }],
    })
}

impl Template {
    /// The rules that put events on a queue.
    ///
    /// # Errors
    /// When the template has something that is not understood here.
    pub(crate) fn queue_rules(&self) -> Result<Vec<BusRule>, Error> {
        let takers = self.triggers(&["SQS"], |event| {
            let queue =
                attribute_of(&event.properties["Queue"]).ok_or("Queue is no queue's Arn")?;
            if event.properties["BatchSize"] != 1 {
                return Err("local takes messages one by one: BatchSize is 1".into());
            }
            Ok((queue, event.function.clone()))
        })?;
        let takers: BTreeMap<String, String> = takers.into_iter().collect();
        let resources = self.document()["Resources"].as_object();
        let mut rules = Vec::new();
        for (id, resource) in resources.into_iter().flatten() {
            let properties = &resource["Properties"];
            if resource["Type"] != "AWS::Events::Rule" || properties["State"] == "DISABLED" {
                continue;
            }
            let place = |what: &str| format!("template.yaml: {id}: {what}");
            for target in properties["Targets"].as_array().into_iter().flatten() {
                let queue = attribute_of(&target["Arn"]);
                let function = queue.and_then(|queue| takers.get(&queue).cloned());
                rules.push(BusRule {
                    function: function.ok_or_else(|| place("nobody takes from its target"))?,
                    bus: bus_name(&properties["EventBusName"])?,
                    pattern: Pattern::parse(&resolve(&properties["EventPattern"]))?,
                    maximum_retries: RECEIVES - 1,
                    queued: true,
                });
            }
        }
        Ok(rules)
    }
}

/// The logical id in `!GetAtt Queue.Arn`.
fn attribute_of(value: &Value) -> Option<String> {
    let name = value["!GetAtt"].as_str()?;
    name.strip_suffix(".Arn").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_queue_stands_between_two_buses_and_their_function() {
        let template = Template::load(&crate::workspace_root()).expect("template.yaml");
        let rules = template.bus_rules().expect("understood");
        let queued: Vec<_> = rules.iter().filter(|rule| rule.queued).collect();
        let mut buses: Vec<&str> = queued.iter().map(|rule| rule.bus.as_str()).collect();
        buses.sort_unstable();
        assert_eq!(buses, ["EventBus", "default"]);
        assert!(queued.iter().all(|rule| rule.function == "send-mail"));
        let direct = rules.iter().filter(|rule| !rule.queued);
        let direct: Vec<&str> = direct.map(|rule| rule.function.as_str()).collect();
        assert_eq!(direct, ["purge-user"]);
    }

    #[test]
    fn a_message_holds_its_event_as_text() {
        let event = json!({ "detail-type": "user.registered" });
        let message = message(&event);
        let body = message["Records"][0]["body"].as_str().expect("text");
        assert_eq!(serde_json::from_str::<Value>(body).ok(), Some(event));
    }
}
