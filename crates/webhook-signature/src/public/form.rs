//! Fields of a form body (`application/x-www-form-urlencoded`), read strictly.

/// The most fields of a form that are read.
const MAX_FIELDS: usize = 256;

/// Names and values, decoded, in the order in which they stand; `None` where a field stands twice,
/// an escape is broken, a text is no UTF-8, or there are more than 256.
///
/// Other parsers of forms differ on all of these, so that what was verified would not be what a
/// handler reads.
pub(crate) fn fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for field in body
        .split(|&byte| byte == b'&')
        .filter(|field| !field.is_empty())
    {
        let at = field.iter().position(|&byte| byte == b'=');
        let (name, value) = field.split_at(at.unwrap_or(field.len()));
        let (name, value) = (decode(name)?, decode(value.get(1..).unwrap_or_default())?);
        if fields.len() == MAX_FIELDS || fields.iter().any(|(other, _)| *other == name) {
            return None;
        }
        fields.push((name, value));
    }
    Some(fields)
}

/// The value of the field of this name.
pub(crate) fn field(body: &[u8], name: &str) -> Option<String> {
    let mut fields = fields(body)?.into_iter();
    fields.find(|(own, _)| own == name).map(|(_, value)| value)
}

fn decode(text: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => digit(*rest.next()?)? * 16 + digit(*rest.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(decoded).ok()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{field, fields};

    #[test]
    fn fields_are_decoded_once() {
        let body = b"payload=%7B%22a%22%3A+1%7D&x=&y&%2525=%2525";
        assert_eq!(field(body, "payload").as_deref(), Some("{\"a\": 1}"));
        assert_eq!(field(body, "x").as_deref(), Some(""));
        assert_eq!(field(body, "y").as_deref(), Some(""));
        assert_eq!(field(body, "%25").as_deref(), Some("%25"));
        assert_eq!(field(body, "z"), None);
    }

    #[test]
    fn what_parsers_read_differently_is_refused() {
        for body in [
            "a=1&a=2",
            "a=1&%61=2",
            "a=%",
            "a=%4",
            "a=%zz",
            "a=%+1",
            "a=%ff",
        ] {
            assert!(fields(body.as_bytes()).is_none(), "{body}");
        }
        let many = |count| {
            (0..count)
                .map(|n| format!("{n}="))
                .collect::<Vec<_>>()
                .join("&")
        };
        assert!(fields(many(256).as_bytes()).is_some());
        assert!(fields(many(257).as_bytes()).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a%=&+0-9f]{0,60}") {
            let _ = fields(&bytes);
            let _ = fields(text.as_bytes());
        }
    }
}
