//! What a body may have been before something changed it.

use std::io::Read as _;

use super::{Cause, MAX_BODY, json};

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Every body that this one may have been, with the mistake that made it this one.
pub(super) fn all(body: &[u8]) -> impl Iterator<Item = (Cause, Vec<u8>)> {
    let mut all = Vec::new();
    newlines(body, &mut all);
    match body.strip_prefix(BOM) {
        Some(rest) => all.push((Cause::BomAdded, rest.to_vec())),
        None => all.push((Cause::BomRemoved, [BOM, body].concat())),
    }
    all.extend(
        json::rewritten(body)
            .into_iter()
            .map(|text| (Cause::JsonRewritten, text)),
    );
    let fields = form_fields(body).into_iter();
    all.extend(fields.map(|(name, value)| (Cause::FormField(name), value)));
    all.push((
        Cause::FormDecoded,
        [b"payload=", form_encode(body).as_bytes()].concat(),
    ));
    all.extend(decompressed(body).map(|plain| (Cause::Compressed, plain)));
    all.into_iter()
}

fn newlines(body: &[u8], all: &mut Vec<(Cause, Vec<u8>)>) {
    if let Some(rest) = body.strip_suffix(b"\n") {
        all.push((Cause::NewlineAdded, rest.to_vec()));
        if let Some(rest) = rest.strip_suffix(b"\r") {
            all.push((Cause::NewlineAdded, rest.to_vec()));
        }
    }
    all.push((Cause::NewlineRemoved, [body, b"\n"].concat()));
    all.push((Cause::NewlineRemoved, [body, b"\r\n"].concat()));
    let lf = without_cr(body);
    all.push((Cause::CrlfBecameLf, with_cr(&lf)));
    all.push((Cause::LfBecameCrlf, lf));
}

/// `\r\n` as `\n`.
fn without_cr(body: &[u8]) -> Vec<u8> {
    let mut lf = Vec::with_capacity(body.len());
    let mut bytes = body.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\r' || bytes.peek() != Some(&b'\n') {
            lf.push(byte);
        }
    }
    lf
}

/// `\n` as `\r\n`.
fn with_cr(lf: &[u8]) -> Vec<u8> {
    let mut crlf = Vec::with_capacity(lf.len());
    for &byte in lf {
        if byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(byte);
    }
    crlf
}

/// The decoded values of a form's first 64 fields.
fn form_fields(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    let pairs = body
        .split(|&byte| byte == b'&')
        .take(64)
        .filter_map(|pair| {
            let at = pair.iter().position(|&byte| byte == b'=')?;
            let name: String = pair
                .get(..at)?
                .iter()
                .copied()
                .take(64)
                .map(char::from)
                .collect();
            let is_plain = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
            is_plain.then_some((name, form_decode(pair.get(at + 1..)?)))
        });
    pairs.collect()
}

fn form_decode(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let escaped =
            tail.split_at_checked(2)
                .filter(|_| byte == b'%')
                .and_then(|(digits, after)| {
                    let value = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
                    Some((value, after))
                });
        match (escaped, byte) {
            (Some((value, after)), _) => {
                decoded.push(value);
                rest = after;
            }
            (None, b'+') => decoded.push(b' '),
            (None, _) => decoded.push(byte),
        }
    }
    decoded
}

/// As browsers and most libraries do it
/// (<https://url.spec.whatwg.org/#application-x-www-form-urlencoded-percent-encode-set>).
fn form_encode(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(bytes.len() * 2);
    for &byte in bytes {
        match byte {
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => {
                let _infallible = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// A gzip or zlib body, inflated to at most [`MAX_BODY`].
fn decompressed(body: &[u8]) -> Option<Vec<u8>> {
    let limit = u64::try_from(MAX_BODY).unwrap_or(u64::MAX);
    let mut plain = Vec::new();
    let read = match body {
        [0x1f, 0x8b, ..] => flate2::read::MultiGzDecoder::new(body)
            .take(limit)
            .read_to_end(&mut plain),
        [0x78, ..] => flate2::read::ZlibDecoder::new(body)
            .take(limit)
            .read_to_end(&mut plain),
        _ => return None,
    };
    read.is_ok().then_some(plain)
}
