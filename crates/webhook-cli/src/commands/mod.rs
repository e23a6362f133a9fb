//! The commands, one file each.

mod delivery;
pub(crate) mod ip;
pub(crate) mod providers;
pub(crate) mod secret;
pub(crate) mod send;
pub(crate) mod sign;
mod time;
pub(crate) mod verify;

use http::HeaderName;
use webhook_signature::Scheme;

/// The header that the signature stands in, if it stands in one.
#[allow(
    clippy::useless_conversion,
    reason = "the library is about to say so itself, for schemes whose signature is in the body"
)]
fn signature_header(scheme: &Scheme) -> Option<&HeaderName> {
    scheme.signature_header().into()
}
