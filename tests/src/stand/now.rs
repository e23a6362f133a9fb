use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// Polls a future once and drops it: what it gave, or `None` where it would have waited.
pub fn poll_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
