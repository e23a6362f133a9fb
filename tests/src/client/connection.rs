use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::Version;
use tokio::time::timeout;

use super::{Answer, Delivery, Gone, Http1, Http2, Stream};

/// No answer takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection to a receiver.
#[derive(Debug)]
pub enum Connection {
    /// HTTP/1.1.
    One(Http1),
    /// HTTP/2 with prior knowledge.
    Two(Http2),
}

/// A request whose head and frames are sent, and whose end is not.
#[derive(Debug)]
pub enum Upload<'a> {
    /// Over HTTP/1.1.
    One(&'a mut Http1),
    /// Over HTTP/2.
    Two(Stream),
}

impl Connection {
    /// Connects.
    ///
    /// # Panics
    /// Where nobody listens.
    pub async fn open(address: SocketAddr, version: Version) -> Self {
        if version == Version::HTTP_2 {
            Self::Two(Http2::open(address).await)
        } else {
            Self::One(Http1::open(address).await)
        }
    }

    /// Sends a whole delivery and reads the answer.
    pub async fn send(&mut self, delivery: &Delivery) -> Result<Answer, Gone> {
        let exchange = async {
            match self {
                Self::One(connection) => {
                    connection.begin(delivery).await;
                    connection.end(delivery).await;
                    connection.answer().await
                }
                Self::Two(connection) => connection.begin(delivery, true).await?.answer().await,
            }
        };
        patiently(exchange).await
    }

    /// Sends the head and the frames and leaves the end open.
    pub async fn begin(&mut self, delivery: &Delivery) -> Result<Upload<'_>, Gone> {
        match self {
            Self::One(connection) => {
                connection.begin(delivery).await;
                Ok(Upload::One(connection))
            }
            Self::Two(connection) => Ok(Upload::Two(connection.begin(delivery, false).await?)),
        }
    }
}

impl Upload<'_> {
    /// Breaks off: closes the sending half of the connection, or resets the stream for this reason.
    /// Then reads the answer, if there is one.
    pub async fn cut(self, reason: h2::Reason) -> Result<Answer, Gone> {
        match self {
            Self::One(connection) => {
                connection.close_sending().await;
                patiently(connection.answer()).await
            }
            Self::Two(mut stream) => {
                stream.reset(reason);
                patiently(stream.answer()).await
            }
        }
    }

    /// Sends these frames, ends the body, and reads the answer. Only for a body without a declared
    /// length.
    pub async fn go_on(self, frames: Vec<Bytes>) -> Result<Answer, Gone> {
        match self {
            Self::One(connection) => {
                connection.send_chunks(&frames).await;
                connection.send_chunks(&[Bytes::new()]).await;
                patiently(connection.answer()).await
            }
            Self::Two(mut stream) => {
                stream.send(&frames, true);
                patiently(stream.answer()).await
            }
        }
    }

    /// Sends a byte of the body now and then, for ever, and waits for the answer. Only for a body
    /// that declares a length.
    pub async fn trickle(self, pace: Duration) -> Result<Answer, Gone> {
        match self {
            Self::One(connection) => patiently(connection.trickle(b"x", pace)).await,
            Self::Two(stream) => patiently(stream.trickle(&Bytes::from_static(b"x"), pace)).await,
        }
    }
}

/// Makes one delivery over a connection of its own.
///
/// # Panics
/// Where there is no answer.
pub async fn deliver(address: SocketAddr, version: Version, delivery: &Delivery) -> Answer {
    Connection::open(address, version)
        .await
        .send(delivery)
        .await
        .unwrap()
}

async fn patiently(answer: impl Future<Output = Result<Answer, Gone>>) -> Result<Answer, Gone> {
    timeout(PATIENCE, answer)
        .await
        .expect("an answer, or an end, within 30 s")
}
