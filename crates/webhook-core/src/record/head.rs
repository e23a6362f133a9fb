use http::Version;

use crate::{PeerAddr, ShortText};

/// What the audit layer copies of a request's head before it hands the request on.
///
/// Copies, never the request's own `HeaderValue`s: those would pin the connection's read buffer. It
/// holds no query, for secrets are found there, and no header but the user agent.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// The method.
    pub method: ShortText,
    /// The path without its query; `None` where the audit layer is told to leave it out.
    pub path: Option<ShortText>,
    /// The route that the host matched.
    pub route: Option<ShortText>,
    /// The scheme that the request itself names: `http` or `https`.
    pub scheme: Option<&'static str>,
    /// The version of HTTP.
    pub version: Version,
    /// What the client calls itself.
    pub user_agent: Option<ShortText>,
    /// The other end of the connection.
    pub peer: Option<PeerAddr>,
    /// Whether the caller speaks gRPC.
    pub is_grpc: bool,
    /// Whether the caller prefers one line of text to a JSON document.
    pub accepts_text: bool,
}
