//! Sign-in, sign-up, and what letters lead to.

use super::{SCOPES, State, next, scopes};
use crate::sign_in::Way::{Passkey, Password, RecoveryCode, Totp};
use crate::{
    App, AskCode, CheckMail, Confirm, ConfirmEmailChange, Consent, EnterCode, Forgot, Form,
    Invitation, Leave, Notice, Provider, RecoveryCodes, Resend, Reset, Return, SecondFactor, Sent,
    SetUp, SignIn, SignUp, Typed, VerifyEmail,
};

type Change<'a> = &'a dyn Fn(&str) -> String;

const QR_CODE: &str = include_str!("qr.svg");
const EMAIL: &str = "ada.lovelace@example.com";

pub(super) fn states(change: Change<'_>) -> Vec<State> {
    let mut states = sign_ins(change);
    states.extend(codes(change));
    states.extend(factors(change));
    states.extend(set_ups(change));
    states.extend(mailed(change));
    states.extend(links(change));
    states.extend(applications(change));
    states
}

pub(super) fn providers(change: Change<'_>) -> Vec<Provider> {
    [("google", "Google"), ("github", "GitHub")]
        .map(|(name, title)| Provider {
            name: name.to_owned(),
            title: change(title),
        })
        .into()
}

fn typed(change: Change<'_>) -> Form {
    Form::new().typed(Typed::Email, change(EMAIL))
}

fn sign_ins(change: Change<'_>) -> Vec<State> {
    let full = SignIn {
        next: next(),
        providers: providers(change),
        code_by_mail: true,
        passkeys: true,
        sign_up: true,
        ..SignIn::default()
    };
    let with = |form: Form| SignIn {
        form,
        ..full.clone()
    };
    let unknown = SignIn {
        unknown_credential: Some(change(r#"{"rpId":"example.com","credentialId":"AQ"}"#)),
        ..with(Form::new().refused("unknown_credential"))
    };
    let passkeys = SignIn {
        passkeys: true,
        ..SignIn::default()
    };
    let missing = Form::new()
        .refused("invalid_fields")
        .refused_field("email", "required")
        .refused_field("password", "required");
    let other = typed(change)
        .refused_field(change("token"), change("odd"))
        .refused(change("odd"));
    let leave = Leave::new(
        change("Google"),
        "https://accounts.example.com/o?a=b&c='d'".to_owned(),
        next(),
    );
    let mut states = vec![
        State::new("sign-in", full.clone()),
        State::new("sign-in.plain", SignIn::default()),
        State::new("sign-in.passkeys", passkeys),
        State::new(
            "sign-in.unverified",
            with(typed(change).refused("email_unverified")),
        ),
        State::new(
            "sign-in.refused",
            with(typed(change).refused("invalid_credentials")),
        ),
        State::new("sign-in.missing", with(missing)),
        State::new("sign-in.too-many", with(typed(change).too_many(890))),
        State::new("sign-in.wait-a-minute", with(typed(change).too_many(20))),
        State::new("sign-in.unknown-passkey", unknown),
        State::new("sign-in.unforeseen", with(other)),
        State::new("sign-in.signed-out", full.clone()).noticed(Notice::SignedOut),
        State::new(
            "sign-up",
            SignUp {
                next: next(),
                ..SignUp::default()
            },
        ),
        State::new(
            "sign-up.refused",
            SignUp {
                form: sign_up(change),
                next: None,
            },
        ),
        State::new(
            "sign-up.taken",
            SignUp {
                form: typed(change).refused("email_taken"),
                next: None,
            },
        ),
    ];
    states.extend(leave.map(|page| State::new("leave", page)));
    states
}

fn sign_up(change: Change<'_>) -> Form {
    Form::new()
        .typed(Typed::Email, change("ada@example"))
        .typed(Typed::FirstName, change("Ada"))
        .typed(Typed::LastName, change(&"Lovelace-".repeat(12)))
        .refused("invalid_fields")
        .refused_field("email", "invalid_format")
        .refused_field("password", "too_similar")
        .refused_field("lastName", "too_long")
}

fn codes(change: Change<'_>) -> Vec<State> {
    let ask = |form: Form| AskCode { form, next: next() };
    let challenge = || Some(change("lkcc_c2FtcGxl"));
    let enter = |form: Form| EnterCode::new(form, challenge(), Some(change(EMAIL)), next());
    let link = EnterCode::by_link(Form::new(), challenge(), change("lkat_c2FtcGxl"), next());
    vec![
        State::new("code.ask", ask(Form::new())),
        State::new(
            "code.ask.refused",
            ask(typed(change).refused_field("email", "invalid_format")),
        ),
        State::new("code", enter(Form::new())),
        State::new(
            "code.unknown-address",
            EnterCode::new(Form::new(), None, None, None),
        ),
        State::new(
            "code.refused",
            enter(Form::new().refused_field("code", "invalid_format")),
        ),
        State::new("code.wrong", enter(Form::new().refused("invalid_factor"))),
        State::new("code.link", link),
    ]
}

fn factors(change: Change<'_>) -> Vec<State> {
    let factor = |ways: &[crate::Way], form: Form| SecondFactor {
        form,
        challenge: Some(change("lkch_c2FtcGxl")),
        ways: ways.to_vec(),
        remember_days: Some(30),
        next: next(),
    };
    let confirm = |ways: &[crate::Way], form: Form| Confirm {
        form,
        ways: ways.to_vec(),
        email: change(EMAIL),
        next: next(),
    };
    let all = [Totp, Passkey, RecoveryCode];
    let remembered = Form::new()
        .typed(Typed::RememberDevice, "true")
        .refused_field("recoveryCode", "invalid_format");
    let refused = Form::new()
        .refused("invalid_fields")
        .refused_field("totp", "invalid_format");
    vec![
        State::new("factor", factor(&all, Form::new())),
        State::new("factor.totp", factor(&[Totp, RecoveryCode], Form::new())),
        State::new(
            "factor.passkey",
            factor(&[Passkey, RecoveryCode], Form::new()),
        ),
        State::new("factor.recovery-code", factor(&[RecoveryCode], Form::new())),
        State::new("factor.refused", factor(&all, refused)),
        State::new(
            "factor.wrong",
            factor(&all, Form::new().refused("invalid_factor")),
        ),
        State::new("factor.wrong-recovery-code", factor(&all, remembered)),
        State::new("confirm", confirm(&[Password], Form::new())).signed_in(),
        State::new(
            "confirm.refused",
            confirm(
                &[Password],
                Form::new().refused_field("password", "required"),
            ),
        )
        .signed_in(),
        State::new("confirm.factors", confirm(&all, Form::new())).signed_in(),
        State::new("confirm.nothing", confirm(&[], Form::new())).signed_in(),
    ]
}

fn set_ups(change: Change<'_>) -> Vec<State> {
    let app = || {
        App::new(
            change("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
            format!(
                "otpauth://totp/{}",
                change("Latchkey:ada?secret=JBSWY3DPEHPK3PXP&issuer=Latchkey")
            ),
            change(QR_CODE),
            change("lktp_c2FtcGxl"),
        )
    };
    let challenge = || Some(change("lkch_c2FtcGxl"));
    let wrong = || Form::new().refused_field("code", "invalid_format");
    let codes: Vec<String> = (0..10)
        .map(|code| change(&format!("ab{code}d-efgh-ijkl-mnop-qrst-uvwx")))
        .collect();
    let here = |form: Form| SetUp::during_sign_in(form, app(), challenge(), true, next());
    vec![
        State::new("set-up", here(Form::new())),
        State::new("set-up.refused", here(wrong())),
        State::new(
            "set-up.app-alone",
            SetUp::during_sign_in(Form::new(), app(), challenge(), false, next()),
        ),
        State::new("app", SetUp::in_account(Form::new(), app())).signed_in(),
        State::new("app.refused", SetUp::in_account(wrong(), app())).signed_in(),
        State::new("recovery-codes", RecoveryCodes::new(codes.clone(), next())).signed_in(),
        State::new(
            "recovery-codes.sign-in",
            RecoveryCodes::during_sign_in(codes, challenge(), next()),
        ),
    ]
}

/// What follows a letter, and what asks for another.
fn mailed(change: Change<'_>) -> Vec<State> {
    let mail = |name, sent: Sent, is_told: bool| {
        let email = is_told.then(|| change(EMAIL));
        let next = next();
        State::new(name, CheckMail { sent, email, next })
    };
    let bad = || typed(change).refused_field("email", "invalid_format");
    let resend = |form: Form| Resend { form, next: next() };
    let forgot = |form: Form| Forgot { form, next: next() };
    vec![
        mail("check-mail", Sent::SignUp, true),
        mail("check-mail.verification", Sent::Verification, true),
        mail("check-mail.reset", Sent::Reset, true),
        mail("check-mail.unknown-address", Sent::SignUp, false),
        mail("check-mail.verification-unknown", Sent::Verification, false),
        mail("check-mail.reset-unknown", Sent::Reset, false),
        State::new("resend", resend(Form::new())),
        State::new("resend.refused", resend(bad())),
        State::new("forgot-password", forgot(Form::new())),
        State::new("forgot-password.refused", forgot(bad())),
    ]
}

/// What the links of letters open.
fn links(change: Change<'_>) -> Vec<State> {
    let token = || change("lkat_c2FtcGxl");
    let old = || Form::new().refused("invalid_action_token");
    let short = || Form::new().refused_field("password", "too_short");
    let wrong = || Form::new().refused("invalid_credentials");
    let verify = |form: Form, needs_password: bool| VerifyEmail {
        form,
        token: token(),
        needs_password,
    };
    let reset = |form: Form| Reset {
        form,
        token: token(),
    };
    let invitation = |form: Form| Invitation {
        form,
        token: token(),
    };
    let confirm = |form: Form| ConfirmEmailChange {
        form,
        token: token(),
    };
    vec![
        State::new("verify-email", verify(Form::new(), true)),
        State::new("verify-email.refused", verify(wrong(), true)),
        State::new("verify-email.expired", verify(old(), false)),
        State::new("verify-email.signed-in", verify(Form::new(), false)).signed_in(),
        State::new("reset-password", reset(Form::new())),
        State::new("reset-password.refused", reset(short())),
        State::new("reset-password.expired", reset(old())),
        State::new("accept-invitation", invitation(Form::new())),
        State::new("accept-invitation.refused", invitation(short())),
        State::new("confirm-email-change", confirm(Form::new())).signed_in(),
        State::new("confirm-email-change.refused", confirm(old())).signed_in(),
    ]
}

/// What an application asks for, and the way back to it.
fn applications(change: Change<'_>) -> Vec<State> {
    let asks = |form: Form, uri: &str, names: &[&str]| {
        let (client, request) = (change("Shop"), change("lkcr_c2FtcGxl"));
        Consent::new(form, client, &change(uri), scopes(names, change), request)
    };
    let web = "https://shop.example.com";
    let mut states = vec![
        State::new("consent", asks(Form::new(), web, &SCOPES)),
        State::new("consent.openid", asks(Form::new(), web, &["openid"])),
        State::new(
            "consent.without-openid",
            asks(Form::new(), web, &["orders:read", "orders:write"]),
        ),
        State::new(
            "consent.on-device",
            asks(Form::new(), "com.example.shop:/callback", &SCOPES),
        ),
        State::new(
            "consent.refused",
            asks(Form::new().refused("rate_limited"), web, &SCOPES),
        ),
    ];
    let back = |uri: &str| {
        let url = format!("{uri}?code=lkco_c2FtcGxl&state='a';b&iss=https%3A%2F%2Fid.example.com");
        Return::new(change("Shop"), url)
    };
    for (name, uri) in [
        ("return", "https://shop.example.com/callback"),
        ("return.loopback", "http://127.0.0.1:53412/callback"),
        ("return.app", "com.example.shop:/callback"),
    ] {
        states.extend(back(uri).map(|page| State::new(name, page)));
    }
    for state in &mut states {
        state.signed_in = true;
    }
    states
}
