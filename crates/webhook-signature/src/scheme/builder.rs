use std::{borrow::Cow, time::Duration};

use http::HeaderName;
use webhook_core::Name;

use super::{
    Elements, Encoding, Grammar, Location, Part, Place, Primitive, Scheme, SchemeError, Template,
    TimestampRule, TimestampUnit, Tolerance, template,
};
use crate::key::SecretEncoding;

/// Five minutes, as [Standard Webhooks] and most providers have it.
///
/// [Standard Webhooks]: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
pub(super) const DEFAULT_TOLERANCE: Tolerance = Tolerance::within(Duration::from_secs(300));

/// Builds a [`Scheme`]; every mistake is told by [`build`](Self::build).
///
/// Defaults: one signature that fills its header, in lower-case hexadecimal, over the body alone;
/// a timestamp in seconds with a tolerance of 300 s both ways; the secret's text as the key.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing before `build()`"]
pub struct SchemeBuilder {
    name: Name,
    primitive: Primitive,
    signature: Option<String>,
    timestamp: Option<String>,
    id: Option<String>,
    event: Option<String>,
    prefix: String,
    list: Option<(char, char, String)>,
    timestamp_label: Option<String>,
    encoding: Encoding,
    text: String,
    unsigned_body: bool,
    unit: TimestampUnit,
    tolerance: Tolerance,
    secret: SecretEncoding,
}

impl SchemeBuilder {
    pub(crate) fn new(name: Name, primitive: Primitive) -> Self {
        Self {
            name,
            primitive,
            signature: None,
            timestamp: None,
            id: None,
            event: None,
            prefix: String::new(),
            list: None,
            timestamp_label: None,
            encoding: Encoding::Hex,
            text: Part::Body.to_string(),
            unsigned_body: false,
            unit: TimestampUnit::Seconds,
            tolerance: DEFAULT_TOLERANCE,
            secret: default_secret_encoding(primitive),
        }
    }

    /// The header that the signature stands in. Required.
    pub fn header(mut self, name: impl Into<String>) -> Self {
        self.signature = Some(name.into());
        self
    }

    /// The text in front of the signature, such as `sha256=` or `v0=`. It is compared exactly and
    /// chooses nothing. Default: none.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The header holds a list whose elements are a label, `assign` and a value, such as
    /// `t=1700000000,v1=…`: `list(',', '=', "v1")`. The elements labelled `label` are signatures,
    /// of which at most 16 are compared; all others are skipped. At most 64 elements are looked at.
    pub fn list(mut self, separator: char, assign: char, label: impl Into<String>) -> Self {
        self.list = Some((separator, assign, label.into()));
        self
    }

    /// How the signature is written. Default: [`Encoding::Hex`].
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Short for `encoding(Encoding::Base64)`.
    pub const fn base64(self) -> Self {
        self.encoding(Encoding::Base64)
    }

    /// The text that the signature covers: `{body}`, `{timestamp}`, `{id}`, `{method}`, `{target}`,
    /// `{url}` and `{header.NAME}` stand for what [`Part`] says, a brace itself is written twice,
    /// and everything else is taken as it stands. Default: `{body}`.
    pub fn signed_text(mut self, template: impl Into<String>) -> Self {
        self.text = template.into();
        self
    }

    /// Accepts a signed text without `{body}`. Whoever captures one delivery can then send any body
    /// with it.
    pub const fn insecure_unsigned_body(mut self) -> Self {
        self.unsigned_body = true;
        self
    }

    /// The header that the timestamp stands in.
    pub fn timestamp_header(mut self, name: impl Into<String>) -> Self {
        self.timestamp = Some(name.into());
        self
    }

    /// The label of the timestamp in the [`list`](Self::list).
    pub fn timestamp_label(mut self, label: impl Into<String>) -> Self {
        self.timestamp_label = Some(label.into());
        self
    }

    /// The timestamp's unit. Default: [`TimestampUnit::Seconds`].
    pub const fn timestamp_unit(mut self, unit: TimestampUnit) -> Self {
        self.unit = unit;
        self
    }

    /// How far the timestamp may lie from the clock. Default: 300 s both ways.
    pub const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The header that the delivery's id stands in, signed or not. Default: none.
    pub fn id_header(mut self, name: impl Into<String>) -> Self {
        self.id = Some(name.into());
        self
    }

    /// The header that the event's type stands in. Default: none.
    pub fn event_header(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// How the secret's text becomes the key. Default: [`SecretEncoding::Raw`].
    pub const fn secret_encoding(mut self, encoding: SecretEncoding) -> Self {
        self.secret = encoding;
        self
    }

    /// The scheme.
    ///
    /// # Errors
    /// The first mistake, with its fix.
    pub fn build(self) -> Result<Scheme, SchemeError> {
        let text = self.checked_text()?;
        let has_timestamp = self.check_timestamp(&text)?;
        if text.contains(&Part::Id) && self.id.is_none() {
            return Err(SchemeError::NoIdHeader);
        }
        let grammar = self.grammar()?;
        let signature = header_name(self.signature)?.ok_or(SchemeError::NoSignatureHeader)?;
        let rule = TimestampRule {
            unit: self.unit,
            leading_zeros: true,
            tolerance: self.tolerance,
        };
        Ok(Scheme {
            name: self.name,
            primitive: self.primitive,
            location: Location {
                signature: Place::Header(signature),
                timestamp: header_name(self.timestamp)?,
                id: header_name(self.id)?,
            },
            alternatives: Cow::Borrowed(&[]),
            event: header_name(self.event)?,
            grammar,
            encoding: self.encoding,
            text,
            timestamp: has_timestamp.then_some(rule),
            secret: self.secret,
            base_url: Cow::Borrowed(""),
            url_from_proxy: false,
            required: &[],
            custom: None,
        })
    }

    fn checked_text(&self) -> Result<Template, SchemeError> {
        let parts = template::parse(&self.text).map_err(SchemeError::SignedText)?;
        match parts.iter().filter(|part| **part == Part::Body).count() {
            0 if !self.unsigned_body => Err(SchemeError::UnsignedBody),
            0 | 1 => Ok(Template(parts.into())),
            _ => Err(SchemeError::SeveralBodies),
        }
    }

    fn check_timestamp(&self, text: &Template) -> Result<bool, SchemeError> {
        match (
            text.contains(&Part::Timestamp),
            &self.timestamp,
            &self.timestamp_label,
        ) {
            (_, Some(_), Some(_)) => Err(SchemeError::SeveralTimestampSources),
            (true, None, None) => Err(SchemeError::NoTimestampSource),
            (false, None, None) => Ok(false),
            (false, ..) => Err(SchemeError::UnsignedTimestamp),
            (true, ..) => Ok(true),
        }
    }

    fn grammar(&self) -> Result<Grammar, SchemeError> {
        let Some((separator, assign, label)) = &self.list else {
            return match &self.timestamp_label {
                None => Ok(Grammar::Value {
                    prefix: self.prefix.clone().into(),
                }),
                Some(label) => Err(SchemeError::List(format!(
                    "the label `{label}` without a `list(…)`"
                ))),
            };
        };
        let distinct = |what: &str, label: &str| {
            let bad = label.is_empty() || label.contains([*separator, *assign, ' ', '\t']);
            if bad {
                Err(SchemeError::List(format!("{what} `{label}`")))
            } else {
                Ok(())
            }
        };
        distinct("the label", label)?;
        if let Some(timestamp) = &self.timestamp_label {
            distinct("the timestamp's label", timestamp)?;
            if timestamp == label {
                return Err(SchemeError::List(format!(
                    "the timestamp's label `{timestamp}`"
                )));
            }
        }
        if !self.prefix.is_empty() {
            return Err(SchemeError::List(format!("the prefix `{}`", self.prefix)));
        }
        let elements = Elements {
            separator: visible(*separator)?,
            assign: visible(*assign).and_then(|assign| {
                let same = separator == &char::from(assign);
                if same {
                    Err(SchemeError::List(format!("the assignment `{separator}`")))
                } else {
                    Ok(assign)
                }
            })?,
            label: label.clone().into(),
            timestamp: self.timestamp_label.clone().map(Cow::Owned),
            any_case: false,
        };
        Ok(Grammar::Elements(elements))
    }
}

#[cfg(feature = "public-key")]
const fn default_secret_encoding(primitive: Primitive) -> SecretEncoding {
    primitive.secret_encoding()
}

#[cfg(not(feature = "public-key"))]
const fn default_secret_encoding(_: Primitive) -> SecretEncoding {
    SecretEncoding::Raw
}

/// A separator that no signature's text can hold and any header can.
fn visible(char: char) -> Result<u8, SchemeError> {
    u8::try_from(char)
        .ok()
        .filter(|byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_alphanumeric())
        .ok_or_else(|| SchemeError::List(format!("the character `{}`", char.escape_default())))
}

fn header_name(name: Option<String>) -> Result<Option<HeaderName>, SchemeError> {
    name.map(|name| name.parse().map_err(|_| SchemeError::HeaderName(name)))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::{Scheme, SchemeBuilder, SchemeError};

    fn acme() -> SchemeBuilder {
        Scheme::hmac_sha256("acme").header("x-acme-signature")
    }

    fn error(builder: SchemeBuilder) -> SchemeError {
        builder.build().unwrap_err()
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(
            error(Scheme::hmac_sha256("acme")),
            SchemeError::NoSignatureHeader
        );
        assert_eq!(
            error(acme().header("x acme")),
            SchemeError::HeaderName("x acme".into())
        );
        assert_eq!(
            error(acme().signed_text("{boby}")),
            SchemeError::SignedText("{boby}".into())
        );
        assert_eq!(
            error(acme().signed_text("{body}{body}")),
            SchemeError::SeveralBodies
        );
        assert_eq!(
            error(acme().signed_text("hello")),
            SchemeError::UnsignedBody
        );
        assert!(
            acme()
                .signed_text("hello")
                .insecure_unsigned_body()
                .build()
                .is_ok()
        );
        assert_eq!(
            error(acme().signed_text("{timestamp}{body}")),
            SchemeError::NoTimestampSource
        );
        assert_eq!(
            error(acme().timestamp_header("x-time")),
            SchemeError::UnsignedTimestamp
        );
        assert_eq!(
            error(acme().signed_text("{id}{body}")),
            SchemeError::NoIdHeader
        );
        let twice = acme()
            .signed_text("{timestamp}{body}")
            .timestamp_header("x-time")
            .timestamp_label("t");
        assert_eq!(error(twice), SchemeError::SeveralTimestampSources);
    }

    #[test]
    fn lists_that_cannot_be_read_are_refused() {
        let timed = || {
            acme()
                .signed_text("{timestamp}.{body}")
                .timestamp_label("t")
        };
        assert!(timed().list(',', '=', "v1").build().is_ok());
        for builder in [
            timed(),
            timed().list(',', '=', ""),
            timed().list(',', '=', "v=1"),
            timed().list(',', '=', "t"),
            timed().list(',', ',', "v1"),
            timed().list('a', '=', "v1"),
            timed().list('\n', '=', "v1"),
            timed().list('…', '=', "v1"),
            timed().list(',', '=', "v1").prefix("v0="),
        ] {
            assert!(matches!(error(builder), SchemeError::List(_)));
        }
    }

    #[test]
    fn what_is_covered_follows_from_the_signed_text() {
        let scheme = acme()
            .signed_text("{header.x-event}.{id}.{body}")
            .id_header("x-id")
            .event_header("X-Event")
            .build()
            .unwrap();
        assert!(scheme.covers_id() && scheme.covers_event() && scheme.covers_body());
        assert!(!scheme.covers_timestamp());
        assert_eq!(scheme.tolerance(), None);
        let scheme = acme()
            .id_header("x-id")
            .event_header("x-event")
            .build()
            .unwrap();
        assert!(!scheme.covers_id() && !scheme.covers_event());
    }
}
