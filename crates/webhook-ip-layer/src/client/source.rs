use std::{error::Error, fmt, str::FromStr};

use http::{HeaderName, header};

/// Where the client address is. One place, never a chain of them: whoever can leave one header out
/// must not get to choose another.
///
/// Its text form is that of configuration files and of the command line: `peer`,
/// `x-forwarded-for`, `forwarded`, `x-real-ip`, or `header:NAME`.
///
/// ```
/// use webhook_ip_layer::ClientAddressSource;
///
/// let source: ClientAddressSource = "header:fly-client-ip".parse()?;
/// assert_eq!(source.to_string(), "header:fly-client-ip");
/// assert!("x-forwarded".parse::<ClientAddressSource>().is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClientAddressSource {
    /// The peer of the connection; no header is looked at. The default.
    #[default]
    Peer,
    /// `X-Forwarded-For`: a list that every proxy adds to at the right. Elements are addresses,
    /// optionally with a port, IPv6 with a port in brackets.
    XForwardedFor,
    /// `Forwarded` ([RFC 7239](https://www.rfc-editor.org/rfc/rfc7239)): a list of elements, of
    /// which `for=` is read.
    Forwarded,
    /// `X-Real-IP`: one address, exactly once.
    XRealIp,
    /// Any other header that holds one address, optionally with a port, exactly once.
    Header(HeaderName),
}

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static FORWARDED: HeaderName = header::FORWARDED;
static X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

impl ClientAddressSource {
    /// The header that is read, if any.
    #[must_use]
    pub const fn header_name(&self) -> Option<&HeaderName> {
        match self {
            Self::Peer => None,
            Self::XForwardedFor => Some(&X_FORWARDED_FOR),
            Self::Forwarded => Some(&FORWARDED),
            Self::XRealIp => Some(&X_REAL_IP),
            Self::Header(name) => Some(name),
        }
    }
}

impl fmt::Display for ClientAddressSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer => f.write_str("peer"),
            Self::XForwardedFor => f.write_str("x-forwarded-for"),
            Self::Forwarded => f.write_str("forwarded"),
            Self::XRealIp => f.write_str("x-real-ip"),
            Self::Header(name) => write!(f, "header:{name}"),
        }
    }
}

impl FromStr for ClientAddressSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "peer" => Ok(Self::Peer),
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            "x-real-ip" => Ok(Self::XRealIp),
            _ => text
                .strip_prefix("header:")
                .and_then(|name| name.parse().ok())
                .map(Self::Header)
                .ok_or_else(|| SourceError { text: text.into() }),
        }
    }
}

/// A text that names no [`ClientAddressSource`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    text: Box<str>,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no source of client addresses; use peer, x-forwarded-for, forwarded, x-real-ip or header:NAME",
            self.text
        )
    }
}

impl Error for SourceError {}
