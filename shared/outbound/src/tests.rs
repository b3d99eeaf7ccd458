use std::net::IpAddr;

use super::*;

fn client(reach: Reach) -> Client {
    Client {
        client: reqwest::Client::new(),
        reach,
    }
}

#[test]
fn bug_119_no_address_of_our_own_networks_is_public() {
    for private in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        let address: IpAddr = private.parse().expect(private);
        assert!(!is_public(address), "{private}");
        assert!(!Reach::Public.includes(address), "{private}");
    }
    for public in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ] {
        assert!(is_public(public.parse().expect(public)), "{public}");
    }
}

#[test]
fn bug_119_a_url_leads_to_https_and_to_no_address_of_ours() {
    let client = client(Reach::Public);
    for refused in [
        "http://example.com/",
        "ftp://example.com/",
        "https://user@example.com/",
        "https://a:b@example.com/",
        "https://example.com/#x",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1:8443/",
        "file:///etc/passwd",
        "//example.com",
        "example.com",
        "",
    ] {
        assert!(client.endpoint(refused).is_err(), "{refused}");
    }
    for taken in [
        "https://example.com/a?b=c",
        "https://8.8.8.8/",
        "https://example.com:8443",
    ] {
        assert!(client.endpoint(taken).is_ok(), "{taken}");
    }
}

#[test]
fn only_a_laptop_reaches_itself_and_nothing_else_without_tls() {
    let laptop = client(Reach::Loopback);
    for taken in [
        "http://127.0.0.1:8024/provider",
        "http://localhost:1/",
        "http://[::1]:1/",
    ] {
        assert!(laptop.endpoint(taken).is_ok(), "{taken}");
    }
    for refused in [
        "http://example.com/",
        "http://10.0.0.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/",
    ] {
        assert!(laptop.endpoint(refused).is_err(), "{refused}");
    }
}

/// `localhost` is a name: only what it resolves to tells where it is.
#[tokio::test]
async fn bug_119_a_name_is_resolved_and_what_it_resolves_to_looked_at() {
    let name = || "localhost".parse().expect("a name");
    let refused = Resolver(Reach::Public).resolve(name()).await;
    let refused = refused.err().expect("it is this machine").to_string();
    assert!(refused.contains("private addresses"), "{refused}");
    let found = Resolver(Reach::Loopback).resolve(name()).await;
    assert!(found.is_ok_and(|found| found.count() > 0));
}

#[test]
fn a_query_is_added_to_the_one_that_is_there() {
    let endpoint = client(Reach::Public).endpoint("https://example.com/authorize?a=1");
    let endpoint = endpoint.expect("an endpoint");
    let url = endpoint.with_query(&[("state", "a b&c")]);
    assert_eq!(url, "https://example.com/authorize?a=1&state=a+b%26c");
    assert_eq!(endpoint.origin(), "https://example.com");
}
