//! Spoils a delivery that is signed, to see it refused.

use clap::ValueEnum;
use http::HeaderValue;

use crate::{
    commands::delivery::{Delivery, Headers},
    exit::Failure,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Tamper {
    /// The last byte of the body
    Body,
    /// A character of the signature
    Signature,
    /// The timestamp, by a second
    Timestamp,
    /// Nothing
    #[default]
    None,
}

/// The headers and the body to send instead.
pub(super) fn apply(
    what: Tamper,
    delivery: &Delivery,
    mut signed: Headers,
) -> Result<(Headers, Vec<u8>), Failure> {
    let mut body = delivery.request.body.clone();
    match what {
        Tamper::None => {}
        Tamper::Body => match body.last_mut() {
            Some(byte) => *byte ^= 1,
            None => body.push(b' '),
        },
        Tamper::Signature => spoil_signature(delivery, &mut signed)?,
        Tamper::Timestamp => move_timestamp(delivery, &mut signed)?,
    }
    Ok((signed, body))
}

fn spoil_signature(delivery: &Delivery, signed: &mut Headers) -> Result<(), Failure> {
    let name = delivery.scheme().signature_header();
    let value = signed.iter_mut().find(|line| Some(&line.0) == name);
    let value = value.map(|(_, value)| value);
    let spoiled = value.as_ref().and_then(|value| {
        let mut text = value.as_bytes().to_vec();
        // The signature stands last; far enough from the end no bit of base64 is padding.
        let at = text.len().checked_sub(8)?;
        let byte = text.get_mut(at)?;
        *byte = if *byte == b'0' { b'1' } else { b'0' };
        HeaderValue::from_bytes(&text).ok()
    });
    match (value, spoiled) {
        (Some(value), Some(spoiled)) => *value = spoiled,
        _ => {
            return Err(Failure::usage(
                "this provider's signature cannot be tampered with",
            ));
        }
    }
    Ok(())
}

fn move_timestamp(delivery: &Delivery, signed: &mut Headers) -> Result<(), Failure> {
    let none = || Failure::usage("this provider signs no timestamp that could be tampered with");
    let scheme = delivery.scheme();
    if !scheme.covers_timestamp() {
        return Err(none());
    }
    let later = delivery.sign_later()?;
    let signature = scheme.signature_header();
    let mut moved = false;
    for ((name, value), (_, later)) in signed.iter_mut().zip(later) {
        if Some(&*name) == signature {
            // A list holds the timestamp beside the signature, which stays.
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let seconds = delivery.at().unix_seconds();
            let other = text.replacen(&seconds.to_string(), &(seconds + 1).to_string(), 1);
            moved |= other != text;
            *value = HeaderValue::try_from(other).map_err(|_| none())?;
        } else {
            moved |= *value != later;
            *value = later;
        }
    }
    if moved { Ok(()) } else { Err(none()) }
}
