//! Accounts without a password: made with a passkey and a mailed code, and never asked for one.

use harness::requests::{by, new_email, post};
use harness::{Account, Bundle, Letter, PASSWORD, Passkey};
use serde_json::{Value, json};

use crate::{bundle, claims};

const OPTIONS: &str = "/v1/auth/register/passkey/options";
const REGISTER: &str = "/v1/auth/register/passkey";

/// How many accounts there are, and how many items of theirs beside letters.
fn made(bundle: &Bundle) -> (usize, usize) {
    let of = |kind| bundle.items_of_type(kind).len();
    (
        of("user"),
        of("credential") + of("passkey") + of("recovery_codes"),
    )
}

#[tokio::test]
async fn a_passkey_and_a_mailed_code_make_an_account() {
    let bundle = bundle().await;
    let email = new_email();
    let (passkey, mut body) = bundle.begin_registration(&email).await;
    assert_eq!(made(&bundle), (0, 0), "before it is completed nothing is");
    body["firstName"] = "Ada".into();
    let answer = bundle.post(REGISTER, &body).await.expect_status(201);
    assert_eq!(answer.body["user"]["email"], email.as_str());
    assert_eq!(answer.body["user"]["emailVerified"], true);
    assert_eq!(answer.body["user"]["firstName"], "Ada");
    let id = answer.text_at("/user/id");
    assert_eq!(answer.header("location"), format!("/v1/users/{id}"));
    let codes = harness::recovery_codes(&answer);
    assert_eq!(codes.len(), 10);
    bundle.assert_invariants();
    let signed_in = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    let token = claims(&signed_in.text_at("/accessToken"));
    assert_eq!((&token["sub"], &token["acr"]), (&json!(id), &json!("aal2")));
    // Sent again it changes nothing.
    let again = bundle.post(REGISTER, &body).await.expect_status(409);
    assert_eq!(again.code(), "email_taken");
    assert_eq!(made(&bundle), (1, 3));
    bundle.deliver().await;
    let letters: Vec<_> = bundle.letters_to(&email);
    let names: Vec<_> = letters.iter().map(Letter::name).collect();
    assert_eq!(names, ["registration_code", "welcome"]);
    // No password signs in, as for an address without an account.
    let body = json!({ "email": email, "password": PASSWORD });
    let refused = bundle.post("/v1/auth/login", &body).await;
    assert_eq!(refused.expect_status(401).code(), "invalid_credentials");
}

#[tokio::test]
async fn bug_84_who_has_lost_the_only_passkey_is_asked_for_no_password() {
    let bundle = bundle().await;
    let owner = bundle.passwordless().await;
    let email = &owner.account.email;
    let mailed = bundle.mailed(email).await;
    let asked = bundle.post("/v1/auth/code/verify", &mailed).await;
    let asked = asked.expect_status(403);
    assert_eq!(asked.code(), "factor_required");
    assert_eq!(asked.body["factors"], json!(["passkey", "recovery_code"]));
    let body = json!({
        "challenge": asked.text_at("/challenge"),
        "recoveryCode": owner.codes[0],
    });
    let answer = bundle.post("/v1/auth/continue", &body).await;
    let access_token = answer.expect_status(200).text_at("/accessToken");
    let token = claims(&access_token);
    assert_eq!(token["amr"], json!(["email", "recovery", "mfa"]));
    // That is enough to add another passkey and remove the lost one.
    let back = Account {
        access_token,
        ..owner.account.clone()
    };
    let (passkey, _) = bundle.add_passkey(&back).await;
    let list = by(&back, "GET", "/v1/users/me/passkeys");
    let listed = bundle.send(&list).await.expect_status(200);
    let lost = listed.body["data"].as_array().expect("a list");
    let new = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    let back = Account {
        access_token: new.text_at("/accessToken"),
        ..back
    };
    let path = format!(
        "/v1/users/me/passkeys/{}",
        lost[0]["id"].as_str().expect("an id")
    );
    let _ = bundle
        .send(&by(&back, "DELETE", &path))
        .await
        .expect_status(204);
    let refused = bundle.passkey_sign_in(&owner.passkey).await;
    assert_eq!(refused.expect_status(401).code(), "unknown_credential");
    bundle.assert_invariants();
}

#[tokio::test]
async fn without_a_password_the_last_passkey_stays() {
    let bundle = bundle().await;
    let admin = bundle.admin().await;
    let owner = bundle.passwordless().await;
    let account = &owner.account;
    let enrolled = bundle.enrol(account).await;
    let list = by(account, "GET", "/v1/users/me/passkeys");
    let id = bundle
        .send(&list)
        .await
        .expect_status(200)
        .text_at("/data/0/id");
    for path in ["passkeys", "factors"] {
        let path = format!("/v1/users/me/{path}/{id}");
        let refused = bundle.send(&by(account, "DELETE", &path)).await;
        assert_eq!(refused.expect_status(409).code(), "last_factor", "{path}");
    }
    let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
    let _ = bundle
        .send(&by(account, "DELETE", &path))
        .await
        .expect_status(204);
    // An admin may remove it where it is lost: a code by mail is left, and enough where nothing else is.
    let path = format!("/v1/users/{}/factors/{id}?reason=lost", account.id);
    let _ = bundle
        .send(&by(&admin, "DELETE", &path))
        .await
        .expect_status(204);
    let mailed = bundle.mailed(&account.email).await;
    let answer = bundle.post("/v1/auth/code/verify", &mailed).await;
    let token = claims(&answer.expect_status(200).text_at("/accessToken"));
    assert_eq!(token["amr"], json!(["email"]));
}

#[tokio::test]
async fn a_reset_gives_it_a_password_and_keeps_its_passkey() {
    let bundle = bundle().await;
    let owner = bundle.passwordless().await;
    let email = &owner.account.email;
    let ask = json!({ "email": email });
    let asked = bundle.post("/v1/auth/forgot-password", &ask).await;
    let _ = asked.expect_status(202);
    let body =
        json!({ "token": bundle.token(email, "reset_password").await, "password": PASSWORD });
    let reset = bundle.post("/v1/auth/reset-password", &body).await;
    let _ = reset.expect_status(204);
    let challenge = bundle.challenge(email).await;
    let presented = bundle.present(&owner.passkey, Some(&challenge)).await;
    let body = json!({ "challenge": challenge, "passkey": presented });
    let answer = bundle
        .post("/v1/auth/continue", &body)
        .await
        .expect_status(200);
    // From then on the password is what it begins with: no more codes, and the passkey may go.
    let account = Account {
        access_token: answer.text_at("/accessToken"),
        ..owner.account
    };
    let before = bundle.letters_to(&account.email).len();
    let _ = bundle.ask_for_code(&account.email).await;
    bundle.deliver().await;
    let since = bundle.letters_to(&account.email);
    assert!(
        since[before..]
            .iter()
            .all(|letter| letter.name() != "sign_in_code")
    );
    let list = by(&account, "GET", "/v1/users/me/passkeys");
    let id = bundle
        .send(&list)
        .await
        .expect_status(200)
        .text_at("/data/0/id");
    let path = format!("/v1/users/me/passkeys/{id}");
    let _ = bundle
        .send(&by(&account, "DELETE", &path))
        .await
        .expect_status(204);
    bundle.assert_invariants();
}

#[tokio::test]
async fn whether_an_address_is_free_its_owner_alone_learns() {
    let bundle = bundle().await;
    // Made by an admin: nothing has been counted for either address.
    let admin = bundle.admin().await;
    let (taken, free) = (new_email(), new_email());
    let create = by(&admin, "POST", "/v1/users").json(&json!({ "email": taken }));
    let _ = bundle.send(&create).await.expect_status(201);
    let _ = bundle.function("start-passkey-registration").await;
    let _ = bundle.begin_registration(&new_email()).await;
    let mut seen = Vec::new();
    for email in [&taken, &free] {
        let request = post(OPTIONS, &json!({ "email": email }));
        let _ = bundle.recorder().take();
        let answer = bundle.send(&request).await.expect_status(202);
        let calls = bundle.recorder().take().len();
        let mut names: Vec<_> = answer
            .body
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect();
        names.sort();
        seen.push((names, calls));
        // No letter there carries a code that would complete it.
        let options = &answer.body["options"];
        let body = json!({
            "challenge": answer.body["challenge"],
            "code": "000000",
            "credential": Passkey::new(options).registration(options),
        });
        let refused = bundle.post(REGISTER, &body).await;
        assert_eq!(refused.expect_status(401).code(), "invalid_factor");
    }
    assert_eq!(seen[0].0, ["challenge", "expiresIn", "options"]);
    assert_eq!(seen[0], seen[1]);
    bundle.deliver().await;
    let names = |email: &str| {
        let letters = bundle.letters_to(email).into_iter();
        letters
            .map(|letter| letter.name().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&taken).last().map(String::as_str),
        Some("account_exists")
    );
    assert_eq!(names(&free), ["registration_code"]);
    assert_eq!(made(&bundle).0, 2);
    // Who is suspended is not written to at the wish of others.
    let suspended = bundle.account().await;
    bundle.edit_user(&suspended.id, "status", &json!({ "S": "suspended" }));
    bundle.deliver().await;
    let before = names(&suspended.email);
    let body = json!({ "email": suspended.email });
    let _ = bundle.post(OPTIONS, &body).await.expect_status(202);
    bundle.deliver().await;
    assert_eq!(names(&suspended.email), before);
}

#[tokio::test]
async fn an_account_is_made_of_its_own_code_and_passkey_alone() {
    let bundle = bundle().await;
    let email = new_email();
    let (mut passkey, body) = bundle.begin_registration(&email).await;
    let (_, others) = bundle.begin_registration(&new_email()).await;
    let with = |name: &str, value: &Value| {
        let mut body = body.clone();
        body[name] = value.clone();
        body
    };
    let mailed = bundle.ask_for_code(&email).await;
    for (body, status, code) in [
        (with("code", &others["code"]), 401, "invalid_factor"),
        (
            with("credential", &others["credential"]),
            400,
            "invalid_fields",
        ),
        (
            with("challenge", &others["challenge"]),
            400,
            "invalid_fields",
        ),
        (with("challenge", &mailed.into()), 401, "challenge_expired"),
        (
            with("challenge", &json!("lkcr_AAAA")),
            401,
            "challenge_expired",
        ),
    ] {
        let refused = bundle.post(REGISTER, &body).await.expect_status(status);
        assert_eq!(refused.code(), code, "{body}");
    }
    // One made without its user verified, and one for another site.
    let options = json!({
        "challenge": "AAAA", "user": { "id": "AAAA" }, "rp": { "id": "localhost" },
    });
    passkey.verifies = false;
    let unasked = passkey.registration(&options);
    let refused = bundle.post(REGISTER, &with("credential", &unasked)).await;
    assert_eq!(refused.expect_status(400).code(), "invalid_fields");
    assert_eq!(made(&bundle), (0, 0));
    let _ = bundle.post(REGISTER, &body).await.expect_status(201);
}

#[tokio::test]
async fn a_registration_has_five_tries() {
    let bundle = bundle().await;
    let email = new_email();
    let (_, body) = bundle.begin_registration(&email).await;
    let mut guess = body.clone();
    let code: u32 = body["code"]
        .as_str()
        .expect("a code")
        .parse()
        .expect("digits");
    guess["code"] = format!("{:06}", (code + 1) % 1_000_000).into();
    for _ in 0..5 {
        let refused = bundle.post(REGISTER, &guess).await.expect_status(401);
        assert_eq!(refused.code(), "invalid_factor");
    }
    let refused = bundle.post(REGISTER, &body).await.expect_status(401);
    assert_eq!(refused.code(), "challenge_expired");
    assert_eq!(made(&bundle), (0, 0));
}

#[tokio::test]
async fn who_registers_in_the_meantime_keeps_the_address() {
    let bundle = bundle().await;
    let email = new_email();
    let (_, body) = bundle.begin_registration(&email).await;
    let register = json!({ "email": email, "password": PASSWORD });
    let _ = bundle
        .post("/v1/auth/register", &register)
        .await
        .expect_status(201);
    let refused = bundle.post(REGISTER, &body).await.expect_status(409);
    assert_eq!(refused.code(), "email_taken");
    assert_eq!(made(&bundle), (1, 1));
}

#[tokio::test]
async fn a_letter_to_no_account_is_in_the_language_of_who_asks() {
    let bundle = bundle().await;
    let email = new_email();
    let mut request = post(OPTIONS, &json!({ "email": email }));
    request = request.header("accept-language", "de-AT, en;q=0.5");
    let _ = bundle.send(&request).await.expect_status(202);
    let letter = bundle.letter(&email, "registration_code").await;
    assert!(letter.subject.starts_with("Ihr Code"), "{}", letter.subject);
    let token = letter.token().expect("a link");
    assert!(
        letter.text.contains("/complete-registration#token=lkmt_"),
        "{token}"
    );
}

#[tokio::test]
async fn bug_59_a_registration_does_not_bring_a_deleted_account_back() {
    let bundle = bundle().await;
    let email = new_email();
    let (passkey, body) = bundle.begin_registration(&email).await;
    let made = bundle.post(REGISTER, &body).await.expect_status(201);
    let answer = bundle.passkey_sign_in(&passkey).await.expect_status(200);
    let account = Account {
        id: made.text_at("/user/id"),
        email,
        access_token: answer.text_at("/accessToken"),
        refresh_token: answer.text_at("/refreshToken"),
    };
    let delete = by(&account, "DELETE", "/v1/users/me");
    let _ = bundle.send(&delete).await.expect_status(204);
    for is_purged in [false, true] {
        let refused = bundle.post(REGISTER, &body).await.expect_status(409);
        assert_eq!(refused.code(), "email_taken", "purged: {is_purged}");
        bundle.deliver().await;
    }
    assert_eq!(bundle.items_of_type("user").len(), 0);
}
