use harness::{Account, Answer, Bundle, Fault, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

async fn create(bundle: &Bundle, admin: &Account, key: Option<&str>, body: &Value) -> Answer {
    let request = HttpRequest::new("POST", "/v1/users").bearer(&admin.access_token);
    let request = match key {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    bundle.send(&request.json(body)).await
}

#[tokio::test]
async fn an_admin_makes_accounts_of_every_role_that_can_sign_in() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    for (role, email) in [
        (None, "a@example.com"),
        (Some("user"), "b@example.com"),
        (Some("moderator"), "c@example.com"),
        (Some("admin"), "d@example.com"),
    ] {
        let body =
            json!({ "email": email, "password": PASSWORD, "firstName": "Ada", "role": role });
        let answer = create(&bundle, &admin, None, &body)
            .await
            .expect_status(201);
        assert_eq!(answer.text_at("/role"), role.unwrap_or("user"));
        let location = format!("/v1/users/{}", answer.text_at("/id"));
        assert_eq!(answer.header("location"), location);
        assert_eq!(bundle.sign_in(email).await.id, answer.text_at("/id"));
        let mut users = bundle.items_of_type("user").into_iter();
        let made = users.find(|item| item["id"]["S"] == *answer.text_at("/id"));
        assert_eq!(made.expect("the user")["changed_by"]["S"], *admin.id);
    }
    assert_eq!(bundle.active_admins(), 2);
    bundle.assert_invariants();
}

#[tokio::test]
async fn every_wrong_field_is_named_and_nothing_is_made() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let before = bundle.accounts();
    let body = json!({ "email": "nope", "password": "short", "role": "root", "status": "active" });
    let answer = create(&bundle, &admin, None, &body)
        .await
        .expect_status(400);
    let expected = [
        ("email", "invalid_format"),
        ("password", "too_short"),
        ("role", "invalid_value"),
        ("status", "unknown"),
    ];
    assert_eq!(answer.field_codes(), expected);
    let taken = json!({ "email": admin.email, "password": PASSWORD });
    let answer = create(&bundle, &admin, None, &taken)
        .await
        .expect_status(409);
    assert_eq!(answer.code(), "email_taken");
    assert_eq!(bundle.accounts(), before);
}

#[tokio::test]
async fn bug_38_another_admin_with_the_same_key_makes_another_account() {
    let bundle = bundle().await;
    let (admin, other) = (
        bundle.admin().await,
        bundle.account_with_role("admin").await,
    );
    let key = "4fa0c8e1-0f3b-4f0e";
    let body = |email: &str| json!({ "email": email, "password": PASSWORD });
    let first = create(&bundle, &admin, Some(key), &body("a@example.com")).await;
    let second = create(&bundle, &other, Some(key), &body("b@example.com")).await;
    assert_eq!((first.status, second.status), (201, 201));
    let repeat = create(&bundle, &admin, Some(key), &body("a@example.com")).await;
    assert_eq!((repeat.status, repeat.text), (201, first.text));
    let answer = create(&bundle, &admin, Some(key), &body("c@example.com")).await;
    assert_eq!(
        (answer.status, answer.code()),
        (409, "idempotency_key_reused")
    );
    // The role is part of what is asked for.
    let mut promoted = body("a@example.com");
    promoted["role"] = json!("admin");
    let answer = create(&bundle, &admin, Some(key), &promoted).await;
    assert_eq!(answer.code(), "idempotency_key_reused");
    bundle.assert_invariants();
}

#[tokio::test]
async fn bug_29_a_fault_at_any_step_leaves_no_half_account() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let key = |number: usize| format!("idempotency-key-{number}");
    for (number, fault) in [Fault::Refuse, Fault::LoseAnswer].into_iter().enumerate() {
        for step in 0..4 {
            let number = number * 10 + step;
            let body = json!({
                "email": format!("user{number}@example.org"),
                "password": PASSWORD,
                "role": "admin",
            });
            // From this call on everything fails, every retry of it too.
            let mut calls = 0;
            bundle.recorder().disturb(move |_| {
                calls += 1;
                (calls > step).then_some(fault)
            });
            let answer = create(&bundle, &admin, Some(&key(number)), &body).await;
            bundle.recorder().calm();
            assert!([201, 503].contains(&answer.status), "{}", answer.text);
            bundle.assert_invariants();
            let retried = create(&bundle, &admin, Some(&key(number)), &body).await;
            assert_eq!(retried.status, 201, "{}", retried.text);
            bundle.assert_invariants();

            let request =
                HttpRequest::new("DELETE", &format!("/v1/users/{}", retried.text_at("/id")))
                    .bearer(&admin.access_token);
            let mut calls = 0;
            bundle.recorder().disturb(move |_| {
                calls += 1;
                (calls > step).then_some(fault)
            });
            let answer = bundle.send(&request).await;
            bundle.recorder().calm();
            assert!([204, 503].contains(&answer.status), "{}", answer.text);
            bundle.assert_invariants();
            let retried = bundle.send(&request).await;
            assert!([204, 404].contains(&retried.status), "{}", retried.text);
            bundle.assert_invariants();
        }
    }
    assert_eq!(bundle.active_admins(), 1);
}
