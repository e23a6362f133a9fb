//! What presets are made of: a description that is plain text, and becomes a [`Preset`] when this
//! crate is compiled.

use std::{borrow::Cow, time::Duration};

use http::HeaderName;
use webhook_core::Name;

use super::{
    Evidence, Preset,
    form::{At, Form},
    texts::{BODY, ID_DOT_TIMESTAMP_DOT_BODY},
};
use crate::{
    custom::Custom,
    key::SecretEncoding,
    scheme::{
        Encoding, Location, Part, Primitive, Scheme, Template, TimestampRule, TimestampUnit,
        Tolerance,
    },
};

/// Five minutes behind the clock and five minutes ahead: the rule of most providers, and ours for
/// those that name none.
const FIVE_MINUTES: Tolerance = Tolerance::within(Duration::from_secs(300));

/// A preset in the making.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    name: &'static str,
    title: &'static str,
    primitive: Primitive,
    at: At,
    form: Form,
    encoding: Encoding,
    text: &'static [Part],
    timestamp: Option<&'static str>,
    rule: TimestampRule,
    id: Option<&'static str>,
    event: Option<&'static str>,
    secret: SecretEncoding,
    custom: Option<Custom>,
    required: &'static [(&'static str, &'static str)],
    or: Option<&'static Location>,
    evidence: Evidence,
    source: &'static str,
    notes: &'static str,
    addresses: &'static str,
    challenge: &'static str,
}

/// HMAC-SHA256 of the body in lower-case hexadecimal; the key is the secret's text.
pub(super) const fn hmac(name: &'static str, title: &'static str) -> Spec {
    Spec {
        name,
        title,
        primitive: Primitive::HmacSha256,
        at: At::Body,
        form: Form::Value(""),
        encoding: Encoding::Hex,
        text: &BODY,
        timestamp: None,
        rule: TimestampRule {
            unit: TimestampUnit::Seconds,
            leading_zeros: true,
            tolerance: FIVE_MINUTES,
        },
        id: None,
        event: None,
        secret: SecretEncoding::Raw,
        custom: None,
        required: &[],
        or: None,
        evidence: Evidence::GeneralKnowledge,
        source: "",
        notes: "",
        addresses: "",
        challenge: "",
    }
}

/// The secret itself, shown in a header.
pub(super) const fn token(name: &'static str, title: &'static str) -> Spec {
    hmac(name, title)
        .with(Primitive::Token)
        .encoding(Encoding::Text)
}

/// User and password, as `user:password`.
pub(super) const fn basic(name: &'static str, title: &'static str) -> Spec {
    let spec = token(name, title).encoding(Encoding::Base64Text);
    spec.header("authorization").credentials("Basic")
}

/// Nothing at all.
pub(super) const fn unsigned(name: &'static str, title: &'static str) -> Spec {
    hmac(name, title).with(Primitive::Unsigned)
}

impl Spec {
    pub(super) const fn with(mut self, primitive: Primitive) -> Self {
        self.primitive = primitive;
        self
    }

    pub(super) const fn at(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    pub(super) const fn header(self, name: &'static str) -> Self {
        self.at(At::Header(name))
    }

    pub(super) const fn prefix(mut self, prefix: &'static str) -> Self {
        self.form = Form::Value(prefix);
        self
    }

    pub(super) const fn maybe_prefix(mut self, prefix: &'static str) -> Self {
        self.form = Form::MaybePrefixed(prefix);
        self
    }

    pub(super) const fn credentials(mut self, scheme: &'static str) -> Self {
        self.form = Form::Credentials(scheme);
        self
    }

    pub(super) const fn bare_list(mut self, separator: u8) -> Self {
        self.form = Form::Bare {
            separator,
            stamped: false,
        };
        self
    }

    /// A list whose first element is the timestamp.
    pub(super) const fn stamped_list(mut self, separator: u8) -> Self {
        self.form = Form::Bare {
            separator,
            stamped: true,
        };
        self
    }

    /// A list without a timestamp.
    pub(super) const fn list(mut self, separator: u8, assign: u8, label: &'static str) -> Self {
        self.form = Form::List {
            separator,
            assign,
            timestamp: None,
            label,
            any_case: false,
        };
        self
    }

    /// `t=…,v1=…`, under these labels.
    pub(super) const fn stamped(
        mut self,
        separator: u8,
        timestamp: &'static str,
        label: &'static str,
    ) -> Self {
        self.form = Form::List {
            separator,
            assign: b'=',
            timestamp: Some(timestamp),
            label,
            any_case: false,
        };
        self
    }

    /// The list's labels are the same in either case.
    pub(super) const fn any_case(mut self) -> Self {
        if let Form::List { any_case, .. } = &mut self.form {
            *any_case = true;
        }
        self
    }

    pub(super) const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    pub(super) const fn base64(self) -> Self {
        self.encoding(Encoding::Base64)
    }

    pub(super) const fn text(mut self, text: &'static [Part]) -> Self {
        self.text = text;
        self
    }

    /// Standard Webhooks.
    pub(super) const fn standard(self) -> Self {
        let spec = self.header("webhook-signature").id("webhook-id");
        spec.timestamp("webhook-timestamp").like_standard()
    }

    /// Standard Webhooks under Svix's names.
    pub(super) const fn svix(self) -> Self {
        let spec = self.header("svix-signature").id("svix-id");
        spec.timestamp("svix-timestamp").like_standard()
    }

    const fn like_standard(self) -> Self {
        let spec = self.list(b' ', b',', "v1").base64();
        spec.text(&ID_DOT_TIMESTAMP_DOT_BODY)
            .secret(SecretEncoding::Whsec)
    }

    /// The header of the timestamp.
    pub(super) const fn timestamp(mut self, name: &'static str) -> Self {
        self.timestamp = Some(name);
        self
    }

    pub(super) const fn unit(mut self, unit: TimestampUnit) -> Self {
        self.rule.unit = unit;
        self
    }

    pub(super) const fn millis(self) -> Self {
        self.unit(TimestampUnit::Milliseconds)
    }

    pub(super) const fn no_leading_zeros(mut self) -> Self {
        self.rule.leading_zeros = false;
        self
    }

    /// Seconds behind and ahead of the clock.
    pub(super) const fn within(self, seconds: u64) -> Self {
        self.tolerance(Tolerance::within(Duration::from_secs(seconds)))
    }

    /// Seconds behind the clock, and any distance ahead.
    pub(super) const fn max_age(self, seconds: u64) -> Self {
        self.tolerance(Tolerance::max_age(Duration::from_secs(seconds)))
    }

    pub(super) const fn tolerance(mut self, tolerance: Tolerance) -> Self {
        self.rule.tolerance = tolerance;
        self
    }

    pub(super) const fn id(mut self, name: &'static str) -> Self {
        self.id = Some(name);
        self
    }

    pub(super) const fn event(mut self, name: &'static str) -> Self {
        self.event = Some(name);
        self
    }

    pub(super) const fn secret(mut self, encoding: SecretEncoding) -> Self {
        self.secret = encoding;
        self
    }

    pub(super) const fn custom(mut self, custom: Custom) -> Self {
        self.custom = Some(custom);
        self
    }

    pub(super) const fn required(
        mut self,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.required = headers;
        self
    }

    /// Another family of headers.
    pub(super) const fn or(mut self, family: &'static Location) -> Self {
        self.or = Some(family);
        self
    }

    /// The provider's own code was read.
    pub(super) const fn sdk(mut self, source: &'static str) -> Self {
        self.evidence = Evidence::OfficialSdk;
        self.source = source;
        self
    }

    /// The provider's documentation was read.
    pub(super) const fn doc(mut self, source: &'static str) -> Self {
        self.evidence = Evidence::OfficialDoc;
        self.source = source;
        self
    }

    /// Somebody else's verifier or notes were read.
    pub(super) const fn third_party(mut self, source: &'static str) -> Self {
        self.evidence = Evidence::ThirdParty;
        self.source = source;
        self
    }

    pub(super) const fn notes(mut self, notes: &'static str) -> Self {
        self.notes = notes;
        self
    }

    /// Where the provider publishes its addresses.
    pub(super) const fn addresses(mut self, addresses: &'static str) -> Self {
        self.addresses = addresses;
        self
    }

    /// How the provider introduces itself.
    pub(super) const fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenge = challenge;
        self
    }

    /// The preset.
    pub(super) const fn preset(self) -> Preset {
        Preset {
            title: self.title,
            scheme: self.scheme(),
            evidence: self.evidence,
            source: self.source,
            notes: self.notes,
            addresses: self.addresses,
            challenge: self.challenge,
        }
    }

    const fn scheme(self) -> Scheme {
        let timestamp = match self.custom {
            Some(custom) => custom.covers_timestamp(),
            None => has_timestamp(self.text),
        };
        Scheme {
            name: Name::from_static(self.name),
            primitive: self.primitive,
            location: Location {
                signature: self.at.place(),
                timestamp: header(self.timestamp),
                id: header(self.id),
            },
            alternative: self.or,
            event: header(self.event),
            grammar: self.form.grammar(),
            encoding: self.encoding,
            text: Template(Cow::Borrowed(self.text)),
            timestamp: if timestamp { Some(self.rule) } else { None },
            secret: self.secret,
            base_url: Cow::Borrowed(""),
            url_from_proxy: false,
            required: self.required,
            custom: self.custom,
        }
    }
}

const fn header(name: Option<&'static str>) -> Option<HeaderName> {
    match name {
        Some(name) => Some(HeaderName::from_static(name)),
        None => None,
    }
}

const fn has_timestamp(mut text: &[Part]) -> bool {
    while let [part, rest @ ..] = text {
        if matches!(part, Part::Timestamp) {
            return true;
        }
        text = rest;
    }
    false
}
