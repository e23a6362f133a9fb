use std::{borrow::Cow, fmt};

use http::{HeaderMap, HeaderName, Method};

use crate::bytes::SmallBytes;

/// A piece of the text that a signature covers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A fixed text.
    Literal(Cow<'static, str>),
    /// The body's bytes as they were received.
    Body,
    /// The timestamp's text as it was sent.
    Timestamp,
    /// The delivery id's text as it was sent.
    Id,
    /// The request's method, in upper case.
    Method,
    /// The path and query of the request's target, as they were sent.
    Target,
    /// The URL that the provider calls: the scheme's
    /// [base URL](crate::Scheme::with_base_url), or what a
    /// [trusted proxy](crate::Scheme::with_url_from_trusted_proxy) tells, then the target. Never
    /// taken from the `Host` header, which the client chooses and proxies change.
    Url,
    /// A header's value as it was sent; a request that lacks it, or repeats it, is refused.
    Header(HeaderName),
}

/// A part in the notation of [`SchemeBuilder::signed_text`](crate::SchemeBuilder::signed_text).
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => f.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Self::Body => f.write_str("{body}"),
            Self::Timestamp => f.write_str("{timestamp}"),
            Self::Id => f.write_str("{id}"),
            Self::Method => f.write_str("{method}"),
            Self::Target => f.write_str("{target}"),
            Self::Url => f.write_str("{url}"),
            Self::Header(name) => write!(f, "{{header.{name}}}"),
        }
    }
}

/// The text that a signature covers, with at most one body in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Cow<'static, [Part]>);

/// Where the parts of a signed text come from, all but the body.
pub(crate) struct Source<'a> {
    pub(crate) timestamp: &'a [u8],
    pub(crate) id: &'a [u8],
    pub(crate) method: &'a Method,
    pub(crate) target: &'a str,
    pub(crate) base_url: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

/// A signed text, all but the body, which stands between its two halves.
#[derive(Clone)]
pub(crate) struct SignedText {
    text: SmallBytes,
    body_at: usize,
}

/// A header that the template names is missing or stands several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderTrouble {
    Missing,
    Repeated,
}

impl Template {
    pub(crate) fn contains(&self, part: &Part) -> bool {
        self.0.contains(part)
    }

    /// The fixed text that ends an id, if something other than the body's end follows it: an id
    /// that contained it could take text from its neighbour.
    pub(crate) fn after_id(&self) -> Option<&str> {
        let mut rest = self.0.iter().skip_while(|part| **part != Part::Id).skip(1);
        match (rest.next(), rest.next()) {
            (Some(Part::Literal(text)), Some(_)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn render(
        &self,
        source: &Source<'_>,
        into: &mut SignedText,
    ) -> Result<(), HeaderTrouble> {
        let SignedText { text, body_at } = into;
        for part in &*self.0 {
            match part {
                Part::Literal(literal) => text.push(literal.as_bytes()),
                Part::Body => *body_at = text.len(),
                Part::Timestamp => text.push(source.timestamp),
                Part::Id => text.push(source.id),
                Part::Method => text.push(source.method.as_str().as_bytes()),
                Part::Target => text.push(source.target.as_bytes()),
                Part::Url => {
                    text.push(source.base_url.as_bytes());
                    text.push(source.target.as_bytes());
                }
                Part::Header(name) => text.push(one_header(source.headers, name)?),
            }
        }
        Ok(())
    }
}

fn one_header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a [u8], HeaderTrouble> {
    let mut lines = headers.get_all(name).iter();
    let value = lines.next().ok_or(HeaderTrouble::Missing)?;
    match lines.next() {
        Some(_) => Err(HeaderTrouble::Repeated),
        None => Ok(value.as_bytes()),
    }
}

impl Default for SignedText {
    fn default() -> Self {
        Self::new()
    }
}

impl SignedText {
    pub(crate) const fn new() -> Self {
        Self {
            text: SmallBytes::new(),
            body_at: 0,
        }
    }

    #[inline]
    pub(crate) fn before_body(&self) -> &[u8] {
        self.text.as_slice().get(..self.body_at).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn after_body(&self) -> &[u8] {
        self.text.as_slice().get(self.body_at..).unwrap_or_default()
    }
}

/// Reads the notation: `{id}.{timestamp}.{body}`, a brace itself written twice.
///
/// # Errors
/// The placeholder that is none, or the brace without its partner.
pub(crate) fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let doubled = rest.as_str().starts_with(char);
        match char {
            '{' | '}' if doubled => {
                rest.next();
                literal.push(char);
            }
            '{' => {
                let (name, behind) = rest
                    .as_str()
                    .split_once('}')
                    .ok_or_else(|| format!("{char}{}", rest.as_str()))?;
                rest = behind.chars();
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal).into()));
                }
                parts.push(placeholder(name).ok_or_else(|| format!("{{{name}}}"))?);
            }
            '}' => return Err("}".to_owned()),
            _ => literal.push(char),
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal.into()));
    }
    Ok(parts)
}

fn placeholder(name: &str) -> Option<Part> {
    Some(match name {
        "body" => Part::Body,
        "timestamp" => Part::Timestamp,
        "id" => Part::Id,
        "method" => Part::Method,
        "target" => Part::Target,
        "url" => Part::Url,
        _ => Part::Header(name.strip_prefix("header.")?.parse().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Method};
    use proptest::prelude::*;

    use super::{HeaderTrouble, Part, SignedText, Source, Template, parse};

    fn rendered(text: &str, headers: &HeaderMap) -> Result<(String, String), HeaderTrouble> {
        let source = Source {
            timestamp: b"5",
            id: b"msg_1",
            method: &Method::PUT,
            target: "/hooks?a=b",
            base_url: "https://hooks.example.com",
            headers,
        };
        let mut signed = SignedText::new();
        Template(parse(text).unwrap().into()).render(&source, &mut signed)?;
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ok((text(signed.before_body()), text(signed.after_body())))
    }

    #[test]
    fn parts_are_put_together_around_the_body() {
        let mut headers = HeaderMap::new();
        let halves = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(rendered("{body}", &headers), halves("", ""));
        assert_eq!(
            rendered("v0:{timestamp}:{body}", &headers),
            halves("v0:5:", "")
        );
        assert_eq!(
            rendered("{id}.{timestamp}.{body}", &headers),
            halves("msg_1.5.", "")
        );
        assert_eq!(
            rendered("[{timestamp};{body}]", &headers),
            halves("[5;", "]")
        );
        assert_eq!(
            rendered("{method}{url}{body}{timestamp}", &headers),
            halves("PUThttps://hooks.example.com/hooks?a=b", "5")
        );
        assert_eq!(
            rendered("{{{target}}}{body}", &headers),
            halves("{/hooks?a=b}", "")
        );
        assert_eq!(
            rendered("id:{id};ts:{timestamp};", &headers),
            halves("", "id:msg_1;ts:5;")
        );

        let name = HeaderName::from_static("x-nonce");
        assert_eq!(
            rendered("{header.x-nonce}{body}", &headers),
            Err(HeaderTrouble::Missing)
        );
        headers.append(&name, HeaderValue::from_static("n"));
        assert_eq!(
            rendered("{header.X-Nonce}{body}", &headers),
            halves("n", "")
        );
        headers.append(&name, HeaderValue::from_static("n"));
        assert_eq!(
            rendered("{header.x-nonce}{body}", &headers),
            Err(HeaderTrouble::Repeated)
        );
    }

    #[test]
    fn what_is_no_placeholder_is_named() {
        assert_eq!(parse("{bdy}"), Err("{bdy}".to_owned()));
        assert_eq!(parse("{header.a b}"), Err("{header.a b}".to_owned()));
        assert_eq!(parse("{body}}"), Err("}".to_owned()));
        assert_eq!(parse("{body"), Err("{body".to_owned()));
    }

    #[test]
    fn the_text_that_ends_an_id_is_known() {
        let after = |text: &str| {
            Template(parse(text).unwrap().into())
                .after_id()
                .map(str::to_owned)
        };
        assert_eq!(after("{id}.{timestamp}.{body}"), Some(".".to_owned()));
        assert_eq!(after("{id}{timestamp}{body}"), None);
        assert_eq!(after("{body}.{id}"), None);
        assert_eq!(after("{body}{id}end"), None);
    }

    proptest! {
        #[test]
        fn notation_goes_both_ways(text in "[a{}.:]{0,20}|(\\{body\\}|\\{id\\}|\\{header.x\\}|[.:]|\\{\\{|\\}\\}){0,8}") {
            if let Ok(parts) = parse(&text) {
                let written: String = parts.iter().map(Part::to_string).collect();
                prop_assert_eq!(parse(&written), Ok(parts));
            }
        }
    }
}
