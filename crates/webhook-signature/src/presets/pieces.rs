//! Pieces that several presets share.

use std::{borrow::Cow, time::Duration};

use http::HeaderName;
use webhook_core::Name;

use crate::{
    key::SecretEncoding,
    scheme::{Encoding, Grammar, Location, Part, Primitive, Scheme, Template, Tolerance},
};

/// The tolerance of most providers.
pub(super) const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// Five minutes behind the clock and five minutes ahead.
pub(super) const FIVE_MINUTES_BOTH_WAYS: Tolerance = Tolerance::within(FIVE_MINUTES);

/// No other family of headers.
pub(super) const NO_OTHER_HEADERS: Cow<'static, [Location]> = Cow::Borrowed(&[]);

static BODY: [Part; 1] = [Part::Body];

/// One signature behind a fixed text.
pub(super) const fn prefixed(prefix: &'static str) -> Grammar {
    Grammar::Value {
        prefix: Cow::Borrowed(prefix),
    }
}

/// A signature over the body and nothing else; the key is the secret's text.
pub(super) const fn over_body(
    name: &'static str,
    primitive: Primitive,
    location: Location,
    event: Option<HeaderName>,
    grammar: Grammar,
    encoding: Encoding,
) -> Scheme {
    Scheme {
        name: Name::from_static(name),
        primitive,
        location,
        alternatives: NO_OTHER_HEADERS,
        event,
        grammar,
        encoding,
        text: Template(Cow::Borrowed(&BODY)),
        timestamp: None,
        secret: SecretEncoding::Raw,
        base_url: Cow::Borrowed(""),
    }
}
