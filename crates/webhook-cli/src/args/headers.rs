use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::bytes_of;
use crate::exit::{Failure, say};

#[derive(Args)]
pub(crate) struct HeaderArgs {
    /// A header of the request; repeatable, order and duplicates are kept
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    header: Vec<OsString>,

    /// A file with one header a line, bytes as they are; they come before those of -H
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
}

/// What becomes of a value that HTTP cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    Refuse,
    /// Take `?` for each byte that no header can hold, and say so: to explain what a log shows.
    Replace,
}

/// One header after the other.
pub(crate) type HeaderLines = Vec<(HeaderName, HeaderValue)>;

/// Headers as they were given, and as they are looked up.
#[derive(Default)]
pub(crate) struct Headers {
    /// In their order, which a map does not keep.
    pub(crate) lines: HeaderLines,
    pub(crate) map: HeaderMap,
}

impl Headers {
    fn add(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), &'static str> {
        self.lines.push((name.clone(), value.clone()));
        let added = self.map.try_append(name, value).map(drop);
        added.map_err(|_| "there are too many headers")
    }
}

impl HeaderArgs {
    pub(crate) fn read(&self, strictness: Strictness) -> Result<Headers, Failure> {
        let mut headers = Headers::default();
        if let Some(path) = &self.headers {
            read_file(path, strictness, &mut headers)?;
        }
        for line in &self.header {
            add(&bytes_of(line), strictness, &mut headers)
                .map_err(|why| Failure::usage(format!("-H: {why}")))?;
        }
        Ok(headers)
    }
}

fn read_file(path: &Path, strictness: Strictness, into: &mut Headers) -> Result<(), Failure> {
    let text = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        add(line, strictness, into).map_err(|why| {
            let path = path.display();
            Failure::usage(format!("{path}, line {}: {why}", number + 1))
        })?;
    }
    Ok(())
}

/// Adds a line. One space after the colon is no part of the value; anything more is.
fn add(line: &[u8], strictness: Strictness, into: &mut Headers) -> Result<(), &'static str> {
    let colon = line.iter().position(|byte| *byte == b':');
    let (name, value) = colon
        .and_then(|at| line.split_at_checked(at))
        .ok_or("this is no header; write `Name: value`")?;
    let value = value.strip_prefix(b":").unwrap_or(value);
    let value = value.strip_prefix(b" ").unwrap_or(value);
    let name = HeaderName::from_bytes(name)
        .map_err(|_| "what stands before the colon is no header's name")?;
    let value = match HeaderValue::from_bytes(value) {
        Ok(value) => value,
        Err(_) if strictness == Strictness::Replace => replaced(&name, value)?,
        Err(_) => return Err("the value holds a control character, which HTTP cannot carry"),
    };
    into.add(name, value)
}

fn replaced(name: &HeaderName, value: &[u8]) -> Result<HeaderValue, &'static str> {
    let carried = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    let value: Vec<u8> = value
        .iter()
        .map(|byte| if carried(byte) { *byte } else { b'?' })
        .collect();
    say(format_args!(
        "note: {name} holds a control character, with which no server takes it; `?` stands for it here"
    ));
    HeaderValue::from_bytes(&value).map_err(|_| "the value cannot be carried by HTTP")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::{Headers, Strictness, add};

    #[test]
    fn values_keep_their_bytes() {
        let mut headers = Headers::default();
        for line in [
            b"A: 1".as_slice(),
            b"a:2",
            b"A:  3 ",
            b"a:",
            b"A: x:y",
            b"a: \xff\xc3\xa4\t",
        ] {
            add(line, Strictness::Refuse, &mut headers).unwrap();
        }
        let values: Vec<_> = headers
            .map
            .get_all("a")
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        assert_eq!(
            values,
            [
                b"1".as_slice(),
                b"2",
                b" 3 ",
                b"",
                b"x:y",
                b"\xff\xc3\xa4\t"
            ]
        );
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let mut headers = Headers::default();
        for line in ["", "POST / HTTP/1.1", ": x", "a b: x", "a: x\x1b", "a: x\0"] {
            assert!(
                add(line.as_bytes(), Strictness::Refuse, &mut headers).is_err(),
                "{line:?}"
            );
        }
        add(b"a: x\x1b", Strictness::Replace, &mut headers).unwrap();
        assert_eq!(headers.map["a"], "x?");
    }
}
