use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// When the [`Detectors`](crate::Detectors) raise an alert.
///
/// | setting | default |
/// |---|---|
/// | spike | 5 times the mean of the last hour, and 100 requests in the minute |
/// | failures of a provider, of a network | 100, 20 within 5 minutes |
/// | learning of networks | 24 h |
/// | large body | 4 times the p99, and 64 KiB |
/// | silence | 24 h |
/// | clock skew | 60 s |
/// | secret ending | 14 days before |
/// | rest that makes a secret an old one | 7 days |
/// | quiet, after which an alert that has no other end is over | 1 h |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetectorSettings {
    pub(super) spike: (u32, u32),
    pub(super) failures: u32,
    pub(super) network_failures: u32,
    pub(super) window: Duration,
    pub(super) learning: Duration,
    pub(super) large_body: (u32, u64),
    pub(super) silence: Duration,
    pub(super) skew: Duration,
    pub(super) notice: Duration,
    pub(super) rest: Duration,
    pub(super) quiet: Duration,
}

impl DetectorSettings {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            spike: (5, 100),
            failures: 100,
            network_failures: 20,
            window: MINUTE.saturating_mul(5),
            learning: DAY,
            large_body: (4, 64 * 1024),
            silence: DAY,
            skew: MINUTE,
            notice: DAY.saturating_mul(14),
            rest: DAY.saturating_mul(7),
            quiet: HOUR,
        }
    }

    /// A minute with more than `factor` times the mean of the last hour, and more than `minimum`
    /// requests, is a spike. Default: 5, 100.
    ///
    /// ```
    /// use webhook_audit_layer::DetectorSettings;
    ///
    /// let settings = DetectorSettings::new().with_spike(10, 1000);
    /// ```
    #[must_use]
    pub const fn with_spike(mut self, factor: u32, minimum: u32) -> Self {
        self.spike = (factor, minimum);
        self
    }

    /// So many refusals with 401 or 403 are an alert: of one provider, or from one network, within
    /// `window`. Default: 100, 20, 5 minutes.
    #[must_use]
    pub const fn with_failures(
        mut self,
        of_provider: u32,
        of_network: u32,
        window: Duration,
    ) -> Self {
        self.failures = of_provider;
        self.network_failures = of_network;
        self.window = window;
        self
    }

    /// For so long after a provider's first verified delivery its networks are learned without an
    /// alert. Default: 24 h.
    #[must_use]
    pub const fn with_learning(mut self, time: Duration) -> Self {
        self.learning = time;
        self
    }

    /// A body of more than `factor` times the p99 of the provider's verified ones, and more than
    /// `minimum` bytes, is large. Default: 4, 64 KiB.
    #[must_use]
    pub const fn with_large_body(mut self, factor: u32, minimum: u64) -> Self {
        self.large_body = (factor, minimum);
        self
    }

    /// A provider with no verified delivery for so long is silent. Default: 24 h.
    #[must_use]
    pub const fn with_silence(mut self, time: Duration) -> Self {
        self.silence = time;
        self
    }

    /// The median of the last 64 verified timestamps may differ from this clock by so much.
    /// Default: 60 s. Layers refuse what differs by more than their tolerance, mostly 300 s.
    #[must_use]
    pub const fn with_skew(mut self, skew: Duration) -> Self {
        self.skew = skew;
        self
    }

    /// So long before its end a secret is an alert. Default: 14 days.
    #[must_use]
    pub const fn with_notice(mut self, time: Duration) -> Self {
        self.notice = time;
        self
    }

    /// A secret that verified nothing for so long, while another one did, is an old one: its next
    /// use is an alert. Default: 7 days.
    #[must_use]
    pub const fn with_rest(mut self, time: Duration) -> Self {
        self.rest = time;
        self
    }

    /// After so long without another sign of it, an alert for a new network, a large body or an old
    /// secret is over. Default: 1 h.
    #[must_use]
    pub const fn with_quiet(mut self, time: Duration) -> Self {
        self.quiet = time;
        self
    }
}

impl Default for DetectorSettings {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::DetectorSettings;

    #[test]
    fn each_setter_sets_its_own() {
        let time = Duration::from_secs(1);
        let default = DetectorSettings::new;
        let mut expected = default();
        expected.spike = (1, 2);
        assert_eq!(default().with_spike(1, 2), expected);
        let mut expected = default();
        (
            expected.failures,
            expected.network_failures,
            expected.window,
        ) = (1, 2, time);
        assert_eq!(default().with_failures(1, 2, time), expected);
        let mut expected = default();
        expected.learning = time;
        assert_eq!(default().with_learning(time), expected);
        let mut expected = default();
        expected.large_body = (1, 2);
        assert_eq!(default().with_large_body(1, 2), expected);
        let mut expected = default();
        expected.silence = time;
        assert_eq!(default().with_silence(time), expected);
        let mut expected = default();
        expected.skew = time;
        assert_eq!(default().with_skew(time), expected);
        let mut expected = default();
        expected.notice = time;
        assert_eq!(default().with_notice(time), expected);
        let mut expected = default();
        expected.rest = time;
        assert_eq!(default().with_rest(time), expected);
        let mut expected = default();
        expected.quiet = time;
        assert_eq!(default().with_quiet(time), expected);
    }
}
