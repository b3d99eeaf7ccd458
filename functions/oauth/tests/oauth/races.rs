//! What happens at the same time.

use harness::requests::{by, post};

use crate::bundle;

/// Two first sign-ins of one identity end in one account, and both are signed in to it.
#[tokio::test(flavor = "multi_thread")]
async fn two_first_sign_ins_make_one_account() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for round in 0..12 {
        let email = format!("{round}@example.org");
        let one = bundle.identity_code(&email, true).await;
        let other = bundle.identity_code(&email, true).await;
        let processes = [
            bundle.spawn("exchange-oauth").await,
            bundle.spawn("exchange-oauth").await,
        ];
        let [one, other] = [one, other].map(|body| post("/v1/auth/oauth/exchange", &body));
        let (one, other) = tokio::join!(
            bundle.send_to(&processes[0], &one),
            bundle.send_to(&processes[1], &other)
        );
        let [one, other] = [one, other].map(|answer| answer.expect_status(200).text_at("/user/id"));
        assert_eq!(one, other);
    }
    assert_eq!(bundle.items_of_type("identity").len(), 12);
    assert_eq!(bundle.items_of_type("user").len(), 13);
}

/// One code that is redeemed twice at once signs in once (register, 102).
#[tokio::test(flavor = "multi_thread")]
async fn bug_102_one_code_signs_in_once() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for round in 0..12 {
        let body = bundle
            .identity_code(&format!("{round}@example.org"), true)
            .await;
        let request = post("/v1/auth/oauth/exchange", &body);
        let processes = [
            bundle.spawn("exchange-oauth").await,
            bundle.spawn("exchange-oauth").await,
        ];
        let (one, other) = tokio::join!(
            bundle.send_to(&processes[0], &request),
            bundle.send_to(&processes[1], &request)
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{} {}", one.text, other.text);
    }
    assert_eq!(bundle.items_of_type("session").len(), 13);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_two_accounts_link_at_once_is_of_one() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("none").await;
    let [one, other] = [bundle.account().await, bundle.account().await];
    for round in 0..8 {
        let email = format!("{round}@example.org");
        let codes = [
            bundle.identity_code(&email, true).await,
            bundle.identity_code(&email, true).await,
        ];
        let processes = [
            bundle.spawn("link-identity").await,
            bundle.spawn("link-identity").await,
        ];
        let path = "/v1/users/me/identities";
        let [first, second] = [(&one, &codes[0]), (&other, &codes[1])]
            .map(|(account, code)| by(account, "POST", path).json(code));
        let (first, second) = tokio::join!(
            bundle.send_to(&processes[0], &first),
            bundle.send_to(&processes[1], &second)
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "{} {}", first.text, second.text);
    }
    assert_eq!(bundle.items_of_type("identity").len(), 8);
    let linked = bundle.items_of_type("user");
    let linked = linked
        .iter()
        .filter_map(|user| user["identities"]["SS"].as_array());
    assert_eq!(
        linked.map(Vec::len).sum::<usize>(),
        8,
        "an account knows of its own alone"
    );
}

/// Of the two last ways in one stays, whichever goes first.
#[tokio::test(flavor = "multi_thread")]
async fn of_the_last_two_ways_in_one_stays() {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted("new_accounts").await;
    for round in 0..8 {
        let account = bundle.external(&format!("{round}@example.org")).await;
        let (_, added) = bundle.add_passkey(&account).await;
        let listed = bundle
            .send_as(&account, "GET", "/v1/users/me/identities")
            .await;
        let unlink = format!("/v1/users/me/identities/{}", listed.text_at("/data/0/id"));
        let remove = format!("/v1/users/me/passkeys/{}", added.text_at("/id"));
        let [unlink, remove] = [unlink, remove].map(|path| by(&account, "DELETE", &path));
        let (unlinked, removed) = tokio::join!(bundle.send(&unlink), bundle.send(&remove));
        let statuses = [unlinked.status, removed.status];
        assert_eq!(
            statuses.iter().filter(|status| **status == 204).count(),
            1,
            "{statuses:?}"
        );
    }
}
