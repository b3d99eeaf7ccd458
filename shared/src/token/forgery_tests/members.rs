//! Forged headers and claims, truly signed.

use super::*;

pub(super) fn headers(all: &mut Forgeries) {
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("AT+JWT"),
        json!("application/at+jwt"),
        json!("at+jwt "),
        json!("at+jwt;v=1"),
        json!("refresh+jwt"),
        json!("id+jwt"),
        json!("secevent+jwt"),
        json!(""),
        json!(["at+jwt"]),
        json!(1),
        json!(null),
    ] {
        all.header("typ", "typ", &typ);
    }
    for kid in [
        json!(""),
        json!("../../../../dev/null"),
        json!("/proc/sys/kernel/randomize_va_space"),
        json!("' OR '1'='1"),
        json!("x' UNION SELECT 'secret' --"),
        json!("; sleep 10"),
        json!("http://169.254.169.254/latest/meta-data/"),
        json!("\u{0}"),
        json!(format!("{}\u{0}", KEYS.ec.kid)),
        json!(format!(" {}", KEYS.ec.kid)),
        json!(KEYS.ec.kid.to_lowercase()),
        json!(KEYS.ec.kid[..42]),
        json!("k".repeat(2_000)),
        json!(KEYS.rsa.kid),
        json!(KEYS.stranger.kid),
        json!(0),
        json!([KEYS.ec.kid]),
        json!({ "kid": KEYS.ec.kid }),
        json!(true),
        json!(null),
    ] {
        all.header("kid", "kid", &kid);
    }
    for name in ["typ", "kid"] {
        let header = without(&header(&KEYS.ec), name);
        all.add(format!("no {name}"), sign(&KEYS.ec, &header, &claims()));
    }
    let jwk = serde_json::to_value(&KEYS.public[1].numbers).expect("serializes");
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        (
            "jku",
            json!("https://accounts.example.com/.well-known/jwks.json"),
        ),
        ("x5u", json!("https://attacker.example/x.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
        ("x5t#S256", json!("AAAA")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("cty", json!("JWT")),
        ("enc", json!("A256GCM")),
        ("p2c", json!(2_147_483_647)),
        ("epk", json!({})),
        ("nonce", json!("1")),
        ("anything", json!("else")),
    ] {
        all.header(&format!("header {name}"), name, &value);
        let own_key = with(&header(&KEYS.stranger), name, &value);
        all.add(
            format!("header {name} {value}, a key that is not ours"),
            sign(&KEYS.stranger, &own_key, &claims()),
        );
    }
}

pub(super) fn claims_of_any_kind(all: &mut Forgeries) {
    let values = [
        json!(null),
        json!("text"),
        json!(""),
        json!("1800000000"),
        json!(1.5),
        json!(1_800_000_000.0),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!([]),
        json!([1_800_000_000_u64]),
        json!({}),
        json!(true),
    ];
    for name in [
        "exp",
        "nbf",
        "iat",
        "auth_time",
        "sub",
        "sid",
        "iss",
        "aud",
        "jti",
        "role",
        "amr",
        "acr",
        "email_verified",
    ] {
        if !["nbf", "acr"].contains(&name) {
            let claims = without(&claims(), name);
            all.add(
                format!("claim {name} missing"),
                sign(&KEYS.ec, &header(&KEYS.ec), &claims),
            );
        }
        for value in &values {
            // Any text is a `jti` or an `acr`, any boolean an `email_verified`, any array of texts an `amr`.
            let same_kind = (["jti", "acr"].contains(&name) && value.is_string())
                || (name == "email_verified" && value.is_boolean())
                || (name == "amr" && *value == json!([]));
            if !same_kind {
                all.claim(name, value);
            }
        }
    }
    let now = NOW.as_seconds();
    let genuine = claims();
    let id = |name: &str| genuine[name].as_str().expect("text").to_owned();
    for (name, value) in [
        ("iss", json!("https://accounts.example.com/")),
        (
            "iss",
            json!("https://accounts.example.com.attacker.example"),
        ),
        ("iss", json!("https://accounts.example.co")),
        ("iss", json!("HTTPS://ACCOUNTS.EXAMPLE.COM")),
        ("iss", json!("http://accounts.example.com")),
        ("iss", json!(" https://accounts.example.com")),
        ("iss", json!(["https://accounts.example.com"])),
        ("aud", json!("Latchkey")),
        ("aud", json!("latchkey2")),
        ("aud", json!("latch")),
        ("aud", json!("*")),
        ("aud", json!(["latchkey"])),
        ("aud", json!(["latchkey", "other"])),
        ("aud", json!(["other"])),
        ("sub", json!(id("sub").to_uppercase())),
        ("sub", json!(id("sub").replace('-', ""))),
        ("sub", json!(format!("{{{}}}", id("sub")))),
        ("sub", json!(format!("{} ", id("sub")))),
        ("sub", json!("me")),
        ("sid", json!(id("sid").to_uppercase())),
        ("sid", json!(format!("urn:uuid:{}", id("sid")))),
        ("role", json!("Admin")),
        ("role", json!("root")),
        ("role", json!(["admin"])),
        ("role", json!({ "admin": null })),
        ("amr", json!("pwd")),
        ("amr", json!([1])),
        ("email_verified", json!("true")),
        ("email_verified", json!(1)),
        ("exp", json!(now - 5)),
        ("exp", json!(now - 6)),
        ("exp", json!(0)),
        ("exp", json!(now + 3_601)),
        ("iat", json!(now + 6)),
        ("iat", json!(now + 901)),
        ("iat", json!(0)),
        ("nbf", json!(now + 6)),
        ("nbf", json!(now + 86_400)),
        ("auth_time", json!(now + 6)),
        ("jti", json!("j".repeat(5_000))),
    ] {
        all.claim(name, &value);
    }
}
