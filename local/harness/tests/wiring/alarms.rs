//! What the alarms watch.

use serde_json::{Value, json};

use super::{area, set, template};

#[test]
fn every_function_logs_where_the_alarms_of_its_area_look() {
    let template = template();
    let resources = template.document()["Resources"]
        .as_object()
        .expect("resources");
    let all = |kind: &'static str| resources.values().filter(move |one| one["Type"] == kind);
    let alarms = set(all("AWS::CloudWatch::Alarm")
        .filter_map(|alarm| alarm["Properties"]["MetricName"].as_str()));
    for function in template.functions() {
        let area = area(&function.binary);
        let group = &resources[&function.logical_id]["Properties"]["LoggingConfig"]["LogGroup"];
        assert_eq!(group["!Ref"], format!("{area}Logs"), "{}", function.binary);
        let watched = set(all("AWS::Logs::MetricFilter")
            .filter(|filter| filter["Properties"]["LogGroupName"] == *group)
            .filter_map(|filter| {
                filter["Properties"]["MetricTransformations"][0]["MetricName"].as_str()
            })
            .filter(|metric| alarms.contains(metric)));
        let wanted = [format!("{area}Duration"), format!("{area}Errors")];
        assert_eq!(watched, set(wanted.iter().map(String::as_str)), "{area}");
    }
}

/// What can never work is set aside by the function, what Lambda gives up on by Lambda: either is told.
#[test]
fn bug_67_what_is_set_aside_raises_an_alarm() {
    let template = template();
    let alarm = |name: &str| {
        let alarm = &template.document()["Resources"][name];
        assert_eq!(alarm["Type"], "AWS::CloudWatch::Alarm", "{name}");
        let alarm = alarm["Properties"].clone();
        assert_eq!(
            alarm["ComparisonOperator"], "GreaterThanThreshold",
            "{name}"
        );
        assert_eq!(alarm["Threshold"], 0, "{name}");
        assert_eq!(alarm["EvaluationPeriods"], 1, "{name}");
        assert_eq!(
            alarm["AlarmActions"],
            json!([{ "!Ref": "AlarmTopicArn" }]),
            "{name}"
        );
        alarm
    };
    let waiting = alarm("DeadLettersAlarm");
    assert_eq!(waiting["Namespace"], "AWS/SQS");
    assert_eq!(waiting["MetricName"], "ApproximateNumberOfMessagesVisible");
    let queue = json!({ "Name": "QueueName", "Value": { "!GetAtt": "DeadLetters.QueueName" } });
    assert_eq!(waiting["Dimensions"], json!([queue]));
    assert_eq!(waiting["Statistic"], "Maximum");

    let metrics = alarm("FailedRecordsAlarm")["Metrics"].clone();
    let metrics = metrics.as_array().expect("metrics");
    assert_eq!(metrics[0]["Expression"], "SUM(METRICS())");
    let watched = metrics[1..].iter().map(|metric| {
        assert_eq!(metric["ReturnData"], false);
        assert_eq!(metric["MetricStat"]["Stat"], "Sum");
        metric["MetricStat"]["Metric"].to_string()
    });
    let readers = template.stream_readers().expect("readers of the stream");
    assert!(readers.len() > 1, "{}", readers.len());
    let mut wanted = Vec::new();
    for reader in readers {
        let mut functions = template.functions().iter();
        let function = functions.find(|function| function.binary == reader.function);
        let mapping = format!("{}Stream", function.expect("a function").logical_id);
        let dimension = json!({ "Name": "EventSourceMappingUUID", "Value": { "!Ref": mapping } });
        for name in [
            "OnFailureDestinationDeliveredEventCount",
            "DroppedEventCount",
        ] {
            let metric: Value = json!({
                "Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": [dimension],
            });
            wanted.push(metric.to_string());
        }
    }
    assert_eq!(set(watched), set(wanted));
}
