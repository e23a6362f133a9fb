use std::sync::Arc;

use tower_layer::Layer;
use webhook_core::{Problem, Settings};

use crate::{Dedup, DedupSettings, MemoryStore, shared::Shared};

/// Has each verified delivery handled once; see the [crate's page](crate).
///
/// All services that one layer makes share its store, and so do the layer's clones.
#[derive(Clone, Debug)]
pub struct DedupLayer<St = MemoryStore, R = Problem> {
    pub(crate) store: St,
    pub(crate) settings: Settings<DedupSettings>,
    pub(crate) rejection: R,
    pub(crate) shared: Arc<Shared>,
}

impl DedupLayer {
    /// A layer with a [`MemoryStore`] of its own and the defaults of [`DedupSettings::new`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_store(MemoryStore::new())
    }
}

impl Default for DedupLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<St> DedupLayer<St> {
    /// A layer that claims in this store, with the defaults of [`DedupSettings::new`].
    ///
    /// ```
    /// use webhook_dedup_layer::{DedupLayer, MemoryStore};
    ///
    /// let store = MemoryStore::new().with_capacity(1 << 20)?;
    /// let layer = DedupLayer::with_store(store.clone());
    /// assert_eq!(store.gauges().entries, 0);
    /// # Ok::<_, webhook_dedup_layer::DedupError>(())
    /// ```
    #[must_use]
    pub fn with_store(store: St) -> Self {
        Self {
            store,
            settings: Settings::fixed(DedupSettings::new()),
            rejection: Problem::default(),
            shared: Arc::default(),
        }
    }
}

impl<St, R> DedupLayer<St, R> {
    /// Settings that are fixed, swappable at run time, or per endpoint. A request for which there are
    /// none is refused with 500 `misconfigured`.
    ///
    /// ```
    /// use webhook_core::Settings;
    /// use webhook_dedup_layer::{DedupLayer, DedupSettings};
    ///
    /// let (settings, handle) = Settings::swappable(DedupSettings::new());
    /// let layer = DedupLayer::new().with_settings(settings);
    /// ```
    #[must_use]
    pub fn with_settings(mut self, settings: Settings<DedupSettings>) -> Self {
        self.settings = settings;
        self
    }

    /// Words refusals, and makes the bodies of answers, with another policy than [`Problem`].
    ///
    /// A duplicate that was handled is answered 200, in a body that the policy makes with
    /// [`Reject::body`](webhook_core::Reject::body). A bare closure makes none, so behind one every
    /// request is refused with 500 `misconfigured`, the first as well: implement
    /// [`Reject`](webhook_core::Reject) with `body`.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Response, request::Parts};
    /// use webhook_core::{Reject, Rejection};
    /// use webhook_dedup_layer::DedupLayer;
    ///
    /// #[derive(Clone)]
    /// struct InWords;
    ///
    /// impl Reject<String> for InWords {
    ///     fn reject(&self, rejection: &Rejection, _: &Parts) -> Response<String> {
    ///         let mut response = Response::new(rejection.code().detail().to_owned());
    ///         *response.status_mut() = rejection.code().status();
    ///         response
    ///     }
    ///
    ///     fn body(&self, bytes: Bytes) -> Option<String> {
    ///         String::from_utf8(bytes.into()).ok()
    ///     }
    /// }
    ///
    /// let layer = DedupLayer::new().with_rejection(InWords);
    /// ```
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> DedupLayer<St, P> {
        DedupLayer {
            store: self.store,
            settings: self.settings,
            rejection,
            // What was found out about the other policy says nothing of this one.
            shared: Arc::default(),
        }
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &St {
        &self.store
    }
}

impl From<DedupSettings> for DedupLayer {
    fn from(settings: DedupSettings) -> Self {
        Self::new().with_settings(Settings::fixed(settings))
    }
}

impl<S, St: Clone, R: Clone> Layer<S> for DedupLayer<St, R> {
    type Service = Dedup<S, St, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Dedup::new(inner, self.clone())
    }
}
