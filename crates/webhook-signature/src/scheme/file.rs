use std::{fmt, ops::Range, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use super::{Encoding, Primitive, Scheme, SchemeBuilder, SchemeError, TimestampUnit, Tolerance};
use crate::key::SecretEncoding;

const PRIMITIVES: [Primitive; 4] = [
    Primitive::HmacSha1,
    Primitive::HmacSha256,
    Primitive::HmacSha384,
    Primitive::HmacSha512,
];

const ENCODINGS: [(&str, Encoding); 5] = [
    ("hex", Encoding::Hex),
    ("hex-upper", Encoding::HexUpper),
    ("hex-any-case", Encoding::HexAnyCase),
    ("base64", Encoding::Base64),
    ("base64url", Encoding::Base64Url),
];

const SECRET_ENCODINGS: [SecretEncoding; 4] = [
    SecretEncoding::Raw,
    SecretEncoding::Hex,
    SecretEncoding::Base64,
    SecretEncoding::Whsec,
];

const UNITS: [(&str, TimestampUnit); 2] = [
    ("seconds", TimestampUnit::Seconds),
    ("milliseconds", TimestampUnit::Milliseconds),
];

impl Scheme {
    /// Reads a scheme from TOML. The keys are named after the setters of [`SchemeBuilder`] and have
    /// their defaults; `name`, `algorithm` and `header` are required.
    ///
    /// | key | value |
    /// |---|---|
    /// | `name` | the provider's name, for records |
    /// | `algorithm` | `hmac-sha1`, `hmac-sha256`, `hmac-sha384`, `hmac-sha512` |
    /// | `header` | the header that the signature stands in |
    /// | `prefix` | the text in front of the signature |
    /// | `list` | `{ separator = ",", assign = "=", label = "v1" }` |
    /// | `encoding` | `hex` (default), `hex-upper`, `hex-any-case`, `base64`, `base64url` |
    /// | `signed_text` | the template; default `{body}` |
    /// | `insecure_unsigned_body` | `true` where the signed text lacks `{body}` |
    /// | `timestamp_header`, `timestamp_label` | where the timestamp is |
    /// | `timestamp_unit` | `seconds` (default), `milliseconds` |
    /// | `tolerance` | seconds behind and ahead of the clock; default 300 |
    /// | `max_age` | instead of `tolerance`: seconds behind the clock only |
    /// | `id_header`, `event_header` | where the delivery's id and the event's type are |
    /// | `secret_encoding` | `raw` (default), `hex`, `base64`, `whsec` |
    /// | `base_url` | what the provider calls, where it signs the URL |
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
    /// type, a value that is none, or what [`SchemeBuilder::build`] refuses.
    #[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
    pub fn from_toml(text: &str) -> Result<Self, SchemeFileError> {
        toml::from_str::<File>(text)
            .map_err(|error| Mistake {
                span: error.span(),
                // Not its `Display`, which repeats the whole line, whatever stands there.
                message: error.message().to_owned(),
            })
            .and_then(|file| file.scheme())
            .map_err(|mistake| mistake.at(text))
    }
}

/// Why a file is no scheme: the line, what is wrong there, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(docsrs, doc(cfg(feature = "toml")))]
pub struct SchemeFileError {
    line: Option<usize>,
    message: String,
}

impl SchemeFileError {
    /// The line, counted from 1; `None` where something is missing altogether.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for SchemeFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for SchemeFileError {}

/// A mistake, and where in the text it is.
struct Mistake {
    span: Option<Range<usize>>,
    message: String,
}

impl Mistake {
    fn new(span: Option<Range<usize>>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
        }
    }

    fn at(self, text: &str) -> SchemeFileError {
        // A key that is missing from the file is reported for all of it.
        let nowhere =
            |span: &Range<usize>| span.start == 0 && self.message.starts_with("missing field");
        let line = self.span.filter(|span| !nowhere(span)).map(|span| {
            let before = text.get(..span.start).unwrap_or(text);
            before.bytes().filter(|byte| *byte == b'\n').count() + 1
        });
        SchemeFileError {
            line,
            message: self.message,
        }
    }
}

/// A scheme as it stands in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    algorithm: Spanned<String>,
    header: Spanned<String>,
    prefix: Option<Spanned<String>>,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    separator: char,
    assign: char,
    label: String,
}

impl File {
    fn scheme(&self) -> Result<Scheme, Mistake> {
        let wrong = |error| Mistake::new(self.place_of(&error), error.to_string());
        let scheme = self.builder()?.build().map_err(wrong)?;
        self.check_time(&scheme)?;
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
        let named = PRIMITIVES.map(|primitive| (primitive.as_str(), primitive));
        let primitive = choice("algorithm", &self.algorithm, &named)?;
        let mut builder = Scheme::builder(self.name.get_ref().clone(), primitive)
            .header(self.header.get_ref())
            .tolerance(self.tolerance()?);
        if let Some(encoding) = &self.encoding {
            builder = builder.encoding(choice("encoding", encoding, &ENCODINGS)?);
        }
        if let Some(unit) = &self.timestamp_unit {
            builder = builder.timestamp_unit(choice("timestamp_unit", unit, &UNITS)?);
        }
        if let Some(encoding) = &self.secret_encoding {
            let named = SECRET_ENCODINGS.map(|encoding| (encoding.as_str(), encoding));
            builder = builder.secret_encoding(choice("secret_encoding", encoding, &named)?);
        }
        if self.insecure_unsigned_body {
            builder = builder.insecure_unsigned_body();
        }
        Ok(self.texts(builder))
    }

    /// The setters that take any text, and leave judging it to the builder.
    fn texts(&self, mut builder: SchemeBuilder) -> SchemeBuilder {
        type Setter = fn(SchemeBuilder, String) -> SchemeBuilder;
        let texts: [(&Option<Spanned<String>>, Setter); 6] = [
            (&self.prefix, SchemeBuilder::prefix),
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
        match self.list.as_ref().map(Spanned::get_ref) {
            Some(list) => builder.list(list.separator, list.assign, &list.label),
            None => builder,
        }
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
            SchemeError::HeaderName(name) => [
                Some(&self.header),
                self.timestamp_header.as_ref(),
                self.id_header.as_ref(),
                self.event_header.as_ref(),
            ]
            .into_iter()
            .flatten()
            .find(|key| key.get_ref() == name)
            .map(Spanned::span),
            SchemeError::List(_) => self
                .list
                .as_ref()
                .map(Spanned::span)
                .or_else(|| span(&self.timestamp_label)),
            SchemeError::UnsignedTimestamp | SchemeError::SeveralTimestampSources => {
                span(&self.timestamp_label).or_else(|| span(&self.timestamp_header))
            }
            _ => span(&self.signed_text),
        }
    }
}

/// The value that a text names.
fn choice<T: Copy>(key: &str, text: &Spanned<String>, all: &[(&str, T)]) -> Result<T, Mistake> {
    let found = all.iter().find(|(name, _)| name == text.get_ref());
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(name, _)| format!("`{name}`")).collect();
        Mistake::new(
            Some(text.span()),
            format!("no such `{key}`; write one of {}", names.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::{Encoding, Primitive, Scheme, SecretEncoding, Tolerance};

    const LEAST: &str =
        "name = \"acme\"\nalgorithm = \"hmac-sha256\"\nheader = \"x-acme-signature\"\n";

    fn refused(more: &str) -> (Option<usize>, String) {
        let error = Scheme::from_toml(&format!("{LEAST}{more}")).unwrap_err();
        (error.line(), error.to_string())
    }

    #[test]
    fn the_least_file_is_the_builders_default() {
        let built = Scheme::hmac_sha256("acme").header("x-acme-signature");
        assert_eq!(Scheme::from_toml(LEAST), Ok(built.build().unwrap()));
    }

    #[test]
    fn every_key_reaches_the_builder() {
        let read = Scheme::from_toml(
            r#"
            name = "acme"
            algorithm = "hmac-sha512"
            header = "x-acme-signature"
            list = { separator = ",", assign = "=", label = "v1" }
            encoding = "base64url"
            signed_text = "{id}.{timestamp}.{url}.{body}"
            timestamp_label = "t"
            timestamp_unit = "milliseconds"
            max_age = 60
            id_header = "x-acme-id"
            event_header = "x-acme-event"
            secret_encoding = "whsec"
            base_url = "https://hooks.example.com"
            "#,
        );
        let built = Scheme::builder("acme", Primitive::HmacSha512)
            .header("x-acme-signature")
            .list(',', '=', "v1")
            .encoding(Encoding::Base64Url)
            .signed_text("{id}.{timestamp}.{url}.{body}")
            .timestamp_label("t")
            .timestamp_unit(crate::TimestampUnit::Milliseconds)
            .tolerance(Tolerance::max_age(Duration::from_secs(60)))
            .id_header("x-acme-id")
            .event_header("x-acme-event")
            .secret_encoding(SecretEncoding::Whsec)
            .build()
            .unwrap()
            .with_base_url("https://hooks.example.com")
            .unwrap();
        assert_eq!(read, Ok(built));

        let read = Scheme::from_toml(&format!(
            "{LEAST}prefix = \"v2=\"\nsigned_text = \"{{timestamp}}\"\ntimestamp_header = \"x-t\"\ntolerance = 5\ninsecure_unsigned_body = true"
        ));
        let built = Scheme::hmac_sha256("acme")
            .header("x-acme-signature")
            .prefix("v2=")
            .signed_text("{timestamp}")
            .timestamp_header("x-t")
            .tolerance(Tolerance::within(Duration::from_secs(5)))
            .insecure_unsigned_body();
        assert_eq!(read, Ok(built.build().unwrap()));
    }

    #[test]
    fn mistakes_are_told_with_line_and_fix() {
        for (more, line, fix) in [
            ("hedaer = \"x\"", Some(4), "expected one of"),
            ("encoding = \"hax\"", Some(4), "`hex-upper`"),
            ("\nencoding = 5", Some(5), "expected a string"),
            (
                "encoding = \"hex\"\nencoding = \"hex\"",
                Some(5),
                "duplicate key",
            ),
            (
                "list = { separator = \",\", assign = \"=\", label = \"v1\", x = 1 }",
                Some(4),
                "`x`",
            ),
            (
                "list = { separator = \",,\", assign = \"=\", label = \"v1\" }",
                Some(4),
                "character",
            ),
            (
                "list = { separator = \",\", assign = \",\", label = \"v1\" }",
                Some(4),
                "assignment",
            ),
            ("id_header = \"x id\"", Some(4), "no header's name"),
            ("signed_text = \"{bdy}\"", Some(4), "placeholder"),
            ("prefix = \"a\"\nsigned_text = \"x\"", Some(5), "add it"),
            (
                "timestamp_header = \"x-t\"",
                Some(4),
                "make an old delivery fresh",
            ),
            ("tolerance = 5", Some(4), "remove this key"),
            ("tolerance = 5\nmax_age = 5", Some(5), "exclude each other"),
            ("max_age = -5", Some(4), "integer"),
            ("base_url = \"hooks.example.com\"", Some(4), "https://"),
            ("algo", Some(4), "expected"),
        ] {
            let (at, text) = refused(more);
            assert_eq!(at, line, "{more}: {text}");
            assert!(text.contains(fix), "{more}: {text}");
        }
        let error = Scheme::from_toml("name = \"acme\"\n").unwrap_err();
        assert_eq!(error.line(), None, "{error}");
        assert!(error.to_string().contains("`algorithm`"), "{error}");
        let error = Scheme::from_toml(&LEAST.replace("acme\"\nalg", "\"\nalg")).unwrap_err();
        assert_eq!(error.line(), Some(1), "{error}");
    }

    #[test]
    fn a_secret_that_does_not_belong_there_is_not_repeated() {
        let (_, text) = refused("secret = \"canary-canary-canary\"");
        assert!(!text.contains("canary"), "{text}");
    }
}
