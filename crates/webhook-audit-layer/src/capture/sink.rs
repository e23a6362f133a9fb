use std::sync::Arc;

use super::Captured;

/// Takes what was captured of each delivery.
///
/// # Contract
///
/// `capture` is called on the request's own path, before the handler. It must not block and must not
/// panic; a panic is caught, logged and costs that capture. What cannot be taken is dropped and
/// counted: no delivery waits for its capture, or is refused for it.
///
/// A closure is a sink; so are an `Option` and an `Arc` of one. `SqlCaptures` of `webhook-sql` keeps
/// captures in SQLite or PostgreSQL.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no sink for captures",
    label = "cannot take captures",
    note = "a closure is one: `|captured: Captured| …`; `webhook_sql::SqlCaptures` keeps them in a database"
)]
pub trait CaptureSink {
    /// Takes one capture, without blocking.
    fn capture(&self, captured: Captured);
}

impl<F: Fn(Captured)> CaptureSink for F {
    fn capture(&self, captured: Captured) {
        self(captured);
    }
}

impl<K: CaptureSink + ?Sized> CaptureSink for Arc<K> {
    fn capture(&self, captured: Captured) {
        (**self).capture(captured);
    }
}

/// `None` forgets every capture.
impl<K: CaptureSink> CaptureSink for Option<K> {
    fn capture(&self, captured: Captured) {
        if let Some(sink) = self {
            sink.capture(captured);
        }
    }
}
