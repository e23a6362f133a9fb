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

#[cfg(test)]
mod tests {
    use axum_core::{
        body::Body,
        extract::{FromRequest as _, FromRequestParts as _, Request},
        response::IntoResponse as _,
    };
    use bytes::Bytes;

    use super::{Verified, VerifiedRejection};
    use crate::{Facts, Verification};

    fn delivery() -> Request {
        Request::new(Body::from("{}"))
    }

    #[tokio::test]
    async fn only_what_was_verified_reaches_the_handler() {
        let refused = Verified::<Bytes>::from_request(delivery(), &()).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, VerifiedRejection::NotVerified(_)));
        assert_eq!(refused.into_response().status().as_u16(), 500);
        let mut parts = delivery().into_parts().0;
        let refused = Verification::from_request_parts(&mut parts, &()).await;
        assert_eq!(refused.unwrap_err().into_response().status().as_u16(), 500);

        let verification = Verification::new("github");
        let mut request = delivery();
        Facts::of_mut(request.extensions_mut()).set_verification(verification.clone());
        let taken = Verified::<Bytes>::from_request(request, &()).await.unwrap();
        assert_eq!((taken.body, taken.delivery), ("{}".into(), verification));
    }

    #[tokio::test]
    async fn what_the_inner_extractor_refuses_is_answered_as_it_says() {
        let mut request = Request::new(Body::from(vec![0xff]));
        Facts::of_mut(request.extensions_mut()).set_verification(Verification::new("github"));
        let refused = Verified::<String>::from_request(request, &()).await;
        let refused = refused.unwrap_err();
        assert!(matches!(refused, VerifiedRejection::Inner(_)));
        assert_eq!(refused.into_response().status().as_u16(), 400);
    }
}
