//! A client that sends one request after another on one connection.

use std::{
    fmt::Write as _,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, tcp::ReadHalf},
};

/// A connection to the receiver.
#[derive(Debug)]
pub struct Sender {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// How long it took from the request's first byte.
    pub took: Duration,
    /// Whether the connection can take another request: it cannot where the answer came before the
    /// whole request was sent.
    pub is_kept_alive: bool,
}

impl Sender {
    /// Connects.
    ///
    /// # Errors
    /// The receiver does not answer.
    pub async fn connect(receiver: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect(receiver).await?)
    }

    /// Takes a connection that is there.
    ///
    /// # Errors
    /// It is not.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(1024),
        })
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// # Errors
    /// The connection broke before the answer came, or what came is no answer.
    pub async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        let start = Instant::now();
        let Self { stream, received } = self;
        let (mut reader, mut writer) = stream.split();
        let mut answered = pin!(answer(&mut reader, received));
        let is_sent;
        let (status, is_closed) = tokio::select! {
            biased;
            sent = writer.write_all(request) => {
                // Whoever refuses early may not read on; the answer may be there all the same.
                is_sent = sent.is_ok();
                answered.await?
            }
            early = &mut answered => {
                is_sent = false;
                early?
            }
        };
        Ok(Answer {
            status,
            took: start.elapsed(),
            is_kept_alive: is_sent && !is_closed,
        })
    }
}

/// Reads one whole answer, which has a length: its status, and whether it is the connection's last.
async fn answer(reader: &mut ReadHalf<'_>, received: &mut Vec<u8>) -> io::Result<(u16, bool)> {
    loop {
        if let Some((status, is_last, length)) = parse(received) {
            received.drain(..length);
            return Ok((status, is_last));
        }
        if reader.read_buf(received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// The status, whether the connection closes, and the whole length of the answer that the bytes
/// begin with.
fn parse(bytes: &[u8]) -> Option<(u16, bool, usize)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let field = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let length = field("content-length").and_then(|length| length.parse().ok());
    let length: usize = length.unwrap_or(0);
    let is_last = field("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    (rest.len() >= length).then_some((status, is_last, head.len() + 4 + length))
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
        assert_eq!(parse(answer), Some((401, false, answer.len() - 8)));
        assert_eq!(
            parse(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{"),
            None
        );
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn an_answer_may_be_the_last() {
        let answer = b"HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n";
        assert_eq!(parse(answer), Some((403, true, answer.len())));
    }
}
