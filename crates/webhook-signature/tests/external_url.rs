//! Schemes that sign the URL: where scheme and host of it come from.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use http::{HeaderValue, Request, request::Parts, uri};
use webhook_core::{Facts, Origin, Reason, Secret, Timestamp};
use webhook_signature::{
    ConfigError, Preset, SchemeError, SignError, SignRequest, Verifier, presets,
};

const BODY: &[u8] = b"a=1&b=2";
const OURS: &str = "https://hooks.example.com";

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000)
}

fn secret() -> Secret {
    Secret::new("0123456789abcdef").unwrap()
}

/// Twilio's text is made by a function, Square's is a template, Trello's and Plivo's are functions
/// again.
fn presets() -> [&'static Preset; 4] {
    [
        &presets::TWILIO,
        &presets::SQUARE,
        &presets::TRELLO,
        &presets::PLIVO,
    ]
}

fn verifier(preset: &Preset) -> Verifier {
    let scheme = preset.scheme().with_url_from_trusted_proxy();
    Verifier::new(scheme, secret()).unwrap()
}

/// A delivery to this base URL, as it arrives behind a proxy that ends TLS.
fn sent(preset: &Preset, base: &str) -> Parts {
    let (mut parts, ()) = Request::post("/hook?x=1").body(()).unwrap().into_parts();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    parts.headers.insert("content-type", form);
    let others = parts.headers.clone();
    let sign = SignRequest::new(BODY, now())
        .with_base_url(base)
        .with_target("/hook?x=1")
        .with_id("msg_1")
        .with_headers(&others);
    parts.headers.extend(verifier(preset).sign(&sign).unwrap());
    parts
}

fn told(mut parts: Parts, scheme: uri::Scheme, authority: Option<&str>) -> Parts {
    let mut origin = Origin::new(scheme);
    if let Some(authority) = authority {
        origin = origin.with_authority(authority.parse().unwrap());
    }
    Facts::of_mut(&mut parts.extensions).set_origin(origin);
    parts
}

fn verdict(preset: &Preset, parts: &Parts) -> Result<(), Reason> {
    let verdict = verifier(preset).verify(parts, BODY, now());
    verdict.map(|_| ()).map_err(|refusal| refusal.reason())
}

#[test]
fn what_a_trusted_proxy_told_is_the_url() {
    for preset in presets() {
        let parts = sent(preset, OURS);
        let https = || uri::Scheme::HTTPS;
        for authority in ["hooks.example.com", "hooks.example.com:443"] {
            let parts = told(parts.clone(), https(), Some(authority));
            assert_eq!(verdict(preset, &parts), Ok(()), "{}", preset.name());
        }
        for (scheme, authority) in [
            (uri::Scheme::HTTP, "hooks.example.com"),
            (https(), "hooks.example.com:8443"),
            (https(), "other.example.com"),
        ] {
            // Twilio's libraries take a URL with its port and without it.
            if preset.name() == "twilio" && authority.ends_with(":8443") {
                continue;
            }
            let parts = told(parts.clone(), scheme, Some(authority));
            let refused = verdict(preset, &parts);
            assert_eq!(refused, Err(Reason::SignatureMismatch), "{}", preset.name());
        }
        let odd = sent(preset, "http://hooks.example.com:8443");
        let odd = told(odd, uri::Scheme::HTTP, Some("hooks.example.com:8443"));
        assert_eq!(verdict(preset, &odd), Ok(()), "{}", preset.name());
    }
}

#[test]
fn what_the_request_says_of_itself_is_nothing() {
    for preset in presets() {
        let mut parts = sent(preset, OURS);
        for (name, value) in [
            ("host", "hooks.example.com"),
            ("x-forwarded-host", "hooks.example.com"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "host=hooks.example.com;proto=https"),
        ] {
            parts.headers.insert(name, HeaderValue::from_static(value));
        }
        parts.uri = format!("{OURS}/hook?x=1").parse().unwrap();
        assert_eq!(
            verdict(preset, &parts),
            Err(Reason::Misconfigured),
            "{}",
            preset.name()
        );
        // Only the scheme is known: there is no URL without a host.
        let half = told(parts.clone(), uri::Scheme::HTTPS, None);
        assert_eq!(
            verdict(preset, &half),
            Err(Reason::Misconfigured),
            "{}",
            preset.name()
        );
        // They do not change what a proxy told either.
        let forged = told(parts, uri::Scheme::HTTPS, Some("other.example.com"));
        assert_eq!(
            verdict(preset, &forged),
            Err(Reason::SignatureMismatch),
            "{}",
            preset.name()
        );
        let mut spoofed = told(
            sent(preset, OURS),
            uri::Scheme::HTTPS,
            Some("hooks.example.com"),
        );
        let other = HeaderValue::from_static("other.example.com");
        spoofed.headers.insert("host", other.clone());
        spoofed.headers.insert("x-forwarded-host", other);
        assert_eq!(verdict(preset, &spoofed), Ok(()), "{}", preset.name());
    }
}

#[test]
fn the_base_url_stands_in_where_no_proxy_told_anything() {
    for preset in presets() {
        let scheme = preset.scheme().with_base_url(OURS).unwrap();
        let fixed = Verifier::new(&scheme, secret()).unwrap();
        let either = Verifier::new(scheme.with_url_from_trusted_proxy(), secret()).unwrap();
        let parts = sent(preset, OURS);
        assert!(
            either.verify(&parts, BODY, now()).is_ok(),
            "{}",
            preset.name()
        );
        let other = told(parts, uri::Scheme::HTTPS, Some("other.example.com"));
        assert!(
            either.verify(&other, BODY, now()).is_err(),
            "{}",
            preset.name()
        );
        // Who only gave a base URL believes no proxy.
        assert!(
            fixed.verify(&other, BODY, now()).is_ok(),
            "{}",
            preset.name()
        );
    }
}

#[test]
fn a_base_url_is_a_scheme_and_a_host() {
    let scheme = || presets::SQUARE.scheme();
    for url in ["https://a.example", "http://a.example:8080"] {
        assert!(scheme().with_base_url(url).is_ok(), "{url}");
    }
    for url in [
        "",
        "a.example",
        "ftp://a.example",
        "https://",
        "https://a.example/",
        "https://a.example/hooks",
        "https://a.example?a",
        "https://a.example#a",
        "https://a example",
    ] {
        assert!(scheme().with_base_url(url).is_err(), "{url}");
    }
}

#[test]
fn without_either_there_is_no_verifier_and_no_signature() {
    for preset in presets() {
        let error = Verifier::new(preset, secret()).unwrap_err();
        assert_eq!(error, ConfigError::Scheme(SchemeError::NoBaseUrl));
        let sign = SignRequest::new(BODY, now())
            .with_target("/hook")
            .with_id("msg_1");
        let unsigned = verifier(preset).sign(&sign).unwrap_err();
        assert_eq!(unsigned, SignError::BaseUrlMissing, "{}", preset.name());
    }
    // Where no URL is signed, nothing changes.
    let github = presets::GITHUB.scheme().with_url_from_trusted_proxy();
    let github = Verifier::new(github, secret()).unwrap();
    let (mut parts, ()) = Request::post("/").body(()).unwrap().into_parts();
    parts
        .headers
        .extend(github.sign(&SignRequest::new(BODY, now())).unwrap());
    assert!(github.verify(&parts, BODY, now()).is_ok());
}

#[cfg(feature = "public-key")]
#[test]
fn a_token_that_holds_the_urls_digest_is_held_against_it() {
    let preset = &presets::MESSAGEBIRD;
    let parts = sent(preset, OURS);
    assert_eq!(verdict(preset, &parts), Err(Reason::Misconfigured));
    let right = told(parts.clone(), uri::Scheme::HTTPS, Some("hooks.example.com"));
    assert_eq!(verdict(preset, &right), Ok(()));
    let wrong = told(parts, uri::Scheme::HTTPS, Some("other.example.com"));
    assert_eq!(verdict(preset, &wrong), Err(Reason::SignatureMismatch));
}
