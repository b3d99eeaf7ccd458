//! Where the links of letters lead.

use harness::requests::{by, new_email, post};
use harness::{Bundle, Function, PASSWORD};
use serde_json::json;

use crate::{bundle, verified};

const APPLICATION: &str = "https://app.example.com/base";
/// The letters with a token, each with its link in an application and on the pages, and how its token begins.
const LINKS: [(&str, &str, Option<&str>); 6] = [
    (
        "verify_email",
        "/verify-email#token=lkat_",
        Some("/verify-email?token=lkat_"),
    ),
    (
        "reset_password",
        "/reset-password#token=lkat_",
        Some("/reset-password?token=lkat_"),
    ),
    (
        "confirm_email_change",
        "/confirm-email-change#token=lkat_",
        Some("/confirm-email-change?token=lkat_"),
    ),
    (
        "invitation",
        "/accept-invitation#token=lkat_",
        Some("/accept-invitation?token=lkat_"),
    ),
    (
        "sign_in_code",
        "/sign-in#token=lkmt_",
        Some("/sign-in/code?token=lkmt_"),
    ),
    (
        "registration_code",
        "/complete-registration#token=lkmt_",
        None,
    ),
];

/// Asks for every letter of [`LINKS`], in their order: the addresses they go to.
async fn ask_for_all(bundle: &Bundle) -> [String; 6] {
    let admin = bundle.admin().await;
    let account = verified(bundle).await;
    let coded = bundle.mailable().await;
    let [new, moved, invited, registering] = [(); 4].map(|()| new_email());
    let email = |email: &str| json!({ "email": email });
    let register = json!({ "email": new, "password": PASSWORD });
    for (request, status) in [
        (post("/v1/auth/register", &register), 201),
        (
            post("/v1/auth/forgot-password", &email(&account.email)),
            202,
        ),
        (
            by(&account, "POST", "/v1/users/me/email").json(&email(&moved)),
            202,
        ),
        (by(&admin, "POST", "/v1/users").json(&email(&invited)), 201),
        (post("/v1/auth/code", &email(&coded.email)), 202),
        (
            post("/v1/auth/register/passkey/options", &email(&registering)),
            202,
        ),
    ] {
        let _ = bundle.send(&request).await.expect_status(status);
    }
    bundle.deliver().await;
    [new, account.email, moved, invited, coded.email, registering]
}

#[tokio::test]
async fn links_lead_to_the_application_and_without_one_to_the_pages() {
    for (app_url, pages) in [(APPLICATION, "on"), (APPLICATION, "off"), ("", "on")] {
        let bundle = bundle().await;
        bundle.set("APP_URL", app_url);
        bundle.set("PAGES", pages);
        bundle.set("ISSUER", "https://auth.example.com");
        let addresses = ask_for_all(&bundle).await;
        for ((name, application, page), to) in LINKS.into_iter().zip(&addresses) {
            let letter = bundle.letter(to, name).await;
            let about = format!("{app_url:?} {pages} {name}\n{}", letter.text);
            let expected = match app_url {
                "" => page.map(|page| format!("https://auth.example.com{page}")),
                url => Some(format!("{url}{application}")),
            };
            let links = letter.text.lines().filter(|line| line.starts_with("http"));
            let links: Vec<&str> = links.collect();
            assert_eq!(links.len(), usize::from(expected.is_some()), "{about}");
            if let Some(expected) = expected {
                assert!(links[0].starts_with(&expected), "{expected} {about}");
                assert!(letter.html.contains(links[0]), "{about}");
                assert!(letter.token().is_some(), "{about}");
            }
            let has_code = name.ends_with("_code");
            assert_eq!(letter.code().is_some(), has_code, "{about}");
        }
    }
}

#[tokio::test]
async fn links_that_would_lead_nowhere_are_a_setting_to_name() {
    let bundle = bundle().await;
    for (changed, named) in [
        ([("APP_URL", ""), ("PAGES", "off")], "APP_URL"),
        ([("APP_URL", ""), ("PAGES", "canary")], "PAGES"),
        ([("APP_URL", ""), ("ISSUER", "")], "ISSUER"),
        ([("APP_URL", "http://canary"), ("PAGES", "on")], "APP_URL"),
    ] {
        let mut environment = bundle.environment("send-mail");
        for (name, value) in &mut environment {
            if let Some((_, other)) = changed.iter().find(|(changed, _)| changed == name) {
                (*other).clone_into(value);
            }
        }
        let started = Function::start(&bundle.binary("send-mail"), &environment).await;
        let printed = started.err().expect("init fails").to_string();
        assert!(printed.contains(named), "{changed:?}: {printed}");
        assert!(!printed.contains("canary"), "{printed}");
    }
}
