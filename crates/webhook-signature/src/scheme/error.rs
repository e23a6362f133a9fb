use std::fmt;

/// Why a scheme cannot be built. Says the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemeError {
    /// A text that is no header's name.
    HeaderName(String),
    /// No header for the signature was named.
    NoSignatureHeader,
    /// A placeholder of the signed text that is none, or a brace without its partner.
    SignedText(String),
    /// The signed text holds the body several times, so that it could not be verified while the
    /// body arrives.
    SeveralBodies,
    /// The signed text does not hold the body.
    UnsignedBody,
    /// The signed text holds `{timestamp}`, and nothing says where that is.
    NoTimestampSource,
    /// A timestamp was named that the signed text does not hold, so that anybody could change it.
    UnsignedTimestamp,
    /// The timestamp has several places: a header, a label in the list, the front of the list.
    SeveralTimestampSources,
    /// The signed text holds `{id}`, and no header was named for it.
    NoIdHeader,
    /// The signed text holds `{url}`, and there is no base URL.
    NoBaseUrl,
    /// A base URL that does not begin with `https://` or `http://`, or ends with `/`.
    BaseUrl(String),
    /// The provider signs nothing and shows no secret, so that nothing can be verified.
    Unsigned,
    /// A separator, assignment or label of a list that cannot be told apart from the rest of it.
    List(String),
    /// A name of an authentication scheme that is none, such as one with a space in it.
    AuthenticationScheme(String),
    /// The signature has several places.
    SeveralPlaces,
    /// The signature is written in several ways.
    SeveralForms,
    /// An encoding that the primitive has no use for: a text is compared as it is only where it is
    /// the secret.
    Encoding(&'static str),
    /// A signed text for a secret that is shown, which covers nothing.
    TokenSignsNothing,
    /// A signature that stands in the URL that it covers.
    SignatureInSignedUrl,
    /// A character around the signature, or of its list, that no query can hold as it is.
    QueryCharacter(char),
    /// A public key's signature that is not the only one, or in a list, of one header.
    #[cfg(feature = "public-key")]
    PublicKeyPlace,
    /// A scheme that signs the webhook's id, which deliveries do not carry.
    #[cfg(feature = "public-key")]
    NoWebhookId,
    /// A key source for a scheme whose keys are secrets.
    #[cfg(feature = "public-key")]
    NoPublicKeys,
    /// A primitive that tokens have no name for.
    #[cfg(feature = "public-key")]
    TokenAlgorithm(&'static str),
}

impl fmt::Display for SchemeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeaderName(name) => write!(f, "`{name}` is no header's name; write it as `x-acme-signature`"),
            Self::NoSignatureHeader => f.write_str("no header for the signature; name it with `header(\"x-acme-signature\")`"),
            Self::SignedText(text) => write!(
                f,
                "`{text}` in the signed text is no placeholder; there are {{body}}, {{timestamp}}, {{id}}, {{method}}, {{target}}, {{url}} and {{header.NAME}}, and a brace itself is written twice"
            ),
            Self::SeveralBodies => f.write_str("the signed text holds {body} several times; write it once"),
            Self::UnsignedBody => f.write_str(
                "the signed text does not hold {body}, so that anybody could change the body; add it, or call `insecure_unsigned_body()`",
            ),
            Self::NoTimestampSource => f.write_str(
                "the signed text holds {timestamp}; say where it is with `timestamp_header(…)`, `timestamp_label(…)` or `stamped_list(…)`",
            ),
            Self::UnsignedTimestamp => f.write_str(
                "the signed text does not hold {timestamp}, so that anybody could make an old delivery fresh; add it, or name no timestamp",
            ),
            Self::SeveralTimestampSources => {
                f.write_str("the timestamp has several places; call only one of `timestamp_header(…)`, `timestamp_label(…)` and `stamped_list(…)`")
            }
            Self::NoIdHeader => f.write_str("the signed text holds {id}; say where it is with `id_header(…)`"),
            Self::NoBaseUrl => f.write_str(
                "the signed text holds {url}; say what the provider calls with `with_base_url(\"https://hooks.example.com\")`, or let a trusted proxy tell it, `with_url_from_trusted_proxy()`",
            ),
            Self::BaseUrl(url) => {
                write!(f, "`{url}` is no base URL; write scheme and host without a path, as `https://hooks.example.com`")
            }
            #[cfg(feature = "public-key")]
            Self::NoWebhookId => f.write_str(
                "the signature covers your webhook's id; give it with `with_webhook_id(…)`",
            ),
            #[cfg(feature = "public-key")]
            Self::NoPublicKeys => f.write_str(
                "the scheme's keys are secrets; give them as a `KeyRing` to `Verifier::new`",
            ),
            #[cfg(feature = "public-key")]
            Self::TokenAlgorithm(name) => write!(
                f,
                "`{name}` makes no token; take HMAC with SHA-256 or better, Ed25519, ECDSA, or RSA with SHA-256"
            ),
            Self::Unsigned => f.write_str(
                "the provider proves nothing about its deliveries, so that there is nothing to verify; fetch what a delivery names from the provider's API, or let the network vouch for it",
            ),
            Self::SeveralPlaces => f.write_str("the signature has several places; name one header, several with `headers(…)`, or one parameter of the query"),
            Self::SeveralForms => f.write_str("the signature is written in several ways; keep one prefix, authentication scheme or list"),
            Self::Encoding(name) => write!(f, "the encoding `{name}` does not fit; take `text` or `base64-text` for a secret that is shown, and any other for a signature"),
            Self::TokenSignsNothing => f.write_str("a secret that is shown covers nothing of the delivery; leave the signed text out, or take a primitive that signs"),
            Self::SignatureInSignedUrl => f.write_str("the signature stands in the query, and the signed text holds the query; take {target} and {url} out of it"),
            Self::QueryCharacter(char) => write!(
                f,
                "the signature stands in the query, which cannot hold `{}` as it is; write it another way, or name a header",
                char.escape_default()
            ),
            #[cfg(feature = "public-key")]
            Self::PublicKeyPlace => f.write_str("a public key's signature stands in one header, alone behind a prefix or in a `list(…)`; name it with `header(…)`"),
            Self::AuthenticationScheme(name) => write!(
                f,
                "`{name}` is no name of an authentication scheme; write one word, such as `Bearer`"
            ),
            Self::List(what) => write!(f, "{what} of a list cannot be told apart from the rest of it"),
        }
    }
}

impl std::error::Error for SchemeError {}
