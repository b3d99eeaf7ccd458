use harness::{Account, Bundle, HttpRequest};
use serde_json::json;

use crate::bundle;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn a_refresh_hands_out_the_next_pair_and_the_chain_goes_on() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut token = account.refresh_token.clone();
    for _ in 0..5 {
        let answer = bundle.refresh(&token).await.expect_status(200);
        let next = answer.text_at("/refreshToken");
        assert_ne!(next, token);
        let me = HttpRequest::new("GET", "/v1/users/me").bearer(&answer.text_at("/accessToken"));
        let _ = bundle.send(&me).await.expect_status(200);
        token = next;
    }
    assert_eq!(bundle.items_of_type("session").len(), 1);
}

#[tokio::test]
async fn bug_03_a_lost_answer_is_repeated_with_the_same_successor_and_no_write() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let first = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    let before = bundle.items_of_type("session");
    let again = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    assert_eq!(
        first.text_at("/refreshToken"),
        again.text_at("/refreshToken")
    );
    assert_eq!(bundle.items_of_type("session"), before);
    let _ = bundle
        .refresh(&again.text_at("/refreshToken"))
        .await
        .expect_status(200);
}

async fn assert_dead(bundle: &Bundle, account: &Account, newest: &str) {
    let _ = bundle.refresh(newest).await.expect_status(401);
    assert!(!bundle.is_signed_in(account).await);
}

#[tokio::test]
async fn bug_04_bug_05_reuse_after_the_grace_ends_the_session_and_says_why() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let newest = bundle
        .refresh(&account.refresh_token)
        .await
        .text_at("/refreshToken");
    // Retries do not extend the grace: it is counted from the rotation.
    bundle.age_sessions("rotated_at", 25);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    bundle.age_sessions("rotated_at", 6);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(401);
    let session = bundle.items_of_type("session").remove(0);
    assert_eq!(session["revoked_because"]["S"], "refresh_token_reuse");
    assert_dead(&bundle, &account, &newest).await;
}

#[tokio::test]
async fn bug_04_a_grandparent_ends_the_session_even_within_the_grace() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let second = bundle
        .refresh(&account.refresh_token)
        .await
        .text_at("/refreshToken");
    let third = bundle
        .refresh(&second)
        .await
        .expect_status(200)
        .text_at("/refreshToken");
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(401);
    assert_dead(&bundle, &account, &third).await;
}

#[tokio::test]
async fn bug_02_a_revoked_token_stays_dead_in_a_new_process() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let _ = bundle
        .send_as(&account, "POST", "/v1/auth/logout")
        .await
        .expect_status(204);
    for function in ["refresh", "get-user"] {
        bundle.restart(function).await;
    }
    assert_dead(&bundle, &account, &account.refresh_token).await;
}

#[tokio::test]
async fn bug_06_a_session_ends_after_90_days_and_when_idle_for_30() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.age_sessions("ends_at", 89 * DAY);
    let newest = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200)
        .text_at("/refreshToken");
    bundle.age_sessions("ends_at", DAY);
    let _ = bundle.refresh(&newest).await.expect_status(401);

    let account = bundle.account().await;
    bundle.age_sessions("idle_until", 30 * DAY);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(401);
    let counter = &bundle
        .items_of_type("session")
        .into_iter()
        .find(|item| item["user_id"]["S"] == *account.id);
    assert_eq!(
        counter.as_ref().map(|item| item["counter"]["N"].clone()),
        Some(json!("0"))
    );
}

#[tokio::test]
async fn bug_08_bug_09_suspension_deletion_and_a_new_password_bite_at_once() {
    let bundle = bundle().await;
    for (attribute, value) in [
        ("status", json!({ "S": "suspended" })),
        ("credential_version", json!({ "N": "2" })),
        ("session_epoch", json!({ "N": "2" })),
    ] {
        let account = bundle.account().await;
        bundle.edit_user(&account.id, attribute, &value);
        assert_dead(&bundle, &account, &account.refresh_token).await;
    }
    let account = bundle.account().await;
    let path = format!("/v1/users/{}", account.id);
    let _ = bundle
        .send_as(&account, "DELETE", &path)
        .await
        .expect_status(204);
    assert_dead(&bundle, &account, &account.refresh_token).await;
}

#[tokio::test]
async fn bug_18_bug_20_forged_tokens_cost_no_call_to_the_table() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let token = &account.refresh_token;
    let _ = bundle.refresh("warm up").await;
    let _ = bundle.recorder().take();
    let mut forged: Vec<String> = vec![
        String::new(),
        "lkrt_".to_owned(),
        account.access_token.clone(),
        token.to_uppercase(),
        token.to_lowercase(),
        format!(" {token}"),
        format!("{token}="),
        token.replacen("lkrt_", "lkrt-", 1),
    ];
    for position in (0..token.len()).step_by(7) {
        forged.push(token[..position].to_owned());
        forged.push(token[position + 1..].to_owned());
        let mut flipped = token.clone().into_bytes();
        flipped[position] = if flipped[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        forged.push(String::from_utf8(flipped).expect("ASCII"));
    }
    for forged in &forged {
        let answer = bundle.refresh(forged).await.expect_status(401);
        assert_eq!(answer.code(), "invalid_token");
    }
    assert!(bundle.recorder().take().is_empty());
    let access = HttpRequest::new("GET", "/v1/users/me").bearer(token);
    let _ = bundle.send(&access).await.expect_status(401);
    let _ = bundle.refresh(token).await.expect_status(200);
}

#[tokio::test]
async fn bug_62_a_rotation_whose_answer_got_lost_inside_is_recognised_as_ours() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let mut once = true;
    bundle.recorder().disturb(move |operation| {
        (operation == "UpdateItem" && std::mem::take(&mut once))
            .then_some(harness::Fault::LoseAnswer)
    });
    let answer = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(200);
    bundle.recorder().calm();
    let session = bundle.items_of_type("session").remove(0);
    assert_eq!(session["counter"]["N"], "1");
    let _ = bundle
        .refresh(&answer.text_at("/refreshToken"))
        .await
        .expect_status(200);
}
