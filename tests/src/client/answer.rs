use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use prost::Message as _;

use crate::hosts::Receipt;

/// What came back for one request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The statuses that came before the answer, such as 100.
    pub interim: Vec<u16>,
    /// The answer's status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// Its trailers.
    pub trailers: HeaderMap,
    /// Whether the head ended the stream (HTTP/2): nothing came after it.
    pub is_head_only: bool,
}

/// The connection, or the stream, ended without an answer.
#[derive(Debug)]
pub struct Gone(pub String);

impl Answer {
    /// The gRPC status, from the head of a trailers-only answer or from the trailers.
    #[must_use]
    pub fn grpc_status(&self) -> Option<u16> {
        let status = self
            .headers
            .get("grpc-status")
            .or_else(|| self.trailers.get("grpc-status"))?;
        status.to_str().ok()?.parse().ok()
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What the handler says it read; `None` where it was not a handler who answered.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt> {
        if self.status != StatusCode::OK || self.grpc_status().is_some_and(|status| status != 0) {
            return None;
        }
        if self.grpc_status().is_some() {
            return Receipt::decode(self.body.get(5..)?).ok();
        }
        let json: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let (bytes, sha256) = (json.get("bytes")?.as_u64()?, json.get("sha256")?.as_str()?);
        Some(Receipt {
            bytes,
            sha256: sha256.to_owned(),
        })
    }
}
