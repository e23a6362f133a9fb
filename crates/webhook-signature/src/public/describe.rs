//! What rules say, for people.

use super::{
    digest::BodyAs,
    rules::{HeaderRules, Payload, Place, Rules, TokenRules},
};
use crate::scheme::{Part, Template};

impl Rules {
    /// The notation of what carries the signature.
    pub(crate) fn format(&self) -> String {
        match self {
            Self::Header(_) => "{signature}".to_owned(),
            Self::Token(rules) => match (rules.place, rules.payload) {
                (Place::Body, _) => "{token}".to_owned(),
                (Place::Header(prefix), Payload::Claims) => format!("{prefix}{{token}}"),
                (Place::Header(prefix), _) => format!("{prefix}{{header}}..{{signature}}"),
            },
            Self::Message => "{label}=:{signature}:".to_owned(),
            Self::Sns => "{\"Signature\":\"{signature}\",…}".to_owned(),
            Self::SortedForm => "p_signature={signature}&…".to_owned(),
        }
    }

    /// The signed text.
    pub(crate) fn signed_content(&self, text: &Template) -> String {
        match self {
            Self::Header(rules) => rules.signed_content(text),
            Self::Token(rules) => rules.signed_content(),
            Self::Message => "{signature base with content-digest}".to_owned(),
            Self::Sns => "{names and values of the signed members, a line each}".to_owned(),
            Self::SortedForm => {
                "{fields but p_signature, sorted, as PHP serializes them}".to_owned()
            }
        }
    }
}

impl HeaderRules {
    fn signed_content(&self, text: &Template) -> String {
        let part = |part: &Part| match (part, self.body) {
            (Part::Body, BodyAs::HexSha256) => "{hex(sha256(body))}".to_owned(),
            (Part::Body, BodyAs::Crc32) => "{crc32(body)}".to_owned(),
            (Part::Body, BodyAs::Field(name)) => format!("{{field {name}}}"),
            (part, _) => part.to_string(),
        };
        let text: String = text.0.iter().map(part).collect();
        if self.lacks_webhook_id {
            text.replace("||", "|{webhook id}|")
        } else {
            text
        }
    }
}

impl TokenRules {
    fn signed_content(&self) -> String {
        let bound = [
            self.body.map(|claim| (claim.name, "body")),
            self.url.map(|name| (name, "url")),
        ];
        let bound: Vec<_> = bound
            .into_iter()
            .flatten()
            .map(|(claim, what)| format!("{claim}=sha256({what})"))
            .collect();
        match (self.payload, self.place) {
            (Payload::Detached { .. }, _) => "{header}.{body}".to_owned(),
            (Payload::TrueLayer, _) => {
                "{header}.{method} {path}\\n{headers named in tl_headers}{body}".to_owned()
            }
            (Payload::Claims, Place::Body) => "{header}.{claims}".to_owned(),
            (Payload::Claims, Place::Header(_)) if bound.is_empty() => {
                "{header}.{claims}".to_owned()
            }
            (Payload::Claims, Place::Header(_)) => {
                format!("{{header}}.{{claims: {}}}", bound.join(", "))
            }
        }
    }
}
