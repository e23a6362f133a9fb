/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Deliveries.
    Requests,
    /// Bytes of bodies: `content-bytes` in the `RateLimit` fields.
    Bytes,
    /// Deliveries in flight at once: `concurrent-requests` in the `RateLimit` fields.
    Concurrent,
}
