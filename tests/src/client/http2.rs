use std::{future::poll_fn, net::SocketAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use h2::{
    SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, Request, Version};
use tokio::{net::TcpStream, task::JoinHandle};

use super::{Answer, Delivery, Gone};

/// An HTTP/2 connection whose client decides on each frame.
#[derive(Debug)]
pub struct Http2 {
    requests: SendRequest<Bytes>,
    driver: JoinHandle<()>,
}

/// A request under way.
#[derive(Debug)]
pub struct Stream {
    response: ResponseFuture,
    body: SendStream<Bytes>,
}

impl Http2 {
    pub(super) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        let driver = tokio::spawn(async move {
            // How the connection ends shows in the answers.
            let _ended = connection.await;
        });
        Self { requests, driver }
    }

    pub(super) async fn begin(&mut self, delivery: &Delivery, ends: bool) -> Result<Stream, Gone> {
        poll_fn(|cx| self.requests.poll_ready(cx)).await?;
        let is_empty = ends && delivery.frames.iter().all(Bytes::is_empty);
        let (response, body) = self.requests.send_request(request(delivery), is_empty)?;
        let mut stream = Stream { response, body };
        if !is_empty {
            stream.send(&delivery.frames, ends);
        }
        Ok(stream)
    }
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Stream {
    pub(super) fn send(&mut self, frames: &[Bytes], ends: bool) {
        for frame in frames {
            // A receiver that has answered already may have closed the stream.
            let _closed = self.body.send_data(frame.clone(), false);
        }
        if ends {
            let _closed = self.body.send_data(Bytes::new(), true);
        }
    }

    pub(super) fn reset(&mut self, reason: h2::Reason) {
        self.body.send_reset(reason);
    }

    pub(super) async fn answer(self) -> Result<Answer, Gone> {
        read_answer(self.response).await
    }

    pub(super) async fn trickle(self, bytes: &Bytes, pace: Duration) -> Result<Answer, Gone> {
        let Self { response, mut body } = self;
        tokio::select! {
            answer = read_answer(response) => answer,
            () = async {
                loop {
                    tokio::time::sleep(pace).await;
                    let _closed = body.send_data(bytes.clone(), false);
                }
            } => unreachable!("it goes on for ever"),
        }
    }
}

async fn read_answer(response: ResponseFuture) -> Result<Answer, Gone> {
    let (head, mut incoming) = response.await?.into_parts();
    let is_head_only = incoming.is_end_stream();
    let mut body = BytesMut::new();
    while let Some(data) = incoming.data().await {
        let data = data?;
        let _given_back = incoming.flow_control().release_capacity(data.len());
        body.extend_from_slice(&data);
    }
    let trailers = incoming.trailers().await?.unwrap_or_default();
    let (interim, status, headers) = (Vec::new(), head.status, head.headers);
    Ok(Answer {
        interim,
        status,
        headers,
        body: body.freeze(),
        trailers,
        is_head_only,
    })
}

impl From<h2::Error> for Gone {
    fn from(error: h2::Error) -> Self {
        Self(error.to_string())
    }
}

fn request(delivery: &Delivery) -> Request<()> {
    let mut request = Request::builder()
        .method(delivery.method.clone())
        .uri(format!("http://receiver{}", delivery.path))
        .version(Version::HTTP_2)
        .body(())
        .unwrap();
    let mut headers: HeaderMap = delivery.headers.clone();
    if let Some(length) = delivery.declared {
        headers.insert("content-length", length.into());
    }
    *request.headers_mut() = headers;
    request
}
