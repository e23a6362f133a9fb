//! Whether a stack handles each delivery once: known when it compiles, so that a stack without it
//! carries nothing of it.

use tower_layer::Identity;
use webhook_core::{Clock, Settings};
use webhook_dedup_layer::{DedupLayer, DedupSettings, MemoryStore};

/// What a stack does about deliveries that come again.
///
/// [`EveryCopy`] hands every verified copy to the handler; [`DedupSettings`] and a
/// [`DedupLayer`] have each delivery handled once.
pub trait Once<R> {
    /// The layer of the stack.
    type Layer: Clone;

    /// Makes the layer, with the policy, the clock and the shadow mode of the stack.
    fn into_layer(self, rejection: R, clock: &Clock, is_shadow: bool) -> Self::Layer;
}

/// Every verified copy of a delivery reaches the handler.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct EveryCopy;

impl<R> Once<R> for EveryCopy {
    type Layer = Identity;

    fn into_layer(self, _: R, _: &Clock, _: bool) -> Identity {
        Identity::new()
    }
}

/// In memory, with the clock and the shadow mode of the stack.
impl<R: Clone> Once<R> for DedupSettings {
    type Layer = DedupLayer<MemoryStore, R>;

    fn into_layer(self, rejection: R, clock: &Clock, is_shadow: bool) -> Self::Layer {
        let settings = if is_shadow {
            self.with_insecure_shadow(true)
        } else {
            self
        };
        DedupLayer::with_store(MemoryStore::new().with_clock(clock.clone()))
            .with_settings(Settings::fixed(settings))
            .with_rejection(rejection)
    }
}

/// A layer with a store and settings of its own.
impl<St: Clone, R: Clone> Once<R> for DedupLayer<St> {
    type Layer = DedupLayer<St, R>;

    fn into_layer(self, rejection: R, _: &Clock, _: bool) -> Self::Layer {
        self.with_rejection(rejection)
    }
}
