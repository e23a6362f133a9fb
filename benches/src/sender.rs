//! A client that writes one request after another on one connection.

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A connection to the receiver.
#[derive(Debug)]
pub struct Sender {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Sender {
    /// Connects.
    ///
    /// # Errors
    /// The receiver does not answer.
    pub async fn connect(receiver: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(receiver).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(1024),
        })
    }

    /// Sends a request and waits for the answer's head: its status, and how long it took.
    ///
    /// # Errors
    /// The connection broke, or what came is no answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<(u16, Duration)> {
        let start = Instant::now();
        self.stream.write_all(request).await?;
        let status = self.answer().await?;
        Ok((status, start.elapsed()))
    }

    /// Reads one whole answer; those of the receiver have a length.
    async fn answer(&mut self) -> io::Result<u16> {
        loop {
            if let Some((status, length)) = parse(&self.received) {
                self.received.drain(..length);
                return Ok(status);
            }
            if self.stream.read_buf(&mut self.received).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// The status and the whole length of the answer that the bytes begin with.
fn parse(bytes: &[u8]) -> Option<(u16, usize)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    let length = length.unwrap_or(0);
    (rest.len() >= length).then_some((status, head.len() + 4 + length))
}

/// A delivery of GitHub's, from this client, with this signature.
#[must_use]
pub fn delivery(client: Ipv4Addr, signature: &str, body: &str) -> Vec<u8> {
    let mut request = String::with_capacity(512 + body.len());
    let _infallible = write!(
        request,
        "POST /hooks HTTP/1.1\r\nhost: hooks.test\r\nx-forwarded-for: {client}\r\n\
         x-hub-signature-256: {signature}\r\nx-github-event: push\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    request.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_answer_is_whole_with_its_body() {
        let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1";
        assert_eq!(parse(answer), Some((401, answer.len() - 8)));
        assert_eq!(
            parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{"),
            None
        );
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\n"), None);
    }
}
