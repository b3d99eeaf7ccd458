use std::time::Duration;

use harness::{Account, Answer, Bundle, HttpRequest, Letter, MAIL_SECRET, PASSWORD};
use latchkey::clock;
use latchkey::secret::{Secret, Secrets};
use latchkey::token::action::{self, ActionClaims, ActionToken};
use serde_json::{Value, json};

use crate::bundle;

const NEW: &str = "staple battery horse correct";

async fn forgot(bundle: &Bundle, email: &str) -> Answer {
    bundle
        .post("/v1/auth/forgot-password", &json!({ "email": email }))
        .await
}

async fn reset(bundle: &Bundle, token: &str, password: &str) -> Answer {
    let body = json!({ "token": token, "password": password });
    bundle.post("/v1/auth/reset-password", &body).await
}

async fn login(bundle: &Bundle, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    bundle.post("/v1/auth/login", &body).await
}

/// The token of the letter that somebody who forgot the password gets.
async fn forgotten(bundle: &Bundle, account: &Account) -> String {
    let _ = forgot(bundle, &account.email).await.expect_status(202);
    bundle.deliver().await;
    let letters = bundle.letters_to(&account.email);
    letters.last().and_then(Letter::token).expect("a token")
}

#[tokio::test]
async fn bug_07_bug_08_a_reset_ends_every_session_and_works_once() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let token = forgotten(&bundle, &account).await;
    let _ = reset(&bundle, &token, NEW).await.expect_status(204);
    assert!(!bundle.is_signed_in(&account).await);
    let _ = bundle
        .refresh(&account.refresh_token)
        .await
        .expect_status(401);
    let _ = login(&bundle, &account.email, PASSWORD)
        .await
        .expect_status(401);
    let again = login(&bundle, &account.email, NEW).await.expect_status(200);
    assert_eq!(again.body["user"]["emailVerified"], true);
    let used = reset(&bundle, &token, PASSWORD).await.expect_status(400);
    assert_eq!(used.code(), "invalid_action_token");
    bundle.deliver().await;
    let letters = bundle.letters_to(&account.email);
    let notices = letters.iter().map(Letter::name);
    assert_eq!(
        notices
            .filter(|notice| *notice == "password_changed")
            .count(),
        1
    );
}

#[tokio::test]
async fn bug_34_a_token_dies_with_any_change_of_the_password_and_with_its_half_hour() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let refused = async |token: &str| {
        let answer = reset(&bundle, token, NEW).await.expect_status(400);
        assert_eq!(answer.code(), "invalid_action_token");
    };
    let before = forgotten(&bundle, &account).await;
    let change = HttpRequest::new("POST", "/v1/auth/change-password")
        .bearer(&account.access_token)
        .json(&json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }));
    let _ = bundle.send(&change).await.expect_status(204);
    refused(&before).await;
    // In clear nowhere: neither in the table nor on the bus.
    let token = forgotten(&bundle, &account).await;
    for place in [json!(bundle.items()), json!(bundle.bus_events())] {
        assert!(!place.to_string().contains(&token[5..]));
    }
    for cut in (1..token.len()).step_by(16) {
        refused(&token[..cut]).await;
    }
    let secret = Secret::new(MAIL_SECRET).expect("a strong secret");
    let secrets = Secrets::new(secret, None);
    let now = clock::now();
    let claims = action::verify(&secrets, &token, now).expect("still good");
    let left = claims.expires_at.since(now);
    assert!(left <= Duration::from_mins(30) && left > Duration::from_mins(29));
    let expired = ActionClaims {
        expires_at: now,
        ..claims
    };
    refused(ActionToken::issue(&secrets, &expired).reveal()).await;
    bundle.edit_user(&account.id, "email", &json!({ "S": "moved@example.com" }));
    refused(&token).await;
}

#[tokio::test]
async fn bug_30_a_reset_clears_what_a_stranger_had_set() {
    let bundle = bundle().await;
    let body = json!({
        "email": "victim@example.com", "password": PASSWORD, "firstName": "Mallory", "locale": "es",
    });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let stranger = bundle.sign_in("victim@example.com").await;
    let put = HttpRequest::new("PUT", "/v1/users/me/preferences")
        .bearer(&stranger.access_token)
        .json(&json!({ "webhook": "https://mallory.example" }));
    let _ = bundle.send(&put).await.expect_status(200);
    let ask = HttpRequest::new("POST", "/v1/users/me/email")
        .bearer(&stranger.access_token)
        .json(&json!({ "email": "mallory@example.com" }));
    let _ = bundle.send(&ask).await.expect_status(202);
    bundle.deliver().await;
    let moving = bundle.letters_to("mallory@example.com");
    let moving = moving.last().and_then(Letter::token).expect("a token");

    let token = forgotten(&bundle, &stranger).await;
    let _ = reset(&bundle, &token, NEW).await.expect_status(204);
    assert!(!bundle.is_signed_in(&stranger).await);
    let _ = bundle
        .refresh(&stranger.refresh_token)
        .await
        .expect_status(401);
    let answer = login(&bundle, "victim@example.com", NEW)
        .await
        .expect_status(200);
    let user = &answer.body["user"];
    assert_eq!(
        (&user["firstName"], &user["locale"]),
        (&Value::Null, &json!("en"))
    );
    assert!(bundle.items_of_type("preferences").is_empty());
    let owner = answer.text_at("/accessToken");
    let confirm = HttpRequest::new("POST", "/v1/users/me/email/confirm")
        .bearer(&owner)
        .json(&json!({ "token": moving }));
    let _ = bundle.send(&confirm).await.expect_status(400);
    bundle.assert_invariants();
}

#[tokio::test]
async fn a_verified_account_keeps_its_profile() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.edit_user(&account.id, "email_verified", &json!({ "BOOL": true }));
    bundle.edit_user(&account.id, "first_name", &json!({ "S": "Ada" }));
    let token = forgotten(&bundle, &account).await;
    let _ = reset(&bundle, &token, NEW).await.expect_status(204);
    let answer = login(&bundle, &account.email, NEW).await.expect_status(200);
    assert_eq!(answer.body["user"]["firstName"], "Ada");
}

#[tokio::test]
async fn bug_22_bug_23_every_address_gets_the_same_answer_after_the_same_work() {
    let bundle = bundle().await;
    let (active, suspended) = (bundle.account().await, bundle.account().await);
    let verified = bundle.account().await;
    bundle.edit_user(&suspended.id, "status", &json!({ "S": "suspended" }));
    bundle.edit_user(&verified.id, "email_verified", &json!({ "BOOL": true }));
    for path in ["/v1/auth/forgot-password", "/v1/auth/resend-verification"] {
        let mut seen = Vec::new();
        for email in [
            &active.email,
            &suspended.email,
            &verified.email,
            "nobody@example.com",
        ] {
            let _ = bundle.recorder().take();
            let answer = bundle.post(path, &json!({ "email": email })).await;
            let mut headers = answer.headers.clone();
            headers["x-request-id"] = json!("");
            let calls: Vec<_> = bundle.recorder().take();
            let mut work: Vec<_> = calls
                .iter()
                .map(|call| (call.operation.clone(), call.write_units.to_string()))
                .collect();
            work.sort();
            seen.push((answer.status, answer.text, headers, work));
        }
        assert_eq!((seen[0].0, seen[0].3.len()), (202, 4), "{path}");
        assert!(seen.iter().all(|one| *one == seen[0]), "{path}: {seen:#?}");
    }
    bundle.deliver().await;
    let kinds = |account: &Account| -> Vec<String> {
        let letters = bundle.letters_to(&account.email).into_iter();
        letters.map(|letter| letter.name().to_owned()).collect()
    };
    assert_eq!(
        kinds(&active),
        ["verify_email", "reset_password", "verify_email"]
    );
    // Who is suspended before the letters are written gets none.
    assert!(kinds(&suspended).is_empty());
    assert_eq!(kinds(&verified), ["reset_password"]);
    assert!(bundle.letters_to("nobody@example.com").is_empty());
}

#[tokio::test]
async fn bug_33_links_lead_where_the_settings_say_whatever_the_request_claims() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let request = HttpRequest::new("POST", "/v1/auth/forgot-password")
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .header("origin", "https://evil.example")
        .json(&json!({ "email": account.email }));
    let _ = bundle.send(&request).await.expect_status(202);
    bundle.deliver().await;
    for letter in bundle.letters() {
        let whole = format!("{} {} {}", letter.subject, letter.text, letter.html);
        assert!(!whole.contains("evil.example"));
        if letter.token().is_some() {
            assert!(
                letter.text.contains("http://localhost:3000/"),
                "{}",
                letter.text
            );
        }
    }
}

#[tokio::test]
async fn weak_passwords_are_refused_and_the_token_stays_good() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let token = forgotten(&bundle, &account).await;
    for (password, code) in [
        ("short", "too_short"),
        ("password123", "too_common"),
        (account.email.as_str(), "too_similar"),
    ] {
        let answer = reset(&bundle, &token, password).await.expect_status(400);
        assert_eq!(answer.field_codes(), [("password", code)]);
    }
    let _ = reset(&bundle, &token, NEW).await.expect_status(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_resets_at_once_one_wins_and_one_is_told() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let token = forgotten(&bundle, &account).await;
    let (one, two) = (
        bundle.spawn("reset-password").await,
        bundle.spawn("reset-password").await,
    );
    bundle
        .recorder()
        .set_delay(std::time::Duration::from_millis(300));
    let request = |password: &str| {
        let body = json!({ "token": token, "password": password });
        HttpRequest::new("POST", "/v1/auth/reset-password").json(&body)
    };
    let (first, second) = (request(NEW), request("horse staple correct battery"));
    let (first, second) = tokio::join!(bundle.send_to(&one, &first), bundle.send_to(&two, &second));
    bundle.recorder().set_delay(std::time::Duration::ZERO);
    let mut outcomes = [(first.status, first.code()), (second.status, second.code())];
    outcomes.sort_unstable();
    assert_eq!(outcomes, [(204, ""), (400, "invalid_action_token")]);
    bundle.assert_invariants();
}

#[tokio::test]
async fn who_was_invited_sets_the_first_password() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let email = "grace@example.com";
    let invite = HttpRequest::new("POST", "/v1/users")
        .bearer(&admin.access_token)
        .json(
            &json!({ "email": email, "firstName": "Grace", "role": "moderator", "locale": "de" }),
        );
    let _ = bundle.send(&invite).await.expect_status(201);
    // Without a password nobody signs in, and it costs what a wrong one costs.
    let refused = login(&bundle, email, PASSWORD).await.expect_status(401);
    assert_eq!(refused.code(), "invalid_credentials");
    bundle.deliver().await;
    let letters = bundle.letters_to(email);
    assert_eq!((letters.len(), letters[0].name()), (1, "invitation"));
    assert!(
        letters[0].html.contains("lang=\"de\""),
        "{}",
        letters[0].html
    );
    let token = letters[0].token().expect("a token");
    let _ = reset(&bundle, &token, NEW).await.expect_status(204);
    let answer = login(&bundle, email, NEW).await.expect_status(200);
    let user = &answer.body["user"];
    assert_eq!(
        (&user["firstName"], &user["role"]),
        (&json!("Grace"), &json!("moderator"))
    );
    assert_eq!(user["emailVerified"], true);
    let _ = reset(&bundle, &token, PASSWORD).await.expect_status(400);
    bundle.deliver().await;
    let kinds: Vec<_> = bundle
        .letters_to(email)
        .iter()
        .map(|letter| letter.name().to_owned())
        .collect();
    assert_eq!(kinds, ["invitation", "welcome"]);
}
