use http::HeaderValue;

/// What the lines of a request's `Accept` ask a refusal to be.
///
/// ```
/// use http::HeaderValue;
/// use webhook_core::rejection::Accept;
///
/// let mut accept = Accept::default();
/// assert!(!accept.prefers_text());
/// accept.add(&HeaderValue::from_static("text/plain"));
/// assert!(accept.prefers_text());
/// accept.add(&HeaderValue::from_static("application/problem+json"));
/// assert!(!accept.prefers_text());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Accept {
    text: bool,
    other: bool,
}

impl Accept {
    /// Adds what one line asks for.
    #[inline]
    pub fn add(&mut self, line: &HeaderValue) {
        // What most senders say, and it says nothing.
        if line.as_bytes() == b"*/*" {
            return;
        }
        match line.to_str() {
            Ok(line) if !line.contains("json") => self.text |= line.contains("text/plain"),
            _ => self.other = true,
        }
    }

    /// Whether one line of text is preferred to a JSON document: plain text is named, and JSON is not.
    #[must_use]
    #[inline]
    pub const fn prefers_text(self) -> bool {
        self.text && !self.other
    }
}
