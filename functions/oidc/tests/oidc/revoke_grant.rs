//! `DELETE /v1/users/{id}/grants/{clientId}`: what an account lets an application have is taken back.

use harness::application::{code_in, parameter};
use harness::requests::by;
use harness::{Account, Browser, Bundle, HttpRequest};
use serde_json::{Value, json};

use crate::bundle;
use crate::list_grants::listed;

const ROLES: [&str; 3] = ["user", "moderator", "admin"];
const ALLOW: (&str, &str) = ("decision", "allow");

fn taking(caller: &Account, id: &str, client: &str) -> HttpRequest {
    by(caller, "DELETE", &format!("/v1/users/{id}/grants/{client}"))
}

fn consent(bundle: &Bundle) -> Value {
    bundle.items_of_type("consent").remove(0)
}

#[tokio::test]
async fn what_hangs_on_it_is_dead_at_once_and_stays_so() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, true).await;
    let mut browser = Browser::new(&bundle);
    let url = app.sign_in(&mut browser, &account).await;
    let tokens = app.spend(&code_in(&url)).await;
    let elsewhere = app.tokens(&account).await;
    let unspent = browser.visit(&app.path(&[])).await.expect("led back");
    let unspent = app.spending(&code_in(&unspent));
    for tokens in [&tokens, &elsewhere] {
        app.assert_live(tokens, "before").await;
    }
    let before = consent(&bundle);

    let taken = bundle.send(&taking(&account, "me", "others")).await;
    let _ = taken.expect_status(204);
    for tokens in [&tokens, &elsewhere] {
        app.assert_over(tokens, "taken back").await;
    }
    let late = bundle.send(&unspent).await.expect_status(400);
    assert_eq!(
        late.code(),
        "invalid_grant",
        "a code that was not spent yet"
    );
    assert_eq!(listed(&bundle, &account).await, Vec::<Value>::new());
    assert!(bundle.is_signed_in(&account).await, "the sessions live on");
    let left = consent(&bundle);
    let number = |item: &Value, name: &str| -> u64 {
        let number = item[name]["N"].as_str().and_then(|text| text.parse().ok());
        number.unwrap_or_else(|| panic!("no {name} in {item}"))
    };
    let goes = number(&left, "revoked_at") / 1000 + 24 * 60 * 60;
    assert_eq!(number(&left, "ttl"), goes, "what is left goes by itself");

    // Next time it asks.
    let silent = browser.visit(&app.path(&[("prompt", "none")])).await;
    let error = parameter(&silent.expect("led back"), "error");
    assert_eq!(error, "consent_required");
    assert!(browser.visit(&app.path(&[])).await.is_none(), "it asks");
    let less = [ALLOW, ("scope", "offline_access")];
    let url = browser.answer("/consent", &less).await.expect("led back");
    let fresh = app.spend(&code_in(&url)).await;
    assert_eq!(
        fresh.body["scope"], "openid offline_access",
        "nothing is left of before"
    );
    app.assert_live(&fresh, "given anew").await;
    let given = consent(&bundle);
    assert_ne!(given["id"], before["id"], "it is another one");
    for name in ["revoked_at", "ttl"] {
        assert!(given.get(name).is_none(), "{name} in {given}");
    }
    for tokens in [&tokens, &elsewhere] {
        app.assert_over(tokens, "given anew").await;
    }
    let _ = bundle.send(&unspent).await.expect_status(400);
    app.assert_live(&fresh, "after tokens of before").await;
    let grants = listed(&bundle, &account).await;
    assert_eq!(grants[0]["scopes"], json!(["openid", "offline_access"]));
    assert!(
        number(&given, "given_at") > number(&before, "given_at"),
        "since when"
    );

    // Also when nothing is left of what was taken back.
    let _ = bundle
        .send(&taking(&account, "me", "others"))
        .await
        .expect_status(204);
    bundle.delete_type("consent");
    app.assert_over(&fresh, "gone").await;
    assert!(browser.visit(&app.path(&[])).await.is_none(), "it asks");
}

/// The operator's own asks nobody, but for what others were given it has to go on asking.
#[tokio::test]
async fn what_was_taken_back_does_not_come_back_with_an_application_of_ones_own() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("others", false, false).await;
    let tokens = app.tokens(&account).await;
    let taken = bundle.send(&taking(&account, "me", "others")).await;
    let _ = taken.expect_status(204);
    let uris = json!([app.redirect_uri]);
    let own = json!({ "firstParty": true, "redirectUris": uris });
    let app = bundle.application_with("others", &own).await;
    app.assert_over(&tokens, "the operator's own").await;
    let tokens = app.tokens(&account).await;
    app.assert_live(&tokens, "asked nobody").await;
}

#[tokio::test]
async fn others_and_other_applications_keep_what_they_have() {
    let bundle = bundle().await;
    let (account, other) = (bundle.account().await, bundle.account().await);
    let app = bundle.application("others", false, true).await;
    let kept = bundle.application("kept", false, false).await;
    let ours = bundle.application("ours", true, false).await;
    let _ = app.tokens(&account).await;
    let beside = [
        (&app, app.tokens(&other).await),
        (&kept, kept.tokens(&account).await),
        (&ours, ours.tokens(&account).await),
    ];
    let _ = bundle
        .send(&taking(&account, "me", "others"))
        .await
        .expect_status(204);
    // There is nothing to take back a second time, nor where nobody was asked or nothing is known.
    for client in ["others", "ours", "nobody"] {
        let none = bundle.send(&taking(&account, "me", client)).await;
        assert_eq!(
            none.expect_status(404).code(),
            "grant_not_found",
            "{client}"
        );
    }
    let strange = bundle.account().await;
    let none = bundle.send(&taking(&strange, "me", "kept")).await;
    assert_eq!(none.expect_status(404).code(), "grant_not_found");
    for client in ["ab", "Kept", "-kept", "kept.", "k%20t"] {
        let wrong = bundle.send(&taking(&account, "me", client)).await;
        let _ = wrong.expect_status(400);
    }
    for (app, tokens) in &beside {
        app.assert_live(tokens, &app.client).await;
    }
    assert_eq!(listed(&bundle, &account).await.len(), 1);
    assert_eq!(listed(&bundle, &other).await.len(), 1);
}

/// A moderator sees it, and takes nobody's back but their own.
#[tokio::test]
async fn admins_take_back_what_others_have_given() {
    let bundle = bundle().await;
    let app = bundle.application("others", false, false).await;
    for caller_role in ROLES {
        let caller = bundle.account_with_role(caller_role).await;
        for role in ROLES {
            let what = format!("{caller_role} on {role}");
            let target = bundle.account_with_role(role).await;
            let tokens = app.tokens(&target).await;
            let answer = bundle.send(&taking(&caller, &target.id, "others")).await;
            if caller_role == "admin" {
                assert_eq!(answer.status, 204, "{what}: {}", answer.text);
                app.assert_over(&tokens, &what).await;
            } else {
                let refused = (answer.status, answer.code());
                assert_eq!(refused, (403, "forbidden"), "{what}");
                app.assert_live(&tokens, &what).await;
            }
        }
        let tokens = app.tokens(&caller).await;
        let own = bundle.send(&taking(&caller, &caller.id, "others")).await;
        let _ = own.expect_status(204);
        app.assert_over(&tokens, caller_role).await;
    }
    let admin = bundle.account_with_role("admin").await;
    let nobody = "01890a5d-ac96-774b-bcce-b302099a8057";
    let missing = bundle.send(&taking(&admin, nobody, "others")).await;
    assert_eq!(missing.expect_status(404).code(), "user_not_found");
    let path = "/v1/users/me/grants/others";
    let stranger = bundle.send(&HttpRequest::new("DELETE", path)).await;
    let _ = stranger.expect_status(401);
}

#[tokio::test]
async fn it_takes_no_recent_proof_and_is_told() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let admin = bundle.account_with_role("admin").await;
    let app = bundle.application("others", false, false).await;
    for caller in [&account, &admin] {
        let _ = app.code(&account).await;
        bundle.age_proofs(3_600);
        bundle.age_sessions("created_at", 3_600);
        let taken = bundle.send(&taking(caller, &account.id, "others")).await;
        let _ = taken.expect_status(204);
        // What is refused is no event.
        let again = bundle.send(&taking(caller, &account.id, "others")).await;
        let _ = again.expect_status(404);
    }
    bundle.deliver().await;
    let events = bundle.bus_events();
    let revoked = events.iter().map(|event| &event["detail"]);
    let revoked = revoked.filter(|event| event["type"] == "consent.revoked");
    let revoked: Vec<&Value> = revoked.collect();
    let [own, admins] = revoked[..] else {
        panic!("{revoked:#?}");
    };
    // The second time it was given is told, too, though it is as much as the first.
    let given = events.iter().map(|event| &event["detail"]);
    let given: Vec<&Value> = given
        .filter(|event| event["type"] == "consent.given")
        .collect();
    assert_eq!(given.len(), 2, "{given:#?}");
    assert_eq!(given[1]["before"]["scopes"], json!([]), "{given:#?}");
    for (event, actor) in [(own, &account), (admins, &admin)] {
        assert_eq!(event["userId"], *account.id);
        assert_eq!(event["actorId"], *actor.id);
        assert_eq!(event["after"], json!({ "clientId": "others" }));
    }
    let path = "/v1/users/me/audit";
    let audit = bundle
        .send_as(&account, "GET", path)
        .await
        .expect_status(200);
    let entries = audit.body["data"].as_array().into_iter().flatten();
    let entries = entries.filter(|entry| entry["action"] == "consent.revoked");
    assert_eq!(entries.count(), 2, "{}", audit.text);
}
