use std::{borrow::Cow, time::Duration};

use http::HeaderName;
use webhook_core::Name;

use super::{
    Encoding, Grammar, Location, Part, Place, Primitive, Scheme, SchemeError, Template,
    TimestampRule, TimestampUnit, Tolerance,
    signature::{Form, PlaceText, header_name},
    template,
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
    pub(super) place: Option<PlaceText>,
    pub(super) form: Option<Form>,
    /// Two settings of which only one can hold.
    pub(super) conflict: Option<SchemeError>,
    pub(super) any_label_case: bool,
    timestamp: Option<String>,
    id: Option<String>,
    event: Option<String>,
    pub(super) timestamp_label: Option<String>,
    pub(super) encoding: Encoding,
    text: Option<String>,
    unsigned_body: bool,
    pub(super) unit: TimestampUnit,
    tolerance: Tolerance,
    secret: SecretEncoding,
}

impl SchemeBuilder {
    pub(crate) fn new(name: Name, primitive: Primitive) -> Self {
        Self {
            name,
            primitive,
            place: None,
            form: None,
            conflict: None,
            any_label_case: false,
            timestamp: None,
            id: None,
            event: None,
            timestamp_label: None,
            encoding: match primitive {
                Primitive::Token => Encoding::Text,
                _ => Encoding::Hex,
            },
            text: None,
            unsigned_body: false,
            unit: TimestampUnit::Seconds,
            tolerance: DEFAULT_TOLERANCE,
            secret: default_secret_encoding(primitive),
        }
    }

    /// The labels of the [`list`](Self::list) are the same in either case. Default: they are not.
    pub const fn any_label_case(mut self) -> Self {
        self.any_label_case = true;
        self
    }

    /// How the signature is written. Default: [`Encoding::Hex`]; for a [`Primitive::Token`]
    /// [`Encoding::Text`].
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
        self.text = Some(template.into());
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
        if let Some(conflict) = self.conflict {
            return Err(conflict);
        }
        let text = self.checked_text()?;
        self.check_encoding()?;
        let has_timestamp = self.check_timestamp(&text)?;
        if text.contains(&Part::Id) && self.id.is_none() {
            return Err(SchemeError::NoIdHeader);
        }
        let grammar = self.checked_grammar()?;
        let signature = self.checked_place()?;
        check_together(self.primitive, &signature, &grammar, &text)?;
        let rule = TimestampRule {
            unit: self.unit,
            leading_zeros: true,
            tolerance: self.tolerance,
        };
        Ok(Scheme {
            name: self.name,
            primitive: self.primitive,
            location: Location {
                signature,
                timestamp: named(self.timestamp.as_deref())?,
                id: named(self.id.as_deref())?,
            },
            alternative: None,
            event: named(self.event.as_deref())?,
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
        if self.primitive == Primitive::Token && self.text.is_some() {
            return Err(SchemeError::TokenSignsNothing);
        }
        let text = self.text.as_deref().unwrap_or("{body}");
        let parts = template::parse(text).map_err(SchemeError::SignedText)?;
        match parts.iter().filter(|part| **part == Part::Body).count() {
            0 if !self.unsigned_body => Err(SchemeError::UnsignedBody),
            0 | 1 => Ok(Template(parts.into())),
            _ => Err(SchemeError::SeveralBodies),
        }
    }

    /// A text is compared as it is only where it is the secret.
    fn check_encoding(&self) -> Result<(), SchemeError> {
        let is_text = matches!(self.encoding, Encoding::Text | Encoding::Base64Text);
        if is_text == (self.primitive == Primitive::Token) {
            Ok(())
        } else {
            Err(SchemeError::Encoding(self.encoding.as_str()))
        }
    }

    fn check_timestamp(&self, text: &Template) -> Result<bool, SchemeError> {
        let sources = [
            self.timestamp.is_some(),
            self.timestamp_label.is_some(),
            self.is_stamped(),
        ];
        let sources = sources.into_iter().filter(|is_there| *is_there).count();
        match (text.contains(&Part::Timestamp), sources) {
            (_, 2..) => Err(SchemeError::SeveralTimestampSources),
            (true, 0) => Err(SchemeError::NoTimestampSource),
            (false, 0) => Ok(false),
            (false, _) => Err(SchemeError::UnsignedTimestamp),
            (true, _) => Ok(true),
        }
    }
}

/// Refuses what each would be right alone.
fn check_together(
    primitive: Primitive,
    place: &Place,
    grammar: &Grammar,
    text: &Template,
) -> Result<(), SchemeError> {
    let is_in_query = matches!(place, Place::Query(_));
    if is_in_query && (text.contains(&Part::Target) || text.contains(&Part::Url)) {
        return Err(SchemeError::SignatureInSignedUrl);
    }
    if let Some(char) = grammar.not_for_queries().filter(|_| is_in_query) {
        return Err(SchemeError::QueryCharacter(char));
    }
    #[cfg(feature = "public-key")]
    if primitive.is_public_key() {
        let plain = matches!(grammar, Grammar::Value { .. } | Grammar::Elements(_));
        if !plain || !matches!(place, Place::Header(_)) {
            return Err(SchemeError::PublicKeyPlace);
        }
    }
    #[cfg(not(feature = "public-key"))]
    let _ = (primitive, grammar);
    Ok(())
}

fn named(name: Option<&str>) -> Result<Option<HeaderName>, SchemeError> {
    name.map(header_name).transpose()
}

#[cfg(feature = "public-key")]
const fn default_secret_encoding(primitive: Primitive) -> SecretEncoding {
    primitive.secret_encoding()
}

#[cfg(not(feature = "public-key"))]
const fn default_secret_encoding(_: Primitive) -> SecretEncoding {
    SecretEncoding::Raw
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Primitive, Scheme, SchemeBuilder, SchemeError, TimestampUnit};

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
    fn a_stamped_list_is_the_one_place_of_a_signed_timestamp() {
        let stamped = || acme().stamped_list(',');
        let timed = || stamped().signed_text("{timestamp}.{body}");
        assert!(timed().build().unwrap().covers_timestamp());
        assert_eq!(error(stamped()), SchemeError::UnsignedTimestamp);
        let twice = timed().timestamp_header("x-time");
        assert_eq!(error(twice), SchemeError::SeveralTimestampSources);
        let twice = timed().timestamp_label("t");
        assert_eq!(error(twice), SchemeError::SeveralTimestampSources);
        assert_eq!(error(timed().bare_list(',')), SchemeError::SeveralForms);
        let lines = Scheme::hmac_sha256("acme").header_lines("x");
        for builder in [
            timed().stamped_list('a'),
            lines.stamped_list(',').signed_text("{timestamp}.{body}"),
        ] {
            assert!(matches!(error(builder), SchemeError::List(_)));
        }
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
        ] {
            assert!(matches!(error(builder), SchemeError::List(_)));
        }
        // What splits a signature or a time in two.
        let base64 = || timed().base64();
        for builder in [
            base64().list('+', '=', "v1"),
            base64().list('/', '=', "v1"),
            base64().encoding(Encoding::Base64Url).list('_', '=', "v1"),
            acme().base64().bare_list('+'),
            timed()
                .timestamp_unit(TimestampUnit::Rfc3339)
                .list(':', '=', "v1"),
            timed().list(',', '=', "T").any_label_case(),
        ] {
            assert!(matches!(error(builder), SchemeError::List(_)));
        }
        assert!(base64().list('_', '+', "v1").build().is_ok());
        assert!(timed().list(':', '=', "v1").build().is_ok());
        let both = timed().list(',', '=', "v1").prefix("v0=");
        assert_eq!(error(both), SchemeError::SeveralForms);
    }

    #[test]
    fn what_would_be_right_alone_is_refused_together() {
        let query = || Scheme::hmac_sha256("acme").query_parameter("signature");
        assert!(query().build().is_ok());
        for text in ["{target}{body}", "{url}{body}"] {
            let signed = query().signed_text(text);
            assert_eq!(error(signed), SchemeError::SignatureInSignedUrl);
        }
        for (form, char) in [
            (query().credentials("HMAC"), ' '),
            (query().bare_list('&'), '&'),
            (query().list(' ', ',', "v1"), ' '),
            (query().prefix("sig#"), '#'),
            (query().optional_prefix("\u{e9}="), '\u{e9}'),
        ] {
            assert_eq!(error(form), SchemeError::QueryCharacter(char));
        }
        assert!(query().list(',', '=', "v1").build().is_ok());
        assert_eq!(
            error(acme().header_lines("x-other")),
            SchemeError::SeveralPlaces
        );
        assert_eq!(
            error(acme().prefix("a").bare_list(',')),
            SchemeError::SeveralForms
        );
        assert_eq!(
            error(acme().encoding(Encoding::Text)),
            SchemeError::Encoding("text")
        );
        let token = || Scheme::builder("acme", Primitive::Token).header("authorization");
        assert!(token().credentials("Bearer").build().is_ok());
        // What is in front of the first space is the name.
        for name in ["", "Acme v1", "Acme,"] {
            let refused = SchemeError::AuthenticationScheme(name.to_owned());
            assert_eq!(error(token().credentials(name)), refused);
        }
        assert_eq!(error(token().base64()), SchemeError::Encoding("base64"));
        let signed = token().signed_text("{body}");
        assert_eq!(error(signed), SchemeError::TokenSignsNothing);
        let none: [&str; 0] = [];
        for nowhere in [
            Scheme::hmac_sha256("acme").headers(none),
            Scheme::hmac_sha256("acme").query_parameter(""),
        ] {
            assert_eq!(error(nowhere), SchemeError::NoSignatureHeader);
        }
        let lines = Scheme::hmac_sha256("acme").header_lines("x");
        let lines = lines.signed_text("{timestamp}{body}").timestamp_label("t");
        assert!(matches!(
            error(lines.list(',', '=', "v1")),
            SchemeError::List(_)
        ));
        #[cfg(feature = "public-key")]
        for builder in [
            Scheme::builder("acme", Primitive::Ed25519).header_lines("x"),
            Scheme::builder("acme", Primitive::Ed25519)
                .header("x")
                .bare_list(','),
        ] {
            assert_eq!(error(builder), SchemeError::PublicKeyPlace);
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
