//! Sends one request over HTTP/1.1, with TLS where the URL says so.
//!
//! Nothing is added but `Host`, `Content-Length` and a user agent; redirects are not followed, and
//! no proxy of the environment is asked: what is shown is what the receiver itself answered.

use std::{
    io::Read as _,
    time::{Duration, Instant},
};

use http::{Method, Request, Response};
use ureq::{Agent, Body};

use super::answer::Answer;
use crate::{args::HeaderLines, commands::sign::pairs, exit::Failure};

/// The most bytes of an answer that are read.
const MAX_ANSWER: u64 = 1024 * 1024;

pub(super) struct Client(Agent);

impl Client {
    pub(super) fn new(timeout_seconds: u32) -> Self {
        let config = Agent::config_builder()
            .allow_non_standard_methods(true)
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(u64::from(timeout_seconds))))
            .user_agent(concat!("webhook-cli/", env!("CARGO_PKG_VERSION")))
            .accept("")
            .accept_encoding("")
            .build();
        Self(config.into())
    }

    pub(super) fn send(
        &self,
        to: &str,
        method: &Method,
        headers: &HeaderLines,
        body: &[u8],
    ) -> Result<Answer, Failure> {
        let mut request = Request::new(body);
        *request.method_mut() = method.clone();
        request.headers_mut().extend(headers.iter().cloned());
        *request.uri_mut() = to.parse().map_err(Failure::usage)?;

        let start = Instant::now();
        let response = if body.is_empty() && matches!(*method, Method::GET | Method::HEAD) {
            self.0.run(request.map(|_| ()))
        } else {
            self.0.run(request)
        };
        let answered = |error| failed(to, &error);
        let mut response: Response<Body> = response.map_err(answered)?;
        let mut text = Vec::new();
        let body = response.body_mut().as_reader();
        body.take(MAX_ANSWER)
            .read_to_end(&mut text)
            .map_err(|error| Failure::Io(format!("{to} did not answer to the end: {error}")))?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers: pairs(response.headers()),
            body: String::from_utf8_lossy(&text).into_owned(),
            time_ms: start.elapsed().as_secs_f64() * 1000.0,
        })
    }
}

fn failed(to: &str, error: &ureq::Error) -> Failure {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Failure::usage(format!("this cannot be sent to {to}: {error}"))
        }
        _ => Failure::Io(format!("{to} did not answer: {error}")),
    }
}
