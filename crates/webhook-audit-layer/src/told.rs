//! What is copied of a request before it is handed on.

use http::{
    HeaderMap, HeaderValue, Method, Request, Version,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
    request::Parts,
    uri::Scheme,
};
use webhook_core::{DeliveryRecord, Facts, PeerAddr};

use crate::record::{MAX_METHOD_BYTES, MAX_PATH_BYTES, MAX_USER_AGENT_BYTES, SenderText};

/// Copies, never the request's own `HeaderValue`s: those would pin the connection's read buffer.
pub(crate) struct Told {
    pub(crate) method: SenderText,
    pub(crate) path: Option<SenderText>,
    pub(crate) route: Option<SenderText>,
    pub(crate) scheme: Option<&'static str>,
    pub(crate) version: Version,
    pub(crate) user_agent: Option<SenderText>,
    pub(crate) peer: Option<PeerAddr>,
    pub(crate) is_grpc: bool,
    accepts_text: bool,
}

impl Told {
    pub(crate) fn of<B>(request: &Request<B>, with_path: bool) -> Self {
        let (uri, headers) = (request.uri(), request.headers());
        Self {
            method: SenderText::new(request.method().as_str(), MAX_METHOD_BYTES),
            // Never the query: secrets are found there.
            path: with_path.then(|| SenderText::new(uri.path(), MAX_PATH_BYTES)),
            route: route(request),
            scheme: uri.scheme().and_then(known_scheme),
            version: request.version(),
            user_agent: headers
                .get(USER_AGENT)
                .map(|value| SenderText::from_bytes(value.as_bytes(), MAX_USER_AGENT_BYTES)),
            peer: Facts::peer_of(request.extensions()),
            is_grpc: is_grpc(headers),
            accepts_text: accepts_text(headers),
        }
    }

    /// The request as a rejection policy needs it, after the request itself was handed on.
    pub(crate) fn sketch(&self, record: &DeliveryRecord) -> Parts {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = Method::from_bytes(self.method.as_raw().as_bytes()).unwrap_or(Method::POST);
        parts.version = self.version;
        if let Some(uri) = self
            .path
            .as_ref()
            .and_then(|path| path.as_raw().parse().ok())
        {
            parts.uri = uri;
        }
        if self.is_grpc {
            let grpc = HeaderValue::from_static("application/grpc");
            parts.headers.insert(CONTENT_TYPE, grpc);
        }
        if self.accepts_text {
            let text = HeaderValue::from_static("text/plain");
            parts.headers.insert(ACCEPT, text);
        }
        Facts::of_mut(&mut parts.extensions).set_record(record.clone());
        parts
    }
}

#[cfg(feature = "axum")]
fn route<B>(request: &Request<B>) -> Option<SenderText> {
    let matched: &axum::extract::MatchedPath = request.extensions().get()?;
    Some(SenderText::new(
        matched.as_str(),
        crate::record::MAX_ROUTE_BYTES,
    ))
}

#[cfg(not(feature = "axum"))]
fn route<B>(_: &Request<B>) -> Option<SenderText> {
    None
}

fn known_scheme(scheme: &Scheme) -> Option<&'static str> {
    match scheme.as_str() {
        "http" => Some("http"),
        "https" => Some("https"),
        _ => None,
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let name = b"application/grpc";
    let Some((head, rest)) = content_type.as_bytes().split_at_checked(name.len()) else {
        return false;
    };
    head.eq_ignore_ascii_case(name) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
}

/// Whether one line of text is preferred to a JSON document.
fn accepts_text(headers: &HeaderMap) -> bool {
    let mut text = false;
    for value in headers.get_all(ACCEPT) {
        match value.to_str() {
            Ok(value) if !value.contains("json") => text |= value.contains("text/plain"),
            _ => return false,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use http::{Request, Version};
    use webhook_core::DeliveryRecord;

    use super::Told;

    fn told(request: http::request::Builder) -> Told {
        Told::of(&request.body(()).unwrap(), true)
    }

    #[test]
    fn the_query_is_never_copied() {
        let told = told(Request::post("https://hooks.test/a/b?token=hunter2"));
        assert_eq!(told.path.unwrap().as_raw(), "/a/b");
        assert_eq!(told.scheme, Some("https"));
    }

    #[test]
    fn a_sketch_is_enough_to_word_a_refusal() {
        let request = Request::put("/a?b").version(Version::HTTP_2);
        let told = told(
            request
                .header("content-type", "application/grpc+proto")
                .header("accept", "text/plain")
                .header("authorization", "Bearer hunter2"),
        );
        let parts = told.sketch(&DeliveryRecord::default());
        assert_eq!((parts.method.as_str(), parts.uri.path()), ("PUT", "/a"));
        assert_eq!(parts.version, Version::HTTP_2);
        assert_eq!(parts.headers["content-type"], "application/grpc");
        assert_eq!(parts.headers["accept"], "text/plain");
        assert_eq!(parts.headers.len(), 2);
    }

    #[test]
    fn text_is_wanted_where_no_json_is() {
        let wants = |accept: &[&str]| {
            let request = accept.iter().fold(Request::get("/"), |request, value| {
                request.header("accept", *value)
            });
            told(request).accepts_text
        };
        assert!(wants(&["text/plain"]));
        assert!(wants(&["text/html", "text/plain;q=0.5"]));
        assert!(!wants(&["text/plain, application/json"]));
        assert!(!wants(&["text/plain", "application/json"]));
        assert!(!wants(&["*/*"]));
        assert!(!wants(&[]));
    }

    #[test]
    fn the_path_can_be_left_out() {
        let request = Request::get("/hooks/hunter2").body(()).unwrap();
        assert!(Told::of(&request, false).path.is_none());
    }
}
