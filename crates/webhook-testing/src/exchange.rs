//! One request and its answer, whatever the service does.

use std::{
    any::Any,
    fmt,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::{TestAnswer, TestBody, app::Erased, probe::Runs};

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    Panic(String),
    Error(String),
    NoAnswer,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(text) => write!(f, "the service panicked: {text}"),
            Self::Error(text) => write!(
                f,
                "the service failed instead of answering, so that the connection is closed: {text}"
            ),
            Self::NoAnswer => f.write_str("no answer within two minutes"),
        }
    }
}

pub(crate) async fn exchange(
    service: Erased,
    request: Request<TestBody>,
    runs: Runs,
) -> Result<TestAnswer, Failure> {
    let taken = request.body().counter();
    let answered = caught(async move {
        let response = service.oneshot(request).await.map_err(failed)?;
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await.map_err(failed)?;
        if let Some(trailers) = body.trailers() {
            parts.headers.extend(trailers.clone());
        }
        Ok((parts, body.to_bytes()))
    });
    let (parts, body) = answered.await?;
    Ok(TestAnswer {
        parts,
        body,
        runs: runs.count(),
        taken: taken.bytes(),
    })
}

fn failed(error: impl fmt::Display) -> Failure {
    Failure::Error(error.to_string())
}

/// The future's output, or the panic that it ended with.
async fn caught<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut future = pin!(future);
    poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.unwrap_or_else(|panic| Poll::Ready(Err(Failure::Panic(text_of(&*panic)))))
    })
    .await
}

pub(crate) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}
