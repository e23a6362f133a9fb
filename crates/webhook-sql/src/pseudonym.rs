use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use webhook_core::Secret;

use crate::{SqlError, cell::Cell, row::key_of};

/// How addresses are stored. It is applied before a record is stored anywhere; ports are left out.
///
/// | | stored | `--client` and purge find |
/// |---|---|---|
/// | [`none`](Self::none), the default | the address | addresses and networks |
/// | [`truncated`](Self::truncated) | the network, /24 or /56 | networks of that size and larger |
/// | [`keyed`](Self::keyed) | 64 bits of HMAC-SHA-256 over the address | nothing: whoever has the key can look for [`pseudonym`](Self::pseudonym) |
#[derive(Clone)]
pub struct Pseudonyms(Way);

#[derive(Clone)]
enum Way {
    None,
    Truncated,
    Keyed(Box<Hmac<Sha256>>),
}

/// The least bytes of a key.
const MIN_KEY_BYTES: usize = 16;

impl Pseudonyms {
    /// Addresses as they are.
    #[must_use]
    pub const fn none() -> Self {
        Self(Way::None)
    }

    /// The /24 of an IPv4 address and the /56 of an IPv6 address.
    ///
    /// ```
    /// use webhook_sql::Pseudonyms;
    ///
    /// let pseudonyms = Pseudonyms::truncated();
    /// assert_eq!(pseudonyms.pseudonym("203.0.113.9".parse()?), "203.0.113.0/24");
    /// assert_eq!(pseudonyms.pseudonym("2001:db8:1:2ff::1".parse()?), "2001:db8:1:200::/56");
    /// # Ok::<_, std::net::AddrParseError>(())
    /// ```
    #[must_use]
    pub const fn truncated() -> Self {
        Self(Way::Truncated)
    }

    /// 64 bits of HMAC-SHA-256 over the address: the same client is the same word, and without the
    /// key nobody finds out which. Throwing the key away makes it final.
    ///
    /// # Errors
    ///
    /// The key has fewer than 16 bytes.
    pub fn keyed(key: &Secret) -> Result<Self, SqlError> {
        let key = key.expose();
        if key.len() < MIN_KEY_BYTES {
            return Err(SqlError::configuration(
                "a key for pseudonyms needs 16 bytes or more",
            ));
        }
        let mac = Hmac::new_from_slice(key)
            .map_err(|_| SqlError::configuration("this key cannot be used"))?;
        Ok(Self(Way::Keyed(Box::new(mac))))
    }

    /// What is stored for an address.
    #[must_use]
    pub fn pseudonym(&self, address: IpAddr) -> String {
        self.of(address).0
    }

    pub(crate) const fn are_on(&self) -> bool {
        !matches!(self.0, Way::None)
    }

    /// The text that is stored, and the key that networks are found by.
    pub(crate) fn of(&self, address: IpAddr) -> (String, Cell) {
        match &self.0 {
            Way::None => (address.to_string(), key_of(address).into()),
            Way::Truncated => {
                let (network, prefix) = network_of(address);
                (format!("{network}/{prefix}"), key_of(network).into())
            }
            Way::Keyed(mac) => {
                let mut mac = (**mac).clone();
                mac.update(&key_of(address));
                let digest = mac.finalize().into_bytes();
                let short = digest.get(..8).unwrap_or_default();
                (format!("hs256:{}", const_hex::encode(short)), Cell::Null)
            }
        }
    }
}

fn network_of(address: IpAddr) -> (IpAddr, u8) {
    match address {
        IpAddr::V4(address) => {
            let network = Ipv4Addr::from_bits(address.to_bits() & 0xffff_ff00);
            (network.into(), 24)
        }
        IpAddr::V6(address) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 72 << 72);
            (network.into(), 56)
        }
    }
}

impl Default for Pseudonyms {
    fn default() -> Self {
        Self::none()
    }
}

/// Without the key.
impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Way::None => "Pseudonyms(none)",
            Way::Truncated => "Pseudonyms(truncated)",
            Way::Keyed(_) => "Pseudonyms(keyed)",
        })
    }
}

#[cfg(test)]
mod tests {
    use webhook_core::Secret;

    use super::Pseudonyms;

    #[test]
    fn a_keyed_pseudonym_is_stable_and_tells_nothing() {
        let secret = Secret::new("0123456789abcdef").unwrap();
        let pseudonyms = Pseudonyms::keyed(&secret).unwrap();
        let one = pseudonyms.pseudonym("203.0.113.9".parse().unwrap());
        assert_eq!(one, pseudonyms.pseudonym("203.0.113.9".parse().unwrap()));
        assert_ne!(one, pseudonyms.pseudonym("203.0.113.8".parse().unwrap()));
        assert!(one.starts_with("hs256:") && one.len() == 22);
        assert_eq!(format!("{pseudonyms:?}"), "Pseudonyms(keyed)");
    }
}
