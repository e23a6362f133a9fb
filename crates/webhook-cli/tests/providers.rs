//! What `webhook providers` lists.

mod common;

use common::{providers, webhook};

#[test]
fn most_providers_are_known_from_the_providers_themselves() {
    let list = providers();
    let official = list
        .iter()
        .filter_map(|provider| provider["evidence"].as_str())
        .filter(|evidence| evidence.starts_with("official-"))
        .count();
    assert!(list.len() >= 140, "{} providers", list.len());
    assert!(official >= 85, "{official} of {} official", list.len());
}

#[test]
fn every_provider_has_a_kind_and_is_shown_whole() {
    let list = providers();
    for kind in [
        "hmac", "hash", "token", "basic", "none", "ed25519", "ecdsa", "rsa", "jwt",
    ] {
        assert!(
            list.iter().any(|provider| provider["kind"] == kind),
            "{kind}"
        );
    }
    let run = webhook(["providers", "discord"]).exits(0);
    assert!(run.text().contains("ed25519") && run.text().contains("{timestamp}{body}"));
}
