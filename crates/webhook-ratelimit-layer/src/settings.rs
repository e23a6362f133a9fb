use webhook_core::Settings;

use crate::Quota;

/// A quota that stays as it is for as long as the layer lives.
impl From<Quota> for Settings<Quota> {
    fn from(quota: Quota) -> Self {
        Self::fixed(quota)
    }
}
