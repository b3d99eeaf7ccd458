//! Races: two requests (or six) at the same time, by processes of their own, their calls to the table let through
//! one by one in an order drawn from a seed, some writes with a conflict. Whatever the order, the same holds.

use std::collections::BTreeSet;

use harness::{Account, Answer, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::scenes::{by, post, register, sign_in, token};
use crate::track::{SEEDS, Track};

const NEW_PASSWORD: &str = "quite another long password";

fn refresh(token: &str) -> HttpRequest {
    post("/v1/auth/refresh", &json!({ "refreshToken": token }))
}

/// The newest refresh token after one may have been traded.
fn newest(answer: &Answer, before: &str) -> String {
    match answer.status {
        200 => answer.text_at("/refreshToken"),
        _ => before.to_owned(),
    }
}

fn change_password(account: &Account) -> HttpRequest {
    let body = json!({ "currentPassword": PASSWORD, "newPassword": NEW_PASSWORD });
    by(account, "POST", "/v1/auth/change-password").json(&body)
}

fn set_role(by_whom: &Account, whose: &Account, role: &str) -> HttpRequest {
    let request = by(by_whom, "PUT", &format!("/v1/users/{}/role", whose.id));
    request.json(&json!({ "role": role }))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_refreshes_of_one_token_give_one_successor() {
    let mut track = Track::new(&["refresh", "refresh"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let old = &account.refresh_token;
        let answers = track.run(seed, [refresh(old), refresh(old)]).await;
        let successors: BTreeSet<String> = answers
            .iter()
            .filter(|answer| answer.status == 200)
            .map(|answer| answer.text_at("/refreshToken"))
            .collect();
        assert!(successors.len() <= 1, "seed {seed}: {successors:?}");
        let sessions = track.bundle.items_of_type("session");
        assert_eq!(sessions[0]["counter"]["N"], "1", "seed {seed}");
        let traded = !successors.is_empty();
        for successor in successors {
            let _ = track.bundle.refresh(&successor).await.expect_status(200);
        }
        track.settle(seed, traded);
    }
    track.tell("refresh × refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_beats_a_refresh() {
    let mut track = Track::new(&["refresh", "logout"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let logout = by(&account, "POST", "/v1/auth/logout");
        let [refreshed, left] = track
            .run(seed, [refresh(&account.refresh_token), logout])
            .await;
        if left.status == 204 {
            let newest = newest(&refreshed, &account.refresh_token);
            track
                .assert_over(seed, &account.access_token, &newest)
                .await;
        }
        track.settle(seed, left.status == 204);
    }
    track.tell("refresh × logout");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_registrations_of_one_address_make_one_account() {
    let mut track = Track::new(&["register", "register"], None).await;
    for seed in 0..SEEDS {
        let requests = [register("ada@example.com"), register("ADA@example.com")];
        let answers = track.run(seed, requests).await;
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        assert!(
            statuses == [201, 409] || statuses[1] == 503,
            "seed {seed}: {statuses:?}"
        );
        let users = track.bundle.items_of_type("user");
        assert!(users.len() <= 1, "seed {seed}");
        track.settle(seed, statuses == [201, 409]);
    }
    track.tell("register × register");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_of_one_version_one_is_made() {
    let mut track = Track::new(&["update-user", "update-user"], None).await;
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
async fn a_new_password_beats_a_refresh() {
    let mut track = Track::new(&["change-password", "refresh"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let other = track.bundle.sign_in(&account.email).await;
        let requests = [change_password(&account), refresh(&other.refresh_token)];
        let [changed, refreshed] = track.run(seed, requests).await;
        if changed.status == 204 {
            let newest = newest(&refreshed, &other.refresh_token);
            track.assert_over(seed, &other.access_token, &newest).await;
            let own = track.bundle.send_as(&account, "GET", "/v1/users/me").await;
            assert_eq!(own.status, 200, "seed {seed}: the acting session");
        }
        track.settle(seed, changed.status == 204);
    }
    track.tell("change-password × refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_beats_a_sign_in_with_the_old_one() {
    let mut track = Track::new(&["change-password", "login"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let requests = [change_password(&account), sign_in(&account.email, PASSWORD)];
        let [changed, login] = track.run(seed, requests).await;
        if changed.status == 204 {
            track.assert_nobody_in(seed, &login).await;
        }
        track.settle(seed, changed.status == 204);
    }
    track.tell("change-password × login");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_beats_a_sign_in() {
    let mut track = Track::new(&["delete-user", "login"], None).await;
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
    let mut track = Track::new(&["set-user-status", "login"], None).await;
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
    let mut track = Track::new(&["set-user-role", "set-user-role"], None).await;
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
    let mut track = Track::new(&["set-user-role", "set-user-role"], None).await;
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
async fn a_reset_works_once() {
    let mut track = Track::new(&["reset-password", "reset-password"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let asked = post(
            "/v1/auth/forgot-password",
            &json!({ "email": account.email }),
        );
        let _ = track.bundle.send(&asked).await.expect_status(202);
        let token = token(&track.bundle, &account.email, "reset_password").await;
        let passwords = ["the first of two passwords", "the second of two passwords"];
        let requests = passwords.map(|password| {
            post(
                "/v1/auth/reset-password",
                &json!({ "token": token, "password": password }),
            )
        });
        let answers = track.run(seed, requests).await;
        let done = answers.iter().filter(|answer| answer.status == 204).count();
        assert!(done <= 1, "seed {seed}");
        for (answer, password) in answers.iter().zip(passwords) {
            let login = track.bundle.send(&sign_in(&account.email, password)).await;
            assert_eq!(login.status == 200, answer.status == 204, "seed {seed}");
        }
        track.settle(seed, done == 1);
    }
    track.tell("reset × reset");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_two_want_belongs_to_one() {
    let mut track = Track::new(&["confirm-email-change", "register"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let email = format!("wanted{seed}@example.com");
        let ask = by(&account, "POST", "/v1/users/me/email").json(&json!({ "email": email }));
        let _ = track.bundle.send(&ask).await.expect_status(202);
        let token = token(&track.bundle, &email, "confirm_email_change").await;
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

#[tokio::test(flavor = "multi_thread")]
async fn bug_41_six_guesses_call_by_call_pass_a_limit_of_two_twice() {
    let limits = ("RATE_LIMITS", "account-address=2/24h");
    let mut track = Track::new(&["login"; 6], Some(limits)).await;
    for seed in 0..SEEDS {
        let guess = || sign_in("ada@example.com", "a guess");
        let answers = track
            .run(seed, std::array::from_fn::<_, 6, _>(|_| guess()))
            .await;
        let mut statuses = answers.map(|answer| answer.status);
        statuses.sort_unstable();
        let passed = statuses.iter().filter(|status| **status == 401).count();
        assert!(passed <= 2, "seed {seed}: {statuses:?}");
        let refused = statuses.iter().filter(|status| **status == 429).count();
        let unavailable = statuses.iter().filter(|status| **status == 503).count();
        assert_eq!(
            refused,
            6 - passed - unavailable,
            "seed {seed}: {statuses:?}"
        );
        track.settle(seed, passed == 2);
    }
    track.tell("six guesses × a limit of two");
}
