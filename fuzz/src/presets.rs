//! Every preset that signs with a shared secret, with all that it reads of bodies: JSON, forms,
//! multipart, URLs. What its signer makes, it takes; with a byte of a signed body changed, it does not.

use http::{HeaderName, Method, request::Parts};
use webhook_core::{Reason, Secret, Timestamp};
use webhook_signature::{KeyRing, Preset, SignRequest, Verifier, presets};

use crate::support::{Input, line, named, planted, reached, request};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn verifier(preset: &Preset) -> Option<Verifier> {
    let scheme = preset.scheme().with_base_url("https://hooks.test").ok()?;
    let scheme = match preset.name() {
        "azure-event-grid" | "bigcommerce" | "datadog" => {
            scheme.with_signature_header(HeaderName::from_static("x-secret"))
        }
        _ => scheme,
    };
    // Long enough, base64 and hexadecimal, and the two halves that Braintree has.
    for text in [
        "0123456789abcdef0123456789abcdef",
        "public|0123456789abcdef",
    ] {
        let keys = KeyRing::from(Secret::new(text).ok()?);
        if let Ok(verifier) = Verifier::new(scheme.clone(), keys) {
            return Some(verifier);
        }
    }
    None
}

/// Whole, in pieces, fed and not: it is one verdict.
fn verdict(verifier: &Verifier, parts: &Parts, body: &[u8], cut: usize) -> Option<(bool, bool)> {
    let whole = verifier.verify(parts, body, NOW);
    let (first, rest) = body.split_at(cut.min(body.len()));
    let pieces = verifier.begin(parts, NOW).and_then(|mut pending| {
        pending.update(first);
        pending.update(rest);
        pending.finish([first, rest])
    });
    match (&whole, &pieces) {
        (Ok(one), Ok(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
        (one, other) => assert_eq!(one.as_ref().err(), other.as_ref().err()),
    }
    let _claimed = verifier.claimed_timestamp(parts);
    let whole = whole.ok()?;
    Some((whole.is_body_signed(), whole.is_delivery_id_signed()))
}

fn sign(
    verifier: &Verifier,
    parts: &Parts,
    body: &[u8],
    input: &mut Input<'_>,
) -> Option<(Parts, Vec<u8>)> {
    let id = input.pick(&["msg_2Lh9KRb0pzN4LePd3XiA4v12Axj", "1", "a.b"]);
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let asked = SignRequest::new(body, NOW)
        .with_id(id)
        .with_event("push")
        .with_method(&parts.method)
        .with_target(target)
        .with_headers(&parts.headers);
    let signed = verifier.sign_request(&asked).ok()?;
    let mut parts = parts.clone();
    let (headers, body, target) = signed.into_parts();
    for (name, value) in headers {
        parts.headers.insert(name, value);
    }
    if let Some(target) = target {
        parts.uri = target.parse().ok()?;
    }
    Some((parts, body.into_owned()))
}

/// What a form says, where the provider signs that and not its bytes: `+` and a space are the same, and so
/// are the digits behind a `%` in either case. Vonage puts `_` where a value has what separates two.
fn meant(provider: &str, body: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let is_vonage = provider.starts_with("vonage-sms");
    if !is_vonage && !["twilio", "plivo", "plivo-v1"].contains(&provider) {
        return None;
    }
    let parts = body
        .split(|byte| *byte == b'&')
        .filter(|part| !part.is_empty());
    let mut fields: Vec<_> = parts
        .map(|part| {
            let end = part
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(part.len());
            let mut value = plain(part.get(end + 1..).unwrap_or_default());
            for byte in &mut value {
                if is_vonage && matches!(byte, b'&' | b'=') {
                    *byte = b'_';
                }
            }
            (plain(&part[..end]), value)
        })
        .collect();
    fields.sort();
    if provider == "twilio" {
        fields.dedup();
    }
    Some(fields)
}

fn plain(text: &[u8]) -> Vec<u8> {
    let mut rest = text.iter().copied();
    let mut plain = Vec::new();
    let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
    while let Some(byte) = rest.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                high.zip(low)
                    .map_or(b'%', |(high, low)| (high * 16 + low).to_le_bytes()[0])
            }
            other => other,
        });
    }
    plain
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 12);
    let all: Vec<_> = presets::all().collect();
    let Some((name, text)) = line(input.text) else {
        return;
    };
    let preset = named(&all, name, Preset::name);
    let (Some(verifier), Some((mut parts, body))) = (verifier(preset), request(text)) else {
        return;
    };
    if parts.method == Method::CONNECT {
        return;
    }
    let cut = input.byte().into();
    if verdict(&verifier, &parts, body, cut).is_some() {
        reached("a delivery that was not signed here");
    }
    // What the signer adds must stand there alone: no other signature, and nothing twice.
    let names: Vec<_> = parts.headers.keys().cloned().collect();
    for name in names {
        let speaks = ["sign", "hmac", "webhook-", "svix-"]
            .iter()
            .any(|part| name.as_str().contains(part));
        if speaks || parts.headers.get_all(&name).iter().count() > 1 {
            parts.headers.remove(name);
        }
    }
    let Some((signed, mut body)) = sign(&verifier, &parts, body, &mut input) else {
        return;
    };
    // A time in the body is the sender's, which the signer does not change.
    let late = [Reason::TimestampTooOld, Reason::TimestampInFuture];
    let refused = verifier.verify(&signed, &body, NOW).err();
    if refused.is_some_and(|refusal| late.contains(&refusal.reason())) {
        return;
    }
    let Some((covers_body, _)) = verdict(&verifier, &signed, &body, cut) else {
        panic!(
            "{} refuses what its signer made: {signed:?} {:?}",
            preset.name(),
            String::from_utf8_lossy(&body)
        );
    };
    reached("a delivery that was signed here");
    let at = usize::from(input.byte()) * 16 + usize::from(input.byte() % 16);
    let flip = input.byte();
    if flip == 0 || at >= body.len() {
        return;
    }
    let before = meant(preset.name(), &body);
    body[at] ^= flip;
    let after = verdict(&verifier, &signed, &body, cut);
    if covers_body && !planted(1) {
        let is_same = before.is_some() && before == meant(preset.name(), &body);
        assert!(
            after.is_none() || is_same,
            "{} takes another body: {:?}",
            preset.name(),
            String::from_utf8_lossy(&body)
        );
        reached("a signed body that was changed");
    }
    assert!(!planted(1) || after.is_some());
}
