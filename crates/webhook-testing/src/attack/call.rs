//! Deliveries that are calls of a gRPC service.

use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};

/// The key of a varint under the number 19000, which no message has: protobuf keeps the numbers from
/// 19000 to 19999 for itself, and whoever decodes a message skips the fields that it does not know.
const UNKNOWN_FIELD: [u8; 3] = [0xc0, 0xa3, 0x09];

/// The body of a unary call with this message, which is another one for each count: a flag, the
/// length, and the message
/// (<https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests>).
pub(super) fn framed(message: &[u8], count: usize) -> Vec<u8> {
    let mut message = message.to_vec();
    if count > 0 {
        message.extend_from_slice(&UNKNOWN_FIELD);
        message.extend(varint(count));
    }
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&[0], length.to_be_bytes().as_slice(), &message].concat()
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap_or_default();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Whether these are the headers of a call.
pub(super) fn is_call(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value == "application/grpc")
}

/// Puts the headers of a call there.
pub(super) fn set_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("te", HeaderValue::from_static("trailers"));
}

#[cfg(test)]
mod tests {
    use super::framed;

    #[test]
    fn a_call_is_framed_and_like_no_other() {
        assert_eq!(framed(b"", 0), [0, 0, 0, 0, 0]);
        assert_eq!(framed(b"\x0a\x01a", 0), b"\0\0\0\0\x03\x0a\x01a");
        assert_eq!(framed(b"", 1), b"\0\0\0\0\x04\xc0\xa3\x09\x01");
        assert_eq!(framed(b"", 300), b"\0\0\0\0\x05\xc0\xa3\x09\xac\x02");
    }
}
