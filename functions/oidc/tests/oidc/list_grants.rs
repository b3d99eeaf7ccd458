//! `GET /v1/users/{id}/grants`: which applications an account lets in, and for whom to see.

use harness::requests::by;
use harness::{Account, Browser, Bundle};
use serde_json::{Value, json};

use crate::bundle;

const PATH: &str = "/v1/users/me/grants";
const ALLOW: (&str, &str) = ("decision", "allow");

/// The applications that an account lets in, as it is told itself.
pub async fn listed(bundle: &Bundle, account: &Account) -> Vec<Value> {
    let answer = bundle.send_as(account, "GET", PATH).await;
    let mut answer = answer.expect_status(200);
    let names: Vec<&String> = answer.body.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["data"], "{}", answer.text);
    let data = answer.body["data"].as_array_mut();
    std::mem::take(data.expect("a list"))
}

fn ids(grants: &[Value]) -> Vec<&str> {
    let ids = grants.iter().map(|grant| grant["clientId"].as_str());
    ids.map(Option::unwrap_or_default).collect()
}

#[tokio::test]
async fn it_says_who_has_access_to_what_and_since_when() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    assert_eq!(listed(&bundle, &account).await, Vec::<Value>::new());
    // Their ids are in another order than their consents.
    let zoo = bundle
        .application_with("zoo", &json!({ "name": "Zoo" }))
        .await;
    let ours = bundle.application("ours", true, false).await;
    let ant = bundle
        .application_with("ant", &json!({ "name": "Ant" }))
        .await;
    let mut browser = Browser::new(&bundle);
    let _ = zoo.sign_in(&mut browser, &account).await;
    let _ = ours.sign_in(&mut browser, &account).await;
    assert!(browser.visit(&ant.path(&[])).await.is_none(), "it asks");
    let less = [ALLOW, ("scope", "profile")];
    let _ = browser.answer("/consent", &less).await.expect("led back");

    let grants = listed(&bundle, &account).await;
    assert_eq!(
        ids(&grants),
        ["zoo", "ant"],
        "the first first, and not our own"
    );
    let given = grants[1]["createdAt"].clone();
    let expected = json!({
        "clientId": "ant",
        "name": "Ant",
        "scopes": ["openid", "profile"],
        "createdAt": given,
        "updatedAt": given,
    });
    assert_eq!(grants[1], expected);
    let all = json!(["openid", "profile", "email", "offline_access"]);
    assert_eq!(grants[0]["scopes"], all);
    assert!(grants[0]["createdAt"].as_str() < given.as_str());

    // Given again, for more: it stays in its place.
    for app in [&zoo, &ant] {
        let again = app.path(&[("prompt", "consent")]);
        assert!(browser.visit(&again).await.is_none(), "it asks");
        let answer = browser.answer("/consent", &[ALLOW]).await;
        let _ = answer.expect("led back");
    }
    let after = listed(&bundle, &account).await;
    assert_eq!(ids(&after), ["zoo", "ant"]);
    assert_eq!(after[1]["scopes"], all);
    for (grant, before) in after.iter().zip(&grants) {
        assert_eq!(grant["createdAt"], before["createdAt"]);
        assert!(grant["updatedAt"].as_str() > before["updatedAt"].as_str());
    }
    // What it is called now.
    let _ = bundle
        .application_with("ant", &json!({ "name": "Anthill" }))
        .await;
    assert_eq!(listed(&bundle, &account).await[1]["name"], "Anthill");
    // Of this account alone.
    let other = bundle.account().await;
    assert_eq!(listed(&bundle, &other).await, Vec::<Value>::new());
}

#[tokio::test]
async fn applications_that_are_gone_or_our_own_are_not_listed() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let admin = bundle.account_with_role("admin").await;
    let app = bundle.application("others", false, false).await;
    let kept = bundle.application("kept", false, false).await;
    let mut browser = Browser::new(&bundle);
    let _ = app.sign_in(&mut browser, &account).await;
    let _ = kept.sign_in(&mut browser, &account).await;
    let before = listed(&bundle, &account).await;
    assert_eq!(ids(&before), ["others", "kept"]);

    let removed = by(&admin, "DELETE", "/v1/clients/others");
    let _ = bundle.send(&removed).await.expect_status(204);
    assert_eq!(ids(&listed(&bundle, &account).await), ["kept"]);
    // Another one of its id was given nothing.
    let app = bundle.application("others", false, false).await;
    assert_eq!(ids(&listed(&bundle, &account).await), ["kept"]);
    let _ = app.sign_in(&mut browser, &account).await;
    let after = listed(&bundle, &account).await;
    assert_eq!(ids(&after), ["kept", "others"], "given just now");
    assert!(after[1]["createdAt"].as_str() > before[1]["createdAt"].as_str());

    let _ = bundle.application("kept", true, false).await;
    assert_eq!(ids(&listed(&bundle, &account).await), ["others"]);
    let _ = bundle.application("kept", false, false).await;
    assert_eq!(ids(&listed(&bundle, &account).await), ["kept", "others"]);
}

#[tokio::test]
async fn moderators_and_admins_see_those_of_others() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let _ = app.code(&account).await;
    let own = listed(&bundle, &account).await;
    let path = format!("/v1/users/{}/grants", account.id);
    for (role, may) in [("user", false), ("moderator", true), ("admin", true)] {
        let caller = bundle.account_with_role(role).await;
        let answer = bundle.send_as(&caller, "GET", &path).await;
        if !may {
            let answer = answer.expect_status(403);
            assert_eq!(answer.code(), "forbidden", "{role}");
            assert!(!answer.text.contains("others"), "{}", answer.text);
            continue;
        }
        let answer = answer.expect_status(200);
        assert_eq!(answer.body["data"], json!(own), "{role}");
        let nobody = "/v1/users/01890a5d-ac96-774b-bcce-b302099a8057/grants";
        let missing = bundle.send_as(&caller, "GET", nobody).await;
        assert_eq!(
            missing.expect_status(404).code(),
            "user_not_found",
            "{role}"
        );
    }
    let by_id = bundle.send_as(&account, "GET", &path).await;
    assert_eq!(by_id.expect_status(200).body["data"], json!(own));
    let stranger = harness::HttpRequest::new("GET", &path);
    let _ = bundle.send(&stranger).await.expect_status(401);
    // A token of the application opens nothing here.
    let tokens = app.tokens(&account).await;
    let request = stranger.bearer(&tokens.text_at("/access_token"));
    let _ = bundle.send(&request).await.expect_status(401);
}
