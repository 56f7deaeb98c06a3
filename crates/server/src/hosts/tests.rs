//! Names that are ours, and all others.

use super::*;
use crate::StoreAt;
use axum::body::Body;
use proptest::prelude::*;

fn config(addr: &str, sites: &[&str], proxies: &[&str]) -> Config {
    let mut config = Config::new(addr.parse().unwrap(), StoreAt::File("none".into()));
    config.sites = sites.iter().map(|site| site.parse().unwrap()).collect();
    config.proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
    config
}

fn request(headers: &[(&str, &str)]) -> Request {
    let mut request = Request::get("/v1/items");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

fn status(config: &Config, headers: &[(&str, &str)], peer: &str) -> Result<(), StatusCode> {
    let peer = Some(peer.parse().unwrap());
    named(config, Door::Public, &request(headers), peer).map(drop).map_err(|problem| problem.status())
}

#[test]
fn own_names_are_those_of_the_machine_and_of_the_configuration() {
    let usual = config("127.0.0.1:8080", &[], &[]);
    let open = config("0.0.0.0:8080", &[], &[]);
    let shop = config("127.0.0.1:8080", &["https://shop.example/rec"], &[]);
    for (config, host, is_ours) in [
        (&usual, "localhost", true),
        (&usual, "LocalHost:9000", true),
        (&usual, "localhost.", true),
        (&usual, "127.0.0.1:8080", true),
        (&usual, "[::1]:8080", true),
        (&usual, "192.168.1.5:8080", false),
        (&usual, "evil.example", false),
        (&usual, "localhost.evil.example", false),
        (&usual, "127.0.0.1.evil.example", false),
        (&usual, "2130706433", false),
        (&open, "192.168.1.5:8080", true),
        (&open, "evil.example:8080", false),
        (&shop, "shop.example", true),
        (&shop, "Shop.Example:443", true),
        (&shop, "not-shop.example", false),
    ] {
        let expected = if is_ours { Ok(()) } else { Err(StatusCode::FORBIDDEN) };
        assert_eq!(status(config, &[("host", host)], "127.0.0.1"), expected, "{host}");
    }
    let unclear = Err(StatusCode::BAD_REQUEST);
    assert_eq!(status(&usual, &[], "127.0.0.1"), unclear);
    assert_eq!(status(&usual, &[("host", "localhost"), ("host", "localhost")], "127.0.0.1"), unclear);
    for host in ["", "a b", "user@localhost", "localhost/x"] {
        assert_eq!(status(&usual, &[("host", host)], "127.0.0.1"), unclear, "{host}");
    }
    let mut old = request(&[]);
    *old.version_mut() = Version::HTTP_10;
    assert!(named(&usual, Door::Public, &old, None).is_ok(), "an old client names nobody");
    let mut absolute = request(&[("host", "localhost")]);
    *absolute.uri_mut() = "http://evil.example/v1/items".parse().unwrap();
    assert!(named(&usual, Door::Public, &absolute, None).is_err());
}

#[test]
fn what_a_trusted_proxy_says_counts_and_what_others_say_does_not() {
    let shop = config("127.0.0.1:8080", &["https://shop.example"], &["10.0.0.0/8"]);
    let said = |name: &'static str, value: &'static str| [("host", "127.0.0.1:8080"), (name, value)];
    let refused = Err(StatusCode::FORBIDDEN);
    for (headers, peer, expected) in [
        (said("x-forwarded-host", "shop.example"), "10.0.0.1", Ok(())),
        (said("x-forwarded-host", "evil.example"), "10.0.0.1", refused),
        (said("x-forwarded-host", "shop.example, evil.example"), "10.0.0.1", refused),
        (said("forwarded", "for=1.2.3.4;host=\"evil.example\""), "10.0.0.1", refused),
        (said("forwarded", "for=1.2.3.4;Host=shop.example:443"), "10.0.0.1", Ok(())),
        (said("x-forwarded-host", "evil.example"), "127.0.0.1", Ok(())),
    ] {
        assert_eq!(status(&shop, &headers, peer), expected, "{headers:?} {peer}");
    }
}

#[test]
fn pages_are_ours_where_their_origin_is() {
    let shop = config("127.0.0.1:8080", &["https://shop.example/rec"], &[]);
    for (host, origin, is_foreign) in [
        ("localhost:8080", "http://localhost:8080", false),
        ("localhost:8080", "http://localhost:3000", true),
        ("localhost:8080", "null", true),
        ("127.0.0.1:8080", "https://shop.example", false),
        ("127.0.0.1:8080", "http://shop.example", true),
        ("127.0.0.1:8080", "https://shop.example:8443", true),
        ("shop.example", "https://shop.example", false),
    ] {
        let request = request(&[("host", host), ("origin", origin)]);
        let named = named(&shop, Door::Public, &request, None).unwrap();
        assert_eq!(named.is_foreign(&shop.sites, request.headers()), is_foreign, "{host} {origin}");
    }
}

#[test]
fn a_path_before_ours_is_taken_away() {
    let sites = ["https://a.example/rec".parse().unwrap(), "https://b.example".parse().unwrap()];
    for (path, expected) in [
        ("/rec/v1/items?q=a%20b", Some("/v1/items?q=a%20b")),
        ("/rec/", Some("/")),
        ("/record", None),
        ("/v1/rec/x", None),
        ("/", None),
    ] {
        let found = inner(&sites, &path.parse().unwrap());
        let expected = expected.map_or(Inner::Same, |path| Inner::Other(path.parse().unwrap()));
        assert_eq!(found, expected, "{path}");
    }
    assert_eq!(inner(&sites, &"/rec?q".parse().unwrap()), Inner::Beneath("/rec/?q".to_owned()));
}

proptest! {
    #[test]
    fn no_name_but_its_own_is_taken(
        host in "[a-z0-9.-]{1,20}\\.[a-z]{2,6}",
        header in prop::sample::select(vec!["x-forwarded-host", "forwarded", "via", "x-real-ip", "origin"]),
        own in prop::sample::select(vec!["localhost", "127.0.0.1", "shop.example"]),
    ) {
        let shop = config("127.0.0.1:8080", &["https://shop.example"], &[]);
        prop_assume!(host != "shop.example");
        // A name that the HTTP library cannot read is refused as well, as one that is none.
        let headers = [("host", host.as_str()), (header, own)];
        prop_assert!(status(&shop, &headers, "127.0.0.1").is_err(), "{host}");
    }

    #[test]
    fn a_sign_of_a_proxy_is_seen(name in "x-forwarded-[a-z]{1,8}|forwarded|via|x-real-ip|X-Forwarded-For") {
        let request = request(&[("host", "localhost"), (&name, "1.2.3.4")]);
        prop_assert!(is_passed_on(request.headers()));
    }
}
