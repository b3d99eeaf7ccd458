//! Forged signatures, and the keys and tokens of others.

use super::*;

/// An ASN.1 INTEGER of a big-endian number (X.690 §8.3).
fn der_integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(31);
    let mut content = number[start..].to_vec();
    if content[0] >= 0x80 {
        content.insert(0, 0);
    }
    let length = u8::try_from(content.len()).expect("at most 33");
    [vec![2, length], content].concat()
}

pub(super) fn signatures(all: &mut Forgeries) {
    /// Order of the group of P-256 (FIPS 186-5).
    const ORDER: &str = "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE";
    let order = BASE64URL.decode(ORDER).expect("base64url");
    let zero = vec![0; 32];
    let one = [vec![0; 31], vec![1]].concat();
    let token = control();
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let genuine = BASE64URL.decode(signature).expect("base64url");
    let (r, s) = genuine.split_at(32);
    let integers = [der_integer(r), der_integer(s)].concat();
    let length = u8::try_from(integers.len()).expect("short");
    for (name, forged) in [
        ("r = s = 0", [zero.clone(), zero.clone()].concat()),
        ("r = 0", [&zero, s].concat()),
        ("s = 0", [r, &zero].concat()),
        ("r = s = 1", [one.clone(), one.clone()].concat()),
        ("r = n", [&order, s].concat()),
        ("s = n", [r, &order].concat()),
        ("r = s = n", [order.clone(), order.clone()].concat()),
        ("r and s exchanged", [s, r].concat()),
        ("all bits set", vec![0xff; 64]),
        ("one byte", vec![0]),
        ("cut by a byte", genuine[..63].to_vec()),
        ("r alone", r.to_vec()),
        ("a zero before", [&[0], genuine.as_slice()].concat()),
        ("a zero after", [genuine.as_slice(), &[0]].concat()),
        ("twice", [genuine.clone(), genuine.clone()].concat()),
        ("r and s of 48 bytes", [&[0; 16], r, &[0; 16], s].concat()),
        ("DER", [vec![0x30, length], integers].concat()),
    ] {
        let forged = BASE64URL.encode(forged);
        all.add(
            format!("ES256 signature: {name}"),
            format!("{message}.{forged}"),
        );
    }

    let token = sign(&KEYS.rsa, &header(&KEYS.rsa), &claims());
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    let genuine = BASE64URL.decode(signature).expect("base64url");
    // What RS256 encrypts (RFC 8017 §9.2), not encrypted.
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message.as_bytes());
    let oid = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";
    let encoded = [&[0, 1], [0xff; 202].as_slice(), &[0], oid, digest.as_ref()].concat();
    assert_eq!(encoded.len(), 256);
    let PublicNumbers::Rsa { n, .. } = &KEYS.public[0].numbers else {
        panic!("the first key is RSA");
    };
    for (name, forged) in [
        ("zeros", vec![0; 256]),
        ("one", [vec![0; 255], vec![1]].concat()),
        ("the modulus", BASE64URL.decode(n).expect("base64url")),
        ("the message, not encrypted", encoded),
        ("the digest", digest.as_ref().to_vec()),
        ("cut by a byte", genuine[..255].to_vec()),
        ("a zero before", [&[0], genuine.as_slice()].concat()),
        ("a zero after", [genuine.as_slice(), &[0]].concat()),
    ] {
        let forged = BASE64URL.encode(forged);
        all.add(
            format!("RS256 signature: {name}"),
            format!("{message}.{forged}"),
        );
    }
}

pub(super) fn other_keys_and_other_tokens(all: &mut Forgeries) {
    let admin = with(&claims(), "role", &json!("admin"));
    for key in [&KEYS.ec, &KEYS.rsa] {
        let genuine = sign(key, &header(key), &claims());
        let another = sign(key, &header(key), &admin);
        let parts: Vec<_> = genuine.split('.').collect();
        let other_parts: Vec<_> = another.split('.').collect();
        all.add(
            format!("{:?}: the signature of another token", key.algorithm),
            format!("{}.{}.{}", parts[0], other_parts[1], parts[2]),
        );
    }
    let (ec, stranger) = (&KEYS.ec, &KEYS.stranger);
    all.add(
        "a key of another ring",
        sign(stranger, &header(stranger), &claims()),
    );
    all.add(
        "a key of another ring under our key's id",
        sign(stranger, &header(ec), &claims()),
    );
    let refresh = format!("lkrt_{}", BASE64URL.encode([7; 60]));
    all.add("a refresh token", refresh.clone());
    all.add(
        "a refresh token as the claims",
        format!("{}.{refresh}.AAAA", encode(&header(ec))),
    );
    all.add(
        "a token within a token",
        ec_bytes(&text(&header(ec)), control().as_bytes()),
    );
}
