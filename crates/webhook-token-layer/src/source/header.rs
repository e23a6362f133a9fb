use http::{HeaderMap, HeaderName};
use webhook_core::Reason;

use super::{candidate::Candidate, candidate::admit_length};

/// The value of a header that stands exactly once, without the white space around it, which is no
/// part of it ([RFC 9110 section 5.5](https://www.rfc-editor.org/rfc/rfc9110#section-5.5)) but which
/// HTTP/2 servers hand on.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a [u8], Reason> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Reason::AuthMissing)?;
    // Which of two would be meant, an inner service could decide otherwise.
    if values.next().is_some() {
        return Err(Reason::AuthMalformed);
    }
    match value.as_bytes().trim_ascii() {
        [] => Err(Reason::AuthMissing),
        value => Ok(value),
    }
}

/// The whole value is the token.
pub(super) fn read(headers: &HeaderMap, name: &HeaderName) -> Result<Candidate, Reason> {
    let token = single(headers, name)?;
    admit_length(token)?;
    Ok(Candidate::of(token))
}
