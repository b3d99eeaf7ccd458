//! What invokes the functions of `template.yaml` besides HTTP: the table's stream, bus rules and schedules.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Error;
use crate::pattern::Pattern;
use crate::template::Template;

/// The bus that AWS services put their events on.
pub const DEFAULT_BUS: &str = "default";
/// What Lambda does when an asynchronous invocation fails, unless the template says otherwise.
const ASYNC_RETRIES: u64 = 2;

/// A function that reads the table's stream.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamReader {
    /// Its binary.
    pub function: String,
    /// One of these has to match; without any, every record does.
    pub filters: Vec<Pattern>,
    /// Most records of one invocation.
    pub batch_size: usize,
    /// How often a failed invocation is repeated.
    pub maximum_retries: u64,
    /// Whether a batch that failed is split in two.
    pub bisect: bool,
    /// Whether the function says which records failed.
    pub reports_failures: bool,
}

/// A rule of an event bus.
#[derive(Clone, Debug, PartialEq)]
pub struct BusRule {
    /// The binary that it invokes.
    pub function: String,
    /// `default`, or the logical id of a bus.
    pub bus: String,
    /// The events it is about.
    pub pattern: Pattern,
    /// How often a failed invocation is repeated.
    pub maximum_retries: u64,
    /// Whether a queue stands between the two.
    pub queued: bool,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// The binary that it invokes.
    pub function: String,
    /// How often.
    pub every: Duration,
    /// What it is invoked with.
    pub input: Value,
    /// How often a failed invocation is repeated.
    pub maximum_retries: u64,
}

/// An event of a function of the template.
pub(crate) struct Event {
    /// What to name in errors.
    place: String,
    /// The binary of the function.
    pub(crate) function: String,
    pub(crate) properties: Value,
    async_retries: u64,
}

impl Template {
    /// The functions that read the table's stream.
    ///
    /// # Errors
    /// When the template has something that is not understood here.
    pub fn stream_readers(&self) -> Result<Vec<StreamReader>, Error> {
        self.triggers(&["DynamoDB"], |event| {
            let properties = &event.properties;
            if properties["StartingPosition"] != "TRIM_HORIZON" {
                return Err("local reads streams from TRIM_HORIZON only".into());
            }
            let filters = properties["FilterCriteria"]["Filters"].as_array();
            let filters = filters.into_iter().flatten().map(|filter| {
                let text = filter["Pattern"].as_str();
                let text = text.ok_or("a filter's Pattern is not text")?;
                Pattern::parse(&resolve(&serde_json::from_str(text)?))
            });
            let responses = properties["FunctionResponseTypes"].as_array();
            Ok(StreamReader {
                function: event.function.clone(),
                filters: filters.collect::<Result<_, Error>>()?,
                batch_size: usize::try_from(number(properties, "BatchSize")?.unwrap_or(100))?,
                // Without it Lambda repeats until the records expire, and nothing behind them is read.
                maximum_retries: number(properties, "MaximumRetryAttempts")?
                    .ok_or("MaximumRetryAttempts is missing")?,
                bisect: properties["BisectBatchOnFunctionError"] == true,
                reports_failures: responses
                    .is_some_and(|types| types.contains(&json!("ReportBatchItemFailures"))),
            })
        })
    }

    /// The rules that invoke functions. Those whose state a condition decides are on.
    ///
    /// # Errors
    /// When the template has something that is not understood here.
    pub fn bus_rules(&self) -> Result<Vec<BusRule>, Error> {
        let rules = self.triggers(&["EventBridgeRule", "CloudWatchEvent"], |event| {
            let properties = &event.properties;
            for name in ["Input", "InputPath", "InputTransformer"] {
                if !properties[name].is_null() {
                    return Err(format!("{name} is not understood here").into());
                }
            }
            let rule = BusRule {
                function: event.function.clone(),
                bus: bus_name(&properties["EventBusName"])?,
                pattern: Pattern::parse(&resolve(&properties["Pattern"]))?,
                maximum_retries: event.async_retries,
                queued: false,
            };
            Ok((properties["State"] != "DISABLED").then_some(rule))
        });
        let mut rules: Vec<BusRule> = rules?.into_iter().flatten().collect();
        rules.extend(self.queue_rules()?);
        Ok(rules)
    }

    /// The schedules.
    ///
    /// # Errors
    /// When the template has something that is not understood here.
    pub fn schedules(&self) -> Result<Vec<Schedule>, Error> {
        self.triggers(&["ScheduleV2", "Schedule"], |event| {
            let properties = &event.properties;
            // SAM calls the rate of the older type Schedule.
            let rate = properties["ScheduleExpression"]
                .as_str()
                .or(properties["Schedule"].as_str());
            Ok(Schedule {
                function: event.function.clone(),
                every: rate
                    .and_then(parse_rate)
                    .ok_or("a schedule is rate(N minutes|hours|days)")?,
                input: match properties["Input"].as_str() {
                    Some(input) => serde_json::from_str(input)?,
                    None => json!({}),
                },
                maximum_retries: event.async_retries,
            })
        })
    }

    pub(crate) fn triggers<T>(
        &self,
        types: &[&str],
        read: impl Fn(&Event) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut triggers = Vec::new();
        for block in self.functions() {
            let properties = &self.document()["Resources"][&block.logical_id]["Properties"];
            let retries = &properties["EventInvokeConfig"]["MaximumRetryAttempts"];
            let events = properties["Events"].as_object();
            for (name, event) in events.into_iter().flatten() {
                if !event["Type"]
                    .as_str()
                    .is_some_and(|kind| types.contains(&kind))
                {
                    continue;
                }
                let event = Event {
                    place: format!("template.yaml: {}, event {name}", block.logical_id),
                    function: block.binary.clone(),
                    properties: event["Properties"].clone(),
                    async_retries: retries.as_u64().unwrap_or(ASYNC_RETRIES),
                };
                let trigger = read(&event).map_err(|error| format!("{}: {error}", event.place))?;
                triggers.push(trigger);
            }
        }
        Ok(triggers)
    }
}

/// The bus a rule belongs to.
pub(crate) fn bus_name(bus: &Value) -> Result<String, Error> {
    match resolve(bus) {
        Value::Null => Ok(DEFAULT_BUS.to_owned()),
        Value::String(bus) => Ok(bus),
        _ => Err(format!("EventBusName {bus} is not understood here").into()),
    }
}

/// References become the logical id they name, which is what local settings call the resource.
pub(crate) fn resolve(value: &Value) -> Value {
    match value {
        Value::Object(properties) => {
            for reference in ["!Ref", "Ref"] {
                if let (1, Some(Value::String(id))) = (properties.len(), properties.get(reference))
                {
                    return json!(id);
                }
            }
            let resolved = properties
                .iter()
                .map(|(name, value)| (name.clone(), resolve(value)));
            Value::Object(resolved.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(resolve).collect(),
        value => value.clone(),
    }
}

fn number(properties: &Value, name: &str) -> Result<Option<u64>, Error> {
    match &properties[name] {
        Value::Null => Ok(None),
        value => match value.as_u64() {
            Some(number) => Ok(Some(number)),
            None => Err(format!("{name} {value} is not understood here").into()),
        },
    }
}

fn parse_rate(expression: &str) -> Option<Duration> {
    let rate = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = rate.split_once(' ')?;
    let minutes: u64 = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    Some(Duration::from_secs(count.checked_mul(minutes * 60)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    const TEMPLATE: &str = r#"
Resources:
  ReadFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: read}}
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            BatchSize: 10
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 3
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria:
              Filters:
                - Pattern: '{"eventName": ["INSERT"]}'
                - Pattern: '{"eventName": ["MODIFY"]}'
  SendFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: send}}
    Properties:
      EventInvokeConfig: {MaximumRetryAttempts: 1}
      Events:
        Own:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref EventBus
            State: !If [SendsMail, ENABLED, DISABLED]
            Pattern:
              source: [latchkey]
              detail-type: [user.registered]
        Mail:
          Type: EventBridgeRule
          Properties:
            Pattern:
              source: [aws.ses]
              detail: {mail: {tags: {"ses:configuration-set": [!Ref MailConfigurationSet]}}}
        Off:
          Type: EventBridgeRule
          Properties:
            State: DISABLED
            Pattern: {source: [off]}
  RotateFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: rotate}}
    Properties:
      Events:
        Hourly:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(2 hours), Input: '{"a":1}'}
"#;

    fn template(text: &str) -> Template {
        Template::from(yaml::parse(text).expect("YAML"))
    }

    #[test]
    fn a_stream_mapping_is_read_whole() {
        let readers = template(TEMPLATE).stream_readers().expect("readers");
        let [reader] = readers.as_slice() else {
            panic!("{readers:?}")
        };
        assert_eq!(reader.function, "read");
        assert_eq!((reader.batch_size, reader.maximum_retries), (10, 3));
        assert!(reader.bisect && reader.reports_failures);
        let chosen = |name: &str| {
            let record = json!({ "eventName": name });
            reader.filters.iter().any(|filter| filter.matches(&record))
        };
        assert!(chosen("INSERT") && chosen("MODIFY") && !chosen("REMOVE"));
    }

    #[test]
    fn rules_name_their_bus_and_references_are_logical_ids() {
        let rules = template(TEMPLATE).bus_rules().expect("rules");
        let buses: Vec<&str> = rules.iter().map(|rule| rule.bus.as_str()).collect();
        assert_eq!(
            buses,
            ["default", "EventBus"],
            "without the one that is off"
        );
        assert_eq!(
            (rules[0].function.as_str(), rules[0].maximum_retries),
            ("send", 1)
        );
        let bounced = |set: &str| {
            let tags = json!({ "ses:configuration-set": [set] });
            json!({ "source": "aws.ses", "detail": { "mail": { "tags": tags } } })
        };
        assert!(rules[0].pattern.matches(&bounced("MailConfigurationSet")));
        assert!(!rules[0].pattern.matches(&bounced("another")));
    }

    #[test]
    fn schedules_have_a_rate_and_an_input() {
        let schedules = template(TEMPLATE).schedules().expect("schedules");
        assert_eq!(schedules[0].every, Duration::from_hours(2));
        assert_eq!(schedules[0].input, json!({ "a": 1 }));
        assert_eq!(parse_rate("rate(1 day)"), Some(Duration::from_hours(24)));
        assert_eq!(parse_rate("rate(5 minutes)"), Some(Duration::from_mins(5)));
        for other in ["cron(0 1 * * ? *)", "rate(0 days)", "rate(1 week)", "1 day"] {
            assert_eq!(parse_rate(other), None, "{other}");
        }
    }

    #[test]
    fn what_local_cannot_honour_is_named_with_its_place() {
        for (found, instead) in [
            ("BatchSize: 10", "BatchSize: !Ref Size"),
            ("MaximumRetryAttempts: 3", "MaximumRetryAttempts: -1"),
            ("TRIM_HORIZON", "LATEST"),
            (
                r#"{"eventName": ["INSERT"]}"#,
                r#"{"eventName": [{"suffix": "T"}]}"#,
            ),
            (
                "EventBusName: !Ref EventBus",
                "EventBusName: !GetAtt EventBus.Arn",
            ),
            ("State: DISABLED", "InputPath: $.detail"),
            ("rate(2 hours)", "cron(0 1 * * ? *)"),
        ] {
            let text = TEMPLATE.replace(found, instead);
            assert_ne!(text, TEMPLATE);
            let template = template(&text);
            let errors = [
                template.stream_readers().err(),
                template.bus_rules().err(),
                template.schedules().err(),
            ];
            let errors: Vec<String> = errors
                .into_iter()
                .flatten()
                .map(|e| e.to_string())
                .collect();
            assert_eq!(errors.len(), 1, "{instead}");
            assert!(errors[0].starts_with("template.yaml: "), "{}", errors[0]);
        }
    }

    #[test]
    fn the_template_of_the_bundle_is_understood() {
        let template = Template::load(&crate::workspace_root()).expect("template.yaml");
        template.stream_readers().expect("stream readers");
        template.bus_rules().expect("bus rules");
        assert!(!template.schedules().expect("schedules").is_empty());
    }
}
