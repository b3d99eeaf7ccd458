use harness::{Account, Bundle, HttpRequest, PASSWORD};
use local::queues::message;
use serde_json::json;

use crate::{bundle, kinds, verified};

async fn sign_in_from(bundle: &Bundle, account: &Account, agent: &str) {
    let mut request = HttpRequest::new("POST", "/v1/auth/login");
    request.headers = vec![("user-agent".to_owned(), agent.to_owned())];
    let body = json!({ "email": account.email, "password": PASSWORD });
    let _ = bundle.send(&request.json(&body)).await.expect_status(200);
    bundle.deliver().await;
}

#[tokio::test]
async fn a_sign_in_from_a_device_not_seen_before_is_told() {
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let bundle = bundle().await;
    let account = verified(&bundle).await;
    let before = kinds(&bundle, &account.email).len();
    // The harness itself signs in with curl.
    sign_in_from(&bundle, &account, "curl/8.9.1").await;
    assert_eq!(
        kinds(&bundle, &account.email).len(),
        before,
        "the same, updated"
    );
    sign_in_from(&bundle, &account, FIREFOX).await;
    assert_eq!(kinds(&bundle, &account.email)[before..], ["new_device"]);
    let letter = bundle.letters_to(&account.email).pop().expect("a letter");
    assert!(
        letter.text.contains("192.0.2.1") && letter.text.contains("Firefox"),
        "{}",
        letter.text
    );
    sign_in_from(&bundle, &account, &FIREFOX.replace("128.0", "131.0")).await;
    assert_eq!(kinds(&bundle, &account.email).len(), before + 1);
}

#[tokio::test]
async fn an_unverified_address_gets_no_words_that_others_chose() {
    let bundle = bundle().await;
    let body = json!({
        "email": "victim@example.com", "password": PASSWORD, "firstName": "Win now",
    });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    let account = bundle.sign_in("victim@example.com").await;
    sign_in_from(&bundle, &account, "Click here").await;
    for letter in bundle.letters_to("victim@example.com") {
        let whole = format!("{}{}{}", letter.subject, letter.text, letter.html);
        assert!(
            !whole.contains("Win now") && !whole.contains("Click here"),
            "{whole}"
        );
    }
    assert_eq!(kinds(&bundle, "victim@example.com"), ["verify_email"]);
}

#[tokio::test]
async fn bug_27_nothing_of_an_address_or_a_name_becomes_a_header_or_markup() {
    let bundle = bundle().await;
    let account = verified(&bundle).await;
    let name = json!({ "S": "<b>Ada</b> {{ app_name }}" });
    bundle.edit_user(&account.id, "first_name", &name);
    let forgot = json!({ "email": account.email });
    let _ = bundle
        .post("/v1/auth/forgot-password", &forgot)
        .await
        .expect_status(202);
    let strange = "o'brien+\"x\"@bücher.example".replace("\"x\"", "x");
    let body = json!({ "email": strange, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &body)
        .await
        .expect_status(201);
    bundle.deliver().await;
    let letter = bundle.letters_to(&account.email).pop().expect("a letter");
    assert!(
        !letter.html.contains("<b>Ada") && letter.html.contains("&lt;b&gt;Ada"),
        "{}",
        letter.html
    );
    assert!(letter.text.contains("{{ app_name }}"));
    assert!(!letter.subject.contains(['\r', '\n']));
    // International domains in their ASCII form: SES takes no other.
    assert_eq!(
        bundle.letters_to("o'brien+x@xn--bcher-kva.example").len(),
        1
    );
}

#[tokio::test]
async fn an_event_that_comes_again_writes_no_second_letter() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    bundle.deliver().await;
    let event = bundle
        .bus_events()
        .into_iter()
        .find(|event| event["detail-type"] == "user.registered");
    let event = event.expect("an event");
    for _ in 0..3 {
        bundle.invoke("send-mail", &message(&event)).await;
    }
    assert_eq!(kinds(&bundle, &account.email), ["verify_email"]);
    let letter = bundle.letters_to(&account.email).remove(0);
    let id = event["detail"]["id"].as_str().expect("an id");
    assert_eq!(
        letter.headers["X-Latchkey-Letter"],
        format!("{id}-verify_email")
    );
}

#[tokio::test]
async fn a_verified_or_deleted_account_needs_no_verification() {
    let bundle = bundle().await;
    let (gone, known) = (bundle.account().await, bundle.account().await);
    bundle.edit_user(&known.id, "email_verified", &json!({ "BOOL": true }));
    let _ = bundle
        .send_as(&gone, "DELETE", "/v1/users/me")
        .await
        .expect_status(204);
    bundle.deliver().await;
    assert!(kinds(&bundle, &gone.email).is_empty());
    assert!(!kinds(&bundle, &known.email).contains(&"verify_email".to_owned()));
}

/// Suspends an account, in the table itself.
fn suspend(bundle: &Bundle, id: &str, until: &str) {
    bundle.edit_user(id, "status", &json!({ "S": "suspended" }));
    let suspension = json!({ "M": { "until": { "N": until } } });
    bundle.edit_user(id, "suspension", &suspension);
}

#[tokio::test]
async fn bug_81_who_is_suspended_is_neither_to_verify_nor_invited_and_who_was_is() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    for (until, is_written) in [("99999999999999", false), ("1000", true)] {
        let account = bundle.account().await;
        let invited = format!("invited{until}@example.com");
        let invite = HttpRequest::new("POST", "/v1/users").bearer(&admin.access_token);
        let invite = invite.json(&json!({ "email": invited }));
        let made = bundle.send(&invite).await.expect_status(201);
        suspend(&bundle, &account.id, until);
        suspend(&bundle, &made.text_at("/id"), until);
        bundle.deliver().await;
        for (email, letter) in [(&account.email, "verify_email"), (&invited, "invitation")] {
            let expected = if is_written { vec![letter] } else { Vec::new() };
            assert_eq!(kinds(&bundle, email), expected, "{letter}, {until}");
        }
    }
}

#[tokio::test]
async fn bug_81_who_is_suspended_is_not_welcomed_and_who_was_is() {
    let bundle = bundle().await;
    for (until, welcomed) in [("99999999999999", false), ("1000", true)] {
        let account = bundle.account().await;
        bundle.deliver().await;
        suspend(&bundle, &account.id, until);
        // As whoever verifies an address writes it: only a new version means something.
        let mut users = bundle.items_of_type("user").into_iter();
        let user = users.find(|user| user["id"]["S"] == *account.id);
        let mut user = user.expect("the account");
        user["email_verified"] = json!({ "BOOL": true });
        user["events"] = json!({ "S": "email.verified" });
        user["version"] = json!({ "N": "2" });
        bundle.put(&user);
        bundle.deliver().await;
        let kinds = kinds(&bundle, &account.email);
        assert_eq!(kinds.contains(&"welcome".to_owned()), welcomed, "{until}");
    }
}
