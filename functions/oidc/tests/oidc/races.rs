//! Requests at the same time, call by call, in an order drawn from a seed.

use harness::requests::by;
use harness::{SEEDS, Track};
use serde_json::json;

use crate::bundle;
use crate::secrets::accepts;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_clients_registered_at_once_one_is_made() {
    let mut track = Track::new(bundle().await, &["put-client", "put-client"], None).await;
    for seed in 0..SEEDS {
        let admin = track.bundle.account_with_role("admin").await;
        let put = |name: &str| {
            let body = json!({ "name": name, "confidential": true });
            by(&admin, "PUT", "/v1/clients/shop").json(&body)
        };
        let answers = track.run(seed, [put("Shop"), put("App")]).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(made <= 1, "seed {seed}");
        // One that came later has found it there, and changed it.
        let written = answers.iter().filter(|answer| answer.status < 300);
        let last = written.max_by_key(|answer| answer.body["version"].as_u64());
        let clients = track.bundle.items_of_type("client");
        let there = clients.iter().map(|client| &client["name"]["S"]);
        let expected = last.iter().map(|answer| &answer.body["name"]);
        assert!(there.eq(expected), "seed {seed}: {clients:#?}");
        for answer in &answers {
            let secret = answer.text_at("/clientSecret");
            assert_eq!(secret.is_empty(), answer.status != 201, "seed {seed}");
            if answer.status == 201 {
                assert!(accepts(&track.bundle, &clients[0], &secret), "seed {seed}");
            }
        }
        track.settle(seed, made == 1);
    }
    track.tell("put-client × put-client");
}

/// Whichever goes first, a secret that an admin was shown counts, and there are two at most.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_new_secrets_at_once_each_that_was_shown_counts() {
    let mut track = Track::new(bundle().await, &["put-client", "put-client"], None).await;
    for seed in 0..SEEDS {
        let admin = track.bundle.account_with_role("admin").await;
        let confidential = json!({ "confidential": true });
        let made = track.bundle.put_client(&admin, "shop", &confidential).await;
        let _ = made.expect_status(201);
        let rotate = || {
            let body = json!({ "name": "Shop", "rotateSecret": true });
            by(&admin, "PUT", "/v1/clients/shop").json(&body)
        };
        let answers = track.run(seed, [rotate(), rotate()]).await;
        let client = track.bundle.items_of_type("client").remove(0);
        for answer in &answers {
            let secret = answer.text_at("/clientSecret");
            assert_eq!(secret.is_empty(), answer.status != 200, "seed {seed}");
            if answer.status == 200 {
                assert!(accepts(&track.bundle, &client, &secret), "seed {seed}");
            }
        }
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        let kept = client["secrets"]["L"].as_array().map(Vec::len);
        assert_eq!(kept, Some(2.min(1 + made)), "seed {seed}");
        track.settle(seed, made > 0);
    }
    track.tell("rotate × rotate");
}

/// What is removed stays removed, with its secrets.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_brings_no_removed_client_back() {
    let mut track = Track::new(bundle().await, &["put-client", "delete-client"], None).await;
    for seed in 0..SEEDS {
        let admin = track.bundle.account_with_role("admin").await;
        let confidential = json!({ "confidential": true });
        let made = track.bundle.put_client(&admin, "shop", &confidential).await;
        let _ = made.expect_status(201);
        let body = json!({ "name": "Ours", "rotateSecret": true });
        let change = by(&admin, "PUT", "/v1/clients/shop").header("if-match", "\"1\"");
        let change = change.json(&body);
        let delete = by(&admin, "DELETE", "/v1/clients/shop");
        let [changed, deleted] = track.run(seed, [change, delete]).await;
        let client = track.bundle.items_of_type("client").remove(0);
        let is_removed = client["removed_at"]["N"].is_string();
        assert_eq!(is_removed, deleted.status == 204, "seed {seed}");
        let is_changed = client["name"]["S"] == "Ours";
        if is_removed {
            assert!(client.get("secrets").is_none(), "seed {seed}");
        } else {
            assert_eq!(is_changed, changed.status == 200, "seed {seed}");
        }
        track.settle(seed, is_removed || is_changed);
    }
    track.tell("put-client × delete-client");
}

/// What an application gives back while it refreshes is over, whichever goes first.
#[tokio::test(flavor = "multi_thread")]
async fn no_refresh_outlives_what_is_given_back() {
    let mut track = Track::new(bundle().await, &["revoke-token", "token"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let app = track.bundle.application("shop", true, false).await;
        let first = app.tokens(&account).await;
        let token = first.text_at("/refresh_token");
        let requests = [app.revoking(&token), app.refreshing(&token)];
        let [revoked, refreshed] = track.run(seed, requests).await;
        assert!(
            matches!(revoked.status, 200 | 503),
            "seed {seed}: {}",
            revoked.text
        );
        let is_over = revoked.status == 200;
        let what = format!("seed {seed}");
        // The same client: nothing of it has changed.
        let app = track.bundle.application("shop", true, false).await;
        for tokens in [&first, &refreshed] {
            let is_given = !tokens.text_at("/access_token").is_empty();
            match (is_given, is_over) {
                (false, _) => {}
                (true, true) => app.assert_over(tokens, &what).await,
                (true, false) => app.assert_live(tokens, &what).await,
            }
        }
        track.settle(seed, is_over);
    }
    track.tell("revoke-token × token");
}
