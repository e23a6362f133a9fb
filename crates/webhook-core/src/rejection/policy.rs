use bytes::Bytes;
use http::{Response, request::Parts};

use super::Rejection;
use crate::BufferedBody;

/// How a refusal is worded as a response with the body `ResBody`.
///
/// [`Problem`](super::Problem) does it for every [`RejectionBody`](super::RejectionBody); a closure
/// does it for any body:
///
/// ```
/// use http::{Request, Response, StatusCode, request::Parts};
/// use webhook_core::{Check, Reason, Rejection};
///
/// let teapot = |rejection: &Rejection, _: &Parts| {
///     let mut response = Response::new(format!("no: {}", rejection.code()));
///     *response.status_mut() = StatusCode::IM_A_TEAPOT;
///     response
/// };
/// let (parts, ()) = Request::new(()).into_parts();
/// let response = Rejection::new(Reason::IpDenied, Check::Ip).answer(&teapot, &parts);
/// assert_eq!(response.into_body(), "no: forbidden");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot word a refusal as a response with the body `{ResBody}`",
    label = "no refusal can be made with this response body",
    note = "`Problem` knows axum's and tonic's bodies (features `axum` and `tonic`), `Full<Bytes>`, `BoxBody` and `UnsyncBoxBody`",
    note = "a layer that changes the response's body, such as tower-http's `TraceLayer`, belongs outside the webhook layers",
    note = "for another body, give the layer a closure: `.with_rejection(|rejection: &Rejection, request: &Parts| -> Response<YourBody> {{ … }})`"
)]
pub trait Reject<ResBody> {
    /// The response to a refused request. It must not tell the rejection's reason.
    fn reject(&self, rejection: &Rejection, request: &Parts) -> Response<ResBody>;

    /// The body of an answer that a layer gives in the handler's place and that is no refusal, such
    /// as that of a provider's handshake. Default `None`: a layer that has such an answer then
    /// refuses with 500 `misconfigured`.
    fn body(&self, bytes: Bytes) -> Option<ResBody> {
        let _no_body_is_known = bytes;
        None
    }

    /// The same for an answer that ends in trailers, such as a gRPC message with its status.
    /// Default `None`, also of [`Problem`](super::Problem) where the body has no room for trailers.
    fn buffered(&self, body: BufferedBody) -> Option<ResBody> {
        let _no_body_is_known = body;
        None
    }
}

impl<F, ResBody> Reject<ResBody> for F
where
    F: Fn(&Rejection, &Parts) -> Response<ResBody>,
{
    fn reject(&self, rejection: &Rejection, request: &Parts) -> Response<ResBody> {
        self(rejection, request)
    }
}
