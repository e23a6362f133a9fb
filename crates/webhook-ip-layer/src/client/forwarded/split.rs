use http::{HeaderMap, HeaderValue, header};
use webhook_core::AddressError;

use crate::client::{MAX_HOPS, list::trim};

/// One more than is walked, so that the walk sees that there are more.
const KEPT: usize = MAX_HOPS + 1;

/// Knows which bytes of a text stand outside quotes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quotes {
    open: bool,
    escaped: bool,
}

impl Quotes {
    /// Takes the next byte; whether it is outside, and no quote itself.
    pub(super) fn outside(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        match byte {
            b'\\' if self.open => self.escaped = true,
            b'"' => self.open = !self.open,
            _ => return !self.open,
        }
        false
    }
}

/// The non-empty elements from the right of the last line to the left of the first.
///
/// Only a scan from the left can tell what is quoted, so the last elements of a line are kept on
/// the stack while it is scanned.
pub(in crate::client) fn elements(
    headers: &HeaderMap,
) -> Result<impl Iterator<Item = &[u8]>, AddressError> {
    let lines = headers.get_all(header::FORWARDED);
    if lines.iter().all(is_closed) {
        Ok(lines
            .into_iter()
            .rev()
            .flat_map(|line| LastElements::of(line.as_bytes())))
    } else {
        Err(AddressError::MalformedHeader)
    }
}

fn is_closed(line: &HeaderValue) -> bool {
    let mut quotes = Quotes::default();
    for &byte in line.as_bytes() {
        quotes.outside(byte);
    }
    !quotes.open
}

/// The last elements of a line, from right to left.
struct LastElements<'a> {
    // Element n is in slot n modulo the number of slots.
    slots: [&'a [u8]; KEPT],
    seen: usize,
    left: usize,
}

impl<'a> LastElements<'a> {
    fn of(line: &'a [u8]) -> Self {
        let mut last = Self {
            slots: [&[]; KEPT],
            seen: 0,
            left: 0,
        };
        let mut quotes = Quotes::default();
        line.split(|&byte| quotes.outside(byte) && byte == b',')
            .map(trim)
            .filter(|element| !element.is_empty())
            .for_each(|element| last.push(element));
        last
    }

    fn push(&mut self, element: &'a [u8]) {
        if let Some(slot) = self.slots.get_mut(self.seen % KEPT) {
            *slot = element;
        }
        self.seen = self.seen.saturating_add(1);
        self.left = self.seen.min(KEPT);
    }
}

impl<'a> Iterator for LastElements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        self.seen = self.seen.checked_sub(1)?;
        self.slots.get(self.seen % KEPT).copied()
    }
}
