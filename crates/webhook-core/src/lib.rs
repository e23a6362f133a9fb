//! What every webhook layer shares: the buffered body, rejections, the delivery record, client
//! addresses, settings, clock and secrets.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
pub mod body;
mod endpoint;
mod facts;
pub mod record;
pub mod rejection;
pub mod secret;
pub mod settings;
mod text;
pub mod time;
mod verification;
#[cfg(feature = "axum")]
mod verified;
mod vocabulary;

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub use self::verified::{Verified, VerifiedRejection};
pub use self::{
    address::{AddressError, ClientAddr, ClientNetwork, PeerAddr},
    body::BufferedBody,
    endpoint::Endpoint,
    facts::Facts,
    record::{DeliveryRecord, RequestId},
    rejection::{Problem, Reject, Rejection},
    secret::{Secret, SecretError, SecretErrorKind},
    settings::{Settings, SettingsHandle},
    text::{Name, ShortText},
    time::{Clock, ManualClock, Ticks, Timestamp},
    verification::Verification,
    vocabulary::{Check, Code, Outcome, Reason, Verdict},
};
