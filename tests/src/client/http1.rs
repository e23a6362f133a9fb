use std::{fmt::Write as _, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{Answer, Delivery, Gone};

/// A connection that speaks HTTP/1.1 to the letter, or not, as it is told.
#[derive(Debug)]
pub struct Http1 {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Http1 {
    /// Connects.
    ///
    /// # Panics
    /// Where nobody listens.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (reader, writer) = stream.into_split();
        let reader = BufReader::new(reader);
        Self { reader, writer }
    }

    /// Writes these bytes. Whether anybody still reads them shows in the answer.
    pub async fn write(&mut self, bytes: &[u8]) {
        let _closed = self.writer.write_all(bytes).await;
    }

    /// Closes the sending half.
    pub(super) async fn close_sending(&mut self) {
        let _closed = self.writer.shutdown().await;
    }

    pub(super) async fn begin(&mut self, delivery: &Delivery) {
        self.write(&head(delivery)).await;
        if delivery.declared.is_none() {
            return self.send_chunks(&delivery.frames).await;
        }
        for frame in &delivery.frames {
            self.write(frame).await;
        }
    }

    pub(super) async fn end(&mut self, delivery: &Delivery) {
        if delivery.declared.is_none() {
            self.send_chunks(&[Bytes::new()]).await;
        }
    }

    /// Sends each as a chunk; an empty one ends the body.
    pub(super) async fn send_chunks(&mut self, chunks: &[Bytes]) {
        for chunk in chunks {
            let size = format!("{:x}\r\n", chunk.len());
            self.write(&[size.as_bytes(), chunk, b"\r\n"].concat())
                .await;
        }
    }

    /// Reads one head, interim or final.
    pub async fn read_head(&mut self) -> Result<(StatusCode, HeaderMap), Gone> {
        read_head(&mut self.reader).await
    }

    /// Reads a whole answer, after any interim ones.
    pub async fn answer(&mut self) -> Result<Answer, Gone> {
        read_answer(&mut self.reader).await
    }

    /// Writes these bytes again and again, at this pace, until there is an answer.
    pub async fn trickle(&mut self, bytes: &[u8], pace: Duration) -> Result<Answer, Gone> {
        let Self { reader, writer } = self;
        tokio::select! {
            answer = read_answer(reader) => answer,
            () = async {
                loop {
                    tokio::time::sleep(pace).await;
                    let _closed = writer.write_all(bytes).await;
                }
            } => unreachable!("it goes on for ever"),
        }
    }

    /// Reads until the receiver closes the connection, and gives what came before that.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is a close, too.
        let _reset = self.reader.read_to_end(&mut rest).await;
        rest
    }
}

async fn read_answer(reader: &mut BufReader<OwnedReadHalf>) -> Result<Answer, Gone> {
    let mut interim = Vec::new();
    let (status, headers) = loop {
        let (status, headers) = read_head(reader).await?;
        if !status.is_informational() {
            break (status, headers);
        }
        interim.push(status.as_u16());
    };
    let length = headers
        .get("content-length")
        .map(|length| length.to_str().unwrap());
    let mut body = vec![0; length.unwrap_or("0").parse().unwrap()];
    reader.read_exact(&mut body).await?;
    let (body, trailers) = (Bytes::from(body), HeaderMap::new());
    Ok(Answer {
        interim,
        status,
        headers,
        body,
        trailers,
        is_head_only: false,
    })
}

async fn read_head(reader: &mut BufReader<OwnedReadHalf>) -> Result<(StatusCode, HeaderMap), Gone> {
    let line = read_line(reader).await?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Gone(format!("not a status line: {line:?}")))?;
    let mut headers = HeaderMap::new();
    loop {
        let line = read_line(reader).await?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok((status, headers));
        };
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_str(value.trim()).unwrap());
    }
}

async fn read_line(reader: &mut BufReader<OwnedReadHalf>) -> Result<String, Gone> {
    let mut line = String::new();
    if reader.read_line(&mut line).await? == 0 {
        return Err(Gone("the connection was closed".into()));
    }
    Ok(line.trim_end().to_owned())
}

impl From<io::Error> for Gone {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

fn head(delivery: &Delivery) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: receiver\r\n",
        delivery.method, delivery.path
    );
    match delivery.declared {
        Some(length) => write!(head, "content-length: {length}\r\n").unwrap(),
        None => head.push_str("transfer-encoding: chunked\r\n"),
    }
    for (name, value) in &delivery.headers {
        write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    head.push_str("\r\n");
    head.into_bytes()
}
