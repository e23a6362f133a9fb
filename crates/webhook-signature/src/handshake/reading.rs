//! What a request says, read strictly: whatever stands there twice says nothing.

use std::borrow::Cow;

use http::{HeaderMap, request::Parts};

use super::definition::{Condition, Origin};
use crate::json::Json;

/// A request as far as it may be looked at.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    parts: &'a Parts,
    body: Option<&'a [u8]>,
    json: Option<Json<'a>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(parts: &'a Parts, body: Option<&'a [u8]>) -> Self {
        let json = body.and_then(Json::parse);
        Self { parts, body, json }
    }

    pub(super) fn says(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Query(name, value) => self.query(name).is_some_and(|said| said == *value),
            Condition::Header(name, value) => {
                header(&self.parts.headers, name).is_some_and(|said| said == *value)
            }
            Condition::Json(path, value) => self
                .json_at(path)
                .and_then(Json::scalar)
                .is_some_and(|said| said == *value),
            Condition::EmptyList(path) => self
                .json_at(path)
                .and_then(Json::items)
                .is_some_and(|mut items| items.next().is_none()),
            Condition::NumberForm(name) => self
                .body
                .and_then(|body| body.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
                .is_some_and(|number| {
                    (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
                }),
        }
    }

    pub(super) fn challenge(&self, from: &Origin) -> Option<Cow<'a, str>> {
        match from {
            Origin::Query(name) => self.query(name).map(Cow::Owned),
            Origin::Header(name) => header(&self.parts.headers, name).map(Cow::Borrowed),
            Origin::Json(path) => self.json_at(path)?.text(),
            Origin::JsonItem(path) => {
                let mut items = self.json?.items()?;
                let item = items.next()?;
                if items.next().is_some() {
                    return None;
                }
                item.at(path).ok()??.text()
            }
        }
    }

    pub(super) fn query(&self, name: &str) -> Option<String> {
        form_field(self.parts.uri.query()?, name)
    }

    fn json_at(&self, path: &[&str]) -> Option<Json<'a>> {
        self.json?.at(path).ok()?
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    let line = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    line.to_str().ok()
}

/// The value of the only field of this name in `application/x-www-form-urlencoded` text.
pub(super) fn form_field(form: &str, name: &str) -> Option<String> {
    let mut values = form_values(form.as_bytes(), name);
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    String::from_utf8(value?).ok()
}

/// Every value of a field of this name; `None` for one that is escaped wrongly.
pub(super) fn form_values(form: &[u8], name: &str) -> impl Iterator<Item = Option<Vec<u8>>> {
    let fields = form.split(|&byte| byte == b'&').map(|field| {
        let at = field.iter().position(|&byte| byte == b'=');
        let (key, value) = field.split_at(at.unwrap_or(field.len()));
        (key, value.strip_prefix(b"=").unwrap_or_default())
    });
    fields
        .filter(move |(key, _)| unescape(key).is_some_and(|key| key == name.as_bytes()))
        .map(|(_, value)| unescape(value))
}

fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => (digit(bytes.next()?)? << 4) | digit(bytes.next()?)?,
            byte => byte,
        });
    }
    Some(plain)
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Whether a URL is one of Amazon SNS: `https://sns.<region>.amazonaws.com[.cn]/…`.
pub(super) fn is_sns_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://sns.") else {
        return false;
    };
    let Some((host, _)) = rest.split_once('/') else {
        return false;
    };
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    host.strip_suffix(".amazonaws.com")
        .is_some_and(|region| !region.is_empty() && region.bytes().all(plain))
}
