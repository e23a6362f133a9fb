//! No header that a preset's signature or token stands in can be captured.
#![allow(clippy::unwrap_used, reason = "failing is how these tests speak")]

use http::HeaderName;
use webhook_layers::{CaptureSettings, audit::capture::CaptureErrorKind, presets};

#[test]
fn the_header_of_every_presets_signature_is_refused() {
    let (mut refused, mut taken) = (0, Vec::new());
    for preset in presets::all() {
        let place = preset.scheme().signature_place();
        // `a header of your choice`, `query parameter …`, `body …` are none.
        let names = place
            .split(", ")
            .filter(|name| name.parse::<HeaderName>().is_ok());
        for name in names.filter(|name| !["body", "none"].contains(name)) {
            match CaptureSettings::headers([name]) {
                Err(error) if error.kind() == CaptureErrorKind::CredentialHeader => refused += 1,
                _ => taken.push(format!("{}: {name}", preset.name())),
            }
        }
    }
    assert_eq!(taken, [""; 0]);
    assert!(refused > 100, "{refused}");
}

#[test]
fn what_describes_a_delivery_is_taken_of_every_preset() {
    let mut refused = Vec::new();
    for preset in presets::all() {
        let scheme = preset.scheme();
        for header in [scheme.id_header(), scheme.event_header()]
            .into_iter()
            .flatten()
        {
            if CaptureSettings::headers([header.as_str()]).is_err() {
                refused.push(format!("{}: {header}", preset.name()));
            }
        }
    }
    // Signed, and a part of the signature's name.
    let nonces = [
        "plivo: x-plivo-signature-v3-nonce",
        "plivo-v2: x-plivo-signature-v2-nonce",
    ];
    assert_eq!(refused, nonces);
}
