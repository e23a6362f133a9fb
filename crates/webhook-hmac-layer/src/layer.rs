use tower_layer::Layer;
use webhook_core::{Clock, Problem, Settings, body::MemoryBudget};
use webhook_signature::{KeyRing, Scheme};

use crate::{ConfigError, HmacSettings, VerifySignature};

/// Lets only deliveries with a valid signature through; see the [crate](crate).
#[derive(Clone, Debug)]
pub struct HmacLayer<R = Problem> {
    pub(crate) settings: Settings<HmacSettings>,
    pub(crate) rejection: R,
    pub(crate) clock: Clock,
    pub(crate) budget: MemoryBudget,
}

impl HmacLayer {
    /// A layer for deliveries of one scheme, or preset, signed with one of these secrets, with the
    /// defaults of [`HmacSettings::new`].
    ///
    /// # Errors
    /// A secret that the scheme cannot make a key of.
    pub fn new(scheme: impl Into<Scheme>, keys: impl Into<KeyRing>) -> Result<Self, ConfigError> {
        HmacSettings::new(scheme, keys).map(Self::from)
    }

    /// A layer whose settings are fixed, swappable at run time, or per endpoint. A request for which
    /// there are none is refused with 500 `misconfigured`.
    #[must_use]
    pub fn with_settings(settings: Settings<HmacSettings>) -> Self {
        Self {
            settings,
            rejection: Problem::default(),
            clock: Clock::system(),
            budget: MemoryBudget::default(),
        }
    }
}

impl From<HmacSettings> for HmacLayer {
    fn from(settings: HmacSettings) -> Self {
        Self::with_settings(Settings::fixed(settings))
    }
}

impl<R> HmacLayer<R> {
    /// Words refusals with another policy than [`Problem`].
    #[must_use]
    pub fn with_rejection<P>(self, rejection: P) -> HmacLayer<P> {
        HmacLayer {
            settings: self.settings,
            rejection,
            clock: self.clock,
            budget: self.budget,
        }
    }

    /// Takes the time from another clock; default the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Draws on another budget for unverified bodies; default the one of the process, 64 MiB.
    #[must_use]
    pub fn with_budget(mut self, budget: MemoryBudget) -> Self {
        self.budget = budget;
        self
    }
}

impl<S, R: Clone> Layer<S> for HmacLayer<R> {
    type Service = VerifySignature<S, R>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifySignature::new(inner, self.clone())
    }
}
