use http::{HeaderMap, header::AUTHORIZATION};
use webhook_core::Reason;

use super::{
    candidate::{Candidate, admit_length},
    header,
};

/// What stands after the scheme and one space. The scheme's case does not matter
/// ([RFC 9110 section 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
pub(super) fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a [u8], Reason> {
    let value = header::single(headers, &AUTHORIZATION)?;
    let space = value.iter().position(|&byte| byte == b' ');
    let (name, rest) = space
        .and_then(|space| value.split_at_checked(space))
        .ok_or(Reason::AuthMalformed)?;
    if !name.eq_ignore_ascii_case(scheme.as_bytes()) {
        return Err(Reason::AuthMalformed);
    }
    // The value has no white space at its end, so something follows the space.
    let rest = rest.strip_prefix(b" ").ok_or(Reason::AuthMalformed)?;
    admit_length(rest)?;
    Ok(rest)
}

/// [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750#section-2.1): the rest is the token, whatever
/// its bytes; a token of another form is as wrong as any other.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Candidate, Reason> {
    credentials(headers, "Bearer").map(Candidate::of)
}
