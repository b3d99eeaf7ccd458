//! Requests at the same time, call by call, in an order drawn from a seed.

use harness::requests::{by, register, sign_in};
use harness::{Account, HttpRequest, PASSWORD, SEEDS, Track};
use serde_json::{Value, json};

use crate::bundle;

fn set_role(by_whom: &Account, whose: &Account, role: &str) -> HttpRequest {
    let request = by(by_whom, "PUT", &format!("/v1/users/{}/role", whose.id));
    request.json(&json!({ "role": role }))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_of_one_version_one_is_made() {
    let mut track = Track::new(bundle().await, &["update-user", "update-user"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let patch = |name: &str| {
            let request = by(&account, "PATCH", "/v1/users/me").header("if-match", "\"1\"");
            request.json(&json!({ "firstName": name }))
        };
        let answers = track.run(seed, [patch("Ada"), patch("Grace")]).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(made <= 1, "seed {seed}");
        for (answer, name) in answers.iter().zip(["Ada", "Grace"]) {
            let user = track.bundle.items_of_type("user").remove(0);
            let is_there = user["first_name"]["S"] == name;
            assert_eq!(
                is_there,
                answer.status == 200,
                "seed {seed}: {}",
                answer.text
            );
        }
        track.settle(seed, made == 1);
    }
    track.tell("update × update");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_beats_a_sign_in() {
    let mut track = Track::new(bundle().await, &["delete-user", "login"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let delete = by(&account, "DELETE", "/v1/users/me");
        let [deleted, login] = track
            .run(seed, [delete, sign_in(&account.email, PASSWORD)])
            .await;
        if deleted.status == 204 {
            track.assert_nobody_in(seed, &login).await;
        }
        track.settle(seed, deleted.status == 204);
    }
    track.tell("delete × login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspension_beats_a_sign_in() {
    let mut track = Track::new(bundle().await, &["set-user-status", "login"], None).await;
    for seed in 0..SEEDS {
        let admin = track.bundle.account_with_role("admin").await;
        let account = track.bundle.account().await;
        let suspend = by(&admin, "PUT", &format!("/v1/users/{}/status", account.id));
        let suspend = suspend.json(&json!({ "status": "suspended" }));
        let [suspended, login] = track
            .run(seed, [suspend, sign_in(&account.email, PASSWORD)])
            .await;
        if suspended.status == 200 {
            track.assert_nobody_in(seed, &login).await;
            track
                .assert_over(seed, &account.access_token, &account.refresh_token)
                .await;
        }
        track.settle(seed, suspended.status == 200);
    }
    track.tell("suspend × login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_admin_writes_once_more_at_the_most() {
    let mut track = Track::new(bundle().await, &["set-user-role", "set-user-role"], None).await;
    for seed in 0..SEEDS {
        let admin = track.bundle.account_with_role("admin").await;
        let demoted = track.bundle.account_with_role("admin").await;
        let user = track.bundle.account().await;
        let requests = [
            set_role(&admin, &demoted, "user"),
            set_role(&demoted, &user, "admin"),
        ];
        let [answer, _] = track.run(seed, requests).await;
        if answer.status == 200 {
            let again = track
                .bundle
                .send(&set_role(&demoted, &user, "moderator"))
                .await;
            assert_eq!(again.status, 403, "seed {seed}");
        }
        track.settle(seed, answer.status == 200);
    }
    track.tell("demotion × write of the demoted");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_demotions_leave_an_admin() {
    let mut track = Track::new(bundle().await, &["set-user-role", "set-user-role"], None).await;
    for seed in 0..SEEDS {
        let one = track.bundle.account_with_role("admin").await;
        let two = track.bundle.account_with_role("admin").await;
        let requests = [set_role(&one, &two, "user"), set_role(&two, &one, "user")];
        let answers = track.run(seed, requests).await;
        let done = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(done <= 1, "seed {seed}");
        assert_eq!(track.bundle.active_admins(), 2 - done, "seed {seed}");
        track.settle(seed, done == 1);
    }
    track.tell("demotion × demotion");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_two_want_belongs_to_one() {
    let mut track = Track::new(bundle().await, &["confirm-email-change", "register"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let email = format!("wanted{seed}@example.com");
        let ask = by(&account, "POST", "/v1/users/me/email").json(&json!({ "email": email }));
        let _ = track.bundle.send(&ask).await.expect_status(202);
        let token = track.bundle.token(&email, "confirm_email_change").await;
        let confirm = by(&account, "POST", "/v1/users/me/email/confirm");
        let confirm = confirm.json(&json!({ "token": token }));
        let [confirmed, registered] = track.run(seed, [confirm, register(&email)]).await;
        let owners = [confirmed.status == 204, registered.status == 201];
        assert_ne!(owners, [true, true], "seed {seed}");
        let users = track.bundle.items_of_type("user");
        let owning = users.iter().filter(|user| user["email"]["S"] == *email);
        let owning: Vec<&Value> = owning.collect();
        assert_eq!(
            owning.len(),
            usize::from(owners.contains(&true)),
            "seed {seed}"
        );
        track.settle(seed, owners.contains(&true));
    }
    track.tell("confirm-email-change × register");
}
