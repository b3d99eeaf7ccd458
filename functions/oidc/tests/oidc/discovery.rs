//! What the discovery document says, and whether it is so.

use harness::application::{code_in, parameter};
use harness::{Browser, Contract, HttpRequest};
use serde_json::{Value, json};

use crate::bundle;

const PATH: &str = "/.well-known/openid-configuration";

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().into_iter().flatten();
    let texts = values.map(|value| value.as_str().expect("a text").to_owned());
    texts.collect()
}

#[tokio::test]
async fn bug_105_discovery_says_what_is_so() {
    let bundle = bundle().await;
    let account = bundle.account().await;
    let app = bundle.application("shop", true, false).await;
    let document = bundle.send(&HttpRequest::new("GET", PATH)).await;
    let document = document.expect_status(200).body;
    let issuer = document["issuer"].as_str().expect("an issuer");
    let operations = Contract::load().operations();
    let endpoints = document.as_object().expect("an object").iter();
    let endpoints = endpoints.filter(|(name, _)| name.ends_with("_endpoint"));
    let mut found = 0;
    for (name, url) in endpoints {
        let path = url.as_str().and_then(|url| url.strip_prefix(issuer));
        let path = path.unwrap_or_else(|| panic!("{name} is elsewhere"));
        let is_there = operations.iter().any(|operation| operation.path == path);
        assert!(is_there, "{name}: {path}");
        found += 1;
    }
    assert_eq!(found, 5, "{document}");

    let mut browser = Browser::new(&bundle);
    browser.sign_in(&account.email).await;
    for (name, asked, more) in [
        ("response_types_supported", "response_type", "token"),
        ("response_modes_supported", "response_mode", "form_post"),
        (
            "code_challenge_methods_supported",
            "code_challenge_method",
            "plain",
        ),
        ("scopes_supported", "scope", "address"),
    ] {
        let said = texts(&document[name]);
        for value in &said {
            let url = browser.visit(&app.path(&[(asked, value)])).await;
            let url = url.unwrap_or_else(|| panic!("{asked}={value}"));
            let _ = code_in(&url);
            assert_eq!(parameter(&url, "iss"), issuer);
        }
        assert!(!said.contains(&more.to_owned()));
        let url = browser.visit(&app.path(&[(asked, more)])).await;
        let _ = parameter(&url.expect("led back"), "error");
    }
    for prompt in texts(&document["prompt_values_supported"]) {
        if let Some(url) = browser.visit(&app.path(&[("prompt", &prompt)])).await {
            let _ = code_in(&url);
        }
    }
    for (grant, is_there) in [
        ("authorization_code", true),
        ("refresh_token", true),
        ("client_credentials", false),
        ("password", false),
        ("urn:ietf:params:oauth:grant-type:device_code", false),
    ] {
        let said = texts(&document["grant_types_supported"]);
        assert_eq!(said.contains(&grant.to_owned()), is_there, "{grant}");
        let answer = bundle.send(&app.asking(&[("grant_type", grant)])).await;
        assert_eq!(
            answer.code() != "unsupported_grant_type",
            is_there,
            "{grant}"
        );
    }
    let by_secret = ["client_secret_basic", "client_secret_post"];
    let all = [by_secret[0], by_secret[1], "none"];
    for (endpoint, methods) in [
        ("token", json!(all)),
        ("revocation", json!(all)),
        ("introspection", json!(by_secret)),
    ] {
        let said = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
        assert_eq!(*said, methods, "{endpoint}");
    }
    for name in ["request", "request_uri"] {
        assert_eq!(document[format!("{name}_parameter_supported")], false);
        let url = browser.visit(&app.path(&[(name, "x")])).await;
        let error = parameter(&url.expect("led back"), "error");
        assert_eq!(error, format!("{name}_not_supported"));
    }
}

#[tokio::test]
async fn a_stack_that_is_no_provider_says_so() {
    let bundle = bundle().await;
    let function = bundle
        .spawn_with("get-openid-configuration", "OIDC", "off")
        .await;
    let answer = bundle
        .send_to(&function, &HttpRequest::new("GET", PATH))
        .await;
    let document = answer.expect_status(200).body;
    assert_eq!(document["response_types_supported"], json!(["none"]));
    for name in [
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "introspection_endpoint_auth_methods_supported",
        "revocation_endpoint",
        "revocation_endpoint_auth_methods_supported",
        "grant_types_supported",
    ] {
        assert!(document.get(name).is_none(), "{name}");
    }
}
