//! Schemes in TOML files.

mod error;
mod places;
mod words;

#[cfg(test)]
mod tests;

use std::{ops::Range, time::Duration};

use serde::Deserialize;
use toml::Spanned;

pub use self::error::SchemeFileError;
use self::{
    error::Mistake,
    words::{ENCODINGS, PRIMITIVES, SECRET_ENCODINGS, UNITS, choice, unit_name},
};
use super::{Encoding, Primitive, Scheme, SchemeBuilder, SchemeError, Tolerance};
use crate::key::SecretEncoding;

impl Scheme {
    /// Reads a scheme from TOML. The keys are named after the setters of [`SchemeBuilder`] and have
    /// their defaults; `name`, `algorithm` and one place of the signature are required.
    ///
    /// | key | value |
    /// |---|---|
    /// | `name` | the provider's name, for records |
    /// | `algorithm` | `hmac-sha1`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512`; `sha1-of-secret-and-text`, `sha256-of-secret-and-text`, `sha1-of-text-and-secret`, `sha256-of-text-and-secret`; `token`; with the feature `public-key` `ed25519`, `ecdsa-p256-sha256`, `ecdsa-p521-sha512`, `rsa-pkcs1-sha1`, `rsa-pkcs1-sha256`, `rsa-pss-sha256` |
    /// | `header` | the header that the signature stands in |
    /// | `header_lines` | instead: a header that may be there several times |
    /// | `headers` | instead: `["x-signature", "x-signature-previous"]` |
    /// | `numbered_headers` | instead: what stands in front of the numbers |
    /// | `query_parameter` | instead: the parameter's name |
    /// | `prefix` | the text in front of the signature |
    /// | `optional_prefix` | instead: one that may be left out |
    /// | `credentials` | instead: the name of an authentication scheme, such as `Bearer` |
    /// | `bare_list` | instead: what separates signatures without labels |
    /// | `stamped_list` | instead: what separates the timestamp and signatures without labels behind it |
    /// | `list` | instead: `{ separator = ",", assign = "=", label = "v1" }`, and `any_case = true` where labels are the same in either case |
    /// | `encoding` | `hex` (default), `hex-upper`, `hex-any-case`, `base64`, `base64url`; of a token `text` (default), `base64-text` |
    /// | `signed_text` | the template; default `{body}` |
    /// | `insecure_unsigned_body` | `true` where the signed text lacks `{body}` |
    /// | `timestamp_header`, `timestamp_label` | where the timestamp is, unless a `stamped_list` begins with it |
    /// | `timestamp_unit` | `seconds` (default), `milliseconds`, `seconds-or-milliseconds`, `rfc3339` |
    /// | `tolerance` | seconds behind and ahead of the clock; default 300 |
    /// | `max_age` | instead of `tolerance`: seconds behind the clock only |
    /// | `id_header`, `event_header` | where the delivery's id and the event's type are |
    /// | `secret_encoding` | `raw` (default), `hex`, `base64`, `whsec`; `public-key` (default of a public key's algorithm) |
    /// | `base_url` | what the provider calls, where it signs the URL |
    /// | `url_from_trusted_proxy` | `true`: what a trusted proxy tells is the URL, and `base_url` stands in for it |
    ///
    /// ```
    /// use webhook_signature::Scheme;
    ///
    /// let acme = Scheme::from_toml(r#"
    ///     name = "acme"
    ///     algorithm = "hmac-sha256"
    ///     header = "x-acme-signature"
    ///     timestamp_header = "x-acme-time"
    ///     signed_text = "{timestamp}.{body}"
    /// "#)?;
    /// assert!(acme.covers_timestamp());
    ///
    /// let mistake = Scheme::from_toml("name = \"acme\"\nalgoritm = \"hmac-sha256\"").unwrap_err();
    /// assert_eq!(mistake.line(), Some(2));
    /// # Ok::<_, webhook_signature::SchemeFileError>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake, with its line and its fix: a key that is unknown, missing or of another
    /// type, a value that is none, with the nearest one that is, or what [`SchemeBuilder::build`] refuses.
    #[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
    pub fn from_toml(text: &str) -> Result<Self, SchemeFileError> {
        toml::from_str::<File>(text)
            .map_err(|error| Mistake::of_toml(&error))
            .and_then(|file| file.scheme())
            .map_err(|mistake| mistake.at(text))
    }
}

/// A scheme as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    algorithm: Spanned<String>,
    header: Option<Spanned<String>>,
    header_lines: Option<Spanned<String>>,
    headers: Option<Spanned<Vec<String>>>,
    numbered_headers: Option<Spanned<String>>,
    query_parameter: Option<Spanned<String>>,
    prefix: Option<Spanned<String>>,
    optional_prefix: Option<Spanned<String>>,
    credentials: Option<Spanned<String>>,
    bare_list: Option<Spanned<char>>,
    stamped_list: Option<Spanned<char>>,
    list: Option<Spanned<List>>,
    encoding: Option<Spanned<String>>,
    signed_text: Option<Spanned<String>>,
    #[serde(default)]
    insecure_unsigned_body: bool,
    timestamp_header: Option<Spanned<String>>,
    timestamp_label: Option<Spanned<String>>,
    timestamp_unit: Option<Spanned<String>>,
    tolerance: Option<Spanned<u32>>,
    max_age: Option<Spanned<u32>>,
    id_header: Option<Spanned<String>>,
    event_header: Option<Spanned<String>>,
    secret_encoding: Option<Spanned<String>>,
    base_url: Option<Spanned<String>>,
    #[serde(default)]
    url_from_trusted_proxy: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    separator: char,
    assign: char,
    label: String,
    #[serde(default)]
    any_case: bool,
}

impl File {
    fn scheme(&self) -> Result<Scheme, Mistake> {
        let wrong = |error| Mistake::new(self.place_of(&error), error.to_string());
        let scheme = self.builder()?.build().map_err(wrong)?;
        self.check_time(&scheme)?;
        let scheme = if self.url_from_trusted_proxy {
            scheme.with_url_from_trusted_proxy()
        } else {
            scheme
        };
        match &self.base_url {
            Some(url) => scheme
                .with_base_url(url.get_ref().clone())
                .map_err(|error| Mistake::new(Some(url.span()), error.to_string())),
            None => Ok(scheme),
        }
    }

    fn builder(&self) -> Result<SchemeBuilder, Mistake> {
        if self.name.get_ref().is_empty() {
            return Err(Mistake::new(
                Some(self.name.span()),
                "the name is empty; write the provider's, such as `acme`",
            ));
        }
        let primitive = choice("algorithm", &self.algorithm, PRIMITIVES, Primitive::as_str)?;
        let mut builder = Scheme::builder(self.name.get_ref().clone(), primitive);
        builder = self.written(self.placed(builder)?)?;
        builder = builder.tolerance(self.tolerance()?);
        if let Some(text) = &self.encoding {
            let encoding = choice("encoding", text, &ENCODINGS, Encoding::as_str)?;
            builder = builder.encoding(encoding);
        }
        if let Some(text) = &self.timestamp_unit {
            builder = builder.timestamp_unit(choice("timestamp_unit", text, &UNITS, unit_name)?);
        }
        if let Some(text) = &self.secret_encoding {
            let name = SecretEncoding::as_str;
            let encoding = choice("secret_encoding", text, SECRET_ENCODINGS, name)?;
            builder = builder.secret_encoding(encoding);
        }
        if self.insecure_unsigned_body {
            builder = builder.insecure_unsigned_body();
        }
        Ok(self.texts(builder))
    }

    /// The setters that take any text, and leave judging it to the builder.
    fn texts(&self, mut builder: SchemeBuilder) -> SchemeBuilder {
        type Setter = fn(SchemeBuilder, String) -> SchemeBuilder;
        let texts: [(&Option<Spanned<String>>, Setter); 5] = [
            (&self.signed_text, SchemeBuilder::signed_text),
            (&self.timestamp_header, SchemeBuilder::timestamp_header),
            (&self.timestamp_label, SchemeBuilder::timestamp_label),
            (&self.id_header, SchemeBuilder::id_header),
            (&self.event_header, SchemeBuilder::event_header),
        ];
        for (text, set) in texts {
            if let Some(text) = text {
                builder = set(builder, text.get_ref().clone());
            }
        }
        builder
    }

    fn tolerance(&self) -> Result<Tolerance, Mistake> {
        let seconds = |value: &Spanned<u32>| Duration::from_secs(u64::from(*value.get_ref()));
        match (&self.tolerance, &self.max_age) {
            (Some(_), Some(age)) => Err(Mistake::new(
                Some(age.span()),
                "`tolerance` and `max_age` exclude each other; keep `tolerance` for both ways, `max_age` for the age only",
            )),
            (Some(tolerance), None) => Ok(Tolerance::within(seconds(tolerance))),
            (None, Some(age)) => Ok(Tolerance::max_age(seconds(age))),
            (None, None) => Ok(super::builder::DEFAULT_TOLERANCE),
        }
    }

    /// What is said of a timestamp that is not there would look like protection and be none.
    fn check_time(&self, scheme: &Scheme) -> Result<(), Mistake> {
        let said = [
            self.tolerance.as_ref().map(Spanned::span),
            self.max_age.as_ref().map(Spanned::span),
            self.timestamp_unit.as_ref().map(Spanned::span),
        ];
        match said.into_iter().flatten().next() {
            Some(span) if !scheme.covers_timestamp() => Err(Mistake::new(
                Some(span),
                "no timestamp is signed, so that there is nothing to bound; add `{timestamp}` to the signed text and say where it is, or remove this key",
            )),
            _ => Ok(()),
        }
    }

    /// The key that a mistake is about.
    fn place_of(&self, error: &SchemeError) -> Option<Range<usize>> {
        let span = |key: &Option<Spanned<String>>| key.as_ref().map(Spanned::span);
        match error {
            SchemeError::HeaderName(name) => self.place_of_header(name),
            SchemeError::List(_) => self
                .list
                .as_ref()
                .map(Spanned::span)
                .or_else(|| self.bare_list.as_ref().map(Spanned::span))
                .or_else(|| self.stamped_list.as_ref().map(Spanned::span))
                .or_else(|| span(&self.timestamp_label)),
            SchemeError::Encoding(_) => {
                span(&self.encoding).or_else(|| Some(self.algorithm.span()))
            }
            SchemeError::NoSignatureHeader => {
                (self.headers.as_ref().map(Spanned::span)).or_else(|| span(&self.query_parameter))
            }
            SchemeError::QueryCharacter(_) => span(&self.query_parameter),
            #[cfg(feature = "public-key")]
            SchemeError::PublicKeyPlace => Some(self.algorithm.span()),
            SchemeError::UnsignedTimestamp | SchemeError::SeveralTimestampSources => {
                span(&self.timestamp_label)
                    .or_else(|| span(&self.timestamp_header))
                    .or_else(|| self.stamped_list.as_ref().map(Spanned::span))
            }
            _ => span(&self.signed_text),
        }
    }
}
