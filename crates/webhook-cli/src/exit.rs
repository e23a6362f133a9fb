//! How a command ended.

use std::{
    fmt::Display,
    io::{self, Write as _},
    process::ExitCode,
};

/// What a command comes to.
pub(crate) type Outcome = Result<Exit, Failure>;

/// The exit codes of commands that did what they were asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, valid, allowed.
    Done,
    /// Refused, invalid, not allowed.
    Refused,
    /// Wrong usage or configuration, which stdout tells already.
    Misused,
}

impl Exit {
    pub(crate) const fn refused_unless(good: bool) -> Self {
        if good { Self::Done } else { Self::Refused }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Misused => 2,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage or configuration.
    Usage(String),
    /// Input, output or network.
    Io(String),
    /// Whoever read our output does so no longer, and need not be told.
    Unheard,
}

impl Failure {
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::Usage(message.to_string())
    }

    /// A file that cannot be read.
    pub(crate) fn unreadable(path: &std::path::Path, error: &io::Error) -> Self {
        Self::Io(format!("cannot read {}: {error}", path.display()))
    }

    pub(crate) fn report(self) -> ExitCode {
        let (code, message) = match self {
            Self::Usage(message) => (2, message),
            Self::Io(message) => (3, message),
            Self::Unheard => return ExitCode::from(3),
        };
        for line in message.lines() {
            say(format_args!("error: {line}"));
        }
        ExitCode::from(code)
    }
}

/// Writing to stdout failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::Unheard
        } else {
            Self::Io(format!("cannot write: {error}"))
        }
    }
}

/// A diagnosis, on stderr. Nobody is left to tell if that fails.
pub(crate) fn say(message: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}
