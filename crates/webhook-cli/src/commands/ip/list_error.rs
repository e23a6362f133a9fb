use std::{fmt, io};

use serde::Serialize;
use webhook_ip_layer::{Network, NetworkError, NetworkErrorKind};

use crate::{exit::say, output::Output};

/// A list entry that cannot be parsed, in the names of `--format json`.
#[derive(Serialize)]
pub(super) struct WrongEntry {
    error: &'static str,
    entry: String,
    nearest: Vec<String>,
    #[serde(skip)]
    text: String,
}

impl From<&NetworkError> for WrongEntry {
    fn from(error: &NetworkError) -> Self {
        Self {
            error: error.kind().as_str(),
            entry: error.entry().to_owned(),
            nearest: error.nearest().iter().map(ToString::to_string).collect(),
            text: error.to_string(),
        }
    }
}

impl WrongEntry {
    /// An address that is none; a network is none either.
    pub(super) fn no_address(text: &str) -> Self {
        let shown: String = text.chars().take(64).collect();
        let nearest = text.parse::<Network>().err();
        Self {
            error: NetworkErrorKind::InvalidAddress.as_str(),
            entry: text.to_owned(),
            nearest: nearest
                .iter()
                .flat_map(NetworkError::nearest)
                .map(ToString::to_string)
                .collect(),
            text: format!("{shown:?} is no IP address such as 192.0.2.1 or 2001:db8::1"),
        }
    }
}

impl fmt::Display for WrongEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.text)
    }
}

/// Tells all mistakes of a list: on stdout as JSON, on stderr as text.
pub(super) fn tell(
    output: &mut Output,
    entries: impl IntoIterator<Item = WrongEntry>,
) -> io::Result<()> {
    for entry in entries {
        if output.is_json() {
            output.json(&entry)?;
        } else {
            say(&entry);
        }
    }
    Ok(())
}
