use std::borrow::Cow;

use http::HeaderName;

use super::{digest::BodyAs, url::UrlRule};
use crate::scheme::{Encoding, Primitive};

/// What the data of a scheme cannot say with a prefix or a list.
///
/// Plain public-key signatures need none of this: their schemes look like those of HMAC, with
/// another [`Primitive`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    /// A signature in a header, over a text in which something stands for the body.
    Header(HeaderRules),
    /// A JSON Web Token or Signature.
    Token(TokenRules),
    /// HTTP Message Signatures (RFC 9421) over `Content-Digest`.
    Message,
    /// The document of Amazon SNS.
    Sns,
    /// A form whose fields are sorted and written as PHP serialises an array.
    SortedForm,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeaderRules {
    /// Whether the timestamp is written as in RFC 3339, and not as a number.
    pub(crate) rfc3339: bool,
    pub(crate) body: BodyAs,
    /// The header with the URL of the key, which is the key's id.
    pub(crate) key_url: Option<(HeaderName, UrlRule)>,
    /// The header with the algorithm's name, which must be this one where it is there.
    pub(crate) algorithm: Option<(HeaderName, &'static str)>,
    /// Whether the signed text lacks the webhook's id, which only the operator knows.
    pub(crate) lacks_webhook_id: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenRules {
    pub(crate) place: Place,
    /// The algorithms that the token may name, all of one kind of key.
    pub(crate) algorithms: Cow<'static, [Primitive]>,
    pub(crate) payload: Payload,
    /// The claim that binds the body.
    pub(crate) body: Option<BodyClaim>,
    /// The claim with the SHA-256 of the whole URL in lower-case hexadecimal.
    pub(crate) url: Option<&'static str>,
    /// The claim with the delivery's id.
    pub(crate) id: Option<&'static str>,
    pub(crate) time: TokenTime,
    pub(crate) issuer: Option<Cow<'static, str>>,
    pub(crate) audience: Option<Cow<'static, str>>,
    pub(crate) subject: Option<Cow<'static, str>>,
    /// The URLs that the header's `jku` may be, where it is there.
    pub(crate) key_set: Option<UrlRule>,
}

/// Where a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the signature's header, after this text.
    Header(&'static str),
    /// It is the body.
    Body,
}

/// What the middle part of a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    /// Claims.
    Claims,
    /// Empty: the body belongs there, as it is (RFC 7797) or, unless that is `required`, in base64url.
    Detached { unencoded_required: bool },
    /// Empty: method, path, the headers that `tl_headers` names, and the body belong there.
    TrueLayer,
}

/// A claim with the SHA-256 of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyClaim {
    pub(crate) name: &'static str,
    pub(crate) encoding: Encoding,
    /// Whether a delivery without a body lacks the claim.
    pub(crate) absent_without_body: bool,
}

/// Which times of a token are judged. `exp` and `nbf` always are where they are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenTime {
    /// Nothing more: tokens may last for ever.
    IfAny,
    /// `exp` must be there; the tolerance is the leeway.
    Expiry,
    /// `iat` must be there and lie within the tolerance.
    Age,
    /// The header's member `ts` must be there and lie within the tolerance.
    HeaderTs,
}

impl Rules {
    /// Whether nothing of the body can be changed: SNS leaves members out, Travis CI all fields but
    /// one, and for a checksum another body can be made up.
    pub(crate) fn covers_whole_body(&self) -> bool {
        match self {
            Self::Header(rules) => matches!(rules.body, BodyAs::Raw | BodyAs::HexSha256),
            Self::Sns => false,
            Self::Token(_) | Self::Message | Self::SortedForm => true,
        }
    }
}

impl TokenRules {
    /// Whether the tokens are made with a shared secret.
    pub(crate) fn is_symmetric(&self) -> bool {
        !self
            .algorithms
            .iter()
            .any(|algorithm| algorithm.is_public_key())
    }
}
