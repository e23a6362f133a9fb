use std::sync::Arc;

use super::{CaptureError, CaptureErrorKind, headers::HeaderList, redaction::Redaction};

/// The most bytes of a body that are kept, unless it is said otherwise.
pub const DEFAULT_CAPTURED_BYTES: usize = 16 * 1024;
/// The most bytes of a body that can be asked for.
pub const MAX_CAPTURED_BYTES: usize = 1024 * 1024;

/// What is kept of a delivery: the settings of a [`CaptureLayer`](super::CaptureLayer), swappable at
/// run time and per endpoint.
///
/// | made by | keeps |
/// |---|---|
/// | [`metadata`](Self::metadata), the default | nothing: the audit's record tells of the delivery |
/// | [`headers`](Self::headers) | the values of the listed headers |
/// | [`body`](Self::body) | the body, and of headers what [`with_headers`](Self::with_headers) lists |
///
/// ```
/// use webhook_audit_layer::capture::CaptureSettings;
///
/// let nothing = CaptureSettings::metadata();
/// let headers = CaptureSettings::headers(["content-type", "x-github-event"])?;
/// let bodies = CaptureSettings::body()
///     .with_max_bytes(64 * 1024)?
///     .with_redacted(["/customer/email", "/customer/address"])?;
///
/// // Credentials are never kept.
/// assert!(CaptureSettings::headers(["authorization"]).is_err());
/// # Ok::<_, webhook_audit_layer::capture::CaptureError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureSettings {
    pub(super) headers: HeaderList,
    pub(super) redaction: Arc<Redaction>,
    max_bytes: Option<usize>,
    pub(super) takes_unverified: bool,
}

impl CaptureSettings {
    /// Nothing.
    #[must_use]
    pub fn metadata() -> Self {
        Self::default()
    }

    /// The values of these headers, and no body.
    ///
    /// # Errors
    ///
    /// As [`with_headers`](Self::with_headers).
    pub fn headers<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, CaptureError> {
        Self::default().with_headers(names)
    }

    /// The body, up to [`DEFAULT_CAPTURED_BYTES`], and no header.
    #[must_use]
    pub fn body() -> Self {
        Self {
            max_bytes: Some(DEFAULT_CAPTURED_BYTES),
            ..Self::default()
        }
    }

    /// Keeps the values of these headers, too; default none. A name that is listed twice counts once.
    ///
    /// # Errors
    ///
    /// A text that is no header's name; one whose name says that it carries a credential, such as
    /// `Authorization`, `Cookie`, or any with `signature`, `token` or `key` in it; more than
    /// [`MAX_HEADERS`](super::MAX_HEADERS).
    pub fn with_headers<'a>(
        mut self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, CaptureError> {
        for name in names {
            self.headers.add(name)?;
        }
        Ok(self)
    }

    /// Keeps the body, at most so many bytes of it; default [`DEFAULT_CAPTURED_BYTES`].
    ///
    /// A longer body is cut; where values are redacted, it is withheld.
    ///
    /// # Errors
    ///
    /// No byte, or more than [`MAX_CAPTURED_BYTES`].
    pub fn with_max_bytes(mut self, bytes: usize) -> Result<Self, CaptureError> {
        if bytes == 0 || bytes > MAX_CAPTURED_BYTES {
            let what = format!("a body is kept from 1 byte up to {MAX_CAPTURED_BYTES}");
            return Err(CaptureError::new(CaptureErrorKind::InvalidLimit, what));
        }
        self.max_bytes = Some(bytes);
        Ok(self)
    }

    /// Redacts what these JSON pointers lead to ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)),
    /// whatever it is; default nothing.
    ///
    /// - A member that is not there, or lies in a `null`, needs no redaction.
    /// - A pointer that leads into a text, a number or a boolean, or by a name into an array, does not
    ///   fit, and the body is [withheld](super::Withheld), as is one that is no JSON or is too large.
    /// - A pointer is exact: there are no wildcards, and `*` is refused. To redact something in every
    ///   element, redact the array.
    ///
    /// # Errors
    ///
    /// A text that is no JSON pointer, or a wildcard; more than
    /// [`MAX_POINTERS`](super::MAX_POINTERS), or one deeper than
    /// [`MAX_POINTER_TOKENS`](super::MAX_POINTER_TOKENS).
    pub fn with_redacted<'a>(
        mut self,
        pointers: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, CaptureError> {
        let redaction = Arc::make_mut(&mut self.redaction);
        for pointer in pointers {
            redaction.add(pointer)?;
        }
        Ok(self)
    }

    /// Captures what no layer verified, too: whatever a check in shadow mode let pass. Anybody can fill
    /// the store then. Default: only what was verified.
    #[must_use]
    pub const fn with_insecure_unverified(mut self, takes_unverified: bool) -> Self {
        self.takes_unverified = takes_unverified;
        self
    }

    /// How much of a body is kept, where any is.
    pub(super) const fn max_bytes(&self) -> Option<usize> {
        self.max_bytes
    }

    pub(super) const fn keeps_nothing(&self) -> bool {
        self.max_bytes.is_none() && self.headers.is_empty()
    }
}
