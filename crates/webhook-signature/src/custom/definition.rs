use http::{HeaderName, HeaderValue};
use webhook_core::{Name, Reason};
use zeroize::Zeroizing;

use super::{
    Claim, Claims, Content, Delivery, Signer, adyen, box_com, braintree, contentful, dropbox_sign,
    figma, hook0, hygraph, kontent_ai, linear, mailgun, mercado_pago, message_bird,
    microsoft_graph, plivo, pusher, trello, twilio, vonage_sms,
};
use crate::{candidates::Candidates, hash::sha1, sign::SignError};

/// A function for what data cannot say, named after its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Custom {
    Adyen,
    Box,
    Braintree,
    Contentful,
    DropboxSign,
    Figma,
    Hook0,
    Hygraph,
    KontentAi,
    Linear,
    Mailgun,
    MercadoPago,
    MessageBird,
    MicrosoftGraph,
    UrlAndForm,
    PlivoV2,
    PlivoV3,
    Pusher,
    Trello,
    Twilio,
    VonageSms,
}

/// A key as the provider makes it of a secret.
pub(crate) struct CustomKey {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What the provider calls it.
    pub(crate) name: Option<Vec<u8>>,
    /// Its place among the others.
    pub(crate) slot: usize,
}

impl Custom {
    /// What must be shown of a delivery. `signatures` are those of its headers.
    pub(crate) fn claims(
        self,
        delivery: &Delivery<'_>,
        signatures: Candidates,
    ) -> Result<Claims, Reason> {
        match self {
            Self::Adyen => adyen::claims(delivery),
            Self::Box => box_com::claims(delivery),
            Self::Braintree => braintree::claims(delivery),
            Self::DropboxSign => dropbox_sign::claims(delivery),
            Self::Figma => figma::claims(delivery),
            Self::Linear => linear::claims(delivery, signatures),
            Self::Mailgun => mailgun::claims(delivery),
            Self::MicrosoftGraph => microsoft_graph::claims(delivery),
            Self::Pusher => pusher::claims(delivery, signatures),
            Self::VonageSms => vonage_sms::claims(delivery),
            _ => {
                let texts = self.texts(delivery)?.ok_or(Reason::Misconfigured)?;
                Ok(Claims::of(Claim::new(texts, signatures)))
            }
        }
    }

    /// The body or target with the signature in it, where it stands there.
    pub(crate) fn content(self, signer: &Signer<'_>) -> Result<Content, SignError> {
        match self {
            Self::Adyen => adyen::content(signer),
            Self::Braintree => braintree::content(signer),
            Self::DropboxSign => dropbox_sign::content(signer),
            Self::Figma => figma::content(signer),
            Self::Mailgun => mailgun::content(signer),
            Self::MicrosoftGraph => microsoft_graph::content(signer),
            Self::VonageSms => vonage_sms::content(signer),
            _ => Err(SignError::NotInAHeader),
        }
    }

    /// The texts of which one is signed; `None` where the signature stands in the body itself.
    pub(crate) fn texts(self, delivery: &Delivery<'_>) -> Result<Option<Vec<Vec<u8>>>, Reason> {
        let texts = match self {
            Self::Box => box_com::texts(delivery),
            Self::Contentful => contentful::texts(delivery)?,
            Self::Hook0 => hook0::texts(delivery)?,
            Self::Hygraph => hygraph::texts(delivery)?,
            Self::KontentAi => kontent_ai::texts(delivery),
            Self::MercadoPago => mercado_pago::texts(delivery)?,
            Self::MessageBird => message_bird::texts(delivery),
            Self::UrlAndForm => plivo::texts_v1(delivery)?,
            Self::PlivoV2 => plivo::texts_v2(delivery),
            Self::PlivoV3 => plivo::texts_v3(delivery)?,
            Self::Linear | Self::Pusher => vec![delivery.body.to_vec()],
            Self::Trello => trello::texts(delivery)?,
            Self::Twilio => twilio::texts(delivery)?,
            Self::Adyen
            | Self::Braintree
            | Self::DropboxSign
            | Self::Figma
            | Self::Mailgun
            | Self::MicrosoftGraph
            | Self::VonageSms => return Ok(None),
        };
        Ok(Some(texts))
    }

    /// Whether the whole body is covered.
    pub(crate) const fn covers_body(self) -> bool {
        !matches!(
            self,
            Self::Adyen
                | Self::Braintree
                | Self::DropboxSign
                | Self::Figma
                | Self::Mailgun
                | Self::MercadoPago
                | Self::MicrosoftGraph
                | Self::PlivoV2
        )
    }

    pub(crate) const fn covers_timestamp(self) -> bool {
        self.finds_timestamp()
            || matches!(
                self,
                Self::Box
                    | Self::Contentful
                    | Self::Hook0
                    | Self::Hygraph
                    | Self::MercadoPago
                    | Self::MessageBird
            )
    }

    /// Whether the timestamp stands in the body.
    pub(crate) const fn finds_timestamp(self) -> bool {
        matches!(
            self,
            Self::DropboxSign | Self::Linear | Self::Mailgun | Self::VonageSms
        )
    }

    pub(crate) const fn covers_id(self) -> bool {
        self.needs_id_header() || matches!(self, Self::Mailgun | Self::MercadoPago)
    }

    pub(crate) const fn covers_event(self) -> bool {
        matches!(self, Self::DropboxSign)
    }

    /// Whether the id's header must be there.
    pub(crate) const fn needs_id_header(self) -> bool {
        matches!(self, Self::PlivoV2 | Self::PlivoV3)
    }

    pub(crate) const fn needs_base_url(self) -> bool {
        matches!(
            self,
            Self::UrlAndForm | Self::PlivoV2 | Self::PlivoV3 | Self::Trello | Self::Twilio
        )
    }

    /// Whether the path and query are covered.
    pub(crate) const fn needs_target(self) -> bool {
        self.needs_base_url()
            || matches!(
                self,
                Self::Contentful | Self::MercadoPago | Self::MessageBird
            )
    }

    /// Where the signature stands, where the body holds it.
    pub(crate) const fn place(self) -> Option<&'static str> {
        Some(match self {
            Self::Adyen => {
                "body notificationItems[].NotificationRequestItem.additionalData.hmacSignature"
            }
            Self::Braintree => "form field bt_signature",
            Self::DropboxSign => "body event.event_hash",
            Self::Figma => "body passcode",
            Self::Mailgun => "body signature.signature",
            Self::MicrosoftGraph => "body value[].clientState",
            Self::VonageSms => "form or query parameter sig",
            _ => return None,
        })
    }

    /// How the signature stands there, where data does not say it.
    pub(crate) const fn format(self) -> Option<&'static str> {
        match self {
            Self::Braintree => Some("{public_key}|{signature}[&{public_key}|{signature}…]"),
            Self::Hook0 => Some("t={timestamp},h={names},v1={signature}"),
            Self::Hygraph => Some("sign={signature}, env={name}, t={timestamp}"),
            _ => None,
        }
    }

    /// The signed text, for people.
    pub(crate) const fn signed_content(self) -> &'static str {
        match self {
            Self::Adyen => {
                "{pspReference}:{originalReference}:{merchantAccountCode}:{merchantReference}:{amount.value}:{amount.currency}:{eventCode}:{success}"
            }
            Self::Box => "{body}{timestamp}",
            Self::Braintree => "{form.bt_payload}",
            Self::Contentful => "{method}\\n{target, escaped}\\n{signed headers}\\n{body}",
            Self::DropboxSign => "{event.event_time}{event.event_type}",
            Self::Figma | Self::MicrosoftGraph => "",
            Self::Hook0 => "{timestamp}.{header names}.{their values}.{body}",
            Self::Hygraph => {
                "{\"Body\":{body},\"EnvironmentName\":{env},\"TimeStamp\":{timestamp}}"
            }
            Self::KontentAi => "{body with CRLF for each run of line breaks}",
            Self::Linear | Self::Pusher => "{body}",
            Self::Mailgun => "{signature.timestamp}{signature.token}",
            Self::MercadoPago => {
                "id:{query.data.id};request-id:{header.x-request-id};ts:{timestamp};"
            }
            Self::MessageBird => "{timestamp}\\n{query, sorted}\\n{sha256 of the body}",
            Self::PlivoV2 => "{url without query}{nonce}",
            Self::PlivoV3 => "{url with sorted query}[?][.]{form, sorted}.{nonce}",
            Self::Trello => "{low 8 bits of body and url}",
            Self::UrlAndForm | Self::Twilio => "{url}{form, sorted}",
            Self::VonageSms => "{&name=value of each parameter, sorted}",
        }
    }

    /// The header's value for a signature, where data does not say it.
    pub(crate) fn write(self, timestamp: &str, signature: &str) -> Option<String> {
        (self == Self::Hygraph).then(|| hygraph::write(timestamp, signature))
    }

    /// Other headers that a sender must add before it signs.
    pub(crate) fn headers(self, key: Option<&[u8]>) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Contentful => Some((
                HeaderName::from_static(contentful::SIGNED_HEADERS),
                HeaderValue::from_static(contentful::LEAST_HEADERS),
            )),
            Self::Pusher => Some((
                HeaderName::from_static(pusher::KEY),
                HeaderValue::from_bytes(key.unwrap_or(b"default")).ok()?,
            )),
            _ => None,
        }
    }

    /// The keys of a secret, which is the ring's `at`th.
    pub(crate) fn keys(self, id: &Name, at: usize, secret: &[u8]) -> Vec<CustomKey> {
        let named = (id.as_str() != "default").then(|| id.as_str().as_bytes().to_vec());
        let bar = secret.iter().position(|&byte| byte == b'|');
        let halves = bar.and_then(|at| Some((secret.get(..at)?, secret.get(at + 1..)?)));
        let key = |bytes: &[u8], name, slot| CustomKey {
            bytes: Zeroizing::new(bytes.to_vec()),
            name,
            slot,
        };
        match (self, halves) {
            (Self::Braintree, Some((public, private))) => {
                vec![key(&sha1(private), Some(public.to_vec()), at)]
            }
            (Self::Braintree, None) => vec![key(&sha1(secret), named, at)],
            (Self::Box, Some((primary, secondary))) => {
                vec![key(primary, None, 0), key(secondary, None, 1)]
            }
            (Self::Box, None) => {
                let slot = match id.as_str() {
                    "primary" => 0,
                    "secondary" => 1,
                    _ => at,
                };
                vec![key(secret, None, slot)]
            }
            _ => vec![key(secret, named, at)],
        }
    }
}
