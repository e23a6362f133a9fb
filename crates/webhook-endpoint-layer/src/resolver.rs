use std::fmt;

use crate::{Key, Lookup};

/// Looks an endpoint up, in a database or wherever endpoints are kept.
///
/// Any function of a [`Key`] that returns such a future does:
///
/// ```
/// use std::convert::Infallible;
///
/// use webhook_core::Endpoint;
/// use webhook_endpoint_layer::{EndpointCache, Key, Lookup};
///
/// let cache = EndpointCache::new(async |key: Key| {
///     let endpoint = (key.as_str() == "acme").then(|| Endpoint::new("acme"));
///     Ok::<Lookup, Infallible>(endpoint.into())
/// });
/// ```
///
/// A type of its own can name its future, and box nothing:
///
/// ```
/// use std::{
///     convert::Infallible,
///     future::{Ready, ready},
/// };
///
/// use webhook_core::Endpoint;
/// use webhook_endpoint_layer::{EndpointCache, Key, Lookup, Resolve};
///
/// /// Every key has an endpoint of its name.
/// struct Everybody;
///
/// impl Resolve for Everybody {
///     type Error = Infallible;
///     type Future = Ready<Result<Lookup, Infallible>>;
///
///     fn resolve(&self, key: Key) -> Self::Future {
///         ready(Ok(Endpoint::new(key.to_string()).into()))
///     }
/// }
///
/// let cache = EndpointCache::new(Everybody);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot look endpoints up",
    note = "a function does: `|key: Key| async move {{ Ok::<Lookup, MyError>(find(key).await?.into()) }}`",
    note = "its future must be `Send + 'static`: clone the pool or client into it"
)]
pub trait Resolve: Send + Sync + 'static {
    /// Why a look-up can fail. Its text goes into the operator's log: keep secrets out of it.
    type Error: fmt::Display;
    /// The look-up.
    type Future: Future<Output = Result<Lookup, Self::Error>> + Send + 'static;

    /// Looks the endpoint of this key up. It runs as a task, so it must not block.
    ///
    /// # Errors
    ///
    /// Where the store cannot be asked. A key that the store does not have is no error but
    /// [`Lookup::Unknown`].
    fn resolve(&self, key: Key) -> Self::Future;
}

impl<F, T, E> Resolve for F
where
    F: Fn(Key) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Lookup, E>> + Send + 'static,
    E: fmt::Display,
{
    type Error = E;
    type Future = T;

    fn resolve(&self, key: Key) -> T {
        self(key)
    }
}
