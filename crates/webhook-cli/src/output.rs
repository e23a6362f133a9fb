//! What goes to stdout: text for people, or JSON with stable names and nothing else.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, StdoutLock, Write as _},
};

use clap::ValueEnum;
use serde::Serialize;

/// How a command answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people; coloured on a terminal only
    #[default]
    Text,
    /// One JSON value, or one a line
    Json,
}

pub(crate) struct Output {
    out: StdoutLock<'static>,
    format: Format,
    coloured: bool,
}

impl Output {
    pub(crate) fn new(format: Format) -> Self {
        let out = io::stdout().lock();
        // https://no-color.org
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let coloured = wanted && out.is_terminal();
        Self {
            out,
            format,
            coloured,
        }
    }

    /// Writes a value's JSON, or its text.
    pub(crate) fn answer<T: Serialize + Display>(&mut self, answer: &T) -> io::Result<()> {
        match self.format {
            Format::Json => self.json(answer),
            Format::Text => self.text(answer),
        }
    }

    /// As [`answer`](Self::answer), with the text's first line in green where `good`, else in red.
    pub(crate) fn verdict<T: Serialize + Display>(
        &mut self,
        good: bool,
        answer: &T,
    ) -> io::Result<()> {
        if self.format == Format::Json || !self.coloured {
            return self.answer(answer);
        }
        let text = answer.to_string();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let colour = if good { 32 } else { 31 };
        writeln!(self.out, "\x1b[{colour}m{}\x1b[0m", printable(first))?;
        if rest.is_empty() {
            Ok(())
        } else {
            self.text(&rest)
        }
    }

    /// Writes a line of JSON.
    pub(crate) fn json<T: Serialize + ?Sized>(&mut self, value: &T) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Writes text and ends its last line. Nothing in it can command a terminal.
    pub(crate) fn text(&mut self, text: &impl Display) -> io::Result<()> {
        let text = printable(&text.to_string());
        let end = if text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }
}

/// Text with control characters escaped, all but those of white space.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() && !matches!(char, '\n' | '\t') {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn nothing_commands_a_terminal() {
        assert_eq!(
            printable("a\tb\nc\x1b[2J\u{9b}1m\r"),
            "a\tb\nc\\u{1b}[2J\\u{9b}1m\\r"
        );
    }
}
