//! A request as a line for a POSIX shell.
//!
//! Every word stands in single quotes, in which a shell reads nothing. Bytes that could do
//! something to a terminal or an editor on the way (control characters, text that changes the
//! direction of writing, bytes that are no UTF-8) are written in octal, and `printf` makes them.

use std::path::Path;

use http::{Method, header};

use crate::args::{HeaderLines, Request, Url, bytes_of};

/// A body of more bytes does not go into one argument: Linux allows 128 KiB, quotes included.
const MAX_ARGUMENT: usize = 32 * 1024;

/// The line, with a newline at its end.
pub(super) fn command(url: &Url, request: &Request, headers: &HeaderLines) -> Vec<u8> {
    // The URL goes out as it was signed: no globs, no `..` taken away. `-i` shows the answer's head.
    let mut line = b"curl -sS -i --globoff --path-as-is".to_vec();
    let mut word = |option: &str, bytes: &[u8]| {
        line.push(b' ');
        if !option.is_empty() {
            line.extend_from_slice(option.as_bytes());
            line.push(b' ');
        }
        line.extend(quoted(bytes));
    };
    if request.method == Method::HEAD {
        word("", b"--head");
    } else {
        word("-X", request.method.as_str().as_bytes());
    }
    for (name, value) in headers {
        word("-H", &header_word(name.as_str(), value.as_bytes()));
    }
    let body = Body::of(request);
    let names_type = headers.iter().any(|(name, _)| name == header::CONTENT_TYPE);
    if !matches!(body, Body::None) && !names_type {
        // Otherwise curl names one that the sender did not.
        word("-H", b"content-type:");
    }
    match &body {
        Body::None => {}
        Body::Inline(bytes) => word("--data-raw", bytes),
        Body::File(path) => word("--data-binary", &at(path)),
        Body::Piped(_) => word("--data-binary", b"@-"),
    }
    let base = url.base().unwrap_or_default();
    word("", format!("{base}{}", url.target_text()).as_bytes());
    line.push(b'\n');
    match body {
        Body::Piped(bytes) => [b"printf '", octal(bytes).as_slice(), b"' | ", &line].concat(),
        _ => line,
    }
}

enum Body<'a> {
    None,
    Inline(&'a [u8]),
    File(&'a Path),
    Piped(&'a [u8]),
}

impl<'a> Body<'a> {
    fn of(request: &'a Request) -> Self {
        let body = request.body.as_slice();
        let without = matches!(request.method, Method::GET | Method::HEAD);
        match &request.body_file {
            _ if body.is_empty() && without => Self::None,
            Some(path) if is_plain(&bytes_of(path.as_os_str()), false) => Self::File(path),
            _ if body.len() <= MAX_ARGUMENT && is_plain(body, true) => Self::Inline(body),
            _ => Self::Piped(body),
        }
    }
}

fn at(path: &Path) -> Vec<u8> {
    [b"@".as_slice(), &bytes_of(path.as_os_str())].concat()
}

/// A header as `-H` wants it, where `Name:` takes a header away and `Name;` is an empty one.
fn header_word(name: &str, value: &[u8]) -> Vec<u8> {
    let separator = if value.is_empty() { ";" } else { ": " };
    [name.as_bytes(), separator.as_bytes(), value].concat()
}

/// Text that a terminal shows as it is, and that means nothing to a shell within quotes.
fn is_plain(bytes: &[u8], newlines: bool) -> bool {
    let odd = |char: char| {
        (char.is_control() && !(newlines && char == '\n'))
            || matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    str::from_utf8(bytes).is_ok_and(|text| !text.contains(odd))
}

/// One word of a shell.
fn quoted(bytes: &[u8]) -> Vec<u8> {
    if !is_plain(bytes, true) {
        return [b"\"$(printf '", octal(bytes).as_slice(), b"')\""].concat();
    }
    let mut word = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => word.extend_from_slice(b"'\\''"),
            byte => word.push(*byte),
        }
    }
    word.push(b'\'');
    word
}

/// A format for `printf` that makes these bytes, for use within single quotes.
fn octal(bytes: &[u8]) -> Vec<u8> {
    let mut format = Vec::with_capacity(bytes.len());
    for (place, byte) in bytes.iter().enumerate() {
        match byte {
            // In front it would begin an option.
            b'-' if place == 0 => format.extend_from_slice(b"\\055"),
            b'%' => format.extend_from_slice(b"%%"),
            // Bash looks for `!` even here.
            b'\'' | b'\\' | b'!' => format.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            b' '..=b'~' => format.push(*byte),
            byte => format.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
        }
    }
    format
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{octal, quoted};

    fn shell(script: &[u8]) -> Vec<u8> {
        use std::{
            io::Write as _,
            process::{Command, Stdio},
        };
        let mut shell = Command::new("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(script).unwrap();
        shell.wait_with_output().unwrap().stdout
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_shell_reads_the_bytes_back(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            text in "[ -~\u{202e}ä\t\n]{0,40}[!-~]",
        ) {
            let script = [b"printf '", octal(&body).as_slice(), b"'"].concat();
            prop_assert_eq!(shell(&script), body);
            let script = [b"printf %s ", quoted(text.as_bytes()).as_slice()].concat();
            prop_assert_eq!(shell(&script), text.as_bytes());
        }
    }

    #[test]
    fn quotes_and_controls_do_not_get_out() {
        assert_eq!(quoted(b"it's `$x` !"), b"'it'\\''s `$x` !'");
        assert_eq!(octal(b"-n-!"), b"\\055n-\\041");
        assert_eq!(quoted(b"a\x1b%"), b"\"$(printf 'a\\033%%')\"");
    }
}
