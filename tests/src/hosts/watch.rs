use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

/// Watches from outside the layers what they ask of request bodies.
#[derive(Clone, Debug, Default)]
pub struct Watch(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    polls: AtomicUsize,
    bytes: AtomicUsize,
    frames: AtomicUsize,
}

impl Watch {
    /// How often a body was polled for a frame.
    #[must_use]
    pub fn polls(&self) -> usize {
        self.0.polls.load(Ordering::SeqCst)
    }

    /// How many frames with data were handed out.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.0.frames.load(Ordering::SeqCst)
    }

    /// Waits until so many bytes of bodies were handed out, for at most ten seconds.
    pub async fn bytes(&self, at_least: usize) {
        let started = Instant::now();
        while self.0.bytes.load(Ordering::SeqCst) < at_least {
            let is_late = started.elapsed() > Duration::from_secs(10);
            assert!(!is_late, "nobody asks for the first {at_least} bytes");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl<S> Layer<S> for Watch {
    type Service = Watching<S>;

    fn layer(&self, inner: S) -> Watching<S> {
        Watching {
            inner,
            watch: self.clone(),
        }
    }
}

/// The service that [`Watch`] makes.
#[derive(Clone, Debug)]
pub struct Watching<S> {
    inner: S,
    watch: Watch,
}

impl<S, B> Service<Request<B>> for Watching<S>
where
    S: Service<Request<WatchedBody<B>>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let watch = self.watch.clone();
        self.inner
            .call(request.map(|inner| WatchedBody { inner, watch }))
    }
}

pin_project! {
    /// A body that counts what is asked of it, and is otherwise the body that it wraps.
    #[derive(Debug)]
    pub struct WatchedBody<B> {
        #[pin]
        inner: B,
        watch: Watch,
    }
}

impl<B: Body<Data = Bytes>> Body for WatchedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.project();
        let counts = &this.watch.0;
        counts.polls.fetch_add(1, Ordering::SeqCst);
        let frame = this.inner.poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            counts.frames.fetch_add(1, Ordering::SeqCst);
            counts.bytes.fetch_add(data.len(), Ordering::SeqCst);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
