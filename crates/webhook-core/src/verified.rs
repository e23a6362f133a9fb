use axum_core::{
    extract::{FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use crate::{Check, Facts, Problem, Reason, Rejection, Verification};

/// An axum extractor that gives what another extractor reads, together with what the delivery was
/// verified to be.
///
/// It refuses with 500 `misconfigured`, and leaves the cause in the record, where no layer verified
/// the delivery: a route that forgot its layer answers nobody.
///
/// ```
/// use axum::{Router, body::Bytes, routing::post};
/// use webhook_core::Verified;
///
/// async fn on_push(push: Verified<Bytes>) -> String {
///     format!("{} bytes from {}", push.body.len(), push.delivery.provider())
/// }
/// let app: Router = Router::new().route("/webhooks/github", post(on_push));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified<T> {
    /// What the inner extractor read of the request.
    pub body: T,
    /// What the delivery was verified to be.
    pub delivery: Verification,
}

/// Why [`Verified`] gives nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifiedRejection<R> {
    /// No layer verified the delivery.
    NotVerified(Box<Response>),
    /// The inner extractor refused the request.
    Inner(R),
}

impl<R: IntoResponse> IntoResponse for VerifiedRejection<R> {
    fn into_response(self) -> Response {
        match self {
            Self::NotVerified(response) => *response,
            Self::Inner(rejection) => rejection.into_response(),
        }
    }
}

fn not_verified<R>(request: &Parts) -> VerifiedRejection<R> {
    let rejection = Rejection::new(Reason::Misconfigured, Check::Signature);
    VerifiedRejection::NotVerified(Box::new(rejection.answer(&Problem::default(), request)))
}

impl<T, S> FromRequest<S> for Verified<T>
where
    T: FromRequest<S>,
    S: Send + Sync,
{
    type Rejection = VerifiedRejection<T::Rejection>;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let verification = Facts::of(request.extensions()).and_then(Facts::verification);
        let Some(delivery) = verification.cloned() else {
            return Err(not_verified(&request.into_parts().0));
        };
        let body = T::from_request(request, state)
            .await
            .map_err(VerifiedRejection::Inner)?;
        Ok(Self { body, delivery })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Verification {
    type Rejection = VerifiedRejection<std::convert::Infallible>;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let verification = Facts::of(&parts.extensions).and_then(Facts::verification);
        verification.cloned().ok_or_else(|| not_verified(parts))
    }
}
