//! What is registered, and what counts as it.

use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).expect(text)
}

#[test]
fn what_clients_have_is_taken() {
    for taken in [
        "https://app.example.com/callback",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com:8443/a/b.c/d?e=f&g=%2Fh",
        "https://app.example.com?from=us",
        "https://app.example.com/a//b",
        "https://app.example.com/...",
        "https://xn--bcher-kva.example/cb",
        "https://intranet/cb",
        "https://192.0.2.7/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://localhost/cb",
        "http://localhost/cb",
        "http://localhost:3000/cb?x=y",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:49152/cb",
        "http://[::1]/cb",
        "http://[::1]:49152/cb",
        "com.example.app:/cb",
        "com.example.app://cb/x",
        "com.example.app:///cb",
        &format!("https://a.example/{}", "a".repeat(494)),
    ] {
        assert_eq!(
            RedirectUri::parse(taken).map(|uri| uri.0),
            Ok(taken.to_owned())
        );
        assert!(uri(taken).matches(taken), "{taken}");
    }
}

#[test]
fn bug_98_what_is_not_absolute_or_not_what_it_looks_like_is_refused() {
    for refused in [
        "",
        "/cb",
        "//a.example/cb",
        "a.example/cb",
        "https",
        "https:",
        "https:/",
        "https://",
        "https:///cb",
        "https:a.example/cb",
        "https:/a.example/cb",
        "https://?x",
        "https://a.example/cb#",
        "https://a.example/cb#x",
        "https://a.example/cb%23#",
        "https://user@a.example/cb",
        "https://user:pw@a.example/cb",
        "https://@a.example/cb",
        "https://a.example@evil.example/cb",
        "https://a.example%40evil.example/cb",
        "https://*.example/cb",
        "https://a.example/*",
        "https://a.example\\@evil.example/cb",
        "https:\\\\a.example\\cb",
        "https://a.example/cb\\..",
        "https://a.example/ cb",
        " https://a.example/cb",
        "https://a.example/cb ",
        "https://a.example/cb\t",
        "https://a.exa\tmple/cb",
        "https://a.example/cb\n",
        "https://a.example/cb\r\nLocation: x",
        "https://a.example/cb\0",
        "https://a.example/\u{e4}",
        "https://\u{e4}.example/cb",
        "https://a\u{ff0e}example/cb",
        "https://a\u{3002}example/cb",
        "https://a.example/\u{202e}bc",
        "https://a.example/%",
        "https://a.example/%2",
        "https://a.example/%zz",
        "https://a.example/\"",
        "https://a.example/<b>",
        "https://a.example/{x}",
        "https://a.example/a|b",
        "https://a.example/a^b",
        "https://a.example/`",
        "https://A.example/cb",
        "HTTPS://a.example/cb",
        "https://a..example/cb",
        "https://.a.example/cb",
        "https://a.example./cb",
        "https://a.example:/cb",
        "https://a.example:0/cb",
        "https://a.example:0443/cb",
        "https://a.example:65536/cb",
        "https://a.example:+80/cb",
        "https://a.example:80:80/cb",
        "https://a.example:8%30/cb",
        "https://a.example/./cb",
        "https://a.example/../cb",
        "https://a.example/cb/..",
        "https://a.example/cb/.",
        "https://a.example/%2e%2e/cb",
        "https://a.example/.%2E/cb",
        "https://a.example/%2E?x",
        "https://127.1/cb",
        "https://0x7f.0.0.1/cb",
        "https://0x7f000001/cb",
        "https://2130706433/cb",
        "https://0177.0.0.1/cb",
        "https://1.2.3.4.5/cb",
        "https://a.example.0/cb",
        "https://[::1/cb",
        "https://::1]/cb",
        "https://[]/cb",
        "https://[0:0:0:0:0:0:0:1]/cb",
        "https://[2001:DB8::1]/cb",
        "https://[fe80::1%25eth0]/cb",
        "https://[a.example]/cb",
        "https://x[::1]/cb",
        "https://[::1]x/cb",
        "https://[::1]:/cb",
    ] {
        assert!(RedirectUri::parse(refused).is_err(), "{refused:?}");
    }
    let long = format!("https://a.example/{}", "a".repeat(495));
    let code = RedirectUri::parse(&long).map_err(|error| error.code);
    assert_eq!(code, Err("too_long"));
}

#[test]
fn without_tls_it_is_this_machine_alone() {
    for refused in [
        "http://a.example/cb",
        "http://localhost.evil.example/cb",
        "http://localhost@evil.example/cb",
        "http://evil.localhost/cb",
        "http://localhost./cb",
        "http://LOCALHOST/cb",
        "HTTP://localhost/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1.nip.io/cb",
        "http://127.0.0.2/cb",
        "http://127.1/cb",
        "http://127.0.1/cb",
        "http://2130706433/cb",
        "http://0x7f000001/cb",
        "http://0177.0.0.1/cb",
        "http://127.0.0.01/cb",
        "http://0.0.0.0/cb",
        "http://0/cb",
        "http://[::]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "http://[::0001]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[::1].evil.example/cb",
        "http://[::1]@evil.example/cb",
        "http:localhost/cb",
        "http:///localhost/cb",
    ] {
        assert!(RedirectUri::parse(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn schemes_of_apps_have_a_dot_and_no_browser_runs_one() {
    for refused in [
        "javascript:alert(1)",
        "javascript://a.example/%0aalert(1)",
        "JavaScript:/x",
        "data:text/html,x",
        "data:/x",
        "file:///etc/passwd",
        "blob:https://a.example/x",
        "about:blank",
        "vbscript:/x",
        "view-source:https://a.example",
        "myapp:/cb",
        "myapp://cb",
        "ftp://a.example/cb",
        "ws://localhost/cb",
        "Com.example.app:/cb",
        "1.example:/cb",
        ".example:/cb",
        "example.:/cb",
        "com..app:/cb",
        "com.exa_mple:/cb",
        "java%0ascript.x:/cb",
        "com.example.app:",
        "com.example.app:cb",
        "com.example.app:?x",
        "com.example.app://user@cb",
        "com.example.app:/../cb",
        "com.example.app:/cb#x",
    ] {
        assert!(RedirectUri::parse(refused).is_err(), "{refused:?}");
    }
}

#[test]
fn bug_106_what_is_asked_for_is_what_is_registered_byte_by_byte() {
    let registered = uri("https://app.example.com/cb?x=y");
    for given in [
        "",
        "https://app.example.com/cb",
        "https://app.example.com/cb?x=",
        "https://app.example.com/cb?x=y&z",
        "https://app.example.com/cb?x=y#",
        "https://app.example.com/cb?x=y ",
        " https://app.example.com/cb?x=y",
        "https://app.example.com/cb?x=y\n",
        "https://app.example.com/cb?x=y\0",
        "https://app.example.com/cb/?x=y",
        "https://app.example.com/cb%3Fx=y",
        "https://app.example.com/%63b?x=y",
        "https://app.example.com/cb?x=%79",
        "https://app.example.com/CB?x=y",
        "https://APP.example.com/cb?x=y",
        "HTTPS://app.example.com/cb?x=y",
        "http://app.example.com/cb?x=y",
        "https://app.example.com:443/cb?x=y",
        "https://app.example.com:8443/cb?x=y",
        "https://app.example.com./cb?x=y",
        "https://app.example.com//cb?x=y",
        "https://app.example.com/./cb?x=y",
        "https://app.example.com/a/../cb?x=y",
        "https://app.example.com/cb/../cb?x=y",
        "https://app.example.com/%2e/cb?x=y",
        "https://app.example.com\\cb?x=y",
        "https:\\\\app.example.com/cb?x=y",
        "https:/app.example.com/cb?x=y",
        "https:app.example.com/cb?x=y",
        "//app.example.com/cb?x=y",
        "https://user@app.example.com/cb?x=y",
        "https://app.example.com@evil.example/cb?x=y",
        "https://app.example.com.evil.example/cb?x=y",
        "https://evil.example/https://app.example.com/cb?x=y",
        "https://sub.app.example.com/cb?x=y",
        "https://xapp.example.com/cb?x=y",
        "https://app.example.com%2ecb?x=y",
        "https://\u{ff41}pp.example.com/cb?x=y",
        "https://app\u{3002}example.com/cb?x=y",
        "https://app.ex\tample.com/cb?x=y",
        "javascript:alert(1)//https://app.example.com/cb?x=y",
    ] {
        assert!(!registered.matches(given), "{given:?}");
    }
    for (registered, given) in [
        ("https://a.example", "https://a.example/"),
        ("https://a.example/", "https://a.example"),
        ("https://a.example/cb", "https://a.example/cb/evil"),
        ("https://a.example/cb", "https://a.example/cbx"),
        ("https://127.0.0.1/cb", "https://127.0.0.1:8443/cb"),
        ("https://[::1]/cb", "https://[::1]:8443/cb"),
        ("com.example.app:/cb", "com.example.app://cb"),
        ("com.example.app:/cb", "com.example.app:/cb/"),
        ("com.example.app://cb", "com.example.app://cb:80"),
    ] {
        assert!(!uri(registered).matches(given), "{given:?}");
    }
}

#[test]
fn an_address_of_this_machine_has_any_port() {
    for (registered, given) in [
        ("http://127.0.0.1/cb", "http://127.0.0.1:1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:65535/cb"),
        ("http://127.0.0.1:3000/cb", "http://127.0.0.1:3001/cb"),
        ("http://127.0.0.1:3000/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:3000"),
        ("http://127.0.0.1?x", "http://127.0.0.1:3000?x"),
        ("http://[::1]/cb?x=y", "http://[::1]:49152/cb?x=y"),
    ] {
        assert!(uri(registered).matches(given), "{given}");
    }
}

#[test]
fn bug_106_and_is_itself_in_all_else() {
    for registered in ["http://127.0.0.1:3000/cb", "http://127.0.0.1/cb"] {
        for given in [
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:080/cb",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:+80/cb",
            "http://127.0.0.1:-80/cb",
            "http://127.0.0.1:8 0/cb",
            "http://127.0.0.1:\u{661}/cb",
            "http://127.0.0.1:80:80/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:80\\@evil.example/cb",
            "http://127.0.0.1:80.evil.example/cb",
            "http://127.0.0.1:80#/cb",
            "http://127.0.0.1:80/cb#",
            "http://127.0.0.1:80/cb/",
            "http://127.0.0.1:80/CB",
            "http://127.0.0.1:80/./cb",
            "http://127.0.0.1:80//cb",
            "http://127.0.0.1:80?/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://user@127.0.0.1/cb",
            "http://127.0.0.2:80/cb",
            "http://127.1:80/cb",
            "http://2130706433/cb",
            "http://localhost:80/cb",
            "http://localhost/cb",
            "http://[::1]:80/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "https://127.0.0.1:80/cb",
            "HTTP://127.0.0.1:80/cb",
        ] {
            assert!(!uri(registered).matches(given), "{registered} {given:?}");
        }
    }
    for (registered, given) in [
        ("http://127.0.0.1", "http://127.0.0.1:80@evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:80.evil.example"),
        ("http://127.0.0.1", "http://127.0.0.1:80/"),
        ("http://localhost:3000/cb", "http://localhost:3001/cb"),
        ("http://localhost/cb", "http://localhost:80/cb"),
        ("http://[::1]/cb", "http://[::1]x:80/cb"),
        ("http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]:80/cb"),
        ("http://[::1]/cb", "http://127.0.0.1:80/cb"),
    ] {
        assert!(!uri(registered).matches(given), "{registered} {given:?}");
    }
}
