//! The permission table, asked through every endpoint: each role on each account it could meet.

use std::time::Duration;

use harness::{Account, Bundle, Contract, HttpRequest, MAIL_SECRET, Operation};
use latchkey::clock;
use latchkey::email::Email;
use latchkey::permission::{Permission, Reach};
use latchkey::secret::{Secret, Secrets};
use latchkey::token::action::{ActionClaims, ActionPurpose, ActionToken};
use latchkey::user::{Role, UserId};
use serde_json::{Value, json};

use crate::bundle;

const ROLES: [Role; 3] = [Role::User, Role::Moderator, Role::Admin];
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// How a caller stands to the account they act on.
#[derive(Clone, Copy, Debug)]
enum Relation {
    Own,
    Others(Role),
    Missing,
}

const RELATIONS: [Relation; 5] = [
    Relation::Own,
    Relation::Others(Role::User),
    Relation::Others(Role::Moderator),
    Relation::Others(Role::Admin),
    Relation::Missing,
];

pub fn protected() -> Vec<Operation> {
    Contract::load().protected()
}

fn permission(operation: &Operation) -> Permission {
    let name = json!(operation.permission);
    serde_json::from_value(name).expect("a row of the permission table")
}

fn name(role: Role) -> String {
    let name = serde_json::to_value(role).expect("a role");
    name.as_str().expect("a name").to_owned()
}

/// The status that the permission table asks for; 200 stands for every success.
fn expected(permission: Permission, caller: Role, relation: Relation) -> u64 {
    let reach = permission.reach(caller);
    let reached = match (reach, relation) {
        (Reach::Nobody, _)
        | (Reach::Own, Relation::Others(_) | Relation::Missing)
        | (Reach::BelowOwnRole, Relation::Own) => false,
        (_, Relation::Missing) => return 404,
        (Reach::Own | Reach::OwnAndBelow | Reach::UpToOwnRole, Relation::Own) | (Reach::All, _) => {
            true
        }
        (Reach::BelowOwnRole | Reach::OwnAndBelow, Relation::Others(role)) => role < caller,
        (Reach::UpToOwnRole, Relation::Others(role)) => role <= caller,
    };
    if reached { 200 } else { 403 }
}

/// With the token that a letter would bring, where the operation takes one and the account has asked for it.
fn with_action_token(
    bundle: &Bundle,
    operation: &Operation,
    target: Option<&Account>,
) -> Operation {
    let mut operation = operation.clone();
    let Some(token) = operation
        .body
        .as_mut()
        .and_then(|body| body.get_mut("token"))
    else {
        return operation;
    };
    let secret = Secret::new(MAIL_SECRET).expect("a strong secret");
    let address = |email: &str| Email::parse(email).expect("an address");
    let (id, before) = target.map_or((NOBODY, "nobody@example.com"), |target| {
        (target.id.as_str(), target.email.as_str())
    });
    let wanted = format!("{}@example.com", uuid::Uuid::new_v4());
    if target.is_some() {
        bundle.put(&json!({
            "pk": { "S": format!("USER#{id}") },
            "sk": { "S": "EMAIL-CHANGE" },
            "type": { "S": "email_change" },
            "schema": { "N": "1" },
            "email": { "S": wanted },
            "requested_at": { "N": "0" },
        }));
    }
    let claims = ActionClaims {
        purpose: ActionPurpose::ChangeEmail,
        user_id: UserId::parse(id).expect("an id"),
        expires_at: clock::now().plus(Duration::from_mins(5)),
        credential_version: 1,
        address: address(&wanted),
        replaces: Some(address(before)),
    };
    let issued = ActionToken::issue(&Secrets::new(secret, None), &claims);
    *token = Value::from(issued.reveal());
    operation
}

/// The id of a device that the account trusts from now on.
async fn trusted_device(bundle: &Bundle, account: &Account) -> String {
    let enrolled = bundle.enrol(account).await;
    let body = json!({
        "challenge": bundle.challenge(&account.email).await,
        "recoveryCode": enrolled.codes[0],
        "rememberDevice": true,
    });
    let trusted = bundle.post("/v1/auth/continue", &body).await;
    let _ = trusted.expect_status(200);
    let own = bundle.send_as(account, "GET", "/v1/users/me/devices").await;
    own.expect_status(200).text_at("/data/0/id")
}

/// About a second factor, a device or an application of the account, where the operation is about one; with the reason
/// that it takes.
async fn with_factor(
    bundle: &Bundle,
    operation: &Operation,
    target: Option<&Account>,
) -> Operation {
    let mut operation = operation.clone();
    if operation.path.contains("{fid}") {
        let factor = match target {
            Some(target) => bundle.enrol(target).await.factor_id,
            None => NOBODY.to_owned(),
        };
        operation.path = operation.path.replace("{fid}", &factor) + "?reason=lost";
    }
    if operation.path.contains("{did}") {
        let device = match target {
            Some(target) => trusted_device(bundle, target).await,
            None => NOBODY.to_owned(),
        };
        operation.path = operation.path.replace("{did}", &device);
    }
    if operation.method == "DELETE" && operation.path.contains("/grants/") {
        let app = bundle.application("others", false, false).await;
        if let Some(target) = target {
            let _ = app.code(target).await;
        }
        operation.path = operation.path.replace("{clientId}", "others");
        return operation;
    }
    // There must be one to remove.
    let one = json!({ "preset": "github", "clientId": "none" });
    for (name, body) in [("{name}", one), ("{clientId}", json!({ "name": "None" }))] {
        if operation.method != "DELETE" || !operation.path.contains(name) {
            continue;
        }
        let admin = bundle.account_with_role("admin").await;
        let path = operation.path.replace(name, "none");
        let put = HttpRequest::new("PUT", &path).json(&body);
        let put = put.bearer(&admin.access_token);
        let answer = bundle.send(&put).await;
        assert!(answer.status < 300, "{}", answer.text);
    }
    operation
}

/// The session of an account that is in the table; any where there is none.
fn session(bundle: &Bundle, account: Option<&Account>) -> String {
    account.map_or_else(|| NOBODY.to_owned(), |account| bundle.session_of(account))
}

#[tokio::test]
async fn bug_37_bug_38_every_endpoint_does_for_every_role_what_the_table_says() {
    let bundle = bundle().await;
    // One admin more than any case takes away, so that none is the last.
    let _ = bundle.admin().await;
    for operation in protected() {
        let permission = permission(&operation);
        let about_one = operation.path.contains("{id}");
        for role in ROLES {
            let caller = bundle.account_with_role(&name(role)).await;
            for relation in RELATIONS {
                let target = match relation {
                    Relation::Others(role) => Some(bundle.account_with_role(&name(role)).await),
                    // Their own account may be gone after it: the caller of the other cases stays.
                    Relation::Own => Some(bundle.account_with_role(&name(role)).await),
                    Relation::Missing => None,
                };
                let caller = match (&target, relation) {
                    (Some(target), Relation::Own) => target,
                    _ => &caller,
                };
                let id = target.as_ref().map_or(NOBODY, |target| &target.id);
                let operation = with_action_token(&bundle, &operation, target.as_ref());
                let operation = with_factor(&bundle, &operation, target.as_ref()).await;
                let request = operation.request(id, &session(&bundle, target.as_ref()));
                let answer = bundle.send(&request.bearer(&caller.access_token)).await;
                let status = if answer.status < 300 {
                    200
                } else {
                    answer.status
                };
                let expected = match (about_one, permission.reach(role)) {
                    (true, _) => expected(permission, role, relation),
                    (false, Reach::All) => 200,
                    (false, _) => 403,
                };
                assert_eq!(
                    status, expected,
                    "{role:?} {} {} on {relation:?}: {}",
                    operation.method, operation.path, answer.text
                );
            }
        }
    }
    bundle.assert_invariants();
}

#[test]
fn every_row_of_the_table_is_asked_by_an_endpoint() {
    let asked: Vec<Permission> = protected().iter().map(permission).collect();
    for row in Permission::ALL {
        assert!(asked.contains(&row), "{row:?}");
    }
}

#[test]
fn the_contract_shows_the_table_as_it_is() {
    let contract = Contract::load();
    let description = contract.document()["info"]["description"].to_string();
    for row in Permission::ALL {
        let cell = |role| match row.reach(role) {
            Reach::Nobody => "–",
            Reach::Own => "own",
            Reach::BelowOwnRole => "below own role",
            Reach::OwnAndBelow => "own and below",
            Reach::UpToOwnRole => "up to own role",
            Reach::All => "all",
        };
        let [user, moderator, admin] = ROLES.map(cell);
        let name = serde_json::to_value(row).expect("a name");
        let name = name.as_str().unwrap_or_default();
        let line = format!("| {name} | {user} | {moderator} | {admin} |");
        assert!(description.contains(&line), "{line}");
    }
}

/// Every endpoint that takes a bearer token, asked by an account about itself.
async fn statuses(bundle: &Bundle, account: &Account, session: &str) -> Vec<(String, u64)> {
    let mut statuses = Vec::new();
    let operations = Contract::load().operations();
    for operation in operations.iter().filter(|operation| operation.bearer) {
        let mut request = operation.request("me", session);
        if operation.function == "logout" {
            // Its body is for those who have no bearer token.
            request = HttpRequest::new(&operation.method, &operation.path);
        }
        let what = format!("{} {}", request.method, request.path);
        let answer = bundle.send(&request.bearer(&account.access_token)).await;
        statuses.push((what, answer.status));
    }
    statuses
}

#[tokio::test]
async fn bug_08_bug_09_what_ends_a_session_bites_on_the_next_call_of_every_endpoint() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    for (way, method, path) in [
        ("suspended", "PUT", "/v1/users/{id}/status"),
        ("deleted", "DELETE", "/v1/users/{id}"),
        ("all revoked", "DELETE", "/v1/users/{id}/sessions"),
        ("one revoked", "DELETE", "/v1/users/{id}/sessions/{sid}"),
    ] {
        let account = bundle.account_with_role("moderator").await;
        let session = bundle.session_of(&account);
        let operation = protected()
            .into_iter()
            .find(|operation| operation.method == method && operation.path == path);
        let request = operation
            .expect("an operation")
            .request(&account.id, &session);
        let done = bundle.send(&request.bearer(&admin.access_token)).await;
        assert!(done.status < 300, "{}", done.text);
        for (what, status) in statuses(&bundle, &account, &session).await {
            assert_eq!(status, 401, "{way}: {what}");
        }
        let refreshed = bundle.refresh(&account.refresh_token).await;
        assert_eq!(
            (refreshed.status, refreshed.code()),
            (401, "invalid_token"),
            "{way}"
        );
    }
}

#[tokio::test]
async fn bug_10_a_new_role_acts_on_the_next_call_of_every_endpoint() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let set_role = async |account: &Account, role: &str| {
        let path = format!("/v1/users/{}/role", account.id);
        let request = HttpRequest::new("PUT", &path).json(&json!({ "role": role }));
        let answer = bundle.send(&request.bearer(&admin.access_token)).await;
        let _ = answer.expect_status(200);
    };
    let other = bundle.account().await;
    let mut account = bundle.account().await;
    let mut before = Role::User;
    for role in ROLES.into_iter().chain([Role::Moderator, Role::User]) {
        set_role(&account, &name(role)).await;
        // A higher one takes another sign-in.
        if role > before {
            let ended = bundle.send_as(&account, "GET", "/v1/users/me").await;
            assert_eq!(ended.status, 401, "{role:?}");
            account = bundle.sign_in(&account.email).await;
        }
        before = role;
        // Only what changes nothing, so that the same two accounts serve every role.
        for operation in protected() {
            if operation.method != "GET" {
                continue;
            }
            let request = operation
                .request(&other.id, NOBODY)
                .bearer(&account.access_token);
            let answer = bundle.send(&request).await;
            let reached = permission(&operation).reach(role) == Reach::All;
            let expected = if reached { 200 } else { 403 };
            assert_eq!(answer.status, expected, "{role:?} {}", operation.path);
        }
    }
}

#[tokio::test]
async fn bug_36_no_body_sets_what_the_server_owns() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let target = bundle.account().await;
    let before = bundle.accounts();
    for operation in protected() {
        // Preferences take any name; what they hold is one text apart from everything else.
        if operation.body.is_none() || operation.path.ends_with("/preferences") {
            continue;
        }
        for field in [
            "id",
            "emailVerified",
            "version",
            "createdAt",
            "updatedAt",
            "suspension",
            "pk",
            "sk",
            "gsi1pk",
            "ttl",
            "type",
            "schema",
            "credential_version",
            "session_epoch",
            "changed_by",
            "request_id",
            "password_hash",
        ] {
            let mut operation = operation.clone();
            operation.body.as_mut().expect("a body")[field] = Value::from("admin");
            // Who may not act at all is not told what is wrong.
            let own = permission(&operation).reach(Role::Admin) == Reach::Own;
            let id = if own { &admin.id } else { &target.id };
            let request = operation.request(id, NOBODY).bearer(&admin.access_token);
            let answer = bundle.send(&request).await.expect_status(400);
            assert_eq!(
                answer.field_codes(),
                [(field, "unknown")],
                "{}",
                operation.path
            );
        }
    }
    assert_eq!(bundle.accounts(), before);
}
