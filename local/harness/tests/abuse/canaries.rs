//! Row 53: a secret of its own in every place of every request that can hold one, and then a look everywhere.

use harness::requests::by;
use harness::{Bundle, Contract, HttpRequest, PASSWORD};
use serde_json::{Value, json};

use crate::bundle;

/// Fields that are no secrets: they are stored and shown as what they are.
const SHOWN: [&str; 15] = [
    "email",
    "firstName",
    "lastName",
    "name",
    "locale",
    "role",
    "status",
    "reason",
    "until",
    "theme",
    "language",
    "sidebar",
    "density",
    "timezone",
    "columns",
];
/// Headers that a client may put anything into; none of them is for us to keep.
const HEADERS: [&str; 5] = [
    "cookie",
    "x-api-key",
    "x-forwarded-for",
    "referer",
    "x-amz-security-token",
];

/// Plants what no other request has.
#[derive(Default)]
struct Planter {
    secrets: Vec<String>,
}

impl Planter {
    /// In a place of the answer's choice: long enough for a password, and a plain word for any header.
    fn plant(&mut self) -> String {
        let secret = format!("canary-{:04}-of-the-mine", self.secrets.len());
        self.secrets.push(secret.clone());
        secret
    }

    /// The body of an example with a secret for every string that is one, and in a field that does not exist.
    fn body(&mut self, example: &Value, unknown: bool) -> Value {
        let mut body = example.clone();
        for (name, value) in body.as_object_mut().into_iter().flatten() {
            if value.is_string() && !SHOWN.contains(&name.as_str()) {
                *value = json!(self.plant());
            }
        }
        if unknown {
            body["secret"] = json!(self.plant());
        }
        body
    }
}

async fn answers(bundle: &Bundle, planter: &mut Planter) -> Vec<String> {
    let admin = bundle.admin().await;
    let session = bundle.session_of(&admin);
    let mut answers = Vec::new();
    for operation in Contract::load().operations() {
        for unknown in [false, true] {
            let request = operation.request("me", &session);
            let mut planted = HttpRequest::new(&request.method, &request.path);
            // Preferences are the application's own, all of them.
            let example = request.body.as_ref();
            if let Some(example) = example.filter(|_| operation.function != "put-preferences") {
                let example = serde_json::from_str(example).expect("an example");
                planted = planted.json(&planter.body(&example, unknown));
            }
            for header in HEADERS {
                planted = planted.header(header, &planter.plant());
            }
            // Of somebody who is nobody, and of an admin; nothing that would end the admin's session.
            let stranger = planted.clone().bearer(&planter.plant());
            answers.push(bundle.send(&stranger).await.text);
            let mut in_query = planted.clone();
            in_query.query = format!(
                "access_token={}&secret={}",
                planter.plant(),
                planter.plant()
            );
            answers.push(bundle.send(&in_query).await.text);
            if planted.method != "DELETE" && operation.function != "logout" {
                let signed_in = planted.bearer(&admin.access_token);
                answers.push(bundle.send(&signed_in).await.text);
            }
        }
    }
    // An account whose password is a secret, made, used and changed.
    let (old, new) = (planter.plant(), planter.plant());
    let register = json!({ "email": "ada@example.com", "password": old });
    let _ = bundle
        .post("/v1/auth/register", &register)
        .await
        .expect_status(201);
    let login = bundle
        .post("/v1/auth/login", &register)
        .await
        .expect_status(200);
    let change = json!({ "currentPassword": old, "newPassword": new });
    let change = HttpRequest::new("POST", "/v1/auth/change-password").json(&change);
    let change = change.bearer(&login.text_at("/accessToken"));
    let _ = bundle.send(&change).await.expect_status(204);
    let wrong = json!({ "email": "ada@example.com", "password": planter.plant() });
    answers.push(bundle.post("/v1/auth/login", &wrong).await.text);
    let audit = bundle.send(&by(&admin, "GET", "/v1/audit")).await;
    answers.push(audit.expect_status(200).text);
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn bug_53_no_planted_secret_leaves_its_field() {
    let bundle = bundle().await;
    let mut planter = Planter::default();
    let answers = answers(&bundle, &mut planter).await;
    bundle.deliver().await;
    let letters = bundle.letters();
    let letters: Vec<String> = letters
        .iter()
        .map(|letter| format!("{}{}{}", letter.subject, letter.text, letter.html))
        .collect();
    let logs = bundle.logs().await;
    assert!(logs.len() > 100, "{} lines", logs.len());
    let places = [
        ("answers", answers.join("\n")),
        ("logs", logs.join("\n")),
        ("items", json!(bundle.items()).to_string()),
        ("events", json!(bundle.bus_events()).to_string()),
        ("letters", letters.join("\n")),
    ];
    assert!(
        planter.secrets.len() > 300,
        "{} secrets",
        planter.secrets.len()
    );
    for (place, text) in &places {
        assert!(
            !text.contains(PASSWORD),
            "{place} show the password of the admin"
        );
        for secret in &planter.secrets {
            assert!(!text.contains(secret.as_str()), "{place} show {secret}");
        }
    }
}
