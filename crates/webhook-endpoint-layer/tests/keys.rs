//! Which requests have a key, and which key.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use http::Request;
use proptest::prelude::*;
use webhook_endpoint_layer::{EndpointErrorKind, EndpointKey, MAX_KEY_BYTES};

fn read(key: &EndpointKey, path: &str) -> Option<String> {
    let request = Request::post(path).body(()).ok()?;
    key.read(&request).map(|key| key.to_string())
}

fn pattern(text: &str) -> EndpointKey {
    EndpointKey::path(text).unwrap()
}

#[test]
fn the_key_is_the_segment_in_braces() {
    let key = pattern("/webhooks/{key}");
    assert_eq!(read(&key, "/webhooks/acme").unwrap(), "acme");
    assert_eq!(read(&key, "/webhooks/acme?a=/../b").unwrap(), "acme");
    assert_eq!(
        read(&key, "/webhooks/a.b-c_d~e:f@g").unwrap(),
        "a.b-c_d~e:f@g"
    );
    assert_eq!(
        read(&key, "https://example.com/webhooks/acme").unwrap(),
        "acme"
    );
    let key = pattern("/{provider}/in/{tenant}");
    assert_eq!(read(&key, "/github/in/acme").unwrap(), "github acme");
}

#[test]
fn no_other_path_has_a_key() {
    let strict = pattern("/webhooks/{key}");
    let prefix = EndpointKey::path_prefix("/webhooks/{key}").unwrap();
    for path in [
        "/",
        "/webhooks",
        "/webhooks/",
        "/webhooks//",
        "//webhooks/acme",
        "/webhooks//acme",
        "/webhooks/.",
        "/webhooks/..",
        "/webhooks/acme/",
        "/webhooks/acme/.",
        "/webhooks/acme/..",
        "/webhooks/acme/../globex",
        "/webhooks/acme//x",
        "/webhooks/./acme",
        "/webhooks/../webhooks/acme",
        "/webhooks/%2e%2e",
        "/webhooks/%2E",
        "/webhooks/acme%2fglobex",
        "/webhooks/acme%2Fglobex",
        "/webhooks/%61cme",
        "/webhooks/acme%00",
        "/webhooks/acme%",
        "/webhooks/acme%5c..",
        "/webhooks/acme\\globex",
        "/webhooks/acme/%2e%2e/globex",
        "/webhooks/acme/x\\y",
        "/WEBHOOKS/acme",
        "/webhook/acme",
        "/webhooks%2facme",
        "/webhooks/acm\u{e9}",
        "*",
    ] {
        assert_eq!(read(&strict, path), None, "{path}");
        assert_eq!(read(&prefix, path), None, "{path}");
    }
    assert_eq!(read(&strict, "/webhooks/acme/orders"), None);
    assert_eq!(read(&prefix, "/webhooks/acme/orders").unwrap(), "acme");
}

#[test]
fn a_key_has_a_greatest_length_all_parts_together() {
    let key = pattern("/webhooks/{key}");
    let longest = "k".repeat(MAX_KEY_BYTES);
    assert_eq!(
        read(&key, &format!("/webhooks/{longest}")).unwrap(),
        longest
    );
    assert_eq!(read(&key, &format!("/webhooks/{longest}k")), None);

    let both = pattern("/{a}/{b}");
    let half = "k".repeat(MAX_KEY_BYTES / 2);
    let less = "k".repeat(MAX_KEY_BYTES / 2 - 1);
    assert_eq!(
        read(&both, &format!("/{half}/{half}")),
        None,
        "and the space between"
    );
    assert!(read(&both, &format!("/{half}/{less}")).is_some());
}

#[test]
fn a_header_stands_once_and_holds_visible_text() {
    let key = EndpointKey::header("X-Webhook-Endpoint").unwrap();
    let with = |values: &[&[u8]]| {
        let mut request = Request::post("/any/../path").body(()).unwrap();
        for value in values {
            let value = http::HeaderValue::from_bytes(value).unwrap();
            request.headers_mut().append("x-webhook-endpoint", value);
        }
        key.read(&request).map(|key| key.to_string())
    };
    assert_eq!(with(&[b"acme"]).unwrap(), "acme");
    assert_eq!(with(&[b"orders/create"]).unwrap(), "orders/create");
    let none: [&[&[u8]]; 6] = [
        &[],
        &[b""],
        &[b"acme", b"acme"],
        &[b"acme push"],
        &[b"acm\xe9"],
        &[&[b'k'; MAX_KEY_BYTES + 1]],
    ];
    for values in none {
        assert_eq!(with(values), None, "{values:?}");
    }
}

#[test]
fn a_combined_key_needs_all_its_parts() {
    let key = pattern("/webhooks/{key}").and(EndpointKey::header("x-github-event").unwrap());
    let request = Request::post("/webhooks/acme").body(()).unwrap();
    assert_eq!(key.read(&request), None);
    let request = Request::post("/webhooks/acme").header("x-github-event", "push");
    let found = key.read(&request.body(()).unwrap()).unwrap();
    assert_eq!(found.parts().collect::<Vec<_>>(), ["acme", "push"]);
}

#[test]
fn a_wrong_pattern_is_an_error_that_names_the_fix() {
    for (text, fix) in [
        ("webhooks/{key}", "does not begin with a slash"),
        ("", "does not begin with a slash"),
        ("/webhooks", "has no key"),
        ("/webhooks/{key}/", "no slash at its end"),
        ("/", "no slash at its end"),
        ("/webhooks//{key}", "neither empty"),
        ("/webhooks/../{key}", "neither empty"),
        ("/webhooks/{}", "whole segment"),
        ("/webhooks/{key}.json", "whole segment"),
        ("/webhooks/{*rest}", "path_prefix"),
        ("/web%20hooks/{key}", "without '%'"),
        ("/web hooks/{key}", "visible ASCII"),
    ] {
        let error = EndpointKey::path(text).unwrap_err().to_string();
        assert!(error.contains(fix), "{text}: {error}");
    }
    let error = EndpointKey::header("no header").unwrap_err();
    assert!(matches!(error.kind(), EndpointErrorKind::InvalidHeader(_)));
}

/// Paths of the pieces that readers of paths disagree about.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = [
        "a", "acme", "b", "/", "//", ".", "..", "%", "%2e", "%2F", "%5c", "%00", "%252e", "\\",
        ";", "?", "#", " ", "\u{e9}",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..8).prop_map(|all| all.concat())
}

proptest! {
    /// Whatever the path, a key that is found spells the path that it came from: there is one path
    /// for each key, and nothing in it to decode or to walk up by.
    #[test]
    fn a_key_has_one_path(rest in nasty()) {
        let key = pattern("/webhooks/{key}");
        if let Some(found) = read(&key, &format!("/webhooks/{rest}")) {
            let path = rest.split(['?', '#']).next().unwrap();
            prop_assert_eq!(&found, path);
            prop_assert!(!found.contains(['/', '\\', '%', ' ']) && found != "." && found != "..");
        }
    }

    /// Two requests with the same key have the same parts.
    #[test]
    fn parts_never_run_together(a in "[!-~]{1,20}", b in "[!-~]{1,20}") {
        let key = EndpointKey::header("x-a").unwrap().and(EndpointKey::header("x-b").unwrap());
        let request = Request::post("/").header("x-a", &a).header("x-b", &b).body(()).unwrap();
        let found = key.read(&request).unwrap();
        prop_assert_eq!(found.parts().collect::<Vec<_>>(), [a, b]);
    }

    /// No path makes the reader panic, and no path outside of the prefix is found.
    #[test]
    fn any_path_is_read(path in prop_oneof![nasty(), "[!-~]{0,60}"]) {
        let path = format!("/{path}");
        for key in [pattern("/webhooks/{key}"), EndpointKey::path_prefix("/{a}/{b}").unwrap()] {
            if let Some(found) = read(&key, &path) {
                prop_assert!(!found.split(' ').any(|part| matches!(part, "" | "." | "..")));
            }
        }
    }
}
