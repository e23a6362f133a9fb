use webhook_core::{Secret, SettingsHandle, Timestamp, change::Cause};
use webhook_hmac_layer::{ConfigError, HmacSettings};
use webhook_signature::{KeyRing, SecretUse};

use crate::Mistake;

/// The secrets of a running stack; from [`WebhookLayers::secrets`](crate::WebhookLayers::secrets).
///
/// Clones are of the same stack.
///
/// ```
/// use webhook_layers::{Cause, Secret, WebhookLayers, presets};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hooks = WebhookLayers::builder(&presets::GITHUB)
///     .secret("2026-q4", Secret::new("a secret of this quarter"))
///     .secret("2026-q3", Secret::new("a secret of last quarter"))
///     .build()?;
/// let secrets = hooks.secrets();
/// assert!(secrets.uses().all(|secret| secret.uses == 0));
///
/// let leaked = Cause::new("alice", "it stood in a public repository");
/// secrets.revoke("2026-q3", &leaked)?;
/// assert_eq!(secrets.uses().count(), 1);
/// assert!(secrets.revoke("2026-q4", &leaked).is_err(), "the last one");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Secrets(pub(crate) SettingsHandle<HmacSettings>);

impl Secrets {
    /// How often and when each secret verified a delivery, the one in front first.
    pub fn uses(&self) -> impl Iterator<Item = SecretUse> + use<> {
        let uses: Vec<_> = self.0.current().secret_uses().collect();
        uses.into_iter()
    }

    /// Takes a secret that leaked out of use, and records who did and why. From the next delivery
    /// on it verifies nothing; one whose body is still arriving is judged as when it began, which
    /// lasts no longer than the body's deadline.
    ///
    /// # Errors
    /// An id that no secret has, or the only one: pause the endpoint instead. Nothing is changed
    /// then.
    pub fn revoke(&self, id: &str, cause: &Cause) -> Result<(), ConfigError> {
        HmacSettings::revoke(&self.0, id, cause)
    }
}

const NO_SECRET: &str =
    "there is no secret; add one with `.secret(\"2026-q4\", Secret::from_env(\"WEBHOOK_SECRET\"))`";

/// The key ring of the secrets that are right; none where one of them is wrong.
pub(crate) fn ring(
    secrets: Vec<(String, Result<Secret, Mistake>)>,
    ends: Vec<(String, Timestamp)>,
    mistakes: &mut Vec<Mistake>,
) -> Option<KeyRing> {
    let before = mistakes.len();
    if secrets.is_empty() {
        mistakes.push(Mistake::new("WHK-C010", NO_SECRET));
    }
    let mut ring: Option<KeyRing> = None;
    let count = secrets.len();
    for (place, (id, secret)) in secrets.into_iter().enumerate() {
        let added = secret.and_then(|secret| {
            match ring.clone() {
                Some(ring) => ring.with(id, secret),
                None => KeyRing::new(id, secret),
            }
            .map_err(Mistake::from)
        });
        match added {
            Ok(longer) => ring = Some(longer),
            // By its place, not by its id: where the two were swapped, the id is the secret.
            Err(mistake) => {
                mistakes.push(mistake.about(format_args!("secret {} of {count}", place + 1)));
            }
        }
    }
    let mut ring = ring.filter(|_| mistakes.len() == before)?;
    for (id, instant) in ends {
        match ring.clone().with_not_after(&id, instant) {
            Ok(shorter) => ring = shorter,
            Err(error) => mistakes.push(error.into()),
        }
    }
    Some(ring).filter(|_| mistakes.len() == before)
}
