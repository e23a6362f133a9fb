use std::fmt;

use webhook_core::Name;

use crate::{Encoding, Primitive, SecretEncoding};

/// A mistake that would, on its own, have made a delivery verify. Its text says the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The body has a newline at its end that the sender did not sign.
    NewlineAdded,
    /// The body lacks the newline at its end that the sender signed.
    NewlineRemoved,
    /// The body's line ends were `\r\n` when it was signed, and are `\n` now.
    CrlfBecameLf,
    /// The body's line ends were `\n` when it was signed, and are `\r\n` now.
    LfBecameCrlf,
    /// The body begins with a byte order mark that the sender did not sign.
    BomAdded,
    /// The body lacks the byte order mark that the sender signed.
    BomRemoved,
    /// The body is JSON that was parsed and written again.
    JsonRewritten,
    /// The body is a form, and one of its fields is what was signed.
    FormField(String),
    /// The body is what a form's field held, and the whole form is what was signed.
    FormDecoded,
    /// The body is compressed, and what was signed is not.
    Compressed,
    /// The secret's text becomes the key in another way.
    SecretEncoding(SecretEncoding),
    /// There is white space around the secret that does not belong to it.
    SecretPadded,
    /// The sender's secret has a newline at its end.
    SecretNewline,
    /// The secret of this id, which is not in use any more, made the signature.
    RetiredSecret(Name),
    /// Another algorithm made the signature, whatever its label says.
    Algorithm(Primitive),
    /// The signature is right, but labelled otherwise.
    Label,
    /// The signature is written in another encoding.
    Encoding(Encoding),
    /// The signature stands in another header.
    OtherHeader(String),
    /// The signature and the body are right, and the timestamp is outside the tolerance.
    Clock {
        /// How many seconds the timestamp lies behind the clock; negative where it lies ahead.
        seconds_behind: i64,
    },
    /// The delivery is another provider's: one of these, which sign in the same way.
    OtherProvider(Vec<String>),
}

impl Cause {
    /// Whether the header of the signature is what is wrong.
    pub(super) const fn is_of_header(&self) -> bool {
        matches!(
            self,
            Self::Algorithm(_) | Self::Label | Self::Encoding(_) | Self::OtherHeader(_)
        )
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewlineAdded => f.write_str("the body verifies without its last newline: something added one; keep the bytes as they came"),
            Self::NewlineRemoved => f.write_str("the body verifies with a newline at its end: something trimmed it; keep the bytes as they came"),
            Self::CrlfBecameLf => f.write_str("the body verifies with CRLF line ends: something made LF of them; keep the bytes as they came"),
            Self::LfBecameCrlf => f.write_str("the body verifies with LF line ends: something made CRLF of them; keep the bytes as they came"),
            Self::BomAdded => f.write_str("the body verifies without its byte order mark: something decoded and encoded the text; keep the bytes as they came"),
            Self::BomRemoved => f.write_str("the body verifies with a byte order mark: something decoded the text and dropped it; keep the bytes as they came"),
            Self::JsonRewritten => f.write_str("the body verifies as the same JSON written another way: something parsed it and wrote it again; verify the raw bytes, before any JSON parser"),
            Self::FormField(name) => write!(f, "the form's field `{name}` verifies, the form does not: the sender signs the field, or wrapped a signed body in a form"),
            Self::FormDecoded => f.write_str("the body verifies as the field `payload` of a form: something decoded the form; verify the raw bytes"),
            Self::Compressed => f.write_str("the body verifies once it is decompressed: the sender signed it before it was compressed; have it sent without Content-Encoding"),
            Self::SecretEncoding(encoding) => write!(f, "the secret verifies as {}: it becomes the key in that way", encoding.as_str()),
            Self::SecretPadded => f.write_str("the secret verifies without the white space around it: remove it where the secret is configured"),
            Self::SecretNewline => f.write_str("the secret verifies with a newline at its end: the sender's was set with one (`echo` adds it); set it again with `printf %s`"),
            Self::RetiredSecret(id) => write!(f, "the secret `{id}`, which is not in use any more, verifies: the sender still signs with it; add it again until the sender has changed"),
            Self::Algorithm(primitive) => write!(f, "the signature verifies as {}: the sender uses that algorithm, whatever the label says; choose the scheme that does", primitive.as_str()),
            Self::Label => f.write_str("the signature verifies without its label: the sender labels it otherwise than the scheme says"),
            Self::Encoding(encoding) => write!(f, "the signature verifies as {encoding:?}: the sender writes it that way"),
            Self::OtherHeader(name) => write!(f, "the signature stands in the header `{name}`"),
            Self::Clock { seconds_behind } if *seconds_behind < 0 => write!(f, "the signature is right and dated {} s ahead: this clock is behind, or the sender's ahead", seconds_behind.unsigned_abs()),
            Self::Clock { seconds_behind } => write!(f, "the signature is right and {seconds_behind} s old: the delivery waited or is replayed, this clock is ahead, or the sender's behind"),
            Self::OtherProvider(names) => write!(f, "the delivery verifies as one of `{}`: it has come to the wrong endpoint, or the wrong scheme is configured", names.join("` or `")),
        }
    }
}
