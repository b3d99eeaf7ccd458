use std::collections::BTreeSet;

use harness::application::code_in;
use harness::{Browser, Bundle, Contract, HttpRequest, PASSWORD, ServiceFault, ServiceOperation};
use serde_json::{Value, json};

use crate::bundle;

/// Makes one account do what makes an event of most kinds.
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn live(bundle: &Bundle) -> String {
    let admin = bundle.admin().await;
    let account = bundle.account().await;
    let act = async |method: &str, path: &str, body: Value, token: &str| {
        let request = HttpRequest::new(method, path).bearer(token).json(&body);
        let answer = bundle.send(&request).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
    };
    let path = |rest: &str| format!("/v1/users/{}{rest}", account.id);
    let own = &account.access_token;
    act(
        "PATCH",
        &path(""),
        json!({ "lastName": "King", "locale": "de" }),
        own,
    )
    .await;
    act("PUT", &path("/preferences"), json!({ "a": 1 }), own).await;
    act(
        "POST",
        "/v1/auth/forgot-password",
        json!({ "email": account.email }),
        own,
    )
    .await;
    bundle.deliver().await;
    let token = bundle
        .letters_to(&account.email)
        .remove(0)
        .token()
        .expect("a token");
    act(
        "POST",
        "/v1/auth/verify-email",
        json!({ "token": token }),
        own,
    )
    .await;
    act(
        "PUT",
        &path("/role"),
        json!({ "role": "moderator" }),
        &admin.access_token,
    )
    .await;
    let status = json!({ "status": "suspended", "until": "2099-01-01T00:00:00Z" });
    act("PUT", &path("/status"), status, &admin.access_token).await;
    act(
        "PUT",
        &path("/status"),
        json!({ "status": "active" }),
        &admin.access_token,
    )
    .await;
    let again = bundle.sign_in(&account.email).await;
    let passwords = json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD });
    act(
        "POST",
        "/v1/auth/change-password",
        passwords,
        &again.access_token,
    )
    .await;
    act(
        "POST",
        "/v1/users/me/email",
        json!({ "email": "new@example.com" }),
        &again.access_token,
    )
    .await;
    bundle.deliver().await;
    let token = bundle
        .letters_to("new@example.com")
        .remove(0)
        .token()
        .expect("a token");
    let confirm = "/v1/users/me/email/confirm";
    act(
        "POST",
        confirm,
        json!({ "token": token }),
        &again.access_token,
    )
    .await;
    let invite = json!({ "email": "grace@example.com" });
    act("POST", "/v1/users", invite, &admin.access_token).await;
    bundle.deliver().await;
    let token = bundle
        .letters_to("grace@example.com")
        .remove(0)
        .token()
        .expect("a token");
    let reset = json!({ "token": token, "password": "staple battery horse correct" });
    act("POST", "/v1/auth/reset-password", reset, own).await;
    let _ = bundle
        .send_as(&again, "DELETE", "/v1/users/me/sessions?except=current")
        .await;
    let _ = bundle
        .send_as(&again, "POST", "/v1/auth/logout")
        .await
        .expect_status(204);
    let last = bundle.sign_in("new@example.com").await;
    let used = last.refresh_token.clone();
    let next = bundle.refresh(&used).await.text_at("/refreshToken");
    let _ = bundle.refresh(&next).await.expect_status(200);
    let _ = bundle.refresh(&used).await.expect_status(401);
    let last = bundle.sign_in("new@example.com").await;
    bundle.link(&last).await;
    let app = bundle.application("shop", false, false).await;
    // Its code is spent twice.
    let mut browser = Browser::new(bundle);
    browser.sign_in(&last.email).await;
    let url = app.sign_in(&mut browser, &last).await;
    for status in [200, 400] {
        let spent = bundle.send(&app.spending(&code_in(&url))).await;
        let _ = spent.expect_status(status);
    }
    let identities = "/v1/users/me/identities";
    let listed = bundle.send_as(&last, "GET", identities).await;
    for (account, path) in [
        (
            &last,
            format!("{identities}/{}", listed.text_at("/data/0/id")),
        ),
        (&last, "/v1/users/me/grants/shop".to_owned()),
        (&admin, "/v1/providers/local".to_owned()),
        (&admin, "/v1/clients/shop".to_owned()),
    ] {
        let _ = bundle
            .send_as(account, "DELETE", &path)
            .await
            .expect_status(204);
    }
    let enrolled = bundle.enrol(&last).await;
    let factor = &enrolled.factor_id;
    let (mut passkey, _) = bundle.add_passkey(&last).await;
    let mut last = last;
    for count in [2, 1] {
        passkey.count = count;
        let answer = bundle.passkey_sign_in(&passkey).await.expect_status(200);
        last.access_token = answer.text_at("/accessToken");
    }
    let trust = json!({
        "challenge": bundle.challenge("new@example.com").await,
        "recoveryCode": enrolled.codes[0],
        "rememberDevice": true,
    });
    let _ = bundle
        .post("/v1/auth/continue", &trust)
        .await
        .expect_status(200);
    let devices = "/v1/users/me/devices";
    let listed = bundle.send_as(&last, "GET", devices).await;
    let path = format!(
        "{devices}/{}",
        listed.expect_status(200).text_at("/data/0/id")
    );
    let _ = bundle
        .send_as(&last, "DELETE", &path)
        .await
        .expect_status(204);
    let codes = "/v1/users/me/factors/recovery-codes";
    let _ = bundle
        .send_as(&last, "POST", codes)
        .await
        .expect_status(200);
    let path = format!("/v1/users/me/factors/{factor}");
    let _ = bundle
        .send_as(&last, "DELETE", &path)
        .await
        .expect_status(204);
    let _ = bundle
        .send_as(&last, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    bundle.deliver().await;
    account.id
}

#[tokio::test]
async fn every_event_is_as_its_schema_says_and_those_of_an_account_are_in_order() {
    let bundle = bundle().await;
    let id = live(&bundle).await;
    let contract = Contract::load();
    let events = bundle.bus_events();
    let mut kinds = BTreeSet::new();
    let mut own = Vec::new();
    for event in &events {
        let detail = &event["detail"];
        contract.check_component("DomainEvent", detail);
        assert_eq!(event["source"], "latchkey");
        assert_eq!(event["detail-type"], detail["type"]);
        kinds.insert(detail["type"].as_str().expect("a type").to_owned());
        if detail["userId"] == *id {
            own.push(detail["sequence"].to_string());
        }
    }
    assert!(own.is_sorted(), "{own:?}");
    let never = ["mail.failed"];
    for kind in latchkey::event::EventKind::ALL {
        let expected = !never.contains(&kind.name());
        assert_eq!(kinds.contains(kind.name()), expected, "{}", kind.name());
    }
    let ids: BTreeSet<String> = events
        .iter()
        .map(|event| event["detail"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), events.len(), "nothing was put twice");
}

#[tokio::test]
async fn entries_the_bus_does_not_take_are_put_again_with_all_behind_them() {
    let bundle = bundle().await;
    for _ in 0..6 {
        let _ = bundle.account().await;
    }
    let mut calls = 0;
    bundle.services().disturb(move |operation| {
        if operation != ServiceOperation::PutEvents {
            return None;
        }
        calls += 1;
        match calls {
            1 => Some(ServiceFault::FailEntries(vec![2, 5])),
            2 => Some(ServiceFault::Throttle),
            3 => Some(ServiceFault::LoseAnswer),
            _ => None,
        }
    });
    bundle.deliver().await;
    let events = bundle.bus_events();
    let sequences: Vec<String> = events
        .iter()
        .map(|event| event["detail"]["sequence"].to_string())
        .collect();
    let unique: BTreeSet<&String> = sequences.iter().collect();
    assert!(unique.len() < sequences.len(), "some came twice");
    let registered = |events: &[Value]| {
        let ids = events
            .iter()
            .filter(|event| event["detail-type"] == "user.registered");
        ids.map(|event| event["detail"]["id"].to_string())
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!(registered(&events), 6);
    // The last time each was put, everything before it had been.
    let mut last: Vec<(usize, &String)> = unique
        .into_iter()
        .map(|one| {
            (
                sequences
                    .iter()
                    .rposition(|other| other == one)
                    .expect("there"),
                one,
            )
        })
        .collect();
    last.sort_unstable();
    assert!(last.is_sorted_by_key(|(_, sequence)| *sequence), "{last:?}");
}

#[tokio::test]
async fn a_bus_that_is_down_fails_the_batch_and_nothing_is_lost() {
    let bundle = bundle().await;
    let _ = bundle.account().await;
    let mut calls = 0;
    bundle.services().disturb(move |operation| {
        calls += usize::from(operation == ServiceOperation::PutEvents);
        (operation == ServiceOperation::PutEvents && calls < 20).then_some(ServiceFault::Error)
    });
    bundle.deliver().await;
    let kinds: Vec<Value> = bundle
        .bus_events()
        .iter()
        .map(|event| event["detail-type"].clone())
        .collect();
    assert!(kinds.contains(&json!("user.registered")) && kinds.contains(&json!("session.created")));
}

#[tokio::test]
async fn its_policy_names_the_bus_alone() {
    let bundle = bundle().await;
    let _ = bundle.account().await;
    let _ = bundle.recorder().take();
    bundle.deliver().await;
    let calls = bundle.recorder().take();
    assert!(calls.iter().all(|call| call.function != "publish-events"));
    bundle.assert_policy(&calls, "publish-events");
}

#[tokio::test]
async fn bug_67_an_event_that_the_bus_refuses_is_a_dead_letter_and_the_rest_goes_on() {
    for whole_call in [false, true] {
        let bundle = bundle().await;
        let mut accounts = Vec::new();
        for _ in 0..6 {
            accounts.push(bundle.account().await);
        }
        let refused = accounts[2].email.clone();
        bundle.services().disturb(move |operation| {
            (operation == ServiceOperation::PutEvents).then(|| {
                if whole_call {
                    ServiceFault::RefuseCallsWith(refused.clone())
                } else {
                    ServiceFault::RefuseEntries(refused.clone())
                }
            })
        });
        bundle.try_deliver().await;
        bundle.services().calm();
        let registered = |bundle: &Bundle| {
            let mut ids: Vec<String> = bundle
                .bus_events()
                .iter()
                .filter(|event| event["detail-type"] == "user.registered")
                .map(|event| {
                    event["detail"]["userId"]
                        .as_str()
                        .expect("an id")
                        .to_owned()
                })
                .collect();
            ids.sort();
            ids.dedup();
            ids
        };
        let mut others: Vec<String> = accounts.iter().map(|account| account.id.clone()).collect();
        others.remove(2);
        assert_eq!(registered(&bundle), others);
        assert_eq!(bundle.given_up(), []);
        let failed = bundle.dead_letters();
        assert_eq!(failed.len(), 1, "{failed:#?}");
        assert_eq!(failed[0].function, "publish-events");
        // Mended, it is told after all.
        bundle.replay().await;
        assert_eq!(
            (bundle.failed(), registered(&bundle).len()),
            (Vec::new(), 6)
        );
    }
}

#[tokio::test]
async fn bug_67_a_message_that_nobody_can_read_is_a_dead_letter_at_once() {
    let bundle = bundle().await;
    let detail = json!({ "source": "latchkey", "detail": { "type": "user.registered" } });
    for (number, body) in [detail.to_string(), "not json".to_owned(), "7".to_owned()]
        .into_iter()
        .enumerate()
    {
        let event = local::queues::message_of(&body);
        let answer = bundle.invoke("send-mail", &event).await;
        assert_eq!(answer, Value::Null);
        let failed = bundle.failed();
        assert_eq!(failed.len(), number + 1);
        assert_eq!(failed[number].function, "send-mail");
        assert_eq!(failed[number].payload["Records"][0]["body"], *body);
    }
}
