//! A tower layer that finds the client address behind trusted proxies and holds it against allow and deny lists.

mod list;

pub use self::list::{
    Access, AccessList, AddressSet, ListError, Network, NetworkError, NetworkErrorKind,
};
