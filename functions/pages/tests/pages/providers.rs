//! Sign-in with another provider, from page to page: the provider that comes with `cargo local` is the other side.

use harness::{Browser, Bundle, HttpRequest};

use crate::bundle;

const LEAVE: &str = "/sign-in/provider?provider=local";

/// A stack with the provider, trusted as far as this says.
async fn with_provider(trust: &str) -> Bundle {
    let bundle = bundle().await;
    let _ = bundle.provider_trusted(trust).await;
    bundle
}

/// The request with which whoever changes their mind comes back.
fn cancelled(bundle: &Bundle, browser: &Browser<'_>) -> HttpRequest {
    let url = browser.leads_to();
    let mut parameters = url.query_pairs();
    let state = parameters.find(|(name, _)| name == "state");
    let (_, state) = state.expect("a state");
    let issuer = bundle.peer().issuer();
    let path =
        format!("/v1/auth/oauth/local/callback?error=access_denied&state={state}&iss={issuer}");
    HttpRequest::new("GET", &path)
}

async fn come_back(browser: &mut Browser<'_>, back: HttpRequest) {
    let answer = browser.send(back).await;
    browser.follow("/", answer).await;
}

#[tokio::test]
async fn a_provider_signs_somebody_in_who_goes_on_where_they_were() {
    let bundle = with_provider("new_accounts").await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in?next=/account/delete").await;
    let link = "href=\"/sign-in/provider?provider=local&amp;next=/account/delete\"";
    assert!(browser.text().contains(link), "{}", browser.text());
    assert!(browser.text().contains("Continue with Local"));
    browser.open(&format!("{LEAVE}&next=/account/delete")).await;
    let url = browser.leads_to();
    let refresh = format!("content=\"0; url={}\"", url.as_str().replace('&', "&amp;"));
    assert!(
        browser.text().contains(&refresh),
        "{refresh} in {}",
        browser.text()
    );
    browser.identify("grace@example.com", true).await;
    assert_eq!(browser.at, "/account/delete", "{}", browser.text());
    assert!(
        browser
            .history
            .iter()
            .all(|address| !address.contains("code="))
    );
    browser.open("/account").await;
    assert!(browser.text().contains("Your account has no password."));
    browser.submit("/account/identities/unlink", &[]).await;
    assert!(
        browser.text().contains("You could not sign in any more."),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn an_identity_is_linked_and_unlinked() {
    let bundle = with_provider("none").await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    browser.submit("/account/identities/link", &[]).await;
    assert_eq!(browser.at, LEAVE, "{}", browser.text());
    browser.identify("ada@elsewhere.example", true).await;
    assert_eq!(browser.at, "/account");
    assert!(
        browser.text().contains("The account is linked."),
        "{}",
        browser.text()
    );
    assert!(browser.text().contains("ada@elsewhere.example"));

    browser
        .submit("/account/sign-out", &[("scope", "session")])
        .await;
    browser.open(LEAVE).await;
    browser.identify("ada@elsewhere.example", true).await;
    assert_eq!(
        browser.at,
        "/account",
        "and signs in then: {}",
        browser.text()
    );
    browser.submit("/account/identities/unlink", &[]).await;
    assert!(
        browser.text().contains("The account is unlinked."),
        "{}",
        browser.text()
    );

    bundle.age_proofs(3_600);
    browser.submit("/account/identities/link", &[]).await;
    assert_eq!(
        browser.at, "/account/confirm?next=%2Faccount",
        "it takes a recent proof"
    );
}

#[tokio::test]
async fn who_changes_their_mind_is_back_without_a_complaint() {
    let bundle = with_provider("none").await;
    let mut browser = Browser::new(&bundle);
    browser.open(LEAVE).await;
    let back = cancelled(&bundle, &browser);
    come_back(&mut browser, back).await;
    assert_eq!(browser.at, "/sign-in");
    assert!(
        !browser.text().contains("role=\"alert\" tabindex"),
        "{}",
        browser.text()
    );

    browser.sign_up("ada@example.com").await;
    browser.submit("/account/identities/link", &[]).await;
    let back = cancelled(&bundle, &browser);
    come_back(&mut browser, back).await;
    assert_eq!(browser.at, "/account");
    assert!(
        !browser.text().contains("role=\"alert\" tabindex"),
        "{}",
        browser.text()
    );
}

#[tokio::test]
async fn an_address_that_has_an_account_is_not_taken_over() {
    let bundle = with_provider("none").await;
    let account = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    browser.open(LEAVE).await;
    browser.identify(&account.email, true).await;
    assert_eq!(browser.at, "/sign-in");
    assert!(
        browser
            .text()
            .contains("Sign in to it, and link the two there."),
        "{}",
        browser.text()
    );
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_code_counts_in_the_browser_that_began_alone() {
    let bundle = with_provider("new_accounts").await;
    let mut attacker = Browser::new(&bundle);
    attacker.open(LEAVE).await;
    let back = local_code(&mut attacker, "attacker@example.com").await;

    let mut victim = Browser::new(&bundle);
    victim.open(&back).await;
    assert_eq!(victim.at, "/sign-in");
    assert!(
        victim.text().contains("Please begin again."),
        "{}",
        victim.text()
    );
    assert!(!victim.is_signed_in().await);
    // Nor in one that has begun itself.
    victim.open(LEAVE).await;
    victim.open(&back).await;
    assert_eq!(victim.at, "/sign-in");
    assert!(
        !victim.is_signed_in().await,
        "nobody is signed in to another's account"
    );
}

#[tokio::test]
async fn an_identity_is_not_linked_to_another_account_than_the_one_that_began() {
    let bundle = with_provider("none").await;
    let _ = bundle.account().await;
    let mut browser = Browser::new(&bundle);
    browser.sign_up("ada@example.com").await;
    browser.submit("/account/identities/link", &[]).await;
    let back = local_code(&mut browser, "ada@elsewhere.example").await;
    // Somebody else signs in meanwhile, whose sign-in leaves the flow of the first.
    let pending = browser.cookies["__Host-latchkey-pending"].clone();
    let mut other = Browser::new(&bundle);
    other.sign_up("eve@example.com").await;
    other
        .cookies
        .insert("__Host-latchkey-pending".to_owned(), pending.clone());
    other.open(&back).await;
    assert_eq!(other.path(), "/sign-in", "{}", other.text());
    let mut nobody = Browser::new(&bundle);
    nobody
        .cookies
        .insert("__Host-latchkey-pending".to_owned(), pending);
    nobody.open(&back).await;
    assert_eq!(nobody.path(), "/sign-in");
    assert_eq!(bundle.items_of_type("identity").len(), 0);
}

#[tokio::test]
async fn a_provider_that_is_none_is_told_and_none_is_offered_where_it_is_off() {
    let bundle = bundle().await;
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in/provider?provider=none").await;
    assert_eq!(browser.at, "/sign-in");
    assert!(
        browser
            .text()
            .contains("This way to sign in is no longer there."),
        "{}",
        browser.text()
    );
    browser.open("/sign-in/provider").await;
    assert_eq!(browser.at, "/sign-in", "{}", browser.text());

    let bundle = with_provider("new_accounts").await;
    bundle.set("OAUTH", "off");
    bundle.set("MFA", "off");
    let mut browser = Browser::new(&bundle);
    browser.open("/sign-in").await;
    for word in ["Local", "passkey", "Get a code"] {
        assert!(
            !browser.text().contains(word),
            "{word} in {}",
            browser.text()
        );
    }
    for path in [LEAVE, "/sign-in/code", "/account/factors/totp"] {
        let answer = browser.send(HttpRequest::new("GET", path)).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    browser.sign_up("ada@example.com").await;
    for section in ["steps", "passkeys", "devices", "identities"] {
        assert!(
            !browser.text().contains(&format!("id=\"{section}\"")),
            "{section}"
        );
    }
    bundle.age_proofs(3_600);
    browser.open("/account/delete").await;
    let sign_out = browser.form("/account/sign-out", &[("scope", "session")]);
    let answer = browser.send(sign_out).await;
    browser.follow("/account/sign-out", answer).await;
    browser.sign_in("ada@example.com").await;
    browser.open("/account/delete").await;
    assert_eq!(browser.at, "/account/delete", "signing in is the proof");
}

/// Signs in at the provider: the page that the browser is sent back to, with its code.
async fn local_code(browser: &mut Browser<'_>, email: &str) -> String {
    let answer = browser.return_from_provider(email, true).await;
    let location = answer.header("location").to_owned();
    let (_, path) = location
        .split_once("http://127.0.0.1:9000")
        .expect("a page of ours");
    assert!(path.starts_with("/sign-in/signed-in?code="), "{path}");
    path.to_owned()
}
