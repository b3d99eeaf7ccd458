//! IAM: what every function did in all of its scenes, against what its policy in `template.yaml` allows.

use std::collections::BTreeSet;

use harness::Call;

use crate::bundle;
use crate::faults::{Answered, carry_out};
use crate::scenes;

#[tokio::test(flavor = "multi_thread")]
async fn every_policy_is_exactly_what_its_function_does() {
    let mut calls: Vec<Call> = Vec::new();
    let bundle = bundle().await;
    let mut seen = BTreeSet::new();
    for scene in scenes::all() {
        let bundle = if scene.is_alone() {
            &crate::bundle().await
        } else {
            &bundle
        };
        let act = (scene.prepare)(bundle).await;
        let _ = bundle.recorder().take();
        let answered = carry_out(bundle, &scene, &act).await;
        assert_eq!(answered, Answered::as_expected(&act), "{}", scene.name);
        assert!((act.done)(bundle), "{}: not done", scene.name);
        bundle.assert_invariants();
        calls.extend(bundle.recorder().take());
        seen.insert(scene.function);
    }
    let functions: BTreeSet<&str> = bundle
        .functions()
        .iter()
        .map(|function| function.binary.as_str())
        .collect();
    assert_eq!(seen, functions, "every function has a scene");
    for function in functions {
        bundle.assert_policy(&calls, function);
    }
}
