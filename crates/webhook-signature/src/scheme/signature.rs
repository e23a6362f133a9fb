//! Where a signature stands and how it is written there, as a builder is told.

use std::{borrow::Cow, mem::discriminant};

use http::HeaderName;

use super::{Elements, Grammar, Place, SchemeBuilder, SchemeError, TimestampUnit};

/// Where the signature stands, in texts.
#[derive(Clone, Debug)]
pub(super) enum PlaceText {
    Header(String),
    Lines(String),
    Headers(Vec<String>),
    Numbered(String),
    Query(String),
}

/// How it is written there.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Prefix(String),
    OptionalPrefix(String),
    Credentials(String),
    BareList(char),
    StampedList(char),
    List(char, char, String),
}

impl SchemeBuilder {
    /// The header that the signature stands in, once. One of the places is required.
    pub fn header(self, name: impl Into<String>) -> Self {
        self.at(PlaceText::Header(name.into()))
    }

    /// The header that the signature stands in, which may be there several times: one of them must
    /// be right.
    pub fn header_lines(self, name: impl Into<String>) -> Self {
        self.at(PlaceText::Lines(name.into()))
    }

    /// The headers that a signature may stand in, each of them once: one of them must be right.
    ///
    /// ```
    /// use webhook_signature::Scheme;
    ///
    /// let rotating = Scheme::hmac_sha256("acme")
    ///     .headers(["x-signature", "x-signature-previous"])
    ///     .build()?;
    /// assert_eq!(rotating.signature_place(), "x-signature, x-signature-previous");
    /// # Ok::<_, webhook_signature::SchemeError>(())
    /// ```
    pub fn headers<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.at(PlaceText::Headers(names.into_iter().map(N::into).collect()))
    }

    /// The signature stands in headers whose names are this text and a number, each of them once:
    /// `x-signature-` for `x-signature-1` and so on. One of them must be right.
    pub fn numbered_headers(self, start: impl Into<String>) -> Self {
        self.at(PlaceText::Numbered(start.into()))
    }

    /// The signature stands in this parameter of the query, once, as it is. It shows in the logs of
    /// every proxy, so that nothing but the body's bytes keeps a delivery from being sent again.
    pub fn query_parameter(self, name: impl Into<String>) -> Self {
        self.at(PlaceText::Query(name.into()))
    }

    /// The text in front of the signature, such as `sha256=` or `v0=`. It is compared exactly and
    /// chooses nothing. Default: none.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.written(Form::Prefix(prefix.into()))
    }

    /// As [`prefix`](Self::prefix), for a text that may be left out.
    pub fn optional_prefix(self, prefix: impl Into<String>) -> Self {
        self.written(Form::OptionalPrefix(prefix.into()))
    }

    /// The signature stands behind the name of an authentication scheme, in any case, and a space:
    /// `credentials("Bearer")`.
    pub fn credentials(self, scheme: impl Into<String>) -> Self {
        self.written(Form::Credentials(scheme.into()))
    }

    /// The header holds several signatures without labels, of which at most 16 are compared:
    /// `bare_list(',')`.
    pub fn bare_list(self, separator: char) -> Self {
        self.written(Form::BareList(separator))
    }

    /// As [`bare_list`](Self::bare_list), with the timestamp in front of the signatures, which the
    /// signed text has to hold.
    ///
    /// ```
    /// use webhook_signature::Scheme;
    ///
    /// let acme = Scheme::hmac_sha256("acme")
    ///     .header("x-acme-signature")
    ///     .stamped_list(',')
    ///     .signed_text("{timestamp}.{body}")
    ///     .build()?;
    /// assert_eq!(acme.signature_format(), "{timestamp},{signature},{signature},…");
    /// # Ok::<_, webhook_signature::SchemeError>(())
    /// ```
    pub fn stamped_list(self, separator: char) -> Self {
        self.written(Form::StampedList(separator))
    }

    /// The header holds a list whose elements are a label, `assign` and a value, such as
    /// `t=1700000000,v1=…`: `list(',', '=', "v1")`. The elements labelled `label` are signatures,
    /// of which at most 16 are compared; all others are skipped. At most 64 elements are looked at.
    pub fn list(self, separator: char, assign: char, label: impl Into<String>) -> Self {
        self.written(Form::List(separator, assign, label.into()))
    }

    fn at(mut self, place: PlaceText) -> Self {
        let kind = discriminant(&place);
        let old = self.place.replace(place);
        if old.is_some_and(|old| discriminant(&old) != kind) {
            self.conflict = Some(SchemeError::SeveralPlaces);
        }
        self
    }

    fn written(mut self, form: Form) -> Self {
        let kind = discriminant(&form);
        let old = self.form.replace(form);
        if old.is_some_and(|old| discriminant(&old) != kind) {
            self.conflict = Some(SchemeError::SeveralForms);
        }
        self
    }

    pub(super) fn checked_place(&self) -> Result<Place, SchemeError> {
        let place = self.place.as_ref().ok_or(SchemeError::NoSignatureHeader)?;
        Ok(match place {
            PlaceText::Header(name) => Place::Header(header_name(name)?),
            PlaceText::Lines(name) => Place::Lines(header_name(name)?),
            PlaceText::Headers(names) if names.is_empty() => {
                return Err(SchemeError::NoSignatureHeader);
            }
            PlaceText::Headers(names) => {
                let names = names.iter().map(|name| header_name(name));
                Place::Headers(names.collect::<Result<Vec<_>, _>>()?.into())
            }
            PlaceText::Numbered(start) => {
                let first = header_name(&format!("{start}1"))?;
                let start = first.as_str().strip_suffix('1').unwrap_or_default();
                Place::Numbered(Cow::Owned(start.to_owned()))
            }
            PlaceText::Query(name) if name.is_empty() => {
                return Err(SchemeError::NoSignatureHeader);
            }
            PlaceText::Query(name) => Place::Query(name.clone().into()),
        })
    }

    pub(super) fn checked_grammar(&self) -> Result<Grammar, SchemeError> {
        if let Some(Form::List(separator, assign, label)) = &self.form {
            return self
                .elements(*separator, *assign, label)
                .map(Grammar::Elements);
        }
        if let Some(label) = &self.timestamp_label {
            let what = format!("the label `{label}` without a `list(…)`");
            return Err(SchemeError::List(what));
        }
        Ok(match &self.form {
            Some(Form::OptionalPrefix(prefix)) => Grammar::MaybePrefixed {
                prefix: prefix.clone().into(),
            },
            Some(Form::Credentials(scheme)) => Grammar::Credentials {
                scheme: authentication_scheme(scheme)?.to_owned().into(),
            },
            Some(Form::BareList(separator)) => Grammar::Bare {
                separator: self.separator(*separator, false)?,
                stamped: false,
            },
            Some(Form::StampedList(separator)) => {
                self.check_one_line("of a stamped list")?;
                Grammar::Bare {
                    separator: self.separator(*separator, true)?,
                    stamped: true,
                }
            }
            Some(Form::Prefix(prefix)) => Grammar::Value {
                prefix: prefix.clone().into(),
            },
            Some(Form::List(..)) | None => Grammar::Value {
                prefix: Cow::Borrowed(""),
            },
        })
    }

    /// A separator that stands in no signature's text, and in no timestamp's where the list has one.
    fn separator(&self, char: char, is_timed: bool) -> Result<u8, SchemeError> {
        let separator = visible(char)?;
        let is_of_time = is_timed && self.unit == TimestampUnit::Rfc3339;
        if self.encoding.may_hold(separator) || (is_of_time && b"-:.+".contains(&separator)) {
            return Err(SchemeError::List(format!("the separator `{char}`")));
        }
        Ok(separator)
    }

    /// Refuses a timestamp beside signatures of which there may be several lines: which of the
    /// lines had it could not be told.
    fn check_one_line(&self, timestamp: &str) -> Result<(), SchemeError> {
        match self.place {
            Some(PlaceText::Header(_) | PlaceText::Query(_)) | None => Ok(()),
            Some(_) => Err(SchemeError::List(format!(
                "the timestamp {timestamp} of one of several lines"
            ))),
        }
    }

    /// Whether the timestamp stands in front of the signatures.
    pub(super) const fn is_stamped(&self) -> bool {
        matches!(self.form, Some(Form::StampedList(_)))
    }

    fn elements(
        &self,
        separator: char,
        assign: char,
        label: &str,
    ) -> Result<Elements, SchemeError> {
        let distinct = |what: &str, label: &str| {
            if label.is_empty() || label.contains([separator, assign, ' ', '\t']) {
                return Err(SchemeError::List(format!("{what} `{label}`")));
            }
            Ok(())
        };
        distinct("the label", label)?;
        if let Some(timestamp) = &self.timestamp_label {
            distinct("the timestamp's label", timestamp)?;
            let is_same = timestamp == label
                || (self.any_label_case && timestamp.eq_ignore_ascii_case(label));
            if is_same {
                return Err(SchemeError::List(format!(
                    "the timestamp's label `{timestamp}`"
                )));
            }
            self.check_one_line(&format!("`{timestamp}`"))?;
        }
        let is_timed = self.timestamp_label.is_some();
        let (first, second) = (self.separator(separator, is_timed)?, visible(assign)?);
        if first == second {
            return Err(SchemeError::List(format!("the assignment `{separator}`")));
        }
        Ok(Elements {
            separator: first,
            assign: second,
            label: label.to_owned().into(),
            timestamp: self.timestamp_label.clone().map(Cow::Owned),
            any_case: self.any_label_case,
        })
    }
}

/// A character that any header can hold, and no number and no hexadecimal text does.
fn visible(char: char) -> Result<u8, SchemeError> {
    u8::try_from(char)
        .ok()
        .filter(|byte| matches!(byte, b' '..=b'~') && !byte.is_ascii_alphanumeric())
        .ok_or_else(|| SchemeError::List(format!("the character `{}`", char.escape_default())))
}

/// A token, as a header's name is
/// ([RFC 9110 section 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
fn authentication_scheme(name: &str) -> Result<&str, SchemeError> {
    match name.parse::<HeaderName>() {
        Ok(_) => Ok(name),
        Err(_) => Err(SchemeError::AuthenticationScheme(name.to_owned())),
    }
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, SchemeError> {
    let wrong = || SchemeError::HeaderName(name.to_owned());
    name.parse().map_err(|_| wrong())
}
