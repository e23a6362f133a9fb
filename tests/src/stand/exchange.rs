use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// No answer takes longer than this, even on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends one request over a connection of its own, in HTTP/1.1 written by hand, and reads the answer.
///
/// # Panics
/// Where nobody listens, or what comes back is no answer.
pub async fn exchange(address: SocketAddr, request: &Request<Bytes>) -> Response<Bytes> {
    let mut text = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    text.extend_from_slice(b"host: receiver\r\nconnection: close\r\n");
    for (name, value) in request.headers() {
        let line = [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"];
        text.extend(line.concat());
    }
    text.extend(format!("content-length: {}\r\n\r\n", request.body().len()).into_bytes());

    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&text).await.unwrap();
    // A receiver that refuses from the head may have gone before the body is sent.
    let _refused = stream.write_all(request.body()).await;
    let mut answer = Vec::new();
    let reading = timeout(PATIENCE, stream.read_to_end(&mut answer));
    let _reset = reading.await.expect("an answer within 30 s");
    parse(&answer)
}

fn parse(answer: &[u8]) -> Response<Bytes> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.expect("an answer with a whole head");
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let mut response = Response::builder().status(status.unwrap());
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        response = response.header(name, value);
    }
    response
        .body(Bytes::copy_from_slice(&answer[end + 4..]))
        .unwrap()
}
