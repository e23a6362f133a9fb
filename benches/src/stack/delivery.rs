use std::net::SocketAddr;

use axum::{body::Body, extract::ConnectInfo};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use sha2::Sha256;

use super::{BoxError, Case, Outcome, SECRET};

/// One byte over the limit, and no copy of it for each request: nobody reads it.
static TOO_MUCH: &[u8] = &[b'x'; super::MAX_BODY + 1];

/// As many deliveries of GitHub's as are asked for, as the case wants them, each with a body of its
/// own in memory.
///
/// Every server finds the same request, but where deliveries are remembered no two are the same.
pub(super) fn make(case: Case, first: usize, count: usize) -> Result<Vec<Request<Body>>, BoxError> {
    let bytes = match case.outcome {
        Outcome::TooLarge => 0,
        _ => case.bytes,
    };
    let mut body = vec![b'x'; bytes];
    let mut signature = sign(&body)?;
    (first..first + count)
        .map(|number| {
            if case.server.remembers() {
                let mark = format!("{number:016}");
                body.iter_mut()
                    .zip(mark.bytes())
                    .for_each(|(byte, digit)| *byte = digit);
                signature = sign(&body)?;
            }
            let body = match case.outcome {
                Outcome::TooLarge => Bytes::from_static(TOO_MUCH),
                _ => Bytes::copy_from_slice(&body),
            };
            one(case, body, &signature)
        })
        .collect()
}

/// One delivery as it is on the wire; its peer is whoever connects.
///
/// # Errors
/// It cannot be made.
pub fn wire(case: Case) -> Result<Bytes, BoxError> {
    let body = vec![b'x'; case.bytes];
    let signature = sign(&body)?;
    let request = one(case, Bytes::new(), &signature)?;
    let mut wire = b"POST /hooks HTTP/1.1\r\n".to_vec();
    for (name, value) in request.headers() {
        let value = match name {
            &http::header::CONTENT_LENGTH => body.len().to_string().into_bytes(),
            _ => value.as_bytes().to_vec(),
        };
        for part in [name.as_str().as_bytes(), b": ", &value, b"\r\n"] {
            wire.extend_from_slice(part);
        }
    }
    wire.extend_from_slice(b"\r\n");
    wire.extend_from_slice(&body);
    Ok(wire.into())
}

fn one(case: Case, body: Bytes, signature: &str) -> Result<Request<Body>, BoxError> {
    let peer: SocketAddr = match case.outcome {
        Outcome::Forbidden => ([198, 51, 100, 9], 4711).into(),
        // A public address: for a private one it is looked whether a proxy stands in between.
        _ => ([140, 82, 115, 42], 4711).into(),
    };
    let mut request = Request::post("/hooks")
        .header("host", "hooks.example.com")
        .header("user-agent", "GitHub-Hookshot/044aadd")
        .header("accept", "*/*")
        .header("content-type", "application/json")
        .header("content-length", body.len())
        .header("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
        .header("x-github-event", "push")
        .extension(ConnectInfo(peer));
    request = match case.outcome {
        Outcome::Unsigned => request,
        Outcome::Forged => request.header("x-hub-signature-256", forged(signature)),
        _ => request.header("x-hub-signature-256", signature),
    };
    Ok(request.body(Body::from(body))?)
}

/// What a delivery of 1 KiB is signed with.
pub(super) fn signature() -> Result<String, BoxError> {
    sign(&[b'x'; 1024])
}

fn sign(body: &[u8]) -> Result<String, BoxError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?;
    mac.update(body);
    Ok(format!(
        "sha256={}",
        hex::encode(mac.finalize().into_bytes())
    ))
}

/// As long, of the same form, and wrong in its last digit.
fn forged(signature: &str) -> String {
    let mut forged = signature.to_owned();
    let last = forged.pop();
    forged.push(if last == Some('0') { '1' } else { '0' });
    forged
}
