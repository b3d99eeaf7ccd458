//! From the stream to the functions that read it.

use local::function::Outcome;
use local::replay::replay;
use serde_json::{Value, json};

use crate::scene::{Scene, error, failures, keys};

#[tokio::test]
async fn a_reader_gets_what_its_filters_let_through_once_and_in_order() {
    let scene = Scene::new(|_, _| Ok(Value::Null)).await;
    for key in ["a", "b", "c"] {
        scene.put(key, if key == "b" { "session" } else { "user" });
    }
    scene.put("a", "user");
    scene.pump().drain().await.expect("drained");
    let invocations = scene.invocations("record");
    let record = &invocations[0]["Records"][0];
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    let arn = record["eventSourceARN"].as_str().unwrap_or_default();
    assert!(arn.contains(":table/latchkey/stream/"), "{arn}");
    assert_eq!(record["dynamodb"]["NewImage"]["type"]["S"], "user");
    assert_eq!(
        scene.batches("record"),
        ["ac"],
        "no session and no modification"
    );
    assert_eq!(scene.batches("publish"), ["abca"], "it has no filters");

    scene.pump().rewind("record").expect("rewound");
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("record"), ["ac"], "once more");
    assert_eq!(scene.batches("publish"), Vec::<String>::new());

    // Another pump goes on where this one ended.
    scene.put("d", "user");
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("record"), ["d"]);
    for number in 0..20 {
        scene.put(&format!("{number},"), "user");
    }
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("record").len(), 3, "batches of 8");
}

#[tokio::test]
async fn a_record_that_fails_is_tried_again_and_what_stood_before_it_is_not() {
    let mut times = 0;
    let scene = Scene::new(move |function, payload| {
        times += usize::from(function == "record");
        failures(payload, if times < 3 { &["c"] } else { &[] })
    })
    .await;
    for key in ["a", "b", "c", "d"] {
        scene.put(key, "user");
    }
    scene.pump().drain().await.expect("drained");
    // As with Lambda, a failure that is only reported halves no batch.
    assert_eq!(scene.batches("record"), ["abcd", "cd", "cd"]);
    assert_eq!(scene.storage.failed.names().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_poisoned_record_neither_blocks_nor_disappears() {
    let poisons: [fn(&Value) -> Outcome; 2] = [
        // As consumers here do: the first of a batch fails the invocation.
        |payload| match keys(payload).first() {
            Some(&"c") => error("poison"),
            _ => failures(payload, &["c"]),
        },
        |payload| {
            if keys(payload).contains(&"c") {
                return error("poison");
            }
            Ok(json!({ "batchItemFailures": [] }))
        },
    ];
    for poison in poisons {
        let scene = Scene::new(move |function, payload| match function {
            "record" => poison(payload),
            _ => Ok(Value::Null),
        })
        .await;
        for key in ["a", "b", "c", "d", "e"] {
            scene.put(key, "user");
        }
        scene.pump().drain().await.expect("drained");
        scene.put("f", "user");
        scene.pump().drain().await.expect("drained");
        let batches = scene.batches("record");
        assert_eq!(batches.last().map(String::as_str), Some("f"), "{batches:?}");
        let alone = batches.iter().filter(|batch| *batch == "c").count();
        assert_eq!(alone, 3, "once and two retries: {batches:?}");
        assert!(
            batches
                .iter()
                .any(|batch| batch.ends_with('e') && !batch.contains('c'))
        );

        let failed = scene.storage.failed.all().unwrap();
        let [(name, record)] = failed.as_slice() else {
            panic!("{failed:?}")
        };
        assert!(name.starts_with("record/"), "{name}");
        assert_eq!(record["version"], "1.0");
        assert_eq!(
            record["requestContext"]["condition"],
            "RetryAttemptsExhausted"
        );
        assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
        assert_eq!(record["DDBStreamBatchInfo"]["batchSize"], 1);
        let payload: Value = serde_json::from_str(record["payload"].as_str().unwrap()).unwrap();
        assert_eq!(keys(&payload), ["c"]);
        assert_eq!(
            record["DDBStreamBatchInfo"]["startSequenceNumber"],
            payload["Records"][0]["dynamodb"]["SequenceNumber"]
        );

        // Replayed while it still fails, it stays; then it goes.
        let again = replay(&scene.storage, &scene.stage).await.unwrap();
        assert_eq!((again.taken, again.failed.len()), (0, 1));
        assert_eq!(scene.storage.failed.names().unwrap().len(), 1);
        scene.play(|_, _| Ok(Value::Null));
        let again = replay(&scene.storage, &scene.stage).await.unwrap();
        assert_eq!((again.taken, again.failed.len()), (1, 0));
        assert_eq!(scene.storage.failed.names().unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_poisoned_record_that_is_only_reported_takes_along_what_stands_behind_it() {
    let scene = Scene::new(|function, payload| match function {
        "record" => failures(payload, &["c"]),
        _ => Ok(Value::Null),
    })
    .await;
    for key in ["a", "b", "c", "d", "e"] {
        scene.put(key, "user");
    }
    scene.pump().drain().await.expect("drained");
    let failed = scene.storage.failed.all().unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].1["DDBStreamBatchInfo"]["batchSize"], 3);
}

#[tokio::test]
async fn without_bisection_and_reports_a_batch_stays_together() {
    let scene = Scene::new(|function, _| match function {
        "publish" => error("down"),
        _ => Ok(Value::Null),
    })
    .await;
    scene.put("a", "user");
    scene.put("b", "user");
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("publish"), ["ab", "ab"]);
    assert_eq!(scene.storage.failed.names().unwrap().len(), 1);
    // What a function answers counts only where the mapping says so.
    scene.play(|function, payload| match function {
        "publish" => failures(payload, &["c"]),
        _ => Ok(Value::Null),
    });
    scene.put("c", "user");
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("publish"), ["c"]);
}

#[tokio::test]
async fn an_answer_that_names_no_record_fails_the_batch() {
    for answer in [
        json!({ "batchItemFailures": [{ "itemIdentifier": "5" }] }),
        json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }),
        json!({ "batchItemFailures": [{}] }),
        json!({ "batchItemFailures": "all" }),
    ] {
        let scene = Scene::new({
            let answer = answer.clone();
            move |_, _| Ok(answer.clone())
        })
        .await;
        scene.put("a", "user");
        scene.pump().drain().await.expect("drained");
        assert_eq!(scene.batches("record"), ["a", "a", "a"], "{answer}");
        assert_eq!(scene.storage.failed.names().unwrap().len(), 1);
    }
}
