//! Requests at the same time, call by call in an order drawn from a seed.

use harness::requests::{by, post};
use harness::{Authenticator, SEEDS, Track};
use serde_json::json;

use crate::bundle;

#[tokio::test(flavor = "multi_thread")]
async fn bug_90_two_uses_of_one_code_sign_in_once() {
    let mut track = Track::new(bundle().await, &["continue", "continue"], None).await;
    for seed in 0..SEEDS {
        let enrolled = track.bundle.enrolled().await;
        let email = &enrolled.account.email;
        let code = enrolled.app.last().await;
        let mut requests = Vec::new();
        for _ in 0..2 {
            let challenge = track.bundle.challenge(email).await;
            requests.push(post(
                "/v1/auth/continue",
                &json!({ "challenge": challenge, "totp": code }),
            ));
        }
        let requests = requests.try_into().expect("two requests");
        let answers: [_; 2] = track.run(seed, requests).await;
        let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(signed_in <= 1, "seed {seed}");
        track.settle(seed, signed_in == 1);
    }
    track.tell("continue × continue, one code");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uses_of_one_challenge_start_one_session() {
    let mut track = Track::new(bundle().await, &["continue", "continue"], None).await;
    for seed in 0..SEEDS {
        let enrolled = track.bundle.enrolled().await;
        let challenge = track.bundle.challenge(&enrolled.account.email).await;
        let before = track.bundle.items_of_type("session").len();
        let with = |name: &str, code: &str| {
            post(
                "/v1/auth/continue",
                &json!({ "challenge": challenge, name: code }),
            )
        };
        let requests = [
            with("recoveryCode", &enrolled.codes[0]),
            with("recoveryCode", &enrolled.codes[1]),
        ];
        let answers = track.run(seed, requests).await;
        let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
        let sessions = track.bundle.items_of_type("session").len() - before;
        assert!(signed_in <= 1 && sessions <= 1, "seed {seed}");
        // Who was refused has spent no code.
        let codes = track.bundle.items_of_type("recovery_codes").remove(0);
        let left = codes["codes"]["SS"].as_array().map(Vec::len);
        assert_eq!(left, Some(10 - sessions), "seed {seed}");
        track.settle(seed, signed_in == 1);
    }
    track.tell("continue × continue, one challenge");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uses_of_one_recovery_code_sign_in_once() {
    let mut track = Track::new(bundle().await, &["continue", "continue"], None).await;
    for seed in 0..SEEDS {
        let enrolled = track.bundle.enrolled().await;
        let email = &enrolled.account.email;
        let [one, two] = [
            track.bundle.challenge(email).await,
            track.bundle.challenge(email).await,
        ];
        let requests = [one, two].map(|challenge| {
            let body = json!({ "challenge": challenge, "recoveryCode": enrolled.codes[0] });
            post("/v1/auth/continue", &body)
        });
        let answers = track.run(seed, requests).await;
        let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
        assert!(signed_in <= 1, "seed {seed}");
        track.settle(seed, signed_in == 1);
    }
    track.tell("continue × continue, one recovery code");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uses_of_one_mailed_code_sign_in_once() {
    let functions = ["code-sign-in", "code-sign-in"];
    let mut track = Track::new(bundle().await, &functions, None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.mailable().await;
        let email = &account.email;
        let challenge = track.bundle.ask_for_code(email).await;
        let letter = track.bundle.letter(email, "sign_in_code").await;
        let before = track.bundle.items_of_type("session").len();
        let (code, token) = (letter.code(), letter.token());
        let shown = [("code", code), ("token", token.as_deref())];
        let requests = shown.map(|(name, shown)| {
            let body = json!({ "challenge": challenge, name: shown });
            post("/v1/auth/code/verify", &body)
        });
        let answers = track.run(seed, requests).await;
        let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
        let sessions = track.bundle.items_of_type("session").len() - before;
        assert!(signed_in <= 1 && sessions <= 1, "seed {seed}");
        track.settle(seed, signed_in == 1);
    }
    track.tell("code-sign-in × code-sign-in, code and link of one letter");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_completions_of_one_registration_make_one_account() {
    let functions = ["register-with-passkey", "register-with-passkey"];
    let mut track = Track::new(bundle().await, &functions, None).await;
    for seed in 0..SEEDS {
        let email = format!("racer{seed}@example.com");
        let (_, body) = track.bundle.begin_registration(&email).await;
        let request = post("/v1/auth/register/passkey", &body);
        let answers = track.run(seed, [request.clone(), request]).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(made <= 1, "seed {seed}");
        let own = track.bundle.items_of_type("user").into_iter();
        let own = own.filter(|user| user["email"]["S"] == *email).count();
        assert!(own <= 1, "seed {seed}");
        track.settle(seed, made == 1);
    }
    track.tell("register-with-passkey × register-with-passkey");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_apps_set_up_at_once_one_is() {
    let mut track = Track::new(bundle().await, &["confirm-totp", "confirm-totp"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let path = "/v1/users/me/factors/totp";
        let mut requests = Vec::new();
        for _ in 0..2 {
            let started = track.bundle.send(&by(&account, "POST", path)).await;
            let started = started.expect_status(200);
            let app = Authenticator::new(&started.text_at("/secret"));
            let body = json!({ "pending": started.text_at("/pending"), "code": app.last().await });
            requests.push(by(&account, "POST", &format!("{path}/confirm")).json(&body));
        }
        let requests = requests.try_into().expect("two requests");
        let answers: [_; 2] = track.run(seed, requests).await;
        let set_up = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(set_up <= 1, "seed {seed}");
        assert!(track.bundle.items_of_type("totp").len() <= 1, "seed {seed}");
        track.settle(seed, set_up == 1);
    }
    track.tell("confirm-totp × confirm-totp");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_beside_the_removal_of_its_factor_is_what_it_says() {
    let mut track = Track::new(bundle().await, &["delete-factor", "continue"], None).await;
    let mut sessions = 0;
    for seed in 0..SEEDS {
        let enrolled = track.bundle.enrolled().await;
        let challenge = track.bundle.challenge(&enrolled.account.email).await;
        let path = format!("/v1/users/me/factors/{}", enrolled.factor_id);
        let body = json!({ "challenge": challenge, "totp": enrolled.app.last().await });
        let requests = [
            by(&enrolled.account, "DELETE", &path),
            post("/v1/auth/continue", &body),
        ];
        let [removed, signed_in] = track.run(seed, requests).await;
        assert!([200, 401, 503].contains(&signed_in.status), "seed {seed}");
        if signed_in.status == 200 {
            sessions += 1;
            let claims = crate::claims(&signed_in.text_at("/accessToken"));
            assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]), "seed {seed}");
        }
        track.settle(seed, removed.status == 204);
    }
    assert!(sessions > 0, "some sign in before");
    track.tell("delete-factor × continue");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uses_of_one_assertion_sign_in_once() {
    let functions = ["passkey-sign-in", "passkey-sign-in"];
    let mut track = Track::new(bundle().await, &functions, None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let (passkey, _) = track.bundle.add_passkey(&account).await;
        let body = track.bundle.present(&passkey, None).await;
        let before = track.bundle.items_of_type("session").len();
        let request = post("/v1/auth/passkey", &body);
        let answers = track.run(seed, [request.clone(), request]).await;
        let signed_in = answers.iter().filter(|answer| answer.status == 200).count();
        let sessions = track.bundle.items_of_type("session").len() - before;
        assert!(signed_in <= 1 && sessions <= 1, "seed {seed}");
        track.settle(seed, signed_in == 1);
    }
    track.tell("passkey-sign-in × passkey-sign-in, one assertion");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_passkeys_made_in_one_ceremony_one_is_added() {
    let mut track = Track::new(bundle().await, &["add-passkey", "add-passkey"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let started = track.bundle.begin_passkey(&account).await;
        let requests = [(); 2].map(|()| {
            let (_, body) = harness::Bundle::new_passkey(&started);
            by(&account, "POST", "/v1/users/me/passkeys").json(&body)
        });
        let answers = track.run(seed, requests).await;
        let added = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(added <= 1, "seed {seed}");
        let stored = track.bundle.items_of_type("passkey").len();
        assert!(stored <= 1, "seed {seed}");
        track.settle(seed, added == 1);
    }
    track.tell("add-passkey × add-passkey, one ceremony");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_beside_the_removal_of_its_passkey_comes_before_it_or_not_at_all() {
    let functions = ["delete-passkey", "passkey-sign-in"];
    let mut track = Track::new(bundle().await, &functions, None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let (passkey, added) = track.bundle.add_passkey(&account).await;
        let path = format!("/v1/users/me/passkeys/{}", added.text_at("/id"));
        let body = track.bundle.present(&passkey, None).await;
        let requests = [
            by(&account, "DELETE", &path),
            post("/v1/auth/passkey", &body),
        ];
        let [removed, signed_in] = track.run(seed, requests).await;
        assert!([200, 401, 503].contains(&signed_in.status), "seed {seed}");
        if signed_in.status == 200 {
            let claims = crate::claims(&signed_in.text_at("/accessToken"));
            assert_eq!(claims["amr"], json!(["hwk", "user"]), "seed {seed}");
        }
        track.settle(seed, removed.status == 204);
    }
    track.tell("delete-passkey × passkey-sign-in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_beside_a_factor_that_is_added_leaves_none_of_a_stranger() {
    let mut track = Track::new(bundle().await, &["reset-password", "add-passkey"], None).await;
    for seed in 0..SEEDS {
        let account = track.bundle.account().await;
        let _ = track.bundle.add_passkey(&account).await;
        let ask = json!({ "email": account.email });
        let _ = track.bundle.post("/v1/auth/forgot-password", &ask).await;
        let token = track.bundle.token(&account.email, "reset_password").await;
        let reset = json!({ "token": token, "password": "staple battery horse correct" });
        let started = track.bundle.begin_passkey(&account).await;
        let (_, body) = harness::Bundle::new_passkey(&started);
        let requests = [
            post("/v1/auth/reset-password", &reset),
            by(&account, "POST", "/v1/users/me/passkeys").json(&body),
        ];
        let [reset, _] = track.run(seed, requests).await;
        assert_eq!(reset.status, 204, "seed {seed}: nobody holds it off");
        let left = track.bundle.items_of_type("passkey");
        assert!(left.is_empty(), "seed {seed}");
        track.settle(seed, true);
    }
    track.tell("reset-password × add-passkey");
}
