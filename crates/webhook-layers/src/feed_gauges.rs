use webhook_audit_layer::Gauges;
use webhook_core::Clock;
use webhook_ip_layer::FeedHandle;

/// Gives [`Gauges`] the age of address feeds.
///
/// ```
/// use webhook_layers::{Clock, FeedGauges as _, audit::Gauges, ip::{FeedHandle, feed}};
///
/// let github = feed::provider("github").ok_or("no such provider")?;
/// let gauges = Gauges::new().with_feed(&FeedHandle::of(github), &Clock::system());
/// gauges.publish();
/// # Ok::<_, &str>(())
/// ```
pub trait FeedGauges: Sized {
    /// `webhook_ip_feed_age_seconds`: how long ago the feed was loaded; nothing before that.
    #[must_use]
    fn with_feed(self, feed: &FeedHandle, clock: &Clock) -> Self;
}

impl FeedGauges for Gauges {
    fn with_feed(self, feed: &FeedHandle, clock: &Clock) -> Self {
        let name = feed.name().clone();
        let (feed, clock) = (feed.clone(), clock.clone());
        self.with_ip_feed_age(name, move || feed.age(clock.now()))
    }
}
