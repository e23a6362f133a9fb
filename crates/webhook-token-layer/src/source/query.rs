use http::{
    Uri,
    uri::{Parts, PathAndQuery},
};
use webhook_core::Reason;

use super::{
    candidate::{Candidate, admit_length},
    names::QueryName,
    percent,
};

/// The parameter stands exactly once, and its value is percent-encoded as it should be.
pub(super) fn read(uri: &Uri, name: &QueryName) -> Result<Candidate, Reason> {
    let query = uri.query().unwrap_or_default();
    let mut values = query
        .split('&')
        .filter_map(|parameter| value(parameter, name.as_str()));
    let token = values.next().ok_or(Reason::AuthMissing)?;
    // Which of two would be meant, an inner service could decide otherwise.
    if values.next().is_some() {
        return Err(Reason::AuthMalformed);
    }
    if token.is_empty() {
        return Err(Reason::AuthMissing);
    }
    admit_length(token)?;
    percent::digest(token)
        .map(Candidate::hashed)
        .ok_or(Reason::AuthMalformed)
}

/// The value of a parameter with this name, however its name is percent-encoded.
fn value<'a>(parameter: &'a str, name: &str) -> Option<&'a [u8]> {
    let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    percent::is(key.as_bytes(), name.as_bytes()).then_some(value.as_bytes())
}

pub(crate) fn holds(uri: &Uri, name: &str) -> bool {
    let mut parameters = uri.query().unwrap_or_default().split('&');
    parameters.any(|parameter| value(parameter, name).is_some())
}

/// The URI without the query parameter `name`, for whoever forwards or logs a request.
///
/// Every parameter of that name goes, however its name is percent-encoded and whether it has a value
/// or not. Everything else stays byte for byte and in order. Where no parameter is left, the
/// question mark goes too.
///
/// [`TokenLayer`](crate::TokenLayer) does it by itself before the inner service sees the request.
///
/// ```
/// use http::Uri;
/// use webhook_token_layer::strip_query_token;
///
/// let uri: Uri = "https://hooks.example.com/in?id=7&token=s3cret&v=%31".parse()?;
/// assert_eq!(strip_query_token(&uri, "token"), "https://hooks.example.com/in?id=7&v=%31");
/// assert_eq!(strip_query_token(&"/in?token=s3cret".parse()?, "token"), "/in");
/// # Ok::<_, http::uri::InvalidUri>(())
/// ```
#[must_use]
pub fn strip_query_token(uri: &Uri, name: &str) -> Uri {
    if !holds(uri, name) {
        return uri.clone();
    }
    let query = uri.query().unwrap_or_default();
    let mut text = String::with_capacity(uri.path().len() + query.len());
    text.push_str(uri.path());
    let mut separator = '?';
    for parameter in query.split('&') {
        if value(parameter, name).is_none() {
            text.push(separator);
            text.push_str(parameter);
            separator = '&';
        }
    }
    let stripped = PathAndQuery::try_from(text);
    // What is left of a path and query is one too. Were it not, the token goes before all else.
    with_path(uri, stripped.unwrap_or(PathAndQuery::from_static("/"))).unwrap_or_default()
}

fn with_path(uri: &Uri, path: PathAndQuery) -> Option<Uri> {
    let mut parts = Parts::from(uri.clone());
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use http::Uri;
    use proptest::prelude::*;
    use webhook_core::Reason;

    use super::{read, strip_query_token};
    use crate::{QueryName, digest::Digest, source::MAX_CREDENTIAL_BYTES};

    fn outcome(uri: &str) -> Result<bool, Reason> {
        let name = QueryName::new("token").unwrap();
        let candidate = read(&uri.parse().unwrap(), &name)?;
        Ok(candidate.is(&Digest::of(b"s3cr+t/1")).into())
    }

    #[test]
    fn the_parameter_stands_once_and_is_decoded_strictly() {
        for (uri, expected) in [
            ("/in?token=s3cr+t/1", Ok(true)),
            ("/in?a=1&token=s3cr%2Bt%2f1&b", Ok(true)),
            ("/in?%74oken=s3cr+t/1", Ok(true)),
            ("http://h/in?token=s3cr+t/1", Ok(true)),
            ("/in?token=s3cr%20t/1", Ok(false)),
            ("/in?token=s3cr+t/1=", Ok(false)),
            ("/in?token=s3cr+t/1;token=x", Ok(false)),
            ("/in?token=%ff%fe", Ok(false)),
            ("/in", Err(Reason::AuthMissing)),
            ("/in?", Err(Reason::AuthMissing)),
            ("/in?token", Err(Reason::AuthMissing)),
            ("/in?token=", Err(Reason::AuthMissing)),
            ("/in?Token=s3cr+t/1", Err(Reason::AuthMissing)),
            ("/in?tokens=s3cr+t/1", Err(Reason::AuthMissing)),
            ("/token=s3cr+t/1", Err(Reason::AuthMissing)),
            ("*", Err(Reason::AuthMissing)),
            (
                "/in?token=s3cr+t/1&token=s3cr+t/1",
                Err(Reason::AuthMalformed),
            ),
            ("/in?token=s3cr+t/1&token", Err(Reason::AuthMalformed)),
            ("/in?token=s3cr+t/1&toke%6e=x", Err(Reason::AuthMalformed)),
            ("/in?token=s3cr%2", Err(Reason::AuthMalformed)),
            ("/in?token=s3cr%zzt", Err(Reason::AuthMalformed)),
        ] {
            assert_eq!(outcome(uri), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_longer_than_any_token_is_not_looked_at() {
        // Whoever looks sees that it is not percent-encoded as it should be.
        let uri = |length: usize| format!("/in?token=%zz{}", "x".repeat(length - 3));
        let longest = outcome(&uri(MAX_CREDENTIAL_BYTES));
        assert_eq!(longest, Err(Reason::AuthMalformed));
        let longer = outcome(&uri(MAX_CREDENTIAL_BYTES + 1));
        assert_eq!(longer, Err(Reason::AuthInvalid));
    }

    #[test]
    fn every_spelling_is_stripped_and_the_rest_stays() {
        for (uri, expected) in [
            ("/in?token=x", "/in"),
            ("/in?token", "/in"),
            ("/in?token=x&token=y", "/in"),
            ("/in?%74ok%65n=x", "/in"),
            ("/in?a=%31&token=x&&b=+", "/in?a=%31&&b=+"),
            ("/in?token=x&", "/in?"),
            ("/in?tokens=x&Token=y", "/in?tokens=x&Token=y"),
            ("/in?", "/in?"),
            ("/in", "/in"),
            ("https://h:1/?token=x&a", "https://h:1/?a"),
            ("https://h?token=x", "https://h/"),
            ("https://h", "https://h"),
            ("*", "*"),
            ("h:443", "h:443"),
            ("/in?é=token&token=é", "/in?é=token"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(
                strip_query_token(&uri, "token").to_string(),
                expected.parse::<Uri>().unwrap().to_string()
            );
        }
    }

    proptest! {
        #[test]
        fn no_value_of_the_parameter_is_left(query in "([a-c%=&+?]|token|%74oken|=canary|&){0,20}") {
            let uri = format!("https://h/in?{query}&token=canary1&%74oken=canary2");
            let uri: Uri = uri.parse().unwrap();
            let stripped = strip_query_token(&uri, "token");
            let name = QueryName::new("token").unwrap();
            prop_assert_eq!(read(&stripped, &name).err(), Some(Reason::AuthMissing));
            prop_assert_eq!((stripped.path(), stripped.host()), ("/in", Some("h")));
            prop_assert!(!stripped.to_string().contains("canary1"));
            prop_assert_eq!(strip_query_token(&stripped, "token"), stripped);
        }
    }
}
