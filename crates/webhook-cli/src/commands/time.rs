use webhook_core::{Clock, Timestamp};

/// The time that was given, or now.
pub(super) fn at(seconds: Option<i64>) -> Timestamp {
    seconds.map_or_else(|| Clock::system().now(), Timestamp::from_unix_seconds)
}
