//! Lists of networks: strict parsing, look-up in any number of entries, and who is let in.
//!
//! * A [`Network`] is one entry: an address or a prefix, in one strict spelling.
//! * An [`AddressSet`] holds any number of them and answers in a binary search.
//! * An [`AccessList`] is an allow list and a deny list together; deny beats allow.
//!
//! A list with mistakes in it is refused as a whole, and [`ListError`] names every one of them.

mod access;
mod error;
#[cfg(feature = "feeds")]
mod live;
mod network;
mod ranges;
mod set;
mod wide;

#[cfg(test)]
mod tests;

#[cfg(feature = "feeds")]
pub(crate) use self::live::LiveSet;
pub use self::{
    access::{Access, AccessList},
    error::{ListError, NetworkError, NetworkErrorKind},
    network::Network,
    set::AddressSet,
};
