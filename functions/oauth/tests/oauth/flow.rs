//! The way to a provider and back.

use harness::oauth::{CODE_CHALLENGE, CODE_VERIFIER, sent_back};
use harness::requests::{by, post};
use harness::{Bundle, HttpRequest};
use serde_json::json;

use crate::bundle;
use crate::peer::Peer;

const EXCHANGE: &str = "/v1/auth/oauth/exchange";

#[tokio::test]
async fn somebody_signs_in_with_a_provider_and_comes_back_to_the_same_account() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let first = bundle
        .exchange("ada@example.org", true)
        .await
        .expect_status(200);
    assert_eq!(first.body["user"]["emailVerified"], true);
    assert_eq!(first.body["user"]["firstName"], "Ada");
    let again = bundle
        .exchange("ada@example.org", true)
        .await
        .expect_status(200);
    assert_eq!(first.text_at("/user/id"), again.text_at("/user/id"));
    let sessions = bundle.items_of_type("session");
    let ways = sessions.iter().map(|session| session["amr"].to_string());
    assert_eq!(ways.filter(|ways| ways.contains("fed")).count(), 2);
    let me = HttpRequest::new("GET", "/v1/users/me/identities");
    let listed = bundle
        .send(&me.bearer(&again.text_at("/accessToken")))
        .await;
    let listed = listed.expect_status(200);
    assert_eq!(listed.body["data"][0]["provider"], "local");
    assert_eq!(listed.body["data"].as_array().map(Vec::len), Some(1));
    // Nothing but the account and its sessions was written, and no secret is in it.
    let items = serde_json::to_string(&bundle.items()).expect("JSON");
    assert!(!items.contains("not-a-secret-on-a-laptop") && !items.contains(CODE_VERIFIER));
}

#[tokio::test]
async fn what_the_browser_carries_tells_nothing_and_goes_nowhere_else() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let path = format!(
        "/v1/auth/oauth/local/start?redirectTo=http://localhost:3000/signed-in&codeChallenge={CODE_CHALLENGE}&state=mine"
    );
    let answer = bundle.send(&HttpRequest::new("GET", &path)).await;
    let answer = answer.expect_status(303);
    let cookie = &answer.cookies[0];
    assert!(cookie.starts_with("__Host-latchkey-"), "{cookie}");
    for attribute in [
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=600",
    ] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(
        !cookie.contains("localhost") && !cookie.contains("Domain"),
        "{cookie}"
    );
    let url = answer.header("location");
    assert!(
        url.starts_with(&format!("{}/authorize?", bundle.peer().issuer())),
        "{url}"
    );
    for parameter in [
        "response_type=code",
        "code_challenge_method=S256",
        "client_id=latchkey-local",
        "scope=openid+email+profile",
        "nonce=",
    ] {
        assert!(url.contains(parameter), "{url}");
    }
    // The application's state is ours to keep, and its challenge is not the provider's.
    assert!(
        !url.contains("mine") && !url.contains(CODE_CHALLENGE),
        "{url}"
    );
    assert!(
        bundle
            .accounts()
            .iter()
            .all(|item| item["type"]["S"] != "flow")
    );
}

#[tokio::test]
async fn whoever_does_not_want_to_is_sent_back_with_the_state_of_the_application() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let gone = bundle.go_to("local").await;
    let issuer = bundle.peer().issuer().to_owned();
    let back = gone.come_back(&[("error", "access_denied"), ("iss", &issuer)]);
    let answer = bundle.send(&back).await.expect_status(303);
    assert!(
        answer
            .header("location")
            .starts_with("http://localhost:3000/signed-in?")
    );
    assert_eq!(sent_back(&answer, "error"), "access_denied");
    assert_eq!(sent_back(&answer, "code"), "");
    assert!(
        answer.cookies[0].contains("Max-Age=0"),
        "{:?}",
        answer.cookies
    );
}

#[tokio::test]
async fn bug_95_a_callback_of_another_browser_is_nobodys() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("linking").await;
    let attackers = bundle.identified("mallory@example.org", true).await;
    let victims = bundle.go_to("local").await;
    let without = HttpRequest::new("GET", &format!("{}?{}", attackers.path, attackers.query));
    let with_own_cookie = without.clone().header("cookie", &victims.cookie);
    let (name, value) = victims.cookie.split_once('=').expect("a cookie");
    let state = attackers.query.split("state=").nth(1).expect("a state");
    let state = state.split('&').next().unwrap_or_default();
    let letters: String = state
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    let renamed = format!("__Host-latchkey-{letters}={value}");
    assert_ne!(renamed.split('=').next(), Some(name));
    let renamed = without.clone().header("cookie", &renamed);
    for request in [without, with_own_cookie, renamed] {
        let answer = bundle.send(&request).await.expect_status(401);
        assert_eq!(answer.code(), "challenge_expired");
        assert!(answer.cookies.is_empty());
    }
    // In the browser that it began in, it goes on.
    let _ = bundle.send(&attackers).await.expect_status(303);
}

#[tokio::test]
async fn bug_96_state_nonce_and_verifier_belong_to_one_sign_in() {
    let bundle = bundle().await;
    let admin = bundle.provider_trusted("linking").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let [one, other] = [bundle.go_to("peer").await, bundle.go_to("peer").await];
    for parameter in ["state", "nonce", "code_challenge"] {
        assert_ne!(
            one.parameter(parameter),
            other.parameter(parameter),
            "{parameter}"
        );
    }
    // A token for the other sign-in, put under this one.
    peer.gives(&peer.key.token("one", &peer.claims(&other, "1")));
    let answer = bundle.send(&one.come_back(&[("code", "c")])).await;
    assert_eq!(sent_back(&answer, "error_description"), "provider_failed");
    let mut mixed = one.come_back(&[("code", "c")]);
    mixed.path = mixed.path.replace("/peer/", "/local/");
    let answer = bundle.send(&mixed).await.expect_status(401);
    assert_eq!(answer.code(), "challenge_expired");
    let mut twice = one.come_back(&[("code", "c")]);
    twice.query += "&state=x";
    let _ = bundle.send(&twice).await.expect_status(401);
}

#[tokio::test]
async fn a_code_signs_in_once_and_with_its_verifier_alone() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let body = bundle.identity_code("ada@example.org", true).await;
    let mut wrong = body.clone();
    wrong["codeVerifier"] = "a".repeat(43).into();
    let answer = bundle.post(EXCHANGE, &wrong).await.expect_status(401);
    assert_eq!(answer.code(), "challenge_expired");
    assert!(
        bundle.items_of_type("identity").is_empty(),
        "nothing is written before"
    );
    let _ = bundle.post(EXCHANGE, &body).await.expect_status(200);
    let again = bundle.post(EXCHANGE, &body).await.expect_status(401);
    assert_eq!(again.code(), "challenge_expired");
    assert_eq!(
        bundle.items_of_type("session").len(),
        2,
        "the admin's and this one"
    );
    let forged = json!({ "code": "lkoc_AAAA", "codeVerifier": CODE_VERIFIER });
    let _ = bundle.post(EXCHANGE, &forged).await.expect_status(401);
}

#[tokio::test]
async fn bug_97_an_answer_of_another_issuer_is_refused() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let refused = async |parameters: &[(&str, &str)]| {
        let gone = bundle.go_to("peer").await;
        peer.gives(&peer.key.token("one", &peer.claims(&gone, "1")));
        let answer = bundle.send(&gone.come_back(parameters)).await;
        sent_back(&answer.expect_status(303), "error_description")
    };
    assert_eq!(
        refused(&[("code", "c"), ("iss", "https://evil.example")]).await,
        "provider_failed"
    );
    assert_eq!(refused(&[("code", "c"), ("iss", &peer.issuer)]).await, "");
    assert_eq!(
        refused(&[("code", "c")]).await,
        "",
        "it does not say that it names itself"
    );
    // The provider that comes with `cargo local` says so.
    let _ = bundle
        .put_provider(&admin, &json!({}))
        .await
        .expect_status(201);
    let gone = bundle.go_to("local").await;
    let answer = bundle.send(&gone.come_back(&[("code", "c")])).await;
    assert_eq!(sent_back(&answer, "error_description"), "provider_failed");
}

/// As Apple does it: a form of its page, with the name beside the token.
#[tokio::test]
async fn a_provider_may_answer_by_a_form() {
    let bundle = bundle().await;
    let admin = bundle.account_with_role("admin").await;
    let peer = Peer::start(&bundle, &admin, &json!({})).await;
    let gone = bundle.go_to("peer").await;
    let mut claims = peer.claims(&gone, "1");
    claims["email"] = "ada@example.org".into();
    claims["email_verified"] = "true".into();
    peer.gives(&peer.key.token("one", &claims));
    let user = "%7B%22name%22%3A%7B%22firstName%22%3A%22Ada%22%2C%22lastName%22%3A%22King%22%7D%7D";
    let form = format!("state={}&code=c&user={user}", gone.parameter("state"));
    let request = HttpRequest::new("POST", "/v1/auth/oauth/peer/callback")
        .body("application/x-www-form-urlencoded", &form)
        .header("cookie", &gone.cookie);
    let answer = bundle.send(&request).await.expect_status(303);
    let body = json!({ "code": sent_back(&answer, "code"), "codeVerifier": CODE_VERIFIER });
    let signed_in = bundle.post(EXCHANGE, &body).await.expect_status(200);
    assert_eq!(signed_in.body["user"]["lastName"], "King");
    assert_eq!(signed_in.body["user"]["emailVerified"], true);
    let as_json = HttpRequest::new("POST", "/v1/auth/oauth/peer/callback").json(&json!({}));
    let _ = bundle.send(&as_json).await.expect_status(415);
}

#[tokio::test]
async fn who_has_a_second_factor_is_asked_for_it() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    let account = bundle.external("ada@example.org").await;
    let enrolled = bundle.enrol(&account).await;
    let body = bundle.identity_code("ada@example.org", true).await;
    let asked = bundle.post(EXCHANGE, &body).await.expect_status(403);
    assert_eq!(asked.code(), "factor_required");
    let go_on = json!({ "challenge": asked.body["challenge"], "recoveryCode": enrolled.codes[0] });
    let signed_in = bundle
        .post("/v1/auth/continue", &go_on)
        .await
        .expect_status(200);
    assert_eq!(signed_in.body["user"]["id"], account.id.as_str());
    let challenge = post(
        EXCHANGE,
        &bundle.identity_code("ada@example.org", true).await,
    );
    let challenge = bundle.send(&challenge).await.expect_status(403);
    // What began it must still be linked when the factor comes.
    unlink_by_hand(&bundle, &account.id);
    let go_on =
        json!({ "challenge": challenge.body["challenge"], "recoveryCode": enrolled.codes[1] });
    let answer = bundle
        .post("/v1/auth/continue", &go_on)
        .await
        .expect_status(401);
    assert_eq!(answer.code(), "challenge_expired");
    let _ = bundle
        .send(&by(&account, "GET", "/v1/users/me"))
        .await
        .expect_status(200);
}

fn unlink_by_hand(bundle: &Bundle, id: &str) {
    for mut user in bundle.items_of_type("user") {
        if user["id"]["S"] == id {
            user.as_object_mut().expect("an item").remove("identities");
            bundle.put(&user);
        }
    }
}
