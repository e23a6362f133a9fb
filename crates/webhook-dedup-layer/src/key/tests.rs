use std::collections::HashSet;

use http::Extensions;
use proptest::prelude::*;
use webhook_core::{BufferedBody, Endpoint, Facts, Verification};

use super::DeliveryKey;
use crate::DedupSettings;

fn key_at(
    verification: &Verification,
    body: &str,
    endpoint: Option<&'static str>,
    settings: &DedupSettings,
) -> Option<DeliveryKey> {
    let mut extensions = Extensions::new();
    if let Some(endpoint) = endpoint {
        Facts::of_mut(&mut extensions).set_endpoint(Endpoint::new(endpoint));
    }
    let body = BufferedBody::new(body.to_owned());
    DeliveryKey::of(verification, &extensions, &body, settings)
}

fn key(verification: &Verification, body: &str) -> DeliveryKey {
    key_at(verification, body, None, &DedupSettings::new()).unwrap()
}

/// Signed with its id, as Standard Webhooks has it.
fn with_signed_id(id: &str) -> Verification {
    Verification::new("acme")
        .with_signed_body()
        .with_delivery_id(id.into(), true)
}

/// Signed without its id, as GitHub has it.
fn with_unsigned_id(id: &str) -> Verification {
    Verification::new("github")
        .with_signed_body()
        .with_delivery_id(id.into(), false)
}

fn with_token(id: &str) -> Verification {
    Verification::new("gitlab").with_delivery_id(id.into(), false)
}

#[test]
fn a_signed_id_decides_alone() {
    let first = key(&with_signed_id("evt_1"), "a");
    assert_eq!(first, key(&with_signed_id("evt_1"), "b"));
    assert_ne!(first, key(&with_signed_id("evt_2"), "a"));
    assert_ne!(first, key(&with_signed_id("EVT_1"), "a"));
}

#[test]
fn an_unsigned_id_counts_for_nothing_beside_a_signed_body() {
    let first = key(&with_unsigned_id("1"), "a");
    assert_eq!(first, key(&with_unsigned_id("2"), "a"));
    assert_eq!(
        first,
        key(&Verification::new("github").with_signed_body(), "a")
    );
    assert_ne!(first, key(&with_unsigned_id("1"), "b"));
}

#[test]
fn a_token_takes_id_and_body_together() {
    let first = key(&with_token("1"), "a");
    assert_eq!(first, key(&with_token("1"), "a"));
    assert_ne!(first, key(&with_token("2"), "a"));
    assert_ne!(first, key(&with_token("1"), "b"));
}

#[test]
fn an_id_and_a_body_of_the_same_bytes_are_not_the_same() {
    let by_id = key(&with_signed_id("x"), "");
    let by_body = key(&Verification::new("acme").with_signed_body(), "x");
    assert_ne!(by_id, by_body);
}

#[test]
fn providers_endpoints_and_namespaces_are_apart() {
    let settings = DedupSettings::new();
    let acme = with_signed_id("1");
    let globex = Verification::new("globex").with_delivery_id("1".into(), true);
    let keys = [
        key_at(&acme, "a", None, &settings),
        key_at(&acme, "a", Some("one"), &settings),
        key_at(&acme, "a", Some("two"), &settings),
        key_at(&globex, "a", None, &settings),
        key_at(&acme, "a", None, &settings.clone().with_namespace("one")),
        key_at(&acme, "a", None, &settings.with_namespace("two")),
    ];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
}

#[test]
fn another_body_under_a_signed_id_counts_where_the_settings_say_so() {
    let settings = DedupSettings::new().with_body_in_key(true);
    let of = |verification: &Verification, body| key_at(verification, body, None, &settings);
    let signed = with_signed_id("1");
    assert_ne!(of(&signed, "a"), of(&signed, "b"));
    // A replay could change a body that is not signed.
    let unsigned = Verification::new("mailgun").with_delivery_id("1".into(), true);
    assert_eq!(of(&unsigned, "a"), of(&unsigned, "b"));
}

#[test]
fn an_event_counts_where_it_is_signed_and_the_settings_say_so() {
    let settings = DedupSettings::new().with_event_in_key(true);
    let of = |event: &str, signed, settings: &DedupSettings| {
        let verification = with_signed_id("1").with_event_type(event.into(), signed);
        key_at(&verification, "a", None, settings)
    };
    assert_ne!(of("push", true, &settings), of("ping", true, &settings));
    assert_eq!(of("push", false, &settings), of("ping", false, &settings));
    let default = DedupSettings::new();
    assert_eq!(of("push", true, &default), of("ping", true, &default));
}

#[test]
fn without_a_signed_id_and_a_body_there_is_no_key() {
    let settings = DedupSettings::new();
    for verification in [with_unsigned_id("1"), Verification::new("token")] {
        assert_eq!(key_at(&verification, "", None, &settings), None);
    }
    assert!(key_at(&with_signed_id("1"), "", None, &settings).is_some());
}

proptest! {
    #[test]
    fn any_change_of_the_body_is_another_delivery(one in "[a-c]{1,6}", two in "[a-c]{1,6}") {
        let verification = Verification::new("github").with_signed_body();
        prop_assert_eq!(key(&verification, &one) == key(&verification, &two), one == two);
    }

    #[test]
    fn parts_never_run_into_each_other(
        one in ("[ab:/]{0,3}", "[ab:/]{0,3}", "[ab:/]{1,3}"),
        two in ("[ab:/]{0,3}", "[ab:/]{0,3}", "[ab:/]{1,3}"),
    ) {
        let of = |(namespace, provider, id): &(String, String, String)| {
            let verification = Verification::new(provider.clone()).with_delivery_id(id.as_str().into(), true);
            let settings = DedupSettings::new().with_namespace(namespace.clone());
            key_at(&verification, "", None, &settings)
        };
        prop_assert_eq!(of(&one) == of(&two), one == two);
    }
}
