use std::net::IpAddr;

#[cfg(feature = "feeds")]
use super::LiveSet;
use super::{AddressSet, ListError, Network};
#[cfg(feature = "feeds")]
use crate::FeedHandle;

/// Who is let in: an allow list, a deny list, both or neither.
///
/// * Deny beats allow, however specific the allowing entry is.
/// * With an allow list, whoever is not on it is refused. An allow list that is configured and
///   empty, for example after a refresh that failed, lets nobody in.
/// * An unknown address is refused wherever a list is configured, even an empty deny list.
/// * With no list at all (the default), everybody is let in.
///
/// ```
/// use webhook_ip_layer::{Access, AccessList};
///
/// let list = AccessList::allow(["203.0.113.0/24"])?.with_deny(["203.0.113.7"])?;
/// assert_eq!(list.judge(Some("203.0.113.8".parse()?)), Access::Allowed);
/// assert_eq!(list.judge(Some("203.0.113.7".parse()?)), Access::Denied);
/// assert_eq!(list.judge(Some("198.51.100.1".parse()?)), Access::NotAllowed);
/// assert_eq!(list.judge(None), Access::Unknown);
///
/// let nobody = AccessList::allow(["127.0.0.1"; 0])?;
/// assert!(!nobody.permits(Some("127.0.0.1".parse()?)));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct AccessList {
    allow: Option<AddressSet>,
    #[cfg(feature = "feeds")]
    feeds: Vec<LiveSet>,
    deny: Option<AddressSet>,
}

/// What an [`AccessList`] says about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Let in: on the allow list, or there is none, and not on the deny list.
    Allowed,
    /// Refused: on the deny list.
    Denied,
    /// Refused: there is an allow list and the address is not on it.
    NotAllowed,
    /// Refused: there is a list and no address to hold against it.
    Unknown,
}

impl Access {
    /// Whether the request may go on.
    #[must_use]
    pub const fn permits(self) -> bool {
        matches!(self, Self::Allowed)
    }
}

impl AccessList {
    /// No list: everybody is let in.
    #[must_use]
    pub fn open() -> Self {
        Self::default()
    }

    /// Only these networks are let in.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn allow<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::open().with_allow(entries)
    }

    /// Everybody but these networks is let in.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn deny<I>(entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        Self::open().with_deny(entries)
    }

    /// Sets the allow list, instead of any set before. Default: none.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_allow<I>(self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let set = AddressSet::parse(entries).map_err(|error| error.of("allow"))?;
        Ok(self.with_allow_set(set))
    }

    /// Sets the deny list, instead of any set before. Default: none.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_deny<I>(self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let set = AddressSet::parse(entries).map_err(|error| error.of("deny"))?;
        Ok(self.with_deny_set(set))
    }

    /// Sets the allow list to a set that is built already.
    #[must_use]
    pub fn with_allow_set(mut self, set: AddressSet) -> Self {
        self.allow = Some(set);
        self
    }

    /// Also lets in the networks of a feed, as it is loaded now and at any time from now on. A feed
    /// that nothing was loaded into yet lets nobody in.
    ///
    /// ```
    /// use webhook_core::Timestamp;
    /// use webhook_ip_layer::{AccessList, FeedHandle, feed};
    ///
    /// let github = FeedHandle::of(feed::provider("github").unwrap());
    /// let list = AccessList::allow(["203.0.113.7"])?.with_allow_feed(&github);
    /// assert!(!list.permits(Some("192.30.252.7".parse()?)));
    ///
    /// github.refresh(br#"{"hooks": ["192.30.252.0/22"]}"#, Timestamp::from_unix_seconds(0))?;
    /// assert!(list.permits(Some("192.30.252.7".parse()?)));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "feeds")]
    #[cfg_attr(docsrs, doc(cfg(feature = "feeds")))]
    #[must_use]
    pub fn with_allow_feed(mut self, feed: &FeedHandle) -> Self {
        self.feeds.push(feed.live());
        self
    }

    /// Sets the deny list to a set that is built already.
    #[must_use]
    pub fn with_deny_set(mut self, set: AddressSet) -> Self {
        self.deny = Some(set);
        self
    }

    /// Whether there is any list, and so an address is needed.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.has_allow() || self.deny.is_some()
    }

    #[cfg(feature = "feeds")]
    const fn has_allow(&self) -> bool {
        self.allow.is_some() || !self.feeds.is_empty()
    }

    #[cfg(not(feature = "feeds"))]
    const fn has_allow(&self) -> bool {
        self.allow.is_some()
    }

    /// Whether the address is on the allow list, or there is none.
    #[inline]
    fn allows(&self, address: IpAddr) -> bool {
        if self
            .allow
            .as_ref()
            .is_some_and(|allow| allow.contains(address))
        {
            return true;
        }
        #[cfg(feature = "feeds")]
        if self.feeds.iter().any(|feed| feed.contains(address)) {
            return true;
        }
        !self.has_allow()
    }

    /// Whether there is an allow list with IPv4 networks only.
    pub(crate) fn allows_only_v4(&self) -> bool {
        #[cfg(feature = "feeds")]
        if self.feeds.iter().any(|feed| !feed.is_only_v4()) {
            return false;
        }
        self.has_allow() && self.allow.as_ref().is_none_or(AddressSet::is_only_v4)
    }

    /// Holds an address, `None` where it is unknown, against the lists. Never allocates.
    #[must_use]
    #[inline]
    pub fn judge(&self, address: Option<IpAddr>) -> Access {
        if !self.is_configured() {
            return Access::Allowed;
        }
        let Some(address) = address else {
            return Access::Unknown;
        };
        if self
            .deny
            .as_ref()
            .is_some_and(|deny| deny.contains(address))
        {
            Access::Denied
        } else if self.allows(address) {
            Access::Allowed
        } else {
            Access::NotAllowed
        }
    }

    /// Whether [`judge`](Self::judge) lets the address in.
    #[must_use]
    pub fn permits(&self, address: Option<IpAddr>) -> bool {
        self.judge(address).permits()
    }

    /// The entry that decided about the address: the most specific one of the deny list, or else of
    /// the allow list; `None` where no entry names it. For explanations, off the hot path.
    #[must_use]
    pub fn rule(&self, address: IpAddr) -> Option<Network> {
        let rule = |set: &Option<AddressSet>| set.as_ref().and_then(|set| set.rule(address));
        let listed = rule(&self.deny).or_else(|| rule(&self.allow));
        #[cfg(feature = "feeds")]
        let listed = listed.or_else(|| self.feeds.iter().find_map(|feed| feed.rule(address)));
        listed
    }
}
