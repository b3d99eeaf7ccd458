//! Forged algorithms: none, the public key as an HMAC secret, one in place of another.

use super::*;

fn pem(label: &str, der: &[u8]) -> Vec<u8> {
    let base64 = STANDARD.encode(der);
    let lines = base64.as_bytes().chunks(64);
    let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
    .into_bytes()
}

/// The public key in every form in which somebody has used it as an HMAC secret.
fn public_forms(key: &PublicKey) -> Vec<(&'static str, Vec<u8>)> {
    let decode = |text: &str| BASE64URL.decode(text).expect("base64url");
    let jwk = serde_json::to_vec(&key.numbers).expect("serializes");
    let mut forms = vec![("JWK", jwk), ("kid", key.kid.clone().into_bytes())];
    let spki = match &key.numbers {
        PublicNumbers::Rsa { n, e } => {
            let modulus = decode(n);
            let pkcs1 = [
                b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00".as_slice(),
                &modulus,
                b"\x02\x03\x01\x00\x01",
            ]
            .concat();
            assert_eq!(decode(e), [1, 0, 1]);
            let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
            let spki = [
                b"\x30\x82\x01\x22".as_slice(),
                algorithm,
                b"\x03\x82\x01\x0f\x00",
                &pkcs1,
            ]
            .concat();
            forms.extend([
                ("modulus", modulus),
                ("modulus in base64url", n.clone().into_bytes()),
                ("PKCS#1 PEM", pem("RSA PUBLIC KEY", &pkcs1)),
                ("PKCS#1 DER", pkcs1),
            ]);
            spki
        }
        PublicNumbers::Ec { x, y, .. } => {
            let point = [vec![4], decode(x), decode(y)].concat();
            let algorithm =
                b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
            let spki = [b"\x30\x59".as_slice(), algorithm, b"\x03\x42\x00", &point].concat();
            forms.extend([("point", point), ("x in base64url", x.clone().into_bytes())]);
            spki
        }
    };
    let spki_pem = pem("PUBLIC KEY", &spki);
    forms.extend([
        (
            "PEM without its last line break",
            spki_pem[..spki_pem.len() - 1].to_vec(),
        ),
        ("PEM", spki_pem),
        ("DER", spki),
        ("nothing", Vec::new()),
    ]);
    forms
}

pub(super) fn algorithms(all: &mut Forgeries) {
    let genuine = control();
    let (_, signature) = genuine.rsplit_once('.').expect("three parts");
    for alg in ["none", "None", "NONE", "nOnE", "none ", "\u{0}none", ""] {
        let header = with(&header(&KEYS.ec), "alg", &json!(alg));
        let message = format!("{}.{}", encode(&header), encode(&claims()));
        all.add(format!("alg {alg:?}, no signature"), format!("{message}."));
        all.add(format!("alg {alg:?}, two parts"), message.clone());
        all.add(
            format!("alg {alg:?}, a genuine signature of something else"),
            format!("{message}.{signature}"),
        );
    }
    for key in &KEYS.public {
        for (alg, digest) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
        ] {
            for (form, secret) in public_forms(key) {
                let header = json!({ "typ": "at+jwt", "alg": alg, "kid": key.kid });
                let message = format!("{}.{}", encode(&header), encode(&claims()));
                let tag = hmac::sign(&hmac::Key::new(digest, &secret), message.as_bytes());
                all.add(
                    format!("{alg} with the {:?} key's {form}", key.algorithm),
                    format!("{message}.{}", BASE64URL.encode(tag)),
                );
            }
        }
    }
    for (alg, jws) in [
        ("RS384", Jws::RS384),
        ("RS512", Jws::RS512),
        ("PS256", Jws::PS256),
        ("PS384", Jws::PS384),
        ("PS512", Jws::PS512),
    ] {
        let named = text(&with(&header(&KEYS.rsa), "alg", &json!(alg)));
        let claims = text(&claims());
        let rsa = |jws, header: &[u8]| sign_bytes(&KEYS.rsa, jws, header, &claims);
        all.add(format!("{alg} by our RSA key"), rsa(jws, &named));
        all.add(format!("{alg} named, RS256 done"), rsa(Jws::RS256, &named));
        let rs256 = text(&header(&KEYS.rsa));
        all.add(format!("RS256 named, {alg} done"), rsa(jws, &rs256));
    }
    for (named, key_named, signer) in [
        ("ES256", &KEYS.rsa, &KEYS.ec),
        ("ES256", &KEYS.rsa, &KEYS.rsa),
        ("RS256", &KEYS.ec, &KEYS.rsa),
        ("RS256", &KEYS.ec, &KEYS.ec),
        ("RS256", &KEYS.rsa, &KEYS.ec),
        ("ES256", &KEYS.ec, &KEYS.rsa),
    ] {
        let header = json!({ "typ": "at+jwt", "alg": named, "kid": key_named.kid });
        all.add(
            format!(
                "{named} named, key {:?}, signed {:?}",
                key_named.algorithm, signer.algorithm
            ),
            sign(signer, &header, &claims()),
        );
    }
    for alg in [
        json!("es256"),
        json!("ES256 "),
        json!("ES256K"),
        json!("ES384"),
        json!("ES512"),
        json!("EdDSA"),
        json!("dir"),
        json!("RSA-OAEP"),
        json!(["ES256"]),
        json!({ "alg": "ES256" }),
        json!(256),
        json!(true),
        json!(null),
    ] {
        all.header("alg", "alg", &alg);
    }
    let missing = without(&header(&KEYS.ec), "alg");
    all.add("no alg", sign(&KEYS.ec, &missing, &claims()));
}
