//! Forged texts: the parts of a token, and the JSON within them.

use super::*;

pub(super) fn structures(all: &mut Forgeries) {
    let token = control();
    let parts: Vec<_> = token.split('.').collect();
    let [head, body, signature] = parts[..] else {
        panic!("three parts");
    };
    for (name, forged) in [
        ("nothing", String::new()),
        ("dots alone", "..".to_owned()),
        ("one part", head.to_owned()),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{token}.{signature}")),
        (
            "five parts, as a JWE",
            format!("{head}.{body}.{signature}.{body}.{signature}"),
        ),
        ("no header", format!(".{body}.{signature}")),
        ("no claims", format!("{head}..{signature}")),
        ("no signature", format!("{head}.{body}.")),
        ("a dot before", format!(".{token}")),
        ("a dot after", format!("{token}.")),
        (
            "parts in another order",
            format!("{body}.{head}.{signature}"),
        ),
        ("a padded header", format!("{head}=.{body}.{signature}")),
        ("padded claims", format!("{head}.{body}==.{signature}")),
        ("a padded signature", format!("{token}==")),
        ("a space before", format!(" {token}")),
        ("a space after", format!("{token} ")),
        ("a line break after", format!("{token}\n")),
        (
            "a line break within",
            format!("{head}.{body}.\r\n{signature}"),
        ),
        ("a tab within", format!("{head}\t.{body}.{signature}")),
        ("a NUL after", format!("{token}\0")),
        ("its scheme before", format!("Bearer {token}")),
        ("its own copy after", format!("{token},{token}")),
        ("percent encoding", token.replace('.', "%2E")),
        ("full-width dots", token.replace('.', "\u{ff0e}")),
        ("quotes", format!("\"{token}\"")),
        ("upper case", token.to_uppercase()),
        ("an encoded token", BASE64URL.encode(&token)),
        (
            "the JSON serialization",
            json!({ "protected": head, "payload": body, "signature": signature }).to_string(),
        ),
    ] {
        all.add(name, forged);
    }
    // 256 bytes in standard base64 are sure to differ from base64url.
    let rsa = sign(&KEYS.rsa, &header(&KEYS.rsa), &claims());
    let (message, signature) = rsa.rsplit_once('.').expect("three parts");
    let bytes = BASE64URL.decode(signature).expect("base64url");
    all.add(
        "standard base64",
        format!("{message}.{}", STANDARD.encode(&bytes)),
    );
    let (all_but_last, last) = signature.split_at(signature.len() - 1);
    let next = char::from(last.as_bytes()[0] + 1);
    all.add(
        "unused bits of base64 that are set",
        format!("{message}.{all_but_last}{next}"),
    );
}

pub(super) fn documents(all: &mut Forgeries) {
    let (head, body) = (text(&header(&KEYS.ec)), text(&claims()));
    let kid = &KEYS.ec.kid;
    let twice = |document: &[u8], member: &str| {
        let document = String::from_utf8_lossy(document);
        format!("{{{member},{}", &document[1..]).into_bytes()
    };
    let odd = |document: &[u8]| -> Vec<(&'static str, Vec<u8>)> {
        vec![
            ("empty", Vec::new()),
            ("a byte order mark", [b"\xef\xbb\xbf", document].concat()),
            ("an array", [b"[", document, b"]"].concat()),
            ("a text", text(&json!(String::from_utf8_lossy(document)))),
            ("null", b"null".to_vec()),
            ("something after it", [document, b"{}"].concat()),
            ("a NUL after it", [document, b"\0"].concat()),
            ("cut short", document[..document.len() - 1].to_vec()),
            ("a comment", [b"/**/", document].concat()),
            (
                "a trailing comma",
                [&document[..document.len() - 1], b",}"].concat(),
            ),
            (
                "bytes that are no UTF-8",
                [&document[..document.len() - 2], b"\xff\"}"].concat(),
            ),
            (
                "an overlong encoding",
                [&document[..document.len() - 2], b"\xc0\xaf\"}"].concat(),
            ),
            (
                "UTF-16",
                document.iter().flat_map(|byte| [*byte, 0]).collect(),
            ),
        ]
    };
    for (name, document) in odd(&head) {
        all.add(format!("header: {name}"), ec_bytes(&document, &body));
    }
    let deep = format!("\"a\":{}{}", "[".repeat(1_000), "]".repeat(1_000));
    all.add(
        "header: nested a thousand deep",
        ec_bytes(&twice(&head, &deep), &body),
    );
    for (name, document) in odd(&body) {
        all.add(format!("claims: {name}"), ec_bytes(&head, &document));
    }
    for member in [
        r#""alg":"none""#,
        r#""alg":"ES256""#,
        r#""typ":"JWT""#,
        r#""kid":"other""#,
        &format!(r#""kid":"{kid}""#),
        r#""\u0061lg":"none""#,
    ] {
        let twice = twice(&head, member);
        all.add(format!("header twice: {member}"), ec_bytes(&twice, &body));
    }
    for member in [
        r#""exp":9999999999"#,
        r#""exp":1800000900"#,
        r#""sub":"me""#,
        r#""role":"admin""#,
        r#""iss":"https://accounts.example.com""#,
        r#""aud":"latchkey""#,
        r#""nbf":0,"nbf":0"#,
        r#""\u0072ole":"admin""#,
    ] {
        let twice = twice(&body, member);
        all.add(format!("claim twice: {member}"), ec_bytes(&head, &twice));
    }
    for name in ["exp", "sub", "role"] {
        let renamed = String::from_utf8_lossy(&body).replace(
            &format!("\"{name}\""),
            &format!("\"{}\"", name.to_uppercase()),
        );
        all.add(
            format!("claim {name} in upper case"),
            ec_bytes(&head, renamed.as_bytes()),
        );
    }
}
