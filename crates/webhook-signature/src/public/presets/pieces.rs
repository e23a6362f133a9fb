//! Pieces that the presets of this feature share. Every preset and scheme of it is made here.

use std::{borrow::Cow, time::Duration};

use http::HeaderName;
use webhook_core::Name;

use crate::{
    Preset,
    presets::Evidence,
    public::{
        digest::BodyAs,
        rules::{BodyClaim, HeaderRules, Payload, Place, Rules, TokenRules, TokenTime},
        url::UrlRule,
    },
    scheme::{
        Elements, Encoding, Grammar, Location, Part, Place as At, Primitive, Scheme, Template,
        TimestampRule, TimestampUnit, Tolerance,
    },
};

/// Five minutes behind the clock and five minutes ahead: the default where the provider says none.
pub(super) const FIVE_MINUTES: Option<Tolerance> = Some(within(300));

pub(super) const fn within(seconds: u64) -> Tolerance {
    Tolerance::within(Duration::from_secs(seconds))
}

/// How the signature stands where it does.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// It fills its header.
    Bare,
    /// In a list separated by spaces, after this label and a comma.
    List(&'static str),
    /// As the rules say.
    Ruled(&'static Rules),
}

/// What a preset of this feature is made of.
#[derive(Clone, Copy)]
pub(super) struct Data {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) primitive: Primitive,
    pub(super) signature: &'static str,
    pub(super) timestamp: Option<&'static str>,
    pub(super) id: Option<&'static str>,
    pub(super) event: Option<&'static str>,
    pub(super) form: Form,
    pub(super) encoding: Encoding,
    pub(super) text: &'static [Part],
    pub(super) tolerance: Option<Tolerance>,
    pub(super) evidence: Evidence,
    pub(super) source: &'static str,
    pub(super) notes: &'static str,
}

/// What stands for a header's name where the signature is in the body.
pub(super) const IN_BODY: &str = "";

pub(super) static BODY: [Part; 1] = [Part::Body];
pub(super) static TIMED_BODY: [Part; 2] = [Part::Timestamp, Part::Body];

impl Data {
    pub(super) const fn with_event(mut self, header: &'static str) -> Self {
        self.event = Some(header);
        self
    }

    pub(super) const fn with_timestamp(mut self, header: &'static str) -> Self {
        self.timestamp = Some(header);
        self
    }
}

pub(super) const fn preset(data: Data) -> Preset {
    let secret = data.primitive.secret_encoding();
    let scheme = Scheme {
        name: Name::from_static(data.name),
        primitive: data.primitive,
        location: Location {
            signature: if data.signature.is_empty() {
                At::Body
            } else {
                At::Header(HeaderName::from_static(data.signature))
            },
            timestamp: header(data.timestamp),
            id: header(data.id),
        },
        alternative: None,
        event: header(data.event),
        grammar: grammar(data.form),
        encoding: data.encoding,
        text: Template(Cow::Borrowed(data.text)),
        timestamp: match data.tolerance {
            Some(tolerance) => Some(TimestampRule {
                unit: TimestampUnit::Seconds,
                leading_zeros: true,
                tolerance,
            }),
            None => None,
        },
        secret,
        base_url: Cow::Borrowed(""),
        url_from_proxy: false,
        required: &[],
        custom: None,
    };
    Preset::new(data.title, scheme, data.evidence, data.source, data.notes)
}

const fn grammar(form: Form) -> Grammar {
    match form {
        Form::Bare => Grammar::Value {
            prefix: Cow::Borrowed(""),
        },
        Form::List(label) => Grammar::Elements(Elements {
            separator: b' ',
            assign: b',',
            label: Cow::Borrowed(label),
            timestamp: None,
            any_case: false,
        }),
        Form::Ruled(rules) => Grammar::Public(Cow::Borrowed(rules)),
    }
}

const fn header(name: Option<&'static str>) -> Option<HeaderName> {
    match name {
        Some(name) => Some(HeaderName::from_static(name)),
        None => None,
    }
}

pub(super) const fn header_rules(rfc3339: bool, body: BodyAs) -> Rules {
    Rules::Header(HeaderRules {
        rfc3339,
        body,
        key_url: None,
        algorithm: None,
        lacks_webhook_id: false,
    })
}

/// A token in a header, with claims that say nothing yet.
pub(super) const fn token_rules(
    algorithms: &'static [Primitive],
    issuer: Option<&'static str>,
) -> TokenRules {
    TokenRules {
        place: Place::Header(""),
        algorithms: Cow::Borrowed(algorithms),
        payload: Payload::Claims,
        body: None,
        url: None,
        id: None,
        time: TokenTime::IfAny,
        issuer: match issuer {
            Some(issuer) => Some(Cow::Borrowed(issuer)),
            None => None,
        },
        audience: None,
        subject: None,
        key_set: None,
    }
}

/// What a constant can be changed in.
impl TokenRules {
    pub(super) const fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(super) const fn signing(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    pub(super) const fn with_body(mut self, name: &'static str, encoding: Encoding) -> Self {
        self.body = Some(BodyClaim {
            name,
            encoding,
            absent_without_body: false,
        });
        self
    }

    pub(super) const fn with_some_body(mut self, name: &'static str) -> Self {
        self.body = Some(BodyClaim {
            name,
            encoding: Encoding::Hex,
            absent_without_body: true,
        });
        self
    }

    pub(super) const fn with_id(mut self, name: &'static str) -> Self {
        self.id = Some(name);
        self
    }

    pub(super) const fn with_url(mut self, name: &'static str) -> Self {
        self.url = Some(name);
        self
    }

    pub(super) const fn timed(mut self, time: TokenTime) -> Self {
        self.time = time;
        self
    }

    pub(super) const fn with_key_set(mut self, rule: UrlRule) -> Self {
        self.key_set = Some(rule);
        self
    }
}
