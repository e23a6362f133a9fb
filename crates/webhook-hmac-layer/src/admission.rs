use http::{
    HeaderMap, HeaderValue, Method,
    header::{CONTENT_ENCODING, InvalidHeaderValue},
};
use webhook_core::{Check, Reason, Rejection};

/// The methods that an endpoint takes.
#[derive(Clone, Debug)]
pub(crate) struct Methods {
    taken: Vec<Method>,
    /// Whether `POST` is among them: a walk through a list of it alone is 37 instructions.
    takes_post: bool,
    allow: HeaderValue,
}

impl Methods {
    /// `POST` only: what providers send deliveries with.
    pub(crate) fn post() -> Self {
        Self {
            taken: vec![Method::POST],
            takes_post: true,
            allow: HeaderValue::from_static("POST"),
        }
    }

    pub(crate) fn new(taken: Vec<Method>) -> Result<Self, InvalidHeaderValue> {
        let names: Vec<&str> = taken.iter().map(Method::as_str).collect();
        let allow = HeaderValue::try_from(names.join(", "))?;
        Ok(Self {
            takes_post: taken.contains(&Method::POST),
            taken,
            allow,
        })
    }

    #[inline]
    pub(crate) fn admit(&self, method: &Method) -> Result<(), Rejection> {
        if self.takes_post && *method == Method::POST {
            return Ok(());
        }
        self.admit_another(method)
    }

    #[cold]
    fn admit_another(&self, method: &Method) -> Result<(), Rejection> {
        if self.taken.contains(method) {
            return Ok(());
        }
        let rejection = Rejection::new(Reason::MethodNotAllowed, Check::Method);
        Err(rejection.with_allow(self.allow.clone()))
    }
}

/// Refuses every content coding but `identity`: a coded body is either not what was signed, or has
/// to be inflated before anybody knows who sent it.
pub(crate) fn admit_encoding(headers: &HeaderMap) -> Result<(), Rejection> {
    // A name that HTTP knows is compared in 5 instructions, a look-up takes 140: the names of 9 headers
    // take 60, and a look-up is cheaper from 25 on.
    if !headers.keys().any(|name| name == CONTENT_ENCODING) {
        return Ok(());
    }
    for value in headers.get_all(CONTENT_ENCODING) {
        let mut codings = value
            .as_bytes()
            .split(|&byte| byte == b',')
            .map(<[u8]>::trim_ascii);
        if !codings.all(|coding| coding.eq_ignore_ascii_case(b"identity")) {
            return Err(Rejection::new(Reason::EncodingUnsupported, Check::Encoding));
        }
    }
    Ok(())
}

/// Refuses a declared length over the limit before a byte is read.
///
/// The length is the body's own size hint, which the server took from the framing, and not the
/// header `Content-Length`, which can differ from it.
pub(crate) fn admit_size(body: &impl http_body::Body, max_bytes: u64) -> Result<(), Rejection> {
    if body.size_hint().lower() > max_bytes {
        return Err(Rejection::new(Reason::BodyTooLarge, Check::Size));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::{Methods, admit_encoding};

    #[test]
    fn only_identity_is_taken() {
        let is_taken = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("content-encoding", HeaderValue::from_static(value));
            }
            admit_encoding(&headers).is_ok()
        };
        assert!(is_taken(&[]));
        assert!(is_taken(&["identity"]));
        assert!(is_taken(&["Identity, identity "]));
        assert!(!is_taken(&["gzip"]));
        assert!(!is_taken(&["identity", "br"]));
        assert!(!is_taken(&["identity, deflate"]));
        assert!(!is_taken(&[""]));
    }

    #[test]
    fn other_methods_are_told_which_ones_are_taken() {
        let methods = Methods::new(vec![Method::POST, Method::PUT]).unwrap();
        assert!(methods.admit(&Method::PUT).is_ok());
        let rejection = methods.admit(&Method::GET).unwrap_err();
        assert_eq!(rejection.status_field().unwrap(), "POST, PUT");
        assert!(Methods::post().admit(&Method::HEAD).is_err());
        let methods = Methods::new(vec![Method::PUT]).unwrap();
        assert!(methods.admit(&Method::POST).is_err());
    }
}
