//! The event pump against the real stream of the embedded engine.

mod scene;
mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use local::pump::{Pump, Storage};
use local::replay::replay;
use local::services::{Bus, Inbox, Services};
use local::settings::TABLE;
use local::template::Template;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use scene::{Scene, error, failures, keys, locked};

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("latchkey-{}", uuid::Uuid::new_v4().simple()))
}

#[tokio::test]
async fn events_reach_the_rules_they_match_and_end_as_dead_letters() {
    let scene = Scene::new(|function, _| match function {
        "purge" => error("down"),
        _ => Ok(Value::Null),
    })
    .await;
    scene.event("user.updated");
    scene.event("user.deleted");
    let elsewhere = scene
        .services
        .bus()
        .put("default", "latchkey", "user.deleted", &json!({}));
    elsewhere.expect("an event");
    let pump = scene.pump();
    pump.drain().await.expect("drained");
    let types = |function: &str| -> Vec<Value> {
        let invocations = scene.invocations(function).into_iter();
        invocations
            .map(|event| event["detail-type"].clone())
            .collect()
    };
    assert_eq!(types("send"), ["user.updated", "user.deleted"]);
    assert_eq!(types("purge"), ["user.deleted"; 3], "once and two retries");
    let dead = scene.storage.dead_letters.all().unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].0.starts_with("purge/"));
    assert_eq!(dead[0].1, scene.invocations("purge")[0], "the plain event");

    // Nothing is left: another pump, which remembers nothing, finds nothing.
    let before = locked(&scene.stage.invocations).len();
    pump.drain().await.expect("drained");
    scene.pump().drain().await.expect("drained");
    assert_eq!(locked(&scene.stage.invocations).len(), before);
    scene.play(|_, _| Ok(Value::Null));
    assert_eq!(replay(&scene.storage, &scene.stage).await.unwrap().taken, 1);
    assert_eq!(
        scene.storage.dead_letters.names().unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn draining_follows_what_functions_set_off() {
    let scene = Scene::new(|_, _| Ok(Value::Null)).await;
    let (database, services) = (scene.engine.database().clone(), Arc::clone(&scene.services));
    let mut written = false;
    scene.play(move |function, _| {
        if function == "publish" && !written {
            services
                .bus()
                .put("EventBus", "latchkey", "user.deleted", &json!({}))
                .unwrap();
        }
        if function == "purge" {
            written = true;
            let item = json!({ "pk": { "S": "z" }, "type": { "S": "user" } });
            let request = json!({ "TableName": TABLE, "Item": item });
            database
                .put_item(serde_json::from_value(request).unwrap())
                .unwrap();
        }
        Ok(Value::Null)
    });
    scene.put("a", "user");
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.batches("record"), ["a", "z"]);

    scene.play({
        let services = Arc::clone(&scene.services);
        move |_, _| {
            services
                .bus()
                .put("EventBus", "latchkey", "again", &json!({}))
                .unwrap();
            Ok(Value::Null)
        }
    });
    scene.event("again");
    let endless = scene.pump().drain().await.expect_err("no end");
    assert!(
        endless.to_string().contains("do not come to an end"),
        "{endless}"
    );
}

#[tokio::test]
async fn one_that_is_stuck_does_not_stop_the_others() {
    let scene = Scene::new(|function, _| match function {
        "publish" | "send" => error("stuck"),
        _ => Ok(Value::Null),
    })
    .await;
    for number in 0..20 {
        scene.put(&number.to_string(), "user");
        scene.event("user.deleted");
    }
    let pump = Arc::new(scene.pump());
    let running = tokio::spawn({
        let pump = Arc::clone(&pump);
        async move { pump.run().await }
    });
    let done = async {
        loop {
            let records: usize = scene
                .invocations("record")
                .iter()
                .map(|p| keys(p).len())
                .sum();
            // Twenty events, and once by schedule.
            if records == 20 && scene.invocations("purge").len() == 21 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), done)
        .await
        .expect("the others go on");
    assert!(
        scene
            .invocations("purge")
            .contains(&json!({ "scheduled": true }))
    );
    assert_eq!(
        (
            scene.invocations("publish").len(),
            scene.invocations("send").len()
        ),
        (1, 1)
    );
    running.abort();
}

/// Ends the pump at every invocation in turn, as a kill would: whatever it awaited never comes back.
#[tokio::test]
async fn a_pump_that_is_killed_anywhere_loses_nothing() {
    for killed_at in 0..30 {
        let folder = folder();
        let mut scene = Scene::new(|_, _| Ok(Value::Null)).await;
        scene.storage = Storage::in_folder(&folder);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bus = Bus::in_folder(folder.join("bus"));
        let dead_letters = scene.storage.dead_letters.clone();
        let services = Services::serve(listener, Inbox::in_memory(), bus, dead_letters);
        scene.services = Arc::new(services.unwrap());
        let play = |function: &str, payload: &Value| match function {
            "record" => failures(payload, &["3"]),
            "purge" => error("down"),
            _ => Ok(Value::Null),
        };
        let mut calls = 0;
        scene.play(move |function, payload| {
            calls += 1;
            if calls > killed_at {
                error("stuck")
            } else {
                play(function, payload)
            }
        });
        for number in 0..10 {
            scene.put(&number.to_string(), "user");
        }
        scene.event("user.deleted");
        scene.event("user.updated");
        let pump = scene.pump();
        let killed = tokio::time::timeout(Duration::from_millis(150), pump.drain());
        let _ = killed.await;
        drop(pump);

        scene.play(play);
        scene.pump().drain().await.expect("drained");
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (function, payload) in locked(&scene.stage.invocations).iter() {
            let keys = keys(payload).into_iter().map(str::to_owned);
            seen.entry(function.clone()).or_default().extend(keys);
        }
        assert_eq!(seen["record"].len(), 10, "killed at {killed_at}");
        assert_eq!(seen["publish"].len(), 10, "killed at {killed_at}");
        let send: BTreeSet<String> = scene
            .invocations("send")
            .iter()
            .map(|event| event["detail-type"].to_string())
            .collect();
        assert_eq!(send.len(), 2, "killed at {killed_at}");
        assert!(
            !scene.storage.failed.names().unwrap().is_empty(),
            "killed at {killed_at}"
        );
        assert!(
            !scene.storage.dead_letters.names().unwrap().is_empty(),
            "killed at {killed_at}"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }
}

#[tokio::test]
async fn a_template_without_readers_and_rules_keeps_no_events() {
    let scene = Scene::new(|_, _| Ok(Value::Null)).await;
    let template = Template::from(json!({ "Resources": {} }));
    let (services, stage) = (Arc::clone(&scene.services), Arc::clone(&scene.stage));
    let storage = scene.storage.clone();
    let database = scene.engine.database();
    let pump = Pump::new(&template, database, services, storage, stage).expect("a pump");
    scene.put("a", "user");
    scene.event("user.deleted");
    pump.drain().await.expect("drained");
    assert_eq!(locked(&scene.stage.invocations).len(), 0);
    scene.pump().drain().await.expect("drained");
    assert_eq!(scene.invocations("purge").len(), 0, "the event is gone");
}
