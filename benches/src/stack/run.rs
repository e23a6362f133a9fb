//! Requests through a router in process.

use std::thread;

use axum::body::Body;
use http::{Request, StatusCode};

use super::{App, BoxError, Case, delivery, output};

/// The function whose instructions count, by the name that callgrind knows it by.
pub const MEASURED: &str = "webhook_benches::stack::run::serve";

/// A server that is warm, on a runtime of its own thread.
#[derive(Debug)]
pub struct Warm {
    case: Case,
    app: App,
    runtime: tokio::runtime::Runtime,
    sent: usize,
}

impl Warm {
    /// Sets the server up and sends it some requests.
    ///
    /// # Errors
    /// The server cannot be made, or answers with another status than the case's.
    pub fn new(case: Case, requests: usize) -> Result<Self, BoxError> {
        // As in any server: where there is one thread only, glibc's malloc takes shorter ways.
        thread::spawn(thread::park);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let app = {
            let _within = runtime.enter();
            case.server.app(case.outcome)?
        };
        let mut warm = Self {
            case,
            app,
            runtime,
            sent: 0,
        };
        // The first request of a quota of one is let through: it warms up only.
        warm.answers(1)?;
        for status in warm.answers(requests.max(1))? {
            warm.check(status)?;
        }
        Ok(warm)
    }

    /// Makes requests, and serves them between two looks at a meter.
    ///
    /// # Errors
    /// A request is answered with another status than the case's.
    pub fn measure<T>(
        &mut self,
        requests: usize,
        look: impl Fn() -> T,
    ) -> Result<(T, T), BoxError> {
        let requests = self.requests(requests)?;
        let mut statuses = Vec::with_capacity(requests.len());
        let before = look();
        serve(&self.runtime, &mut self.app, requests, &mut statuses);
        let after = look();
        for status in statuses {
            self.check(status)?;
        }
        Ok((before, after))
    }

    /// Serves requests for somebody who counts instructions: the audit's own thread stands still.
    ///
    /// As many as are ever counted were served before and are written by then, so that the audit's layer
    /// finds the memory of as many records at hand, as it does in front of a thread that keeps up.
    ///
    /// # Errors
    /// As [`measure`](Self::measure).
    pub fn count(&mut self, requests: usize) -> Result<(), BoxError> {
        self.stall()?;
        for status in self.answers(self.case.counts().1)? {
            self.check(status)?;
        }
        output::release()?;
        self.stall()?;
        let counted = self.measure(requests, || ()).map(|_| ());
        output::release()?;
        counted
    }

    /// Has the audit's thread stand still, with one record to write.
    fn stall(&mut self) -> Result<(), BoxError> {
        output::hold();
        self.answers(1)?;
        output::wait_till_held();
        Ok(())
    }

    /// Makes requests, and drops them.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn idle(&mut self, requests: usize) -> Result<(), BoxError> {
        drop(self.requests(requests)?);
        Ok(())
    }

    fn answers(&mut self, requests: usize) -> Result<Vec<StatusCode>, BoxError> {
        let requests = self.requests(requests)?;
        let mut statuses = Vec::with_capacity(requests.len());
        self.runtime
            .block_on(answer(&mut self.app, requests, &mut statuses));
        Ok(statuses)
    }

    fn requests(&mut self, count: usize) -> Result<Vec<Request<Body>>, BoxError> {
        let requests = delivery::make(self.case, self.sent, count)?;
        self.sent += count;
        Ok(requests)
    }

    fn check(&self, status: StatusCode) -> Result<(), BoxError> {
        if status == self.case.outcome.status() {
            Ok(())
        } else {
            Err(format!("{}: answered with {status}", self.case).into())
        }
    }
}

/// What is measured, and nothing else; [`MEASURED`] is its name.
#[inline(never)]
fn serve(
    runtime: &tokio::runtime::Runtime,
    app: &mut App,
    requests: Vec<Request<Body>>,
    statuses: &mut Vec<StatusCode>,
) {
    runtime.block_on(answer(app, requests, statuses));
}

/// One request after the other, as they come on one connection.
async fn answer(app: &mut App, requests: Vec<Request<Body>>, statuses: &mut Vec<StatusCode>) {
    for request in requests {
        let response = app.answer(request).await;
        statuses.push(response.status());
    }
}
