//! Forms, of which some providers sign fields.

/// Names and values, decoded.
pub(super) fn fields(body: &str) -> Option<Vec<(String, String)>> {
    let field = |field: &str| {
        let (name, value) = field.split_once('=').unwrap_or((field, ""));
        Some((decoded(name)?, decoded(value)?))
    };
    let fields = body.split('&').filter(|field| !field.is_empty());
    fields.map(field).collect()
}

fn decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let plain = |text: &str| text.replace('+', " ").into_bytes();
    let mut bytes = plain(pieces.next()?);
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend(plain(rest));
    }
    String::from_utf8(bytes).ok()
}

/// The fields in the order of their names, as PHP serialises an array of texts.
pub(super) fn serialised(mut fields: Vec<(String, String)>) -> String {
    fields.sort();
    let text = |text: &String| format!("s:{}:\"{text}\";", text.len());
    let inside: String = fields
        .iter()
        .map(|(name, value)| text(name) + &text(value))
        .collect();
    format!("a:{}:{{{inside}}}", fields.len())
}

/// Base64 as the value of a field.
pub(super) fn encoded(base64: &str) -> String {
    base64
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}
