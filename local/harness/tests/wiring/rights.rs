//! What the pages may: what the functions may whose operations they do, and what every page needs. Of areas that are
//! switched off, nothing.

use std::collections::BTreeSet;

use harness::{FunctionBlock, Grant, Template, mirrored};
use serde_json::Value;

use super::{area, set, template};

/// Conditions, and the areas that are there under them.
const SWITCHES: [(&str, &str); 3] = [
    ("HasMfa", "mfa"),
    ("HasOauth", "oauth"),
    ("HasOidc", "oidc"),
];

/// The settings of a theme.
const THEME: [&str; 4] = ["APP_NAME", "THEME_LOGO", "THEME_ACCENT", "THEME_BACKGROUND"];

/// The other settings of every page.
const SETTINGS: [&str; 8] = [
    "TABLE_NAME",
    "ISSUER",
    "AUDIENCE",
    "SESSION_SECRET_ARN",
    "SESSION_IDLE_DAYS",
    "SESSION_MAX_DAYS",
    "MFA",
    "OAUTH",
];

/// The page that is told whether there are applications, as it shows those that have access.
const SHOWING_APPLICATIONS: &str = "account-page";

/// The page that does no operation: it leads applications' browsers to the others and back.
const OF_APPLICATIONS: &str = "authorize-page";

/// What every page does by itself: it authenticates a browser, keeps its session alive, and reads the tokens that
/// operations answer with. The one for applications reads those, and keeps what people agree to.
fn own_grants(page: &str) -> impl Iterator<Item = Grant> {
    let mut grants = vec![
        ("BatchGetItem", "USER#*"),
        ("UpdateItem", "USER#*"),
        ("Query", "KEYS"),
    ];
    if page == OF_APPLICATIONS {
        grants.extend([
            ("BatchGetItem", "CLIENTS"),
            ("GetItem", "CLIENTS"),
            ("PutItem", "USER#*"),
        ]);
    }
    grants.into_iter().map(|(action, keys)| Grant {
        action: format!("dynamodb:{action}"),
        leading_keys: keys.to_owned(),
        index: None,
        attributes: None,
    })
}

/// Puts the other branch in the place of whatever is there under a condition.
fn decide(value: &mut Value, condition: &str) {
    let choice = value.get("!If").filter(|choice| choice[0] == condition);
    if let Some(other) = choice.map(|choice| choice[2].clone()) {
        *value = other;
    }
    match value {
        Value::Array(items) => {
            for item in items {
                decide(item, condition);
            }
        }
        Value::Object(members) => {
            for member in members.values_mut() {
                decide(member, condition);
            }
        }
        _ => {}
    }
}

/// A stack without some areas: its pages, each with the functions whose operations it does there.
fn pages(off: &[&str]) -> (Template, Vec<(FunctionBlock, Vec<FunctionBlock>)>) {
    let mut document = template().document().clone();
    for (condition, area) in SWITCHES {
        if off.contains(&area) {
            decide(&mut document, condition);
        }
    }
    let template = Template::from(document);
    let mut pages = template.functions().to_vec();
    pages.retain(|function| area(&function.binary) == "Pages" && function.binary != "get-asset");
    let pages = pages.into_iter().map(|page| {
        let mut operations = mirrored(&page.binary);
        let is_of_none = page.binary == OF_APPLICATIONS;
        assert_eq!(operations.is_empty(), is_of_none, "{}", page.binary);
        operations.retain(|(area, _)| !off.contains(&area.as_str()));
        let function = |(_, name): &(String, String)| template.function(name).expect("a function");
        let operations = operations.iter().map(function).collect();
        (page, operations)
    });
    let pages = pages.collect();
    (template, pages)
}

/// Every choice of areas that are switched off.
const CHOICES: [&[&str]; 8] = [
    &[],
    &["mfa"],
    &["oauth"],
    &["oidc"],
    &["mfa", "oauth"],
    &["mfa", "oidc"],
    &["oauth", "oidc"],
    &["mfa", "oauth", "oidc"],
];

/// Who may read whole items needs no right to some attributes of them.
fn widest(grants: &BTreeSet<Grant>) -> BTreeSet<Grant> {
    let whole = |grant: &Grant| Grant {
        attributes: None,
        ..grant.clone()
    };
    let needed = grants
        .iter()
        .filter(|grant| grant.attributes.is_none() || !grants.contains(&whole(grant)));
    set(needed.cloned())
}

#[test]
fn every_page_may_do_what_its_operations_may_and_nothing_else() {
    for off in CHOICES {
        let (_, pages) = pages(off);
        assert_eq!(pages.len(), 6);
        for (page, operations) in pages {
            let what = format!("{} without {off:?}", page.binary);
            let grants = operations
                .iter()
                .flat_map(|function| function.grants.clone());
            let grants = widest(&set(own_grants(&page.binary).chain(grants)));
            assert_eq!(set(page.grants), grants, "{what}");
            let secrets = operations
                .iter()
                .flat_map(|function| function.secrets.clone());
            let secrets = set(secrets.chain(["SessionSecret".to_owned()]));
            assert_eq!(set(page.secrets), secrets, "{what}");
        }
    }
}

#[test]
fn every_page_has_the_settings_of_its_operations() {
    for off in CHOICES {
        let (template, pages) = pages(off);
        let value = |function: &FunctionBlock, name: &str| {
            let resource = &template.document()["Resources"][&function.logical_id];
            resource["Properties"]["Environment"]["Variables"][name].clone()
        };
        for (page, operations) in pages {
            let what = format!("{} without {off:?}", page.binary);
            let mut names = set(THEME.into_iter().chain(SETTINGS));
            if page.binary == SHOWING_APPLICATIONS {
                names.insert("OIDC");
            }
            for function in &operations {
                for name in function.variables.iter().map(|variable| &*variable.name) {
                    names.insert(name);
                    let mut own = value(&page, name);
                    if SWITCHES.iter().any(|(switch, _)| own["!If"][0] == *switch) {
                        own = own["!If"][1].clone();
                    }
                    assert_eq!(own, value(function, name), "{what}: {name}");
                }
            }
            let own = page.variables.iter().map(|variable| &*variable.name);
            assert_eq!(set(own), names, "{what}");
        }
    }
}

#[test]
fn files_beside_the_pages_take_no_rights() {
    let files = template().function("get-asset").expect("a function");
    assert!(files.grants.is_empty() && files.secrets.is_empty());
    let names = files.variables.iter().map(|variable| &*variable.name);
    let theme = THEME.into_iter().chain(["TABLE_NAME"]);
    assert_eq!(set(names), set(theme));
}
