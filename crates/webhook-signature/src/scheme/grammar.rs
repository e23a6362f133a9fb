use std::{borrow::Cow, fmt};

use webhook_core::Reason;

use super::Encoding;
use crate::candidates::{Candidates, MAX_SIGNATURES};

/// The longest header of signatures that is read to its end, in bytes.
pub(crate) const MAX_SIGNATURE_HEADER: usize = 8 * 1024;

/// The most elements of a list that are looked at: sixteen signatures, as many of another version,
/// and room for what else a provider puts there.
const MAX_ELEMENTS: usize = 64;

/// How the value of a header holds signatures.
///
/// Tokens that carry their own claims become a variant of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Grammar {
    /// One signature after a fixed text: `sha256=…`, `v0=…`, or nothing in front.
    Value { prefix: Cow<'static, str> },
    /// One signature after a fixed text that may be left out.
    MaybePrefixed { prefix: Cow<'static, str> },
    /// One text after the name of an authentication scheme in any case, and a space
    /// ([RFC 9110, section 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
    Credentials { scheme: Cow<'static, str> },
    /// A list of signatures without labels, with the timestamp in front of them or not.
    Bare { separator: u8, stamped: bool },
    /// A list of `label=value`: `t=…,v1=…,v1=…`, or `v1,… v1,…`.
    Elements(Elements),
    /// What only code can say, for public-key signatures and tokens.
    #[cfg(feature = "public-key")]
    Public(Cow<'static, crate::public::Rules>),
}

/// A list of labelled values. Elements with other labels, or with none, are skipped: a provider may
/// add some at any time, and some send decoys in an old version's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Elements {
    /// What stands between elements.
    pub(crate) separator: u8,
    /// What stands between a label and its value; the first one in an element counts.
    pub(crate) assign: u8,
    /// The label of the signatures that are ours.
    pub(crate) label: Cow<'static, str>,
    /// The label of the timestamp, where the list carries it; the first one counts.
    pub(crate) timestamp: Option<Cow<'static, str>>,
    /// Whether labels are the same in either case.
    pub(crate) any_case: bool,
}

/// What a header of signatures said.
pub(crate) struct Reading<'a> {
    /// The text of the timestamp, where the list carries one.
    pub(crate) timestamp: Option<&'a [u8]>,
    /// Why there is no signature that could be decoded, where there is none.
    pub(crate) signatures: Result<(), Reason>,
}

impl Reading<'_> {
    fn of_one(text: &[u8], encoding: Encoding, candidates: &mut Candidates) -> Self {
        candidates.push(|out| encoding.decode(text, out));
        Self {
            timestamp: None,
            signatures: decoded(candidates),
        }
    }
}

/// The notation of a header's value, for people.
impl fmt::Display for Grammar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { prefix } => write!(f, "{prefix}{{signature}}"),
            Self::MaybePrefixed { prefix } => write!(f, "[{prefix}]{{signature}}"),
            Self::Credentials { scheme } => write!(f, "{scheme} {{signature}}"),
            Self::Bare { separator, stamped } => {
                let separator = char::from(*separator);
                if *stamped {
                    write!(f, "{{timestamp}}{separator}")?;
                }
                write!(f, "{{signature}}{separator}{{signature}}{separator}…")
            }
            Self::Elements(list) => {
                let (separator, assign) = (char::from(list.separator), char::from(list.assign));
                if let Some(timestamp) = &list.timestamp {
                    write!(f, "{timestamp}{assign}{{timestamp}}{separator}")?;
                }
                write!(f, "{}{assign}{{signature}}{separator}…", list.label)
            }
            #[cfg(feature = "public-key")]
            Self::Public(rules) => f.write_str(&rules.format()),
        }
    }
}

impl Grammar {
    /// A character that it puts around signatures and that the value of a query's parameter cannot
    /// hold as it is: what no URL holds, or what ends the value.
    pub(crate) fn not_for_queries(&self) -> Option<char> {
        let mut written = self.write("0", "0");
        if let Self::Bare { separator, .. } | Self::Elements(Elements { separator, .. }) = self {
            written.push(char::from(*separator));
        }
        let fits = |char: &char| char.is_ascii_graphic() && !"\"#&<>".contains(*char);
        written.chars().find(|char| !fits(char))
    }

    /// Reads a header's value that is not empty, and adds its signatures to the candidates.
    ///
    /// # Errors
    /// More elements than are looked at, or a value that is too long. What else is wrong is in
    /// [`Reading::signatures`], because a missing or malformed timestamp is told first.
    #[inline]
    pub(crate) fn read<'a>(
        &self,
        value: &'a [u8],
        encoding: Encoding,
        candidates: &mut Candidates,
    ) -> Result<Reading<'a>, Reason> {
        match self {
            Self::Value { prefix } => {
                if let Some(text) = value.strip_prefix(prefix.as_bytes()) {
                    candidates.add(text, encoding);
                }
                let signatures = decoded(candidates);
                Ok(Reading {
                    timestamp: None,
                    signatures,
                })
            }
            Self::Elements(elements) => elements.read(value, encoding, candidates),
            _ => self.read_other(value, encoding, candidates),
        }
    }

    /// What few senders write.
    fn read_other<'a>(
        &self,
        value: &'a [u8],
        encoding: Encoding,
        candidates: &mut Candidates,
    ) -> Result<Reading<'a>, Reason> {
        match self {
            Self::MaybePrefixed { prefix } => {
                let text = value.strip_prefix(prefix.as_bytes()).unwrap_or(value);
                Ok(Reading::of_one(text, encoding, candidates))
            }
            Self::Credentials { scheme } => {
                let (name, text) = split_once(value, b' ').unwrap_or_default();
                let is_ours = name.eq_ignore_ascii_case(scheme.as_bytes());
                let text = if is_ours {
                    text.trim_ascii_start()
                } else {
                    b""
                };
                Ok(Reading::of_one(text, encoding, candidates))
            }
            Self::Bare { separator, stamped } => {
                let value = value.get(..=MAX_SIGNATURE_HEADER).map_or(value, |_| b"");
                let front = split_once(value, *separator).filter(|_| *stamped);
                let (timestamp, list) = front.map_or((None, value), |(text, list)| {
                    (Some(text.trim_ascii()), list)
                });
                for (seen, text) in list.split(|byte| byte == separator).enumerate() {
                    if seen == MAX_SIGNATURES {
                        return Err(Reason::TooManySignatures);
                    }
                    candidates.push(|out| encoding.decode(text.trim_ascii(), out));
                }
                let signatures = decoded(candidates);
                Ok(Reading {
                    timestamp,
                    signatures,
                })
            }
            // Read above.
            Self::Value { .. } | Self::Elements(_) => Err(Reason::Misconfigured),
            // Read where the rules are.
            #[cfg(feature = "public-key")]
            Self::Public(_) => Err(Reason::Misconfigured),
        }
    }

    /// The value that [`read`](Self::read) finds this signature in.
    pub(crate) fn write(&self, timestamp: &str, signature: &str) -> String {
        match self {
            Self::Value { prefix } | Self::MaybePrefixed { prefix } => {
                format!("{prefix}{signature}")
            }
            Self::Credentials { scheme } => format!("{scheme} {signature}"),
            Self::Bare {
                separator,
                stamped: true,
            } => format!("{timestamp}{}{signature}", char::from(*separator)),
            Self::Bare { .. } => signature.to_owned(),
            Self::Elements(Elements {
                separator,
                assign,
                label,
                timestamp: place,
                ..
            }) => {
                let (separator, assign) = (char::from(*separator), char::from(*assign));
                match place {
                    Some(place) => {
                        format!("{place}{assign}{timestamp}{separator}{label}{assign}{signature}")
                    }
                    None => format!("{label}{assign}{signature}"),
                }
            }
            // Written where the rules are.
            #[cfg(feature = "public-key")]
            Self::Public(_) => String::new(),
        }
    }
}

impl Elements {
    fn read<'a>(
        &self,
        value: &'a [u8],
        encoding: Encoding,
        candidates: &mut Candidates,
    ) -> Result<Reading<'a>, Reason> {
        let too_long = value.len() > MAX_SIGNATURE_HEADER;
        let beginning = value.get(..MAX_SIGNATURE_HEADER).unwrap_or(value);
        let (mut timestamp, mut ours) = (None, 0);
        let (mut rest, mut seen) = (Some(beginning), 0);
        while let Some(list) = rest {
            if seen == MAX_ELEMENTS {
                return Err(Reason::TooManySignatures);
            }
            seen += 1;
            let (element, others) = split_once(list, self.separator).unzip();
            rest = others;
            let element = element.unwrap_or(list);
            let Some((label, text)) = split_once(self.trim(element), self.assign) else {
                continue;
            };
            if self.is(label, &self.label) {
                ours += 1;
                if ours > MAX_SIGNATURES {
                    return Err(Reason::TooManySignatures);
                }
                candidates.add(text, encoding);
            } else if timestamp.is_none() && self.is_timestamp(label) {
                timestamp = Some(text);
            }
        }
        let signatures = if too_long {
            Err(Reason::SignatureMalformed)
        } else if ours == 0 && self.timestamp.is_some() {
            // A header that also carries the timestamp can lack a signature; one that is there for
            // nothing else holds something that is none.
            Err(Reason::SignatureMissing)
        } else {
            decoded(candidates)
        };
        match timestamp {
            // Whatever was found in the beginning of an overlong value tells the better reason.
            None if too_long => Err(Reason::SignatureMalformed),
            _ => Ok(Reading {
                timestamp,
                signatures,
            }),
        }
    }

    fn is_timestamp(&self, label: &[u8]) -> bool {
        self.timestamp
            .as_ref()
            .is_some_and(|expected| self.is(label, expected))
    }

    fn is(&self, label: &[u8], expected: &str) -> bool {
        let same = label == expected.as_bytes();
        same || (self.any_case && label.eq_ignore_ascii_case(expected.as_bytes()))
    }

    /// Space around an element belongs to the list, unless space is what separates its elements.
    fn trim<'a>(&self, element: &'a [u8]) -> &'a [u8] {
        if self.separator == b' ' {
            element
        } else {
            element.trim_ascii()
        }
    }
}

fn decoded(candidates: &Candidates) -> Result<(), Reason> {
    if candidates.is_empty() {
        Err(Reason::SignatureMalformed)
    } else {
        Ok(())
    }
}

fn split_once(element: &[u8], assign: u8) -> Option<(&[u8], &[u8])> {
    let at = position(element, assign)?;
    Some((element.get(..at)?, element.get(at + 1..)?))
}

/// Where a byte stands first. Eight are passed at a time, which is a third of the instructions where a
/// signature is passed.
fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let (words, _) = bytes.as_chunks();
    let is_without = |word: &&[u8; 8]| {
        let others = u64::from_ne_bytes(**word) ^ (ONES * u64::from(wanted));
        // Of a byte that is not 0, 1 can be taken without its highest bit coming up anew.
        others.wrapping_sub(ONES) & !others & (ONES << 7) == 0
    };
    let passed = words.iter().take_while(is_without).count() * 8;
    let at = bytes
        .get(passed..)?
        .iter()
        .position(|byte| *byte == wanted)?;
    Some(passed + at)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;
    use webhook_core::Reason;

    use super::{Candidates, Elements, Encoding, Grammar, position};

    const STRIPE: Grammar = Grammar::Elements(Elements {
        separator: b',',
        assign: b'=',
        label: Cow::Borrowed("v1"),
        timestamp: Some(Cow::Borrowed("t")),
        any_case: false,
    });
    const STANDARD: Grammar = Grammar::Elements(Elements {
        separator: b' ',
        assign: b',',
        label: Cow::Borrowed("v1"),
        timestamp: None,
        any_case: false,
    });
    const GITHUB: Grammar = Grammar::Value {
        prefix: Cow::Borrowed("sha256="),
    };

    /// One byte in hex stands for a signature.
    fn read(grammar: &Grammar, value: &str) -> Result<(Option<String>, Vec<u8>), Reason> {
        let mut found = Candidates::new(1);
        let reading = grammar.read(value.as_bytes(), Encoding::Hex, &mut found)?;
        let timestamp = reading
            .timestamp
            .map(|text| String::from_utf8_lossy(text).into_owned());
        reading.signatures?;
        Ok((
            timestamp,
            (0..=255).filter(|&byte| found.contain(&[byte])).collect(),
        ))
    }

    #[test]
    fn a_value_stands_after_its_prefix() {
        assert_eq!(read(&GITHUB, "sha256=0a"), Ok((None, vec![10])));
        for value in [
            "0a",
            "sha1=0a",
            "SHA256=0a",
            "sha256= 0a",
            "sha256=0a,sha256=0b",
            "sha256=",
            "x",
        ] {
            assert_eq!(
                read(&GITHUB, value),
                Err(Reason::SignatureMalformed),
                "{value}"
            );
        }
    }

    #[test]
    fn elements_with_our_label_count() {
        let one = |t: &str, signatures: &[u8]| Ok((Some(t.to_owned()), signatures.to_vec()));
        assert_eq!(read(&STRIPE, "t=5,v1=0a"), one("5", &[10]));
        assert_eq!(
            read(&STRIPE, "v1=0a , t=5,,v0=0b,foo,v9=x, v1=0c"),
            one("5", &[10, 12])
        );
        assert_eq!(read(&STRIPE, "t=5,t=6,v1=0a"), one("5", &[10]));
        assert_eq!(read(&STRIPE, "t=5,v1=zz,v1=0a"), one("5", &[10]));
        assert_eq!(read(&STRIPE, "v1=0a"), Ok((None, vec![10])));
        assert_eq!(read(&STRIPE, "t=5,v0=0a"), Err(Reason::SignatureMissing));
        assert_eq!(read(&STRIPE, "t=5,v1="), Err(Reason::SignatureMalformed));
        assert_eq!(
            read(&STRIPE, "t=5,v1=\"0a\""),
            Err(Reason::SignatureMalformed)
        );
    }

    #[test]
    fn a_list_of_signatures_without_ours_is_malformed() {
        assert_eq!(
            read(&STANDARD, "v1a,0b v1,0a garbage  v2,0c"),
            Ok((None, vec![10]))
        );
        for value in [
            "0a",
            "v2,0a",
            "v1a,0a",
            "v1,",
            "v1,,0a",
            "v1=0a",
            "v1,0a,v1,0b",
            "v1,0a\tv1,0b",
        ] {
            assert_eq!(
                read(&STANDARD, value),
                Err(Reason::SignatureMalformed),
                "{value}"
            );
        }
    }

    #[test]
    fn work_is_bounded() {
        let signatures = |count| format!("t=5{}", ",v1=0a".repeat(count));
        assert!(read(&STRIPE, &signatures(16)).is_ok());
        for value in [
            signatures(17),
            signatures(3000),
            format!("{}t=5,v1=0a", ",".repeat(3000)),
            format!("{}t=5,v1=0a", "v0=0a,".repeat(64)),
        ] {
            assert_eq!(read(&STRIPE, &value), Err(Reason::TooManySignatures));
        }
        assert!(
            read(
                &STRIPE,
                &format!("t=5,v1=0a,x={}", "x".repeat(8 * 1024 - 12))
            )
            .is_ok()
        );
        for grammar in [&STRIPE, &STANDARD, &GITHUB] {
            let long = "x".repeat(8 * 1024 + 1);
            assert_eq!(read(grammar, &long), Err(Reason::SignatureMalformed));
        }
        assert_eq!(
            read(
                &STRIPE,
                &format!("t=5,v1=0a,x={}", "x".repeat(8 * 1024 - 11))
            ),
            Err(Reason::SignatureMalformed)
        );
    }

    #[test]
    fn a_timestamp_is_told_even_of_an_overlong_value() {
        let value = format!("t={},v1=0a", "9".repeat(10_000));
        let reading = STRIPE
            .read(value.as_bytes(), Encoding::Hex, &mut Candidates::new(1))
            .ok()
            .unwrap();
        assert!(reading.timestamp.is_some());
        assert_eq!(reading.signatures.err(), Some(Reason::SignatureMalformed));
    }

    proptest! {
        #[test]
        fn a_byte_is_found_where_it_stands_first(
            bytes in proptest::collection::vec(prop_oneof![0_u8..3, 0x7e_u8..0x83, 0xfd_u8..], 0..40),
            wanted in prop_oneof![0_u8..3, 0x7e_u8..0x83, 0xfd_u8..],
        ) {
            let expected = bytes.iter().position(|byte| *byte == wanted);
            prop_assert_eq!(position(&bytes, wanted), expected);
        }

        #[test]
        fn no_value_panics(value in proptest::collection::vec(any::<u8>(), 0..300)) {
            for grammar in [&STRIPE, &STANDARD, &GITHUB] {
                let _ = grammar.read(&value, Encoding::Base64, &mut Candidates::new(32));
            }
        }

        #[test]
        fn what_is_written_is_read(byte: u8, timestamp in "[0-9]{1,12}") {
            for grammar in [&STRIPE, &STANDARD, &GITHUB] {
                let value = grammar.write(&timestamp, &Encoding::Hex.encode(&[byte]));
                let (told, signatures) = read(grammar, &value).unwrap();
                prop_assert_eq!(signatures, vec![byte]);
                prop_assert_eq!(told, (grammar == &STRIPE).then(|| timestamp.clone()));
            }
        }
    }
}
