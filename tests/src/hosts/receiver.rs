use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{net::TcpListener, task::JoinHandle};
use webhook_layers::{
    Clock, Secret, Sink, Timestamp, Verifier, WebhookLayers, audit::AuditRecord, core::ManualClock,
    presets,
};

use super::{Host, Watch, handler::Handler, on_axum, on_hyper, on_tonic};

/// The secret of every receiver; 24 bytes, made for these tests.
pub const SECRET: &str = "whsec_dGhlIHNlY3JldCBvZiB0aGVzZSB0ZXN0";

/// What every receiver's clock says until a test moves its hands.
pub const START: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

/// The stack's builder, as a test may change it.
pub type Configure = webhook_layers::Builder<Records>;

/// The stack of every receiver.
pub(super) type Hooks = WebhookLayers<Records>;

/// A guarded receiver, served until it is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the layers asked of request bodies.
    pub watch: Watch,
    /// The hands of its clock.
    pub hands: ManualClock,
    handler: Handler,
    records: Records,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Starts a receiver with the default settings.
    pub async fn start(host: Host) -> Self {
        Self::start_with(host, |builder| builder).await
    }

    /// Starts a receiver with other settings.
    ///
    /// # Panics
    /// Where the settings hold a mistake, or there is no loopback socket to be had.
    pub async fn start_with(host: Host, configure: impl FnOnce(Configure) -> Configure) -> Self {
        let (clock, hands) = Clock::manual(START);
        let records = Records::default();
        let builder = WebhookLayers::builder(&presets::STANDARD_WEBHOOKS)
            .secret("test", Secret::new(SECRET))
            .clock(clock)
            .audit(records.clone());
        let hooks = configure(builder).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (watch, handler) = (Watch::default(), Handler::default());
        let parts = (listener, hooks, watch.clone(), handler.clone());
        let server = match host {
            Host::Axum => tokio::spawn(on_axum::serve(parts)),
            Host::Hyper => tokio::spawn(on_hyper::serve(parts)),
            Host::Tonic => tokio::spawn(on_tonic::serve(parts)),
        };
        Self {
            address,
            watch,
            hands,
            handler,
            records,
            server,
        }
    }

    /// How often the handler was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.handler.calls()
    }

    /// The records of all requests so far: exactly `count`.
    ///
    /// # Panics
    /// Where there are fewer after ten seconds, or more.
    pub async fn records(&self, count: usize) -> Vec<AuditRecord> {
        for _ in 0..1000 {
            if self.records.all().len() >= count {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Time for a second record of the same request to show up.
        tokio::time::sleep(Duration::from_millis(5)).await;
        let records = self.records.all();
        assert_eq!(
            records.len(),
            count,
            "one record for each request: {records:#?}"
        );
        records
    }

    /// The record of the only request so far.
    pub async fn record(&self) -> AuditRecord {
        self.records(1).await.remove(0)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The parts of a receiver that its host serves.
pub(super) type Parts = (TcpListener, Hooks, Watch, Handler);

/// What a provider signs with.
#[must_use]
pub fn verifier() -> Verifier {
    let secret = Secret::new(SECRET).unwrap();
    Verifier::new(presets::STANDARD_WEBHOOKS.scheme(), secret).unwrap()
}

/// Keeps every record.
#[derive(Clone, Debug, Default)]
pub struct Records(Arc<Mutex<Vec<AuditRecord>>>);

impl Records {
    fn all(&self) -> Vec<AuditRecord> {
        self.0.lock().unwrap().clone()
    }
}

impl Sink for Records {
    fn record(&self, record: AuditRecord) {
        self.0.lock().unwrap().push(record);
    }
}
