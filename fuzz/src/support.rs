//! What the targets share: reading their inputs, and saying what they reached.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{LazyLock, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use http::{HeaderName, HeaderValue, Method, Request, Uri, request::Parts};

/// An input: some bytes that choose, and the text that is read.
///
/// The choices stand first, at a fixed length, so that a mutation of the text leaves them alone.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    choices: &'a [u8],
    /// What is behind the choices.
    pub text: &'a [u8],
}

impl<'a> Input<'a> {
    #[must_use]
    pub fn new(data: &'a [u8], choices: usize) -> Self {
        let (choices, text) = data.split_at(choices.min(data.len()));
        Self { choices, text }
    }

    /// The next choice; 0 where there is none.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.choices.split_first() else {
            return 0;
        };
        self.choices = rest;
        *first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()]
    }

    /// A number with a sign: small ones are as likely as edges.
    pub fn number(&mut self) -> i64 {
        let byte = i64::from(self.byte());
        if byte < 250 {
            byte - 125
        } else {
            (byte - 252) * i64::from(u32::MAX)
        }
    }
}

/// Reads a request in the notation of HTTP/1: the line with method and target, lines of headers, an
/// empty line, the body. `None` where a server would not take it.
#[must_use]
pub fn request(text: &[u8]) -> Option<(Parts, &[u8])> {
    let (line, mut rest) = line(text)?;
    let mut words = line.split(|byte| *byte == b' ');
    let method = Method::from_bytes(words.next()?).ok()?;
    let uri: Uri = words.next()?.try_into().ok()?;
    let (mut parts, ()) = Request::new(()).into_parts();
    (parts.method, parts.uri) = (method, uri);
    while let Some((head, behind)) = line_of_head(rest) {
        rest = behind;
        if head.is_empty() {
            break;
        }
        let colon = head.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&head[..colon]).ok()?;
        let value = HeaderValue::from_bytes(trim(&head[colon + 1..])).ok()?;
        parts.headers.try_append(name, value).ok()?;
    }
    Some((parts, rest))
}

fn line_of_head(text: &[u8]) -> Option<(&[u8], &[u8])> {
    line(text).or_else(|| (!text.is_empty()).then_some((text, &[])))
}

/// The text before the first line's end, and the text behind it.
#[must_use]
pub fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| *byte == b'\n')?;
    let line = &text[..end];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &text[end + 1..]))
}

/// The one of this name; a name that none has chooses any, so that seeds say what they mean and
/// mutations of them still mean something.
#[must_use]
pub fn named<T: Copy>(all: &[T], name: &[u8], of: impl Fn(T) -> &'static str) -> T {
    let own = all.iter().find(|one| of(**one).as_bytes() == name);
    let sum = name
        .iter()
        .fold(0_usize, |sum, byte| sum * 31 % 65_521 + usize::from(*byte));
    *own.unwrap_or(&all[sum % all.len()])
}

/// Lower-case digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// Without spaces and tabs around it, as servers hand header values on.
#[must_use]
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The lines of a header.
#[must_use]
pub fn lines<'p>(parts: &'p Parts, name: &str) -> Vec<&'p [u8]> {
    let lines = parts.headers.get_all(name).iter();
    lines.map(HeaderValue::as_bytes).collect()
}

/// Polls a future that has nothing to wait for.
pub fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..100_000 {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
    panic!("the future waits for something");
}

/// Says that a target came to a place without which it would be blind. `fuzz/run` looks for each
/// place that a target's source names, and fails where one was never reached.
pub fn reached(place: &'static str) {
    static COUNTS: LazyLock<Mutex<HashMap<&str, u64>>> = LazyLock::new(Mutex::default);
    let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = counts.entry(place).or_default();
    *count += 1;
    if count.is_power_of_two() && count.trailing_zeros().is_multiple_of(4) {
        eprintln!("reached {place} {count}");
    }
}

/// Whether the naive side of a target is to make its `number`th mistake: the positive control of
/// `fuzz/run --check`.
#[must_use]
pub fn planted(number: u8) -> bool {
    static PLANTED: LazyLock<Option<u8>> =
        LazyLock::new(|| std::env::var("WEBHOOK_FUZZ_PLANTED").ok()?.parse().ok());
    *PLANTED == Some(number)
}
