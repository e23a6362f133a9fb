//! What is copied of a request before it is handed on.

use http::{
    HeaderMap, HeaderValue, Method, Request,
    header::{ACCEPT, CONTENT_TYPE, USER_AGENT},
    request::Parts,
    uri::Scheme,
};
use webhook_core::{
    DeliveryRecord, Facts, PeerAddr,
    record::{Head, HeadText},
    rejection::{Accept, is_grpc_type},
};

use crate::record::{
    MAX_METHOD_BYTES, MAX_PATH_BYTES, MAX_ROUTE_BYTES, MAX_USER_AGENT_BYTES, SenderText,
};

/// Copies what the record tells of the request's head.
pub(crate) fn copy<B>(
    request: &Request<B>,
    peer: Option<PeerAddr>,
    with_path: bool,
    head: &mut Head,
) {
    let uri = request.uri();
    head.copy(
        HeadText::Method,
        ahead(request.method().as_str().as_bytes(), MAX_METHOD_BYTES),
    );
    if with_path {
        // Never the query: secrets are found there.
        head.copy(HeadText::Path, ahead(uri.path().as_bytes(), MAX_PATH_BYTES));
    }
    copy_route(request, head);
    head.scheme = uri.scheme().and_then(known_scheme);
    head.version = request.version();
    head.peer = peer;
    copy_headers(request.headers(), head);
}

/// What is copied of a text of which `max` bytes are told: one more, so that the cut is noticed.
#[inline]
fn ahead(text: &[u8], max: usize) -> &[u8] {
    text.get(..=max).unwrap_or(text)
}

/// Tells a text that was copied.
pub(crate) fn text(head: &Head, which: HeadText) -> Option<SenderText> {
    let max = match which {
        HeadText::Method => MAX_METHOD_BYTES,
        HeadText::Path => MAX_PATH_BYTES,
        HeadText::Route => MAX_ROUTE_BYTES,
        HeadText::UserAgent => MAX_USER_AGENT_BYTES,
    };
    Some(SenderText::from_bytes(head.text(which)?, max))
}

/// Copies what the headers tell, in one pass.
///
/// A delivery has about ten, and three look-ups by hash cost 300 instructions more. A pass over any
/// number of them costs less than the server has paid for reading them.
fn copy_headers(headers: &HeaderMap, head: &mut Head) {
    let (mut user_agent, mut content_type, mut accept) = (None, None, Accept::default());
    for (name, value) in headers {
        // Of several lines the first one counts.
        match *name {
            USER_AGENT => user_agent = user_agent.or(Some(value)),
            CONTENT_TYPE => content_type = content_type.or(Some(value)),
            ACCEPT => add_line(&mut accept, value),
            _ => {}
        }
    }
    if let Some(value) = user_agent {
        let text = ahead(value.as_bytes(), MAX_USER_AGENT_BYTES);
        head.copy(HeadText::UserAgent, text);
    }
    head.is_grpc = content_type.is_some_and(is_grpc_type);
    head.accepts_text = accept.prefers_text();
}

/// Apart, so that the pass over the headers stays small.
#[inline(never)]
fn add_line(accept: &mut Accept, line: &HeaderValue) {
    accept.add(line);
}

/// The request as a rejection policy needs it, after the request itself was handed on.
pub(crate) fn sketch(record: &DeliveryRecord) -> Parts {
    let (mut parts, ()) = Request::new(()).into_parts();
    if let Some(head) = record.head() {
        let method = text(head, HeadText::Method);
        let method = method.and_then(|method| method.as_raw().parse().ok());
        parts.method = method.unwrap_or(Method::POST);
        parts.version = head.version;
        let path = text(head, HeadText::Path);
        if let Some(uri) = path.and_then(|path| path.as_raw().parse().ok()) {
            parts.uri = uri;
        }
        if head.is_grpc {
            let grpc = HeaderValue::from_static("application/grpc");
            parts.headers.insert(CONTENT_TYPE, grpc);
        }
        if head.accepts_text {
            let text = HeaderValue::from_static("text/plain");
            parts.headers.insert(ACCEPT, text);
        }
    }
    Facts::of_mut(&mut parts.extensions).set_record(record.clone());
    parts
}

#[cfg(feature = "axum")]
fn copy_route<B>(request: &Request<B>, head: &mut Head) {
    if let Some(matched) = request.extensions().get::<axum::extract::MatchedPath>() {
        let route = ahead(matched.as_str().as_bytes(), MAX_ROUTE_BYTES);
        head.copy(HeadText::Route, route);
    }
}

#[cfg(not(feature = "axum"))]
const fn copy_route<B>(_: &Request<B>, _: &mut Head) {}

fn known_scheme(scheme: &Scheme) -> Option<&'static str> {
    match scheme.as_str() {
        "http" => Some("http"),
        "https" => Some("https"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::{Request, Version};
    use proptest::prelude::*;
    use webhook_core::{Clock, DeliveryRecord, record::HeadText};

    use super::{ahead, copy, sketch, text};
    use crate::SenderText;

    fn user_agent(record: &DeliveryRecord) -> String {
        let text = text(record.head().unwrap(), HeadText::UserAgent);
        text.unwrap().as_raw().to_owned()
    }

    fn told(request: http::request::Builder) -> DeliveryRecord {
        let request = request.body(()).unwrap();
        DeliveryRecord::begin(&Clock::system(), |head| copy(&request, None, true, head))
    }

    #[test]
    fn the_query_is_never_copied() {
        let told = told(Request::post("https://hooks.test/a/b?token=hunter2"));
        let head = told.head().unwrap();
        assert_eq!(text(head, HeadText::Path).unwrap().as_raw(), "/a/b");
        assert_eq!(head.scheme, Some("https"));
    }

    #[test]
    fn only_a_scheme_of_the_web_is_told() {
        for (uri, scheme) in [
            ("http://hooks.test/", Some("http")),
            ("https://hooks.test/", Some("https")),
            ("gopher://hooks.test/", None),
            ("/", None),
        ] {
            assert_eq!(told(Request::post(uri)).head().unwrap().scheme, scheme);
        }
    }

    #[test]
    fn a_sketch_is_enough_to_word_a_refusal() {
        let request = Request::put("/a?b").version(Version::HTTP_2);
        let parts = sketch(&told(
            request
                .header("content-type", "application/grpc+proto")
                .header("accept", "text/plain")
                .header("authorization", "Bearer hunter2"),
        ));
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
            told(request).head().unwrap().accepts_text
        };
        assert!(wants(&["text/plain"]));
        assert!(wants(&["text/html", "text/plain;q=0.5"]));
        assert!(wants(&["text/plain", "*/*"]));
        assert!(!wants(&["text/plain, application/json"]));
        assert!(!wants(&["text/plain", "application/json"]));
        assert!(!wants(&["*/*"]));
        assert!(!wants(&[]));
    }

    #[test]
    fn of_several_lines_the_first_one_is_told() {
        let record = told(
            Request::post("/")
                .header("user-agent", "one")
                .header("user-agent", "two")
                .header("content-type", "application/grpc")
                .header("content-type", "application/json"),
        );
        assert_eq!(user_agent(&record), "one");
        assert!(record.head().unwrap().is_grpc);
        let json_first = told(
            Request::post("/")
                .header("content-type", "application/json")
                .header("content-type", "application/grpc"),
        );
        assert!(!json_first.head().unwrap().is_grpc);
    }

    #[test]
    fn the_path_can_be_left_out() {
        let request = Request::get("/hooks/hunter2").body(()).unwrap();
        let record =
            DeliveryRecord::begin(&Clock::system(), |head| copy(&request, None, false, head));
        assert!(record.head().unwrap().text(HeadText::Path).is_none());
    }

    proptest! {
        #[test]
        fn what_is_told_of_a_copy_is_what_would_be_told_of_the_whole(
            start in "(a|é|€|😀){0,40}",
            rest in proptest::collection::vec(any::<u8>(), 0..40),
            max in 3..64_usize,
        ) {
            let whole = [start.as_bytes(), &rest].concat();
            let told = SenderText::from_bytes(ahead(&whole, max), max);
            prop_assert_eq!(&told, &SenderText::from_bytes(&whole, max));
            if let Ok(text) = std::str::from_utf8(&whole) {
                prop_assert_eq!(told, SenderText::new(text, max));
            }
        }
    }
}
