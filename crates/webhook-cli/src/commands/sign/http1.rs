//! A request as HTTP/1.1 has it on the wire.

use http::header;

use crate::args::{HeaderLines, Request, Url};

/// One header a line.
pub(super) fn lines(headers: &HeaderLines, end: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    for (name, value) in headers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.extend_from_slice(b": ");
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(end);
    }
    text
}

pub(super) fn request(url: &Url, request: &Request, headers: &HeaderLines) -> Vec<u8> {
    let (method, target) = (&request.method, url.target_text());
    let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    if !headers.iter().any(|(name, _)| name == header::HOST) {
        let host = url.host().unwrap_or_default();
        bytes.extend(format!("host: {host}\r\n").into_bytes());
    }
    bytes.extend(lines(headers, b"\r\n"));
    bytes.extend(format!("content-length: {}\r\n\r\n", request.body.len()).into_bytes());
    bytes.extend_from_slice(&request.body);
    bytes
}
