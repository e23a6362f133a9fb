use std::borrow::Cow;

use http::HeaderName;
use webhook_core::Name;

use super::{
    Evidence, Preset,
    pieces::{FIVE_MINUTES_BOTH_WAYS, NO_OTHER_HEADERS, prefixed},
};
use crate::{
    key::SecretEncoding,
    scheme::{Encoding, Location, Part, Primitive, Scheme, Template, TimestampRule, TimestampUnit},
};

static SIGNED_TEXT: [Part; 4] = [
    Part::Literal(Cow::Borrowed("v0:")),
    Part::Timestamp,
    Part::Literal(Cow::Borrowed(":")),
    Part::Body,
];

/// [Slack](https://docs.slack.dev/authentication/verifying-requests-from-slack/): HMAC-SHA256 of
/// `v0:{timestamp}:{body}` in `X-Slack-Signature`.
pub static SLACK: Preset = Preset {
    title: "Slack",
    scheme: Scheme {
        name: Name::from_static("slack"),
        primitive: Primitive::HmacSha256,
        location: Location {
            signature: HeaderName::from_static("x-slack-signature"),
            timestamp: Some(HeaderName::from_static("x-slack-request-timestamp")),
            id: None,
        },
        alternatives: NO_OTHER_HEADERS,
        event: None,
        grammar: prefixed("v0="),
        encoding: Encoding::Hex,
        text: Template(Cow::Borrowed(&SIGNED_TEXT)),
        timestamp: Some(TimestampRule {
            unit: TimestampUnit::Seconds,
            leading_zeros: true,
            tolerance: FIVE_MINUTES_BOTH_WAYS,
        }),
        secret: SecretEncoding::Raw,
        base_url: Cow::Borrowed(""),
    },
    evidence: Evidence::OfficialSdk,
    source: "slackapi/python-slack-sdk: slack_sdk/signature/__init__.py",
    notes: "The delivery's id is `event_id` in the body of an event; a slash command has none.",
};
