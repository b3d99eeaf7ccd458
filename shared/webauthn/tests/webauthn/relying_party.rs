//! Which relying parties there can be.

use webauthn::{InvalidRelyingParty, RelyingParty};

use crate::authenticator::base64url;

#[test]
fn relying_parties_are_domains_and_the_origins_below_them() {
    for id in [
        "localhost",
        "example.org",
        "a.b-c.example.co.uk",
        "xn--bcher-kva.example",
        "1.example",
    ] {
        let relying_party = RelyingParty::new(id, [format!("https://{id}")]).expect(id);
        assert_eq!(relying_party.id(), id);
        assert_eq!(relying_party.origins(), [format!("https://{id}")]);
    }
    let long = format!("{}.org", "a".repeat(64));
    for id in [
        "",
        "org",
        "Example.org",
        "bücher.example",
        "example.org.",
        ".org",
        "a..org",
        "-a.org",
        "a-.org",
        "127.0.0.1",
        "[::1]",
        "example.org:80",
        "https://example.org",
        "a_b.org",
        "a b.org",
        &long,
    ] {
        let refused = RelyingParty::new(id, ["https://example.org"]);
        assert_eq!(refused, Err(InvalidRelyingParty::Id(id.to_owned())));
    }
    let none = RelyingParty::new("example.org", Vec::<String>::new());
    assert_eq!(none, Err(InvalidRelyingParty::NoOrigin));
}

#[test]
fn origins_are_as_browsers_and_apps_write_them() {
    let app = format!("android:apk-key-hash:{}", base64url(&[1; 32]));
    for origin in [
        "https://example.org",
        "https://a.b.example.org",
        "https://example.org:8443",
        app.as_str(),
    ] {
        assert!(
            RelyingParty::new("example.org", [origin]).is_ok(),
            "{origin}"
        );
    }
    for origin in [
        "http://localhost",
        "http://localhost:5173",
        "https://localhost:8443",
    ] {
        assert!(RelyingParty::new("localhost", [origin]).is_ok(), "{origin}");
    }
    let short = format!("android:apk-key-hash:{}", base64url(&[1; 31]));
    for origin in [
        "",
        "*",
        "null",
        "example.org",
        "https://",
        "https://org",
        "https://badexample.org",
        "https://.example.org",
        "https://example.org.evil.com",
        "https://evil.com/.example.org",
        "https://evil.com#.example.org",
        "https://user@example.org",
        "https://example.org/",
        "https://example.org?",
        "https://Example.org",
        "HTTPS://example.org",
        "https://*.example.org",
        "https://example.org:443",
        "https://example.org:0",
        "https://example.org:08443",
        "https://example.org:+1",
        "https://example.org:65536",
        "https://example.org:",
        "https://example.org:1:2",
        "http://example.org",
        "http://localhost",
        "ftp://example.org",
        "ios:bundle-id:org.example",
        "android:apk-key-hash:",
        short.as_str(),
    ] {
        let refused = RelyingParty::new("example.org", ["https://example.org", origin]);
        assert_eq!(refused, Err(InvalidRelyingParty::Origin(origin.to_owned())));
    }
    assert!(RelyingParty::new("localhost", ["http://localhost:80"]).is_err());
    assert!(RelyingParty::new("localhost", ["http://evil.localhost"]).is_err());
}
