use std::{any::TypeId, collections::HashMap, fmt, sync::Arc};

use crate::Name;

/// The endpoint that a delivery is for, with the settings that its layers read.
///
/// Whatever resolves endpoints puts one into the request's [`Facts`](crate::Facts); each layer
/// whose settings are [per endpoint](crate::Settings::per_endpoint) finds its own there by type.
///
/// ```
/// use webhook_core::Endpoint;
///
/// #[derive(Debug, PartialEq)]
/// struct MaxBody(u64);
///
/// let endpoint = Endpoint::new("tenant-7").with(MaxBody(4096));
/// assert_eq!(endpoint.get::<MaxBody>().as_deref(), Some(&MaxBody(4096)));
/// assert_eq!(endpoint.get::<String>(), None);
/// ```
#[derive(Clone)]
pub struct Endpoint {
    name: Name,
    settings: Arc<HashMap<TypeId, Arc<dyn std::any::Any + Send + Sync>>>,
}

impl Endpoint {
    /// An endpoint without settings of its own.
    #[must_use]
    pub fn new(name: impl Into<Name>) -> Self {
        Self {
            name: name.into(),
            settings: Arc::default(),
        }
    }

    /// Adds the settings of one layer; settings of the same type are replaced.
    #[must_use]
    pub fn with<T: Send + Sync + 'static>(mut self, settings: T) -> Self {
        let mut all = HashMap::clone(&self.settings);
        all.insert(TypeId::of::<T>(), Arc::new(settings));
        self.settings = Arc::new(all);
        self
    }

    /// The endpoint's name, for records and quotas.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The settings of this type.
    #[must_use]
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let settings = Arc::clone(self.settings.get(&TypeId::of::<T>())?);
        settings.downcast().ok()
    }
}

/// Prints the name only: settings can hold secrets.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.name).finish()
    }
}
