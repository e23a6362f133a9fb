//! What `sign_request` makes, `verify` accepts, and nothing else: for every preset that can sign.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its helpers with it"
)]

mod common;

use common::{delivery::configured, secret};
use http::{HeaderName, HeaderValue, Request, request::Parts};
use proptest::prelude::*;
use webhook_core::{Reason, Timestamp, Verification};
use webhook_signature::{Part, Preset, SignError, SignRequest, Verifier, presets};

/// A delivery before it is signed, and the choices of what is changed afterwards.
#[derive(Clone, Debug)]
struct Case {
    key: String,
    other_key: String,
    id: String,
    event: String,
    value: String,
    seconds: i64,
    at: prop::sample::Index,
}

fn case() -> impl Strategy<Value = Case> {
    let key = "[0-9a-f]{32}";
    let texts = ("[a-z0-9]{1,40}", "[a-z]{1,20}", "[a-zA-Z0-9]{1,20}");
    (
        key,
        key,
        texts,
        1_000_000_000_i64..9_000_000_000,
        any::<prop::sample::Index>(),
    )
        .prop_filter("two keys", |(key, other, ..)| key != other)
        .prop_map(|(key, other_key, (id, event, value), seconds, at)| Case {
            key,
            other_key,
            id,
            event,
            value,
            seconds,
            at,
        })
}

/// A signed delivery.
#[derive(Clone)]
struct Sent {
    parts: Parts,
    body: Vec<u8>,
    /// The headers that signing added.
    added: Vec<HeaderName>,
}

impl Case {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_seconds(self.seconds)
    }

    /// The body as the provider would have made it, without a signature.
    fn body(&self, preset: &Preset) -> String {
        let Self {
            value,
            event,
            seconds,
            ..
        } = self;
        match preset.name() {
            "adyen" => format!(
                "{{\"live\":\"false\",\"notificationItems\":[{{\"NotificationRequestItem\":{{\"pspReference\":\"{value}\",\"amount\":{{\"value\":1,\"currency\":\"EUR\"}},\"success\":\"true\"}}}},{{\"NotificationRequestItem\":{{\"additionalData\":{{\"x\":\"y\"}},\"pspReference\":\"z\"}}}}]}}"
            ),
            "dropbox-sign" => format!("{{\"event\":{{\"event_type\":\"{event}\"}}}}"),
            "linear" => format!("{{\"v\":\"{value}\",\"webhookTimestamp\":{seconds}000}}"),
            "microsoft-graph" => format!(
                "{{\"value\":[{{\"subscriptionId\":\"{value}\"}},{{\"changeType\":\"created\"}}]}}"
            ),
            name if is_form(name) => format!("a={value}&b=2"),
            _ => format!("{{\"v\":\"{value}\"}}"),
        }
    }

    fn sign(&self, preset: &Preset, verifier: &Verifier) -> Result<Sent, SignError> {
        let target = format!("/hooks/{}?data.id={}", self.value, self.value);
        let (mut parts, ()) = Request::post(&target).body(()).unwrap().into_parts();
        if is_form(preset.name()) {
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            parts.headers.insert("content-type", form);
        }
        let (body, others) = (self.body(preset), parts.headers.clone());
        let request = SignRequest::new(body.as_bytes(), self.now())
            .with_target(&target)
            .with_id(&self.id)
            .with_event(&self.event)
            .with_headers(&others);
        let (headers, body, target) = verifier.sign_request(&request)?.into_parts();
        let added = headers.iter().map(|(name, _)| name.clone()).collect();
        parts.headers.extend(headers);
        parts.uri = target.unwrap().parse().unwrap();
        Ok(Sent {
            parts,
            body: body.into_owned(),
            added,
        })
    }
}

fn is_form(name: &str) -> bool {
    matches!(name, "twilio" | "plivo" | "plivo-v1") || name.starts_with("vonage-sms")
}

fn verifier(preset: &Preset, key: &str) -> Verifier {
    Verifier::new(configured(preset), secret(key)).unwrap()
}

/// One letter or digit of a text exchanged for another, that is not the same in the other case.
fn changed(text: &str, at: prop::sample::Index) -> String {
    let places: Vec<_> = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_alphanumeric())
        .map(|(place, _)| place)
        .collect();
    let place = places[at.index(places.len())];
    let other = if text[place..].starts_with(['3', 'x', 'X']) {
        "4"
    } else {
        "3"
    };
    format!("{}{other}{}", &text[..place], &text[place + 1..])
}

fn verify(sent: &Sent, verifier: &Verifier, now: Timestamp) -> Result<Verification, Reason> {
    let verdict = verifier.verify(&sent.parts, &sent.body, now);
    verdict.map_err(|refusal| refusal.reason())
}

/// Every preset that can sign, with the delivery that it signed.
fn signed(case: &Case) -> impl Iterator<Item = (&'static Preset, Verifier, Sent)> {
    presets::all()
        .filter(|preset| preset.is_verifiable() && common::takes_secrets(preset))
        .map(|preset| {
            let verifier = verifier(preset, &case.key);
            let sent = case.sign(preset, &verifier);
            let sent = sent.unwrap_or_else(|error| panic!("{}: {error}", preset.name()));
            (preset, verifier, sent)
        })
}

#[test]
fn the_presets_whose_signature_is_not_in_a_header_are_these() {
    let case = Case {
        key: "0123456789abcdef0123456789abcdef".into(),
        other_key: String::new(),
        id: "id1".into(),
        event: "made".into(),
        value: "v".into(),
        seconds: 1_700_000_000,
        at: any_index(),
    };
    let mut elsewhere = Vec::new();
    for (preset, verifier, sent) in signed(&case) {
        let body = case.body(preset);
        let other = if is_form(preset.name()) {
            "application/x-www-form-urlencoded"
        } else {
            "x"
        };
        let mut headers = http::HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(other));
        let request = SignRequest::new(body.as_bytes(), case.now())
            .with_target("/hooks?data.id=v")
            .with_id(&case.id)
            .with_event(&case.event)
            .with_headers(&headers);
        let whole = verifier.sign_request(&request).unwrap();
        let changes = (whole.changes_body(), whole.changes_target());
        match verifier.sign(&request) {
            Ok(headers) => {
                assert_eq!(headers, whole.headers(), "{}", preset.name());
                assert_eq!(changes, (false, false), "{}", preset.name());
                assert_eq!(sent.body, body.as_bytes(), "{}", preset.name());
            }
            Err(SignError::NotInAHeader) => {
                assert_ne!(changes, (false, false), "{}", preset.name());
                elsewhere.push(preset.name());
            }
            Err(error) => panic!("{}: {error}", preset.name()),
        }
    }
    let expected = [
        "adyen",
        "braintree",
        "dropbox-sign",
        "figma",
        "mailgun",
        "microsoft-graph",
        "pandadoc",
        "vonage-sms",
        "vonage-sms-sha512",
    ];
    assert_eq!(elsewhere, expected);
}

fn any_index() -> prop::sample::Index {
    use proptest::{strategy::ValueTree as _, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    any::<prop::sample::Index>()
        .new_tree(&mut runner)
        .unwrap()
        .current()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(24)
    })]

    #[test]
    fn what_is_signed_is_accepted_and_says_what_it_is(case in case()) {
        for (preset, verifier, sent) in signed(&case) {
            let verdict = verify(&sent, &verifier, case.now());
            let verification = verdict.unwrap_or_else(|reason| panic!("{}: {reason}", preset.name()));
            let scheme = preset.scheme();
            prop_assert_eq!(verification.secret_id().unwrap().as_str(), "default");
            if scheme.covers_timestamp() {
                prop_assert_eq!(verification.timestamp(), Some(case.now()), "{}", preset.name());
            }
            if let Some(id) = verification.delivery_id() {
                prop_assert_eq!(id, &*case.id, "{}", preset.name());
                prop_assert_eq!(verification.is_delivery_id_signed(), scheme.covers_id());
            }
            if let Some(event) = verification.event_type() {
                prop_assert_eq!(event, &*case.event, "{}", preset.name());
                prop_assert_eq!(verification.is_event_type_signed(), scheme.covers_event());
                // Its value is one that no header holds where the body says it.
                let in_header = scheme.event_header().is_some();
                prop_assert!(in_header || scheme.covers_event(), "{}", preset.name());
            }
            let again = case.sign(preset, &verifier).unwrap();
            prop_assert!(again.body == sent.body && again.parts.headers == sent.parts.headers);
        }
    }

    #[test]
    fn another_secret_or_another_time_is_refused(case in case()) {
        for (preset, mine, sent) in signed(&case) {
            let other = verifier(preset, &case.other_key);
            prop_assert!(verify(&sent, &other, case.now()).is_err(), "{}", preset.name());
            let Some(tolerance) = preset.scheme().tolerance() else {
                continue;
            };
            let bounds = [(tolerance.past(), 1), (tolerance.future(), -1)];
            for (bound, sign) in bounds {
                let Some(bound) = bound else { continue };
                let bound = i64::try_from(bound.as_secs()).unwrap();
                let far = Timestamp::from_unix_seconds(case.seconds + sign * (bound + 62));
                prop_assert!(verify(&sent, &mine, far).is_err(), "{}", preset.name());
            }
        }
    }

    /// The flags of id and event are the truth: one that is signed cannot be changed, and one that
    /// can be changed does not say that it is signed.
    #[test]
    fn a_changed_header_is_refused_unless_it_says_that_it_is_not_signed(case in case()) {
        for (preset, verifier, sent) in signed(&case) {
            let scheme = preset.scheme();
            for name in &sent.added {
                let mut other = sent.clone();
                let text = sent.parts.headers[name].to_str().unwrap();
                let value = changed(text, case.at).parse().unwrap();
                other.parts.headers.insert(name, value);
                let mut less = sent.clone();
                less.parts.headers.remove(name);
                for (what, delivery) in [("changed", other), ("removed", less)] {
                    let verdict = verify(&delivery, &verifier, case.now());
                    let is_id = scheme.id_header() == Some(name);
                    let is_event = scheme.event_header() == Some(name);
                    match verdict {
                        Err(_) => {}
                        // It names the key, and a ring's secret `default` goes by any name.
                        Ok(_) if name == "x-pusher-key" && what == "changed" => {}
                        Ok(it) if is_id && what == "changed" => prop_assert!(!it.is_delivery_id_signed(), "{}: {}", preset.name(), name),
                        Ok(it) if is_event && what == "changed" => prop_assert!(!it.is_event_type_signed(), "{}: {}", preset.name(), name),
                        Ok(_) if is_id => prop_assert!(!scheme.covers_id(), "{}: {}", preset.name(), name),
                        Ok(_) if is_event => prop_assert!(!scheme.covers_event(), "{}: {}", preset.name(), name),
                        Ok(_) => prop_assert!(false, "{}: {} was {}", preset.name(), name, what),
                    }
                    if (is_id && scheme.covers_id()) || (is_event && scheme.covers_event()) {
                        prop_assert!(verify(&delivery, &verifier, case.now()).is_err(), "{}", preset.name());
                    }
                }
            }
        }
    }

    #[test]
    fn a_changed_body_is_refused_where_it_is_signed(case in case()) {
        for (preset, verifier, sent) in signed(&case) {
            let text = std::str::from_utf8(&sent.body).unwrap();
            // Of a body that is not signed as a whole, a part that is.
            let other = match preset.name() {
                _ if preset.scheme().covers_body() => changed(text, case.at),
                "adyen" => text.replace(&format!("\"{}\"", case.value), "\"other value\""),
                "braintree" => {
                    let (signature, payload) = text.split_once("bt_payload=").unwrap();
                    format!("{signature}bt_payload={}", changed(payload, case.at))
                }
                "dropbox-sign" => text.replace(&format!("\"{}\"", case.event), "\"other\""),
                "mailgun" => text.replace(&format!("\"{}\"", case.id), "\"otherid\""),
                "figma" | "microsoft-graph" => text.replace(&case.key, &case.other_key),
                _ => continue,
            };
            prop_assert_ne!(&other, text, "{}", preset.name());
            let other = Sent { body: other.into(), ..sent.clone() };
            prop_assert!(verify(&other, &verifier, case.now()).is_err(), "{}", preset.name());
        }
    }

    #[test]
    fn another_url_is_refused_where_it_is_signed(case in case()) {
        for (preset, mine, sent) in signed(&case) {
            let scheme = preset.scheme();
            let target = sent.parts.uri.to_string();
            let (path, query) = target.split_once('?').unwrap();
            let mut others = Vec::new();
            if scheme.covers_url() || scheme.signed_text().contains(&Part::Target) || preset.name() == "contentful" {
                others.push(format!("{}?{query}", changed(path, case.at)));
            }
            if matches!(preset.name(), "mercadopago" | "messagebird-legacy" | "pandadoc") {
                let (name, value) = query.rsplit_once('=').unwrap();
                others.push(format!("{path}?{name}={}", changed(value, case.at)));
            }
            for other in others {
                let mut delivery = sent.clone();
                delivery.parts.uri = other.parse().unwrap();
                prop_assert!(verify(&delivery, &mine, case.now()).is_err(), "{}: {other}", preset.name());
            }
            if scheme.covers_url() {
                let elsewhere = configured(preset).with_base_url("https://other.example.com").unwrap();
                let elsewhere = Verifier::new(elsewhere, secret(&*case.key)).unwrap();
                prop_assert!(verify(&sent, &elsewhere, case.now()).is_err(), "{}", preset.name());
            }
        }
    }
}
