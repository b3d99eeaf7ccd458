//! One name in five places: the tree, the template, the router of `cargo lambda watch`, the sample events
//! and the HTTP contract say the same.

mod alarms;
mod rights;

use std::collections::BTreeSet;
use std::path::Path;

use harness::{Contract, Template};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use local::event::sample;
use local::workspace_root;
use serde_json::{Value, json};

type Route = (String, String, String);

fn set<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    values.into_iter().collect()
}

/// Names of the files with this ending in a folder, without it.
fn stems(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .expect("the folder is there")
        .flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .collect()
}

/// Every binary below `functions/`.
fn binaries() -> BTreeSet<String> {
    let areas = std::fs::read_dir(workspace_root().join("functions")).expect("there are functions");
    let folders = areas.flatten().map(|area| area.path().join("src/bin"));
    let binaries: Vec<String> = folders.flat_map(|folder| stems(&folder, ".rs")).collect();
    let unique = set(binaries.iter().cloned());
    assert_eq!(
        unique.len(),
        binaries.len(),
        "two areas have a binary of the same name"
    );
    unique
}

fn template() -> Template {
    Template::load(&workspace_root()).expect("template.yaml is readable")
}

fn template_routes() -> BTreeSet<Route> {
    let functions = template().functions().to_vec();
    set(functions.into_iter().flat_map(|function| {
        let binary = function.binary;
        function
            .routes
            .into_iter()
            .map(move |(method, path)| (method, path, binary.clone()))
    }))
}

#[test]
fn every_binary_is_a_function_of_the_template_by_its_name() {
    let functions = template().functions().to_vec();
    assert_eq!(
        set(functions.iter().map(|function| function.binary.clone())),
        binaries()
    );
    for function in functions {
        let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
        let expected: String = function.binary.split('-').map(capitalised).collect();
        assert_eq!(function.logical_id, format!("{expected}Function"));
    }
}

#[test]
fn every_area_tries_all_of_its_scenes() {
    let areas = std::fs::read_dir(workspace_root().join("functions")).expect("there are functions");
    for folder in areas.flatten().map(|area| area.path()) {
        let area = folder.file_name().unwrap_or_default().to_string_lossy();
        let test = |name: &str| {
            let source = folder.join(format!("tests/{area}/{name}.rs"));
            std::fs::read_to_string(source).expect("a file of the area's tests")
        };
        assert!(test("main").contains("\nmod scenes;\n"), "{area}");
        // What the pages may do is compared with what others may: rights.rs.
        let tries = if area == "pages" { "faults" } else { "area" };
        let tries = format!("\nharness::{tries}!(");
        assert!(test("scenes").contains(&tries), "{area}");
    }
}

#[test]
fn every_binary_has_a_sample_event_of_the_type_it_takes() {
    assert_eq!(
        set(stems(&workspace_root().join("events"), ".json")),
        binaries()
    );
    let names = [
        "accessToken",
        "adminToken",
        "refreshToken",
        "userId",
        "sessionId",
        "actionToken",
        "email",
        "password",
        "newEmail",
        "challenge",
        "pending",
        "totp",
        "factorId",
        "ceremony",
        "passkeyId",
        "passkeyRegistration",
        "passkeyAssertion",
        "deviceId",
        "codeChallenge",
        "registration",
        "code",
        "provider",
        "oauthCode",
        "codeVerifier",
        "identityId",
        "idToken",
        "nonce",
        "clientId",
        "clientCode",
        "clientAccessToken",
        "clientRefreshToken",
        "serviceId",
        "clientSecret",
    ];
    let values = names.map(|name| (name, "value"));
    for function in template().functions().to_vec() {
        let event = sample(&workspace_root(), &function.binary, &values).expect("a sample event");
        if function.routes.is_empty() {
            assert!(event.is_object(), "{}", function.binary);
            continue;
        }
        let request: ApiGatewayV2httpRequest = serde_json::from_value(event)
            .unwrap_or_else(|error| panic!("{}: {error}", function.binary));
        let method = request.request_context.http.method.to_string();
        let key = request.route_key.unwrap_or_default();
        let routes = function
            .routes
            .iter()
            .map(|(method, path)| format!("{method} {path}"));
        assert!(set(routes).contains(&key), "{}: {key}", function.binary);
        assert!(key.starts_with(&method), "{}: {method}", function.binary);
    }
}

#[test]
fn the_router_of_cargo_lambda_watch_is_the_templates() {
    let manifest =
        std::fs::read_to_string(workspace_root().join("Cargo.toml")).expect("the manifest");
    let manifest: Value = toml::from_str(&manifest).expect("TOML");
    let router = manifest["workspace"]["metadata"]["lambda"]["watch"]["router"].as_object();
    let mut routes: BTreeSet<Route> = BTreeSet::new();
    for (path, target) in router.expect("a router") {
        match target {
            // Without methods a path serves whatever the template has for it.
            Value::String(function) => {
                let served = template_routes()
                    .into_iter()
                    .filter(|(_, other, name)| other == path && name == function);
                let before = routes.len();
                routes.extend(served);
                assert!(
                    routes.len() > before,
                    "{path}: the template has no such route"
                );
            }
            target => {
                for target in target.as_array().into_iter().flatten() {
                    let function = target["function"].as_str().unwrap_or_default();
                    let method = target["method"].as_str().unwrap_or_default();
                    routes.insert((method.to_owned(), path.clone(), function.to_owned()));
                }
            }
        }
    }
    assert_eq!(routes, template_routes());
}

/// The contract does not repeat for HEAD what it says of GET.
#[test]
fn the_http_contract_has_the_routes_of_the_template() {
    let contract = Contract::load();
    let operations = contract.operations().into_iter();
    let routes = operations.map(|operation| (operation.method, operation.path, operation.function));
    let mut served = template_routes();
    served.retain(|(method, _, _)| method != "HEAD");
    assert_eq!(set(routes), served);
}

#[test]
fn bug_80_every_route_for_get_is_one_for_head() {
    let routes_for = |wanted: &str| {
        let routes = template_routes().into_iter();
        let routes = routes.filter(|(method, _, _)| method == wanted);
        set(routes.map(|(_, path, function)| (path, function)))
    };
    assert_eq!(routes_for("HEAD"), routes_for("GET"));
}

#[test]
fn the_contract_names_every_error_code_and_no_other() {
    let contract = Contract::load();
    let codes = contract
        .document()
        .pointer("/components/schemas/ErrorCode/enum");
    let codes = codes
        .and_then(Value::as_array)
        .expect("the codes of a problem");
    let codes = set(codes.iter().map(|code| code.as_str().unwrap_or_default()));
    assert_eq!(
        codes,
        set(latchkey::http::ErrorCode::ALL
            .iter()
            .map(|code| code.code()))
    );
}

#[test]
fn bug_58_no_origin_is_trusted_with_credentials() {
    let document = template().document().to_string();
    assert!(!document.contains("AllowCredentials"));
    assert!(!document.contains("\"AllowOrigins\":[\"*\"]"));
}

#[test]
fn the_template_stays_below_cloudformations_limit_of_resources() {
    let document = template();
    let resources = document.document()["Resources"]
        .as_object()
        .expect("resources");
    // What SAM makes of a function: a role; a stage and deployment of the API are one each.
    let made = resources.values().map(|resource| {
        let properties = &resource["Properties"];
        match resource["Type"].as_str() {
            Some("AWS::Serverless::Function") => {
                let events = properties["Events"].as_object();
                let events = events.into_iter().flat_map(|events| events.values());
                // A mapping, rule and permission, schedule and role.
                let events = events.map(|event| match event["Type"].as_str() {
                    Some("DynamoDB" | "SQS") => 1,
                    _ => 2,
                });
                let alias = if properties["AutoPublishAlias"].is_string() {
                    3
                } else {
                    0
                };
                2 + events.sum::<usize>() + alias
            }
            Some("AWS::Serverless::HttpApi") => 2,
            _ => 1,
        }
    });
    let made: usize = made.sum();
    assert!(
        (100..450).contains(&made),
        "CloudFormation allows 500: {made}"
    );
    println!("{made} resources");
}

/// The area whose folder has a binary: `Users` of `get-user`.
fn area(binary: &str) -> String {
    let file = format!("src/bin/{binary}.rs");
    let areas = std::fs::read_dir(workspace_root().join("functions")).expect("functions");
    let mut areas = areas
        .flatten()
        .filter(|area| area.path().join(&file).exists());
    let area = areas.next().expect("an area").file_name();
    let area = area.to_string_lossy();
    area[..1].to_uppercase() + &area[1..]
}

/// The function of a route and where to look it up: an alias where it has one.
fn target(uri: &str) -> (String, bool) {
    let uri = uri.strip_prefix(
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${",
    );
    let uri = uri.and_then(|uri| uri.strip_suffix("/invocations"));
    let uri = uri.expect("the invocation of a function");
    let live = uri.strip_suffix(".Arn}:live");
    let name = live.or_else(|| uri.strip_suffix(".Arn}"));
    (name.expect("the function's ARN").to_owned(), live.is_some())
}

#[test]
fn the_api_may_invoke_what_it_has_routes_to_and_nothing_else() {
    let template = template();
    let resources = &template.document()["Resources"];
    let mut invoked: BTreeSet<(String, String)> = BTreeSet::new();
    for route in template.routes() {
        let integration = &route.integration;
        let (function, is_alias) = target(integration["uri"]["!Sub"].as_str().expect("a URI"));
        assert_eq!(function, route.function);
        let properties = &resources[&function]["Properties"];
        assert_eq!(
            is_alias,
            properties["AutoPublishAlias"] == "live",
            "{function}"
        );
        assert_eq!(integration["type"], "aws_proxy");
        assert_eq!(integration["httpMethod"], "POST", "how Lambda is called");
        assert_eq!(integration["payloadFormatVersion"], "2.0");

        let block = template.functions().iter();
        let mut block = block.filter(|block| block.logical_id == function);
        let role = format!(
            "{}Invocation",
            area(&block.next().expect("a function").binary)
        );
        assert_eq!(integration["credentials"]["!GetAtt"], format!("{role}.Arn"));
        let reference = if is_alias {
            json!({ "!Ref": format!("{function}.Alias") })
        } else {
            json!({ "!GetAtt": format!("{function}.Arn") })
        };
        invoked.insert((role, reference.to_string()));
    }

    let roles = resources.as_object().into_iter().flatten();
    let roles = roles.filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role");
    let allowed = roles.flat_map(|(name, role)| {
        let statement = &role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0];
        assert_eq!(statement["Action"], "lambda:InvokeFunction");
        let functions = statement["Resource"].as_array().expect("functions");
        // One that is not always there: `!If [condition, function, nothing]`.
        let functions = functions.iter().map(|one| one["!If"].get(1).unwrap_or(one));
        functions.map(move |function| (name.clone(), function.to_string()))
    });
    assert_eq!(set(allowed), invoked);
}

/// Of an area that can be switched off, nothing is there without it: no function, log group, role or alarm, and no
/// route.
#[test]
fn an_area_that_is_switched_off_creates_nothing() {
    let template = template();
    let resources = template.document()["Resources"].as_object();
    let resources = resources.expect("resources");
    let mut switched = BTreeSet::new();
    for function in template.functions() {
        let area = area(&function.binary);
        let condition = &resources[&format!("{area}Logs")]["Condition"];
        let own = &resources[&function.logical_id]["Condition"];
        let conditions = &template.document()["Conditions"];
        let parts = &conditions[own.as_str().unwrap_or_default()]["!And"];
        // Its own may ask for more.
        let is_part = |part: &Value| part == &json!({ "!Condition": condition });
        let asks_for_more = parts.as_array().is_some_and(|all| all.iter().any(is_part));
        assert!(own == condition || asks_for_more, "{}", function.binary);
        for route in template.routes() {
            if route.function == function.logical_id {
                assert_eq!(route.condition.as_deref(), own.as_str(), "{}", route.path);
            }
        }
        let Some(condition) = condition.as_str() else {
            continue;
        };
        switched.insert(area.clone());
        let invocation = &resources[&format!("{area}Invocation")];
        assert_eq!(invocation["Condition"], condition);
        let alarms = json!([{ "!Condition": condition }, { "!Condition": "HasAlarmTopic" }]);
        for name in ["Errors", "ErrorsAlarm", "Duration", "DurationAlarm"] {
            let condition = resources[&format!("{area}{name}")]["Condition"].as_str();
            let condition = &template.document()["Conditions"][condition.expect("a condition")];
            assert_eq!(condition["!And"], alarms, "{area}{name}");
        }
    }
    assert!(switched.contains("Mfa"), "{switched:?}");
}
