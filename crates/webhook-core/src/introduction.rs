//! How a provider introduces itself to an endpoint, as far as a layer has to know it.
//!
//! Before a provider delivers anything it wants to know that the endpoint is yours: it sends a
//! challenge and wants it back. Which providers do that, and how, is known elsewhere
//! (`webhook_signature::handshake`); a layer that answers for them asks an [`Introduction`], sends
//! its answer in the handler's place with [`send`], and knows no provider.

use std::fmt;

use bytes::Bytes;
use http::{Response, request::Parts};

use crate::{Check, Facts, Reason, Reject, Rejection};

/// The longest body that is looked at for an introduction, in bytes: 16 KiB.
pub const MAX_BODY: usize = 16 * 1024;

/// The note in the record of a request that was answered as an introduction.
const NOTE: &str = "handshake";

/// Answers the requests with which a provider introduces itself.
///
/// Whoever asks is not known: **an answer tells nothing that the request did not**, and signs
/// nothing.
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, request::Parts};
/// use webhook_core::introduction::Introduction;
///
/// /// A provider that wants the value of a header back.
/// #[derive(Debug)]
/// struct Echo;
///
/// impl Introduction for Echo {
///     fn answer(&self, head: &Parts, _: Option<&[u8]>) -> Option<Response<Bytes>> {
///         let challenge = head.headers.get("x-acme-challenge")?.to_str().ok()?;
///         Some(Response::new(Bytes::copy_from_slice(challenge.as_bytes())))
///     }
/// }
///
/// let (head, ()) = http::Request::get("/").header("x-acme-challenge", "abc").body(())?.into_parts();
/// assert_eq!(Echo.answer(&head, None).ok_or("no answer")?.into_body(), "abc");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot answer a provider's handshake here",
    note = "give `Responder::unsigned()` of `webhook-signature`, or implement `Introduction`"
)]
pub trait Introduction: fmt::Debug + Send + Sync {
    /// The answer; `None` where this is a request like any other. The body is `None` before it was
    /// read, and has at most [`MAX_BODY`] bytes.
    fn answer(&self, head: &Parts, body: Option<&[u8]>) -> Option<Response<Bytes>>;

    /// Whether a request with this head may be an introduction that only its body can tell, so that
    /// the body is worth reading up to [`MAX_BODY`]. Default: never.
    fn wants_body(&self, head: &Parts) -> bool {
        let _ = head;
        false
    }
}

/// Sends an answer in the handler's place, and notes it in the request's record.
///
/// One with a client error, as for a wrong verify token, is noted as a refusal. A policy that knows
/// no [body](Reject::body) has it answered with 500 `misconfigured`, as a fault of `check`.
#[must_use]
pub fn send<B, R: Reject<B>>(
    answer: Response<Bytes>,
    check: Check,
    policy: &R,
    request: &Parts,
) -> Response<B> {
    let (head, bytes) = answer.into_parts();
    let Some(body) = policy.body(bytes) else {
        return Rejection::new(Reason::Misconfigured, check).answer(policy, request);
    };
    let record = Facts::record_of(&request.extensions);
    record.set_note(NOTE);
    let mut response = Response::from_parts(head, body);
    if response.status().is_client_error() {
        record.set_refusal(Reason::AuthInvalid, Check::Token);
        let rejection = Rejection::new(Reason::AuthInvalid, Check::Token);
        response.extensions_mut().insert(rejection);
    }
    response
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, Response, StatusCode, request::Parts};
    use http_body_util::Full;

    use super::{Introduction, MAX_BODY, send};
    use crate::{Check, Clock, DeliveryRecord, Facts, Problem, Reason, Rejection, RequestId};

    fn asked() -> (Parts, DeliveryRecord) {
        let record = DeliveryRecord::new(RequestId::generate(&Clock::system()));
        let mut request = Request::new(());
        Facts::of_mut(request.extensions_mut()).set_record(record.clone());
        (request.into_parts().0, record)
    }

    #[test]
    fn a_body_is_wanted_only_by_who_says_so() {
        #[derive(Debug)]
        struct FromTheHead;
        impl Introduction for FromTheHead {
            fn answer(&self, _: &Parts, _: Option<&[u8]>) -> Option<Response<Bytes>> {
                None
            }
        }
        assert!(!FromTheHead.wants_body(&asked().0));
        assert_eq!(MAX_BODY, 16_384);
    }

    #[test]
    fn an_answer_goes_out_and_is_noted() {
        let (parts, record) = asked();
        let answer = Response::new(Bytes::from_static(b"abc"));
        let response: Response<Full<Bytes>> =
            send(answer, Check::Token, &Problem::default(), &parts);
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!((record.note(), record.refusal()), (Some("handshake"), None));
    }

    #[test]
    fn a_wrong_verify_token_is_a_refusal() {
        let (parts, record) = asked();
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::FORBIDDEN;
        let response: Response<Full<Bytes>> =
            send(answer, Check::Signature, &Problem::default(), &parts);
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        assert!(response.extensions().get::<Rejection>().is_some());
        assert_eq!(record.refusal(), Some((Reason::AuthInvalid, Check::Token)));
    }

    #[test]
    fn a_policy_without_a_body_is_a_misconfiguration() {
        let (parts, record) = asked();
        let policy = |rejection: &Rejection, _: &Parts| {
            let mut response = Response::new(());
            *response.status_mut() = rejection.code().status();
            response
        };
        let response = send(Response::new(Bytes::new()), Check::Token, &policy, &parts);
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            record.refusal(),
            Some((Reason::Misconfigured, Check::Token))
        );
    }
}
