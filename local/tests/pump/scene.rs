//! A bundle whose functions the tests play.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use local::engine::Engine;
use local::function::{FunctionError, Outcome};
use local::pump::{Invoke, Pump, Storage};
use local::services::Services;
use local::settings::TABLE;
use local::template::Template;
use local::yaml;
use serde_json::{Value, json};

const TEMPLATE: &str = r#"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  RecordFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: record}}
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            StartingPosition: TRIM_HORIZON
            BatchSize: 8
            BisectBatchOnFunctionError: true
            MaximumRetryAttempts: 2
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria:
              Filters: [{Pattern: '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"type":{"S":["user"]}}}}'}]
  PublishFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: publish}}
    Properties:
      Events:
        Stream:
          Type: DynamoDB
          Properties:
            StartingPosition: TRIM_HORIZON
            BatchSize: 8
            MaximumRetryAttempts: 1
  SendFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: send}}
    Properties:
      Events:
        Own:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref EventBus
            Pattern: {source: [latchkey]}
  PurgeFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: purge}}
    Properties:
      Events:
        Own:
          Type: EventBridgeRule
          Properties:
            EventBusName: !Ref EventBus
            Pattern: {detail-type: [user.deleted]}
        Hourly:
          Type: ScheduleV2
          Properties: {ScheduleExpression: rate(1 hour), Input: '{"scheduled":true}'}
"#;

pub type Play = Box<dyn FnMut(&str, &Value) -> Outcome + Send>;

/// Functions that a test plays, and every invocation.
pub struct Stage {
    pub play: Mutex<Play>,
    pub invocations: Mutex<Vec<(String, Value)>>,
}

impl Invoke for Stage {
    async fn invoke(&self, function: &str, payload: &Value) -> Outcome {
        locked(&self.invocations).push((function.to_owned(), payload.clone()));
        let outcome = locked(&self.play)(function, payload);
        if matches!(&outcome, Err(error) if error.0 == "stuck") {
            std::future::pending::<()>().await;
        }
        outcome
    }
}

pub struct Scene {
    pub engine: Engine,
    pub template: Template,
    pub services: Arc<Services>,
    pub stage: Arc<Stage>,
    pub storage: Storage,
}

impl Scene {
    pub async fn new(play: impl FnMut(&str, &Value) -> Outcome + Send + 'static) -> Self {
        let template = Template::from(yaml::parse(TEMPLATE).expect("YAML"));
        let engine = Engine::in_memory().await.expect("an engine");
        engine.create_table(&template, TABLE).expect("a table");
        let storage = Storage::in_memory();
        let services = Services::in_memory(storage.dead_letters.clone()).await;
        Self {
            engine,
            template,
            services: Arc::new(services.expect("services")),
            stage: Arc::new(Stage {
                play: Mutex::new(Box::new(play)),
                invocations: Mutex::default(),
            }),
            storage,
        }
    }

    pub fn play(&self, play: impl FnMut(&str, &Value) -> Outcome + Send + 'static) {
        *locked(&self.stage.play) = Box::new(play);
    }

    pub fn pump(&self) -> Pump<Arc<Stage>> {
        let (services, stage) = (Arc::clone(&self.services), Arc::clone(&self.stage));
        let storage = self.storage.clone();
        Pump::new(
            &self.template,
            self.engine.database(),
            services,
            storage,
            stage,
        )
        .expect("a pump")
        .retry_delay(Duration::from_millis(1))
    }

    pub fn put(&self, pk: &str, kind: &str) {
        let item = json!({ "pk": { "S": pk }, "type": { "S": kind } });
        let request = json!({ "TableName": TABLE, "Item": item });
        let request = serde_json::from_value(request).expect("a request");
        self.engine.database().put_item(request).expect("written");
    }

    /// The keys of each invocation of a function since the last time.
    pub fn batches(&self, function: &str) -> Vec<String> {
        let mut invocations = locked(&self.stage.invocations);
        let (own, others) = invocations
            .drain(..)
            .partition(|(name, _)| name == function);
        *invocations = others;
        own.iter()
            .map(|(_, payload)| keys(payload).join(""))
            .collect()
    }

    pub fn invocations(&self, function: &str) -> Vec<Value> {
        let invocations = locked(&self.stage.invocations);
        let own = invocations.iter().filter(|(name, _)| name == function);
        own.map(|(_, payload)| payload.clone()).collect()
    }

    pub fn event(&self, detail_type: &str) {
        let put = self
            .services
            .bus()
            .put("EventBus", "latchkey", detail_type, &json!({}));
        put.expect("an event");
    }
}

pub fn keys(payload: &Value) -> Vec<&str> {
    let records = payload["Records"].as_array().into_iter().flatten();
    records
        .map(|record| {
            record["dynamodb"]["Keys"]["pk"]["S"]
                .as_str()
                .expect("a key")
        })
        .collect()
}

#[expect(clippy::unnecessary_wraps, reason = "one of several outcomes")]
pub fn failures(payload: &Value, poison: &[&str]) -> Outcome {
    let records = payload["Records"].as_array().into_iter().flatten();
    let failed = records.filter(|record| {
        let key = record["dynamodb"]["Keys"]["pk"]["S"].as_str();
        key.is_some_and(|key| poison.contains(&key))
    });
    let failed: Vec<Value> = failed
        .map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }))
        .collect();
    Ok(json!({ "batchItemFailures": failed }))
}

pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test has failed")
}

pub fn error(text: &str) -> Outcome {
    Err(FunctionError(text.to_owned()))
}
