//! The rate limits of the template are those that the functions have by themselves.

use std::collections::BTreeSet;

use harness::Template;
use latchkey::limit::{Limits, Route, Rule};
use local::workspace_root;
use serde_json::json;

fn set<'a>(values: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    values.into_iter().collect()
}

#[test]
fn the_limits_of_the_template_are_those_of_the_code() {
    let template = Template::load(&workspace_root()).expect("template.yaml is readable");
    let parameter = &template.document()["Parameters"]["RateLimits"];
    let routes = limited_routes();
    let defaults: Vec<String> = routes
        .iter()
        .map(|(name, limits)| format!("{name}: {limits}"))
        .collect();
    let default = parameter["Default"].as_str().expect("a text");
    assert_eq!(
        set(default.split("; ")),
        set(defaults.iter().map(String::as_str))
    );

    // What may be deployed starts, and what does not start cannot be deployed.
    let pattern = json!({ "pattern": parameter["AllowedPattern"] });
    let pattern = jsonschema::validator_for(&pattern).expect("a pattern");
    for (text, is_right) in [
        ("", true),
        (&*defaults.join("; "), true),
        ("login: off", true),
        ("login: off; change-email: account=999999/24h", true),
        (
            "login: account-address=1/1s address=9999/999m account=1/1h",
            true,
        ),
        (
            "login: address=5/1m account-address=5/1m; register: address=5/1m",
            true,
        ),
        ("login: address=5/1m address=6/1m", false),
        ("login: address=5/1m account=1/1m address=6/1m", false),
        ("login: off; login: off", false),
        ("login: off; register: off; login: address=1/1m", false),
        ("login: ", false),
        ("login: off off", false),
        ("login: address=0/1m", false),
        ("login: address=1/25h", false),
        ("login: address=1001/1s", false),
        ("login: users=1/1h", false),
    ] {
        let starts = |name| {
            let route = Route {
                name,
                default_limits: "off",
            };
            Limits::of_route(text, route).is_some()
        };
        assert_eq!(pattern.is_valid(&json!(text)), is_right, "{text}");
        assert_eq!(
            ["login", "register"].into_iter().all(starts),
            is_right,
            "{text}"
        );
    }
    // A name of no route.
    assert!(!pattern.is_valid(&json!("logn: off")));
    for (name, _) in routes {
        assert!(pattern.is_valid(&json!(format!("{name}: off"))), "{name}");
    }
}

#[test]
fn one_address_uses_up_no_limit_but_its_own() {
    for (name, text) in limited_routes() {
        let limits = Limits::parse(&text).expect("usable");
        let rate = |rule| {
            let rate = limits.rate(rule)?;
            Some((rate.count, rate.interval()))
        };
        let rules = [Rule::AccountAddress, Rule::Address, Rule::Account].map(rate);
        // Guesses of a second factor come from who has the first: they are counted for the account alone.
        if name == "factor" {
            assert!(matches!(rules, [None, None, Some(_)]), "{text}");
            continue;
        }
        // Nobody guesses a passkey: the work alone is limited, and whose it is costs nobody anything.
        // Nor a code of another provider: each is sealed.
        if ["passkey", "oauth"].contains(&name.as_str()) {
            assert!(matches!(rules, [None, Some(_), None]), "{text}");
            continue;
        }
        let [Some(near), Some(_), Some(account)] = rules else {
            panic!("{name}: every rule applies: {text}");
        };
        assert!(near.0 * 2 <= account.0, "{name}");
        assert!(near.1 > account.1, "{name}");
    }
}

/// The routes that functions limit, with their defaults, as the sources have them.
fn limited_routes() -> Vec<(String, String)> {
    let mut routes = Vec::new();
    let mut folders = ["functions", "shared"]
        .map(|name| workspace_root().join(name))
        .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(path).expect("a source");
                let code = source.split("#[cfg(test)]").next().unwrap_or_default();
                for route in code.split(": Route = Route {").skip(1) {
                    let texts: Vec<&str> = route.split('"').collect();
                    routes.push((texts[1].to_owned(), texts[3].to_owned()));
                }
            }
        }
    }
    assert!(routes.len() > 6, "{routes:?}");
    routes
}
