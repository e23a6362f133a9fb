use webhook_core::Settings;

#[cfg(feature = "feeds")]
use crate::FeedHandle;
use crate::{AccessList, Denials, IpLayer, ListDrift, ListError};

/// Who is let in.
impl<R> IpLayer<R> {
    /// Sets the layer's own allow list. Default: none, everybody is let in.
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_allow<I>(mut self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.rules.own = self.rules.own.with_allow(entries)?;
        Ok(self)
    }

    /// Sets the layer's own deny list, which beats every allow list. Default: none.
    ///
    /// ```
    /// use webhook_ip_layer::IpLayer;
    ///
    /// let layer = IpLayer::allow(["203.0.113.0/24"])?.with_deny(["203.0.113.7"])?;
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All entries that do not parse.
    pub fn with_deny<I>(mut self, entries: I) -> Result<Self, ListError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.rules.own = self.rules.own.with_deny(entries)?;
        Ok(self)
    }

    /// Sets lists that change at run time or that belong to the endpoint. Default: none.
    ///
    /// They come on top of the layer's own lists: a client must pass both. Where settings are per
    /// endpoint and a request has none, it is refused with 500 `misconfigured`.
    ///
    /// ```
    /// use webhook_core::{Settings, change::Cause};
    /// use webhook_ip_layer::{AccessList, IpLayer};
    ///
    /// let (settings, handle) = Settings::swappable(AccessList::allow(["203.0.113.0/24"])?);
    /// let layer = IpLayer::new().with_access(settings);
    ///
    /// // Later. A list with mistakes never gets this far, so the last good one stays in force.
    /// let list = AccessList::allow(["203.0.113.0/24", "198.51.100.7"])?;
    /// handle.replace(list, &Cause::new("alice", "acme has a new address"));
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub fn with_access(mut self, access: Settings<AccessList>) -> Self {
        self.rules.settings = Some(access);
        self
    }

    /// Also lets in the networks of a feed, as it is loaded now and at any time from now on. Default:
    /// none. A feed that nothing was loaded into yet lets nobody in. See [`feed`](crate::feed).
    ///
    /// ```
    /// use webhook_ip_layer::{FeedHandle, IpLayer, feed};
    ///
    /// let github = FeedHandle::of(feed::provider("github").unwrap());
    /// let layer = IpLayer::allow(["203.0.113.7"])?.with_allow_feed(&github);
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[cfg(feature = "feeds")]
    #[cfg_attr(docsrs, doc(cfg(feature = "feeds")))]
    #[must_use]
    pub fn with_allow_feed(mut self, feed: &FeedHandle) -> Self {
        self.rules.own = self.rules.own.with_allow_feed(feed);
        self
    }

    /// Sets the networks that are denied at run time; see [`Denials`]. Default: none. They come
    /// before every list. As with any list, an unknown address is refused.
    ///
    /// ```
    /// use webhook_ip_layer::{Denials, IpLayer};
    ///
    /// let denials = Denials::new();
    /// let layer = IpLayer::new().with_denials(&denials);
    /// ```
    #[must_use]
    pub fn with_denials(mut self, denials: &Denials) -> Self {
        self.rules.denials = Some(denials.clone());
        self
    }

    /// Makes the allow lists advisory: a client that is on none of them goes on, and where inner
    /// layers verify its delivery, the list is told to be stale. Default: off, they are enforced.
    ///
    /// It is for a provider whose networks change without notice: no delivery is lost to a list that
    /// lags behind. **The allow lists protect nothing then**, so put the layer outside one that
    /// verifies; where nothing does, the log says so. Deny lists, [denials](Self::with_denials) and
    /// bans stay enforced, and an unknown address is still refused. The record has `ip_denied` as
    /// what would have been.
    ///
    /// ```
    /// use webhook_ip_layer::{IpLayer, ListDrift};
    ///
    /// let drift = ListDrift::new();
    /// let layer = IpLayer::allow(["192.30.252.0/22"])?.with_insecure_advisory(&drift);
    /// # Ok::<_, webhook_ip_layer::ListError>(())
    /// ```
    #[must_use]
    pub fn with_insecure_advisory(mut self, drift: &ListDrift) -> Self {
        self.rules.drift = Some(drift.clone());
        self
    }

    /// Sets shadow mode for the lists alone. Default: off. [Denials](Self::with_denials) stay
    /// enforced: who denies a network now means now.
    #[must_use]
    pub const fn with_insecure_shadow_lists(mut self, shadow: bool) -> Self {
        self.rules.shadow.lists = shadow;
        self
    }
}
