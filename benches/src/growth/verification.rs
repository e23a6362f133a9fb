use std::hint::black_box;

use http::Request;
use webhook_layers::{Preset, Secret, SignRequest, Timestamp, Verifier, presets};

use super::{
    Chart,
    chart::{Subject, curve},
};
use crate::stack::{BoxError, SECRET};

const SIZES: [u32; 6] = [64, 1024, 8 * 1024, 25 * 1024, 256 * 1024, 1024 * 1024];
const SCHEMES: [&str; 4] = ["github", "stripe", "shopify", "standard-webhooks"];

pub(super) fn chart(rounds: usize) -> Result<Chart, BoxError> {
    let operations = |bytes| (4_000_000 / bytes as usize).clamp(4, 4000);
    let mut curves = Vec::new();
    for name in SCHEMES {
        let preset = presets::by_name(name).ok_or("no such preset")?;
        let subjects: Result<Vec<_>, BoxError> = SIZES
            .into_iter()
            .map(|size| verified(preset, size))
            .collect();
        curves.push(curve(name, rounds, operations, subjects?));
    }
    let subjects = SIZES.into_iter().map(hashed);
    curves.push(curve(
        "the hash alone",
        rounds,
        operations,
        subjects.collect(),
    ));
    Ok(Chart {
        name: "verification".into(),
        title: "One verification".into(),
        sizes: "bytes of body".into(),
        note: None,
        curves,
    })
}

fn verified(preset: &Preset, size: u32) -> Result<Subject<impl FnMut(usize)>, BoxError> {
    let secret = match preset.name() {
        "standard-webhooks" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        _ => SECRET,
    };
    let verifier = Verifier::new(preset, Secret::new(secret)?)?;
    let (body, at) = (
        vec![b'x'; size as usize],
        Timestamp::from_unix_seconds(1_700_000_000),
    );
    let delivery = SignRequest::new(&body, at).with_id("msg_1");
    let signed = verifier.sign(&delivery)?;
    let (mut parts, ()) = Request::post("/hooks").body(())?.into_parts();
    parts
        .headers
        .extend(signed.into_iter().map(|(name, value)| (Some(name), value)));
    verifier.verify(&parts, &body, at)?;
    Ok(Subject::new(size, move |_| {
        black_box(
            verifier
                .verify(black_box(&parts), black_box(&body), at)
                .is_ok(),
        );
    }))
}

/// A keyed hash whose key is set up, and nothing else.
fn hashed(size: u32) -> Subject<impl FnMut(usize)> {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let keyed = Hmac::<sha2::Sha256>::new(&[7; 64].into());
    let body = vec![b'x'; size as usize];
    Subject::new(size, move |_| {
        let mut mac = keyed.clone();
        mac.update(black_box(&body));
        black_box(mac.finalize());
    })
}
