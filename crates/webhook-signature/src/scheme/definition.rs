use std::borrow::Cow;

use http::HeaderName;
use webhook_core::{Name, Reason};

use super::{
    Encoding, Grammar, Location, Part, Place, Primitive, SchemeBuilder, Template, TimestampRule,
    TimestampUnit, Tolerance,
};
use crate::{custom::Custom, key::SecretEncoding};

/// How a provider signs its deliveries.
///
/// A scheme is plain data and cheap to clone. The [presets](crate::presets) are constants; your
/// own starts with [`Scheme::hmac_sha256`]:
///
/// ```
/// use webhook_signature::Scheme;
///
/// let acme = Scheme::hmac_sha256("acme").header("x-acme-signature").build()?;
/// assert!(acme.covers_body() && !acme.covers_timestamp());
///
/// let signed_with_time = Scheme::hmac_sha512("acme")
///     .header("x-acme-signature")
///     .prefix("v2=")
///     .base64()
///     .timestamp_header("x-acme-time")
///     .signed_text("{timestamp}.{body}")
///     .build()?;
/// assert!(signed_with_time.covers_timestamp());
///
/// // A timestamp that is not signed would make an old delivery fresh.
/// let unsigned = Scheme::hmac_sha256("acme").header("x-acme-signature").timestamp_header("x-acme-time").build();
/// assert!(unsigned.is_err());
/// # Ok::<_, webhook_signature::SchemeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    pub(crate) name: Name,
    pub(crate) primitive: Primitive,
    pub(crate) location: Location,
    /// Another family of headers that the same delivery may stand in.
    pub(crate) alternative: Option<&'static Location>,
    pub(crate) event: Option<HeaderName>,
    pub(crate) grammar: Grammar,
    pub(crate) encoding: Encoding,
    pub(crate) text: Template,
    /// Present exactly where the signature covers a timestamp.
    pub(crate) timestamp: Option<TimestampRule>,
    pub(crate) secret: SecretEncoding,
    pub(crate) base_url: Cow<'static, str>,
    /// Whether a trusted proxy tells the URL.
    pub(crate) url_from_proxy: bool,
    /// Headers that must say exactly this, such as the version of what a signature covers.
    pub(crate) required: &'static [(&'static str, &'static str)],
    /// The function for what data cannot say.
    pub(crate) custom: Option<Custom>,
}

impl Scheme {
    /// Starts a scheme that signs with HMAC-SHA256. `name` is the provider's, for records.
    pub fn hmac_sha256(name: impl Into<Name>) -> SchemeBuilder {
        Self::builder(name, Primitive::HmacSha256)
    }

    /// Starts a scheme that signs with HMAC-SHA512. `name` is the provider's, for records.
    pub fn hmac_sha512(name: impl Into<Name>) -> SchemeBuilder {
        Self::builder(name, Primitive::HmacSha512)
    }

    /// Starts a scheme. `name` is the provider's, for records.
    pub fn builder(name: impl Into<Name>, primitive: Primitive) -> SchemeBuilder {
        SchemeBuilder::new(name.into(), primitive)
    }

    /// The provider's name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// What makes the signature.
    #[must_use]
    pub const fn primitive(&self) -> Primitive {
        self.primitive
    }

    /// How the signature's bytes are written.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// How the secret's text becomes the key.
    #[must_use]
    pub const fn secret_encoding(&self) -> SecretEncoding {
        self.secret
    }

    /// The header that the signature stands in; the first one of several families. `None` where it
    /// stands somewhere else, or in several headers.
    #[must_use]
    pub const fn signature_header(&self) -> Option<&HeaderName> {
        self.location.signature.header()
    }

    /// Where the signature stands, for people: a header's name, `query parameter signature`,
    /// `body`.
    #[must_use]
    pub fn signature_place(&self) -> String {
        match self.custom.and_then(Custom::place) {
            _ if self.primitive == Primitive::Unsigned => "none".to_owned(),
            Some(place) => place.to_owned(),
            None => self.location.signature.to_string(),
        }
    }

    /// How the signature stands there, for people: `t={timestamp},v1={signature},…`.
    #[must_use]
    pub fn signature_format(&self) -> String {
        match self.custom.and_then(Custom::format) {
            _ if self.primitive == Primitive::Unsigned => String::new(),
            Some(format) => format.to_owned(),
            None => self.grammar.to_string(),
        }
    }

    /// The signed text, for people: `{timestamp}.{body}`. Empty where nothing is signed.
    #[must_use]
    pub fn signed_content(&self) -> String {
        #[cfg(feature = "public-key")]
        if let Some(rules) = self.rules() {
            return rules.signed_content(&self.text);
        }
        match (self.custom, self.primitive) {
            (_, Primitive::Token | Primitive::Unsigned) => String::new(),
            (Some(custom), _) => custom.signed_content().to_owned(),
            (None, primitive) => {
                let text: String = self.text.0.iter().map(Part::to_string).collect();
                match primitive {
                    Primitive::Sha1OfSecretAndText | Primitive::Sha256OfSecretAndText => {
                        format!("{{secret}}{text}")
                    }
                    Primitive::Sha1OfTextAndSecret | Primitive::Sha256OfTextAndSecret => {
                        format!("{text}{{secret}}")
                    }
                    _ => text,
                }
            }
        }
    }

    /// The timestamp's unit; `None` where none is signed.
    #[must_use]
    pub fn timestamp_unit(&self) -> Option<TimestampUnit> {
        self.timestamp.as_ref().map(|rule| rule.unit)
    }

    /// The header that the timestamp stands in, if it has one of its own.
    #[must_use]
    pub const fn timestamp_header(&self) -> Option<&HeaderName> {
        self.location.timestamp.as_ref()
    }

    /// The header that the delivery's id stands in.
    #[must_use]
    pub const fn id_header(&self) -> Option<&HeaderName> {
        self.location.id.as_ref()
    }

    /// The header that the event's type stands in.
    #[must_use]
    pub const fn event_header(&self) -> Option<&HeaderName> {
        self.event.as_ref()
    }

    /// The parts of the signed text, in order.
    #[must_use]
    pub fn signed_text(&self) -> &[Part] {
        &self.text.0
    }

    /// Whether the signature covers the whole body.
    #[must_use]
    pub fn covers_body(&self) -> bool {
        #[cfg(feature = "public-key")]
        if self.rules().is_some_and(|rules| !rules.covers_whole_body()) {
            return false;
        }
        match self.custom {
            Some(custom) => custom.covers_body(),
            None => self.signs() && self.text.contains(&Part::Body),
        }
    }

    /// Whether there is a signature at all, and not just a secret that is shown, or nothing.
    const fn signs(&self) -> bool {
        !matches!(self.primitive, Primitive::Token | Primitive::Unsigned)
    }

    /// Whether the signature covers a timestamp; if not, a captured delivery verifies for ever.
    #[must_use]
    pub fn covers_timestamp(&self) -> bool {
        match self.custom {
            Some(custom) => custom.covers_timestamp(),
            None => self.text.contains(&Part::Timestamp),
        }
    }

    /// Whether the signature covers the delivery's id; if not, whoever replays a delivery can give
    /// it a new one.
    #[must_use]
    pub fn covers_id(&self) -> bool {
        self.custom.is_some_and(Custom::covers_id)
            || self.text.contains(&Part::Id)
            || self.covers_header(self.id_header())
    }

    /// Whether the signature covers the event's type.
    #[must_use]
    pub fn covers_event(&self) -> bool {
        self.custom.is_some_and(Custom::covers_event) || self.covers_header(self.event_header())
    }

    fn covers_header(&self, name: Option<&HeaderName>) -> bool {
        let covered = |part: &Part| matches!(part, Part::Header(header) if Some(header) == name);
        self.text.0.iter().any(covered)
    }

    /// How far the signed timestamp may lie from the clock; `None` where none is signed.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.as_ref().map(|rule| rule.tolerance)
    }

    /// A reason as it is told for a secret that is shown instead of a signature.
    pub(crate) const fn told(&self, reason: Reason) -> Reason {
        match (self.primitive, reason) {
            (Primitive::Token, Reason::SignatureMissing) => Reason::AuthMissing,
            (Primitive::Token, Reason::SignatureMalformed | Reason::SignatureDuplicateHeader) => {
                Reason::AuthMalformed
            }
            (Primitive::Token, Reason::SignatureMismatch) => Reason::AuthInvalid,
            (_, reason) => reason,
        }
    }

    /// This scheme with another tolerance. Without a signed timestamp nothing changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use webhook_signature::{Tolerance, presets};
    ///
    /// let scheme = presets::STRIPE.scheme();
    /// assert_eq!(scheme.tolerance().unwrap().future(), None);
    /// let both_ways = scheme.tolerance().unwrap().both_ways(Duration::from_secs(300));
    /// let scheme = scheme.with_tolerance(both_ways);
    /// assert_eq!(scheme.tolerance(), Some(Tolerance::within(Duration::from_secs(300))));
    /// ```
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        if let Some(rule) = &mut self.timestamp {
            rule.tolerance = tolerance;
        }
        self
    }

    /// This scheme, reading hexadecimal digits in either case. Without hexadecimal signatures
    /// nothing changes. The default is the one case that the provider sends.
    ///
    /// ```
    /// use webhook_signature::{Encoding, presets};
    ///
    /// let scheme = presets::GITHUB.scheme().with_any_hex_case();
    /// assert_eq!(scheme.encoding(), Encoding::HexAnyCase);
    /// ```
    #[must_use]
    pub fn with_any_hex_case(mut self) -> Self {
        if matches!(self.encoding, Encoding::Hex | Encoding::HexUpper) {
            self.encoding = Encoding::HexAnyCase;
        }
        self
    }

    /// This scheme, reading only the first family of its headers: `webhook-*` and not `svix-*` for
    /// [`STANDARD_WEBHOOKS`](crate::presets::STANDARD_WEBHOOKS), the other way round for
    /// [`SVIX`](crate::presets::SVIX).
    #[must_use]
    pub fn with_first_headers_only(mut self) -> Self {
        self.alternative = None;
        self
    }

    /// This scheme, with the signature in another header: for providers that let the receiver
    /// choose its name.
    ///
    /// ```
    /// use http::HeaderName;
    /// use webhook_signature::presets;
    ///
    /// let scheme = presets::GRAFANA.scheme().with_signature_header(HeaderName::from_static("x-alert-signature"));
    /// assert_eq!(scheme.signature_header().unwrap(), "x-alert-signature");
    /// ```
    #[must_use]
    pub fn with_signature_header(mut self, name: HeaderName) -> Self {
        self.location.signature = Place::Header(name);
        self
    }

    /// This scheme with another rule for making the key from the secret's text.
    #[must_use]
    pub const fn with_secret_encoding(mut self, encoding: SecretEncoding) -> Self {
        self.secret = encoding;
        self
    }
}

/// What a scheme's signature covers, looked up once.
#[derive(Clone, Copy, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an answer of its own, not a state"
)]
pub(crate) struct Covered {
    pub(crate) body: bool,
    pub(crate) id: bool,
    pub(crate) event: bool,
    /// The signed text holds the id by that name, so that there must be one.
    pub(crate) needs_id: bool,
    /// The signed text is the body, and needs nothing that stands in the head.
    pub(crate) alone: bool,
}

impl Covered {
    pub(crate) fn by(scheme: &Scheme) -> Self {
        Self {
            body: scheme.covers_body(),
            id: scheme.covers_id(),
            event: scheme.covers_event(),
            needs_id: scheme.text.contains(&Part::Id)
                || scheme.custom.is_some_and(Custom::needs_id_header),
            alone: scheme.custom.is_none() && *scheme.text.0 == [Part::Body],
        }
    }
}

impl From<&Self> for Scheme {
    fn from(scheme: &Self) -> Self {
        scheme.clone()
    }
}
