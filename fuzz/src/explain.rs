//! The explainer of deliveries that do not verify: on anything, within bounds of time and memory; and
//! a mistake that was made here is found.

use webhook_core::{Secret, Timestamp};
use webhook_signature::{
    KeyRing, SignRequest, Verifier,
    explain::{Cause, Explainer},
    presets,
};

use crate::support::{Input, reached, request};

const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

fn keys() -> KeyRing {
    KeyRing::from(Secret::new("0123456789abcdef0123456789abcdef").expect("long enough"))
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data, 4);
    let preset = input.pick(&[
        &presets::GITHUB,
        &presets::STRIPE,
        &presets::SLACK,
        &presets::STANDARD_WEBHOOKS,
    ]);
    let mistake = input.byte() % 8;
    let Some((mut parts, body)) = request(input.text) else {
        return;
    };
    let explainer = Explainer::new(preset, keys());
    let mut sent = body.to_vec();
    if mistake < 4 {
        let verifier = Verifier::new(preset, keys()).expect("a verifier");
        let Ok(headers) = verifier.sign(&SignRequest::new(body, NOW).with_id("msg")) else {
            return;
        };
        for (name, value) in headers {
            parts.headers.insert(name, value);
        }
        match mistake {
            1 => sent.push(b'\n'),
            2 => sent = [b"\xef\xbb\xbf", body].concat(),
            3 if sent.last() == Some(&b'\n') => drop(sent.pop()),
            _ => {}
        }
    }
    let causes = explainer.explain(&parts, &sent, NOW);
    for cause in &causes {
        assert!(!cause.to_string().is_empty());
    }
    let expected = match mistake {
        0 => {
            assert!(causes.is_empty(), "{causes:?}");
            return;
        }
        1 => Cause::NewlineAdded,
        2 => Cause::BomAdded,
        3 if sent.len() < body.len() => Cause::NewlineRemoved,
        _ => return,
    };
    assert!(
        causes.contains(&expected),
        "{expected:?} is not among {causes:?}"
    );
    reached("a mistake that is found");
}
