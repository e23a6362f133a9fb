use http::{HeaderValue, Request, StatusCode};
use webhook_core::Rejection;
use webhook_signature::presets;

use crate::{TestAnswer, TestApp, TestBody, exchange::Failure, probe::Runs};

/// What is sent to each route: how it is called, and what stands in every signature's header.
const CREDENTIALS: [(&str, Option<&str>); 3] = [
    ("unsigned", None),
    ("with an empty signature", Some("")),
    (
        "with a forged signature",
        Some("sha256=0000000000000000000000000000000000000000000000000000000000000000"),
    ),
];

impl TestApp {
    /// Asserts that each of these routes refuses a `POST` that is unsigned, has empty signatures, or
    /// forged ones, under the header of every known provider, before its handler runs.
    ///
    /// # Panics
    /// Where a route does not; the message names each of them. A route that is not there counts as
    /// one, for nothing was shown of it.
    pub async fn assert_every_route_protected<P: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) {
        let mut open = Vec::new();
        let mut count = 0_usize;
        for path in paths {
            let path = path.as_ref();
            count += 1;
            for (how, credential) in CREDENTIALS {
                let request = unsigned(path, credential);
                let answer = self.try_send(request, self.peer_addr(), Runs::default());
                if let Some(fault) = fault(&answer.await) {
                    open.push(format!("{path} {how}: {fault}"));
                }
            }
        }
        assert!(count > 0, "no route was named");
        assert!(
            open.is_empty(),
            "routes that are not protected:\n  {}\n  = help: put the layer around the whole router, not around one route",
            open.join("\n  ")
        );
    }
}

fn unsigned(path: &str, credential: Option<&str>) -> Request<TestBody> {
    let mut request = Request::new(TestBody::new("{}"));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = match path.parse() {
        Ok(uri) => uri,
        Err(error) => panic!("{path:?} is no path of a route: {error}"),
    };
    if let Some(value) = credential.and_then(|text| HeaderValue::from_str(text).ok()) {
        for preset in presets::all() {
            if let Some(name) = preset.scheme().signature_header() {
                request.headers_mut().insert(name.clone(), value.clone());
            }
        }
    }
    request
}

fn fault(answer: &Result<TestAnswer, Failure>) -> Option<String> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return Some(failure.to_string()),
    };
    // A layer's own refusal shows that the route is guarded, whatever its status.
    let is_guarded = answer.rejection().is_some();
    match answer.status() {
        _ if answer.handled() > 0 => Some(format!("the handler ran ({})", answer.summary())),
        StatusCode::NOT_FOUND if !is_guarded => Some("there is no such route (404)".to_owned()),
        StatusCode::METHOD_NOT_ALLOWED if !is_guarded => {
            Some("the route takes no POST, which shows nothing of it (405)".to_owned())
        }
        status if status.is_server_error() && !is_busy(answer) => Some(format!(
            "answered as an error of the server ({})",
            answer.summary()
        )),
        StatusCode::TOO_MANY_REQUESTS => {
            Some("a quota answered, which shows nothing of the signature (429)".to_owned())
        }
        _ => None,
    }
}

fn is_busy(answer: &TestAnswer) -> bool {
    answer.rejection().map(Rejection::code) == Some(webhook_core::Code::Unavailable)
}
