use webhook_core::{AddressError, ClientAddr};

use super::split::Quotes;
use crate::client::{hop, list::trim};

/// The longest node, `[IPv6 with a dotted quad]:port`, has 53 bytes.
const LONGEST_NODE: usize = 64;

/// The client that one element names:
/// `forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )`.
///
/// White space around a semicolon is not in the grammar, but widely sent, and taken.
pub(in crate::client) fn client(element: &[u8]) -> Result<ClientAddr, AddressError> {
    let node = parameter(element, b"for")?;
    node.ok_or(AddressError::UnknownHop)?.client()
}

/// The value of one of the registered parameters; `None` where the element does not have it.
///
/// The whole element is read, whichever parameter is asked for: one that breaks the grammar
/// anywhere is an error.
pub(in crate::client) fn parameter<'a>(
    element: &'a [u8],
    wanted: &[u8],
) -> Result<Option<Value<'a>>, AddressError> {
    let mut quotes = Quotes::default();
    let pairs = element
        .split(|&byte| quotes.outside(byte) && byte == b';')
        .map(trim)
        .filter(|pair| !pair.is_empty());
    let mut seen = Seen::default();
    let mut found = None;
    for pair in pairs {
        let (name, value) = read_pair(pair).ok_or(AddressError::MalformedHeader)?;
        if !seen.first_time(name) {
            return Err(AddressError::MalformedHeader);
        }
        if name.eq_ignore_ascii_case(wanted) {
            found = Some(value);
        }
    }
    Ok(found)
}

/// Which of the registered parameters stood already; each may stand once (RFC 7239 section 4).
#[derive(Default)]
struct Seen([bool; 4]);

impl Seen {
    fn first_time(&mut self, name: &[u8]) -> bool {
        let registered: [&[u8]; 4] = [b"for", b"by", b"host", b"proto"];
        let place = registered
            .iter()
            .position(|known| name.eq_ignore_ascii_case(known));
        match place.and_then(|place| self.0.get_mut(place)) {
            Some(seen) => !std::mem::replace(seen, true),
            None => true,
        }
    }
}

/// A parameter's value.
pub(in crate::client) enum Value<'a> {
    Token(&'a [u8]),
    // Without its quotes, with its escapes.
    Quoted(&'a [u8]),
}

impl Value<'_> {
    /// The text, without quotes and escapes; `None` where it is longer than `plain`.
    pub(in crate::client) fn text<'b>(&'b self, plain: &'b mut [u8]) -> Option<&'b [u8]> {
        match self {
            Self::Token(token) => Some(token),
            Self::Quoted(text) => unescape(text, plain),
        }
    }

    fn client(&self) -> Result<ClientAddr, AddressError> {
        let mut plain = [0; LONGEST_NODE];
        hop::forwarded(self.text(&mut plain).ok_or(AddressError::InvalidHop)?)
    }
}

/// `forwarded-pair = token "=" ( token / quoted-string )`
fn read_pair(pair: &[u8]) -> Option<(&[u8], Value<'_>)> {
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (name, value) = pair.split_at_checked(equals)?;
    let value = value.strip_prefix(b"=")?;
    let value = match value.strip_prefix(b"\"") {
        Some(rest) => Value::Quoted(quoted(rest)?),
        None => Value::Token(token(value)?),
    };
    Some((token(name)?, value))
}

/// `token = 1*tchar` (RFC 9110 section 5.6.2)
fn token(text: &[u8]) -> Option<&[u8]> {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    (!text.is_empty() && text.iter().all(is_tchar)).then_some(text)
}

/// The text of a quoted string (RFC 9110 section 5.6.4), from behind its opening quote.
fn quoted(rest: &[u8]) -> Option<&[u8]> {
    let text = rest.strip_suffix(b"\"")?;
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        let taken = match byte {
            b'"' => return None,
            b'\\' => bytes.next()?,
            other => other,
        };
        // Everything but the control characters.
        if taken.is_ascii_control() && *taken != b'\t' {
            return None;
        }
    }
    Some(text)
}

fn unescape<'b>(text: &[u8], plain: &'b mut [u8]) -> Option<&'b [u8]> {
    let mut bytes = text.iter();
    let mut length = 0;
    while let Some(&byte) = bytes.next() {
        let byte = if byte == b'\\' { *bytes.next()? } else { byte };
        *plain.get_mut(length)? = byte;
        length += 1;
    }
    plain.get(..length)
}
