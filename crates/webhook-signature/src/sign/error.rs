use std::fmt;

/// Why a delivery cannot be signed so that it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The scheme signs an id and there is none.
    IdMissing,
    /// An id or event type that is longer than 256 bytes or holds more than visible ASCII, or an id
    /// that holds the text which the scheme puts behind it.
    IdMalformed,
    /// A time that the scheme cannot write, such as one before 1970.
    TimestampOutOfRange,
    /// The scheme signs the request's target, or writes into its query, and there is none.
    TargetMissing,
    /// The scheme signs the URL, and nothing says scheme and host of it.
    BaseUrlMissing,
    /// The scheme signs a header that is missing, or there several times.
    Header,
    /// The scheme's keys are public ones, which cannot sign.
    #[cfg(feature = "public-key")]
    NoPrivateKey,
    /// The signature stands in the body or the query, so that no header can carry it:
    /// [`Verifier::sign_request`](crate::Verifier::sign_request) signs the whole request.
    NotInAHeader,
    /// The scheme cannot sign this body: it is no text, or lacks the signed timestamp.
    Body,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IdMissing => "the scheme signs the delivery's id; give one with `with_id`",
            Self::IdMalformed => {
                "the id or event type does not fit its header; take up to 256 visible ASCII characters, without what separates the id from its neighbour (`.` in Standard Webhooks), and only letters and digits where it is a token in the body (Mailgun)"
            }
            Self::TimestampOutOfRange => "the scheme cannot write this time; take one after 1970 and before 33658",
            Self::TargetMissing => "the scheme signs the request's target, or writes into its query; give it with `with_target`",
            Self::BaseUrlMissing => "the scheme signs the URL that is called; give scheme and host with `with_base_url`",
            Self::NotInAHeader => "the signature stands in the body or the query; no header can carry it; sign the whole request with `sign_request`",
            Self::Body => "the scheme cannot sign this body; give the text that the provider would send, with its timestamp in it",
            Self::Header => "the scheme signs a header that is not there exactly once; give it with `with_headers`",
            #[cfg(feature = "public-key")]
            Self::NoPrivateKey => "the scheme's keys are public ones, which verify and cannot sign; only the provider can",
        })
    }
}

impl std::error::Error for SignError {}
