use std::{fmt, ops::Range};

use super::words::nearest;

/// Why a file is no scheme: the line, what is wrong there, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
pub struct SchemeFileError {
    line: Option<usize>,
    message: String,
}

impl SchemeFileError {
    /// The line, counted from 1; `None` where something is missing altogether.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for SchemeFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for SchemeFileError {}

/// A mistake, and where in the text it is.
pub(super) struct Mistake {
    pub(super) span: Option<Range<usize>>,
    pub(super) message: String,
}

impl Mistake {
    /// What the reader of TOML says. Not its `Display`, which repeats the whole line, whatever
    /// stands there.
    pub(super) fn of_toml(error: &toml::de::Error) -> Self {
        let message = error.message();
        // A field that is unknown, and those that are known, stand between backquotes.
        let mut names = message.split('`').skip(1).step_by(2);
        let nearest = match names.next() {
            Some(unknown) if message.starts_with("unknown field") => nearest(unknown, names),
            _ => None,
        };
        Self {
            span: error.span(),
            message: match nearest {
                Some(nearest) => format!("did you mean `{nearest}`? {message}"),
                None => message.to_owned(),
            },
        }
    }

    pub(super) fn new(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    pub(super) fn at(self, text: &str) -> SchemeFileError {
        // A key that is missing from the file is reported for all of it.
        let nowhere =
            |span: &Range<usize>| span.start == 0 && self.message.starts_with("missing field");
        let line = self.span.filter(|span| !nowhere(span)).map(|span| {
            let before = text.get(..span.start).unwrap_or(text);
            before.bytes().filter(|byte| *byte == b'\n').count() + 1
        });
        SchemeFileError {
            line,
            message: self.message,
        }
    }
}
