use std::fmt;

use webhook_core::{SecretError, SecretErrorKind};
use webhook_hmac_layer::ConfigError;
use webhook_ip_layer::{BanError, HopsError, ListError, NetworkErrorKind};
use webhook_ratelimit_layer::{RateLimitError, RateLimitErrorKind};
use webhook_signature::{KeyRingError, SchemeError};

/// One mistake in a configuration: a stable code, and what to do about it.
///
/// | code | mistake |
/// |---|---|
/// | `WHK-C010` | no secret |
/// | `WHK-C011` | a secret's environment variable is not set, or its file cannot be read |
/// | `WHK-C012` | a secret is empty, or white space |
/// | `WHK-C013` | a secret is shorter than 16 bytes |
/// | `WHK-C014` | a secret ends with a newline |
/// | `WHK-C015` | a secret is an unexpanded `${VARIABLE}` |
/// | `WHK-C016` | a secret is not in the encoding that the scheme makes its key from |
/// | `WHK-C017` | a secret's id is malformed or taken, or there are too many secrets |
/// | `WHK-C020` | a scheme lacks something |
/// | `WHK-C021` | a scheme signs the URL that the provider calls, and nothing tells it, or what tells it is no base URL |
/// | `WHK-I001` | a list entry is no address |
/// | `WHK-I002` | a list entry has an impossible prefix |
/// | `WHK-I003` | a list entry has host bits set |
/// | `WHK-I004` | too many trusted hops, or hops and networks at once |
/// | `WHK-I005` | a header is to name the client, and no proxy is trusted to write it |
/// | `WHK-I006` | a trusted proxy is to tell the URL, and no proxy is trusted |
/// | `WHK-I007` | a ban after no failures, or of no time |
/// | `WHK-R001` | a quota or a burst of zero |
/// | `WHK-R002` | a quota's period or burst is out of range |
/// | `WHK-B001` | a limit on the body that no body can meet |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    code: &'static str,
    text: String,
}

impl Mistake {
    pub(crate) fn new(code: &'static str, text: impl fmt::Display) -> Self {
        Self {
            code,
            text: text.to_string(),
        }
    }

    /// Says what it is that has the mistake.
    pub(crate) fn about(self, what: impl fmt::Display) -> Self {
        Self {
            code: self.code,
            text: format!("{what}: {}", self.text),
        }
    }

    /// The mistake's stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong, and the fix. It holds no byte of a secret.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.text)
    }
}

impl From<SecretError> for Mistake {
    fn from(error: SecretError) -> Self {
        let code = match error.kind() {
            SecretErrorKind::Unset | SecretErrorKind::Unreadable(_) => "WHK-C011",
            SecretErrorKind::Empty | SecretErrorKind::Blank => "WHK-C012",
            SecretErrorKind::TooShort => "WHK-C013",
            SecretErrorKind::TrailingNewline { .. } => "WHK-C014",
            SecretErrorKind::Unexpanded => "WHK-C015",
            _ => "WHK-C016",
        };
        Self::new(code, error)
    }
}

impl From<KeyRingError> for Mistake {
    fn from(error: KeyRingError) -> Self {
        Self::new("WHK-C017", error)
    }
}

impl From<SchemeError> for Mistake {
    fn from(error: SchemeError) -> Self {
        match error {
            SchemeError::NoBaseUrl => Self::new("WHK-C021", NO_URL),
            SchemeError::BaseUrl(_) => Self::new("WHK-C021", error),
            other => Self::new("WHK-C020", other),
        }
    }
}

impl From<ConfigError> for Mistake {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Verifier(webhook_signature::ConfigError::Secret(error)) => error.into(),
            ConfigError::Verifier(webhook_signature::ConfigError::Scheme(error)) => error.into(),
            other => Self::new("WHK-C020", other),
        }
    }
}

impl From<BanError> for Mistake {
    fn from(error: BanError) -> Self {
        Self::new("WHK-I007", error)
    }
}

impl From<HopsError> for Mistake {
    fn from(error: HopsError) -> Self {
        Self::new("WHK-I004", error)
    }
}

impl From<RateLimitError> for Mistake {
    fn from(error: RateLimitError) -> Self {
        let code = match error.kind() {
            RateLimitErrorKind::ZeroQuota | RateLimitErrorKind::ZeroBurst => "WHK-R001",
            _ => "WHK-R002",
        };
        Self::new(code, error)
    }
}

const NO_URL: &str = "the provider signs the URL that it calls; say it with `external_url(\"https://hooks.example.com\")`, or let a trusted proxy tell it, `external_url_from_trusted_proxy()`";

/// Every mistake of a list, each on its own.
pub(crate) fn of_list<'a>(
    list: &'a str,
    error: &'a ListError,
) -> impl Iterator<Item = Mistake> + 'a {
    error.errors().iter().map(move |error| {
        let code = match error.kind() {
            NetworkErrorKind::InvalidPrefix => "WHK-I002",
            NetworkErrorKind::HostBitsSet => "WHK-I003",
            _ => "WHK-I001",
        };
        Mistake::new(code, format_args!("{list} {error}"))
    })
}

/// All mistakes of a configuration at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes(pub(crate) Vec<Mistake>);

impl Mistakes {
    /// The mistakes, in the order of the stack; never empty.
    #[must_use]
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }
}

/// One line for each mistake.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
