//! What refusals with one code have in common: made once, and copied for each.

use std::{fmt::Write as _, sync::OnceLock};

use bytes::Bytes;
use http::{
    HeaderValue, Response,
    header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use super::decimal::decimal;
use crate::{Code, Name, RequestId};

// As constants they are checked when they are compiled, and not for each refusal.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const CHALLENGE: HeaderValue = HeaderValue::from_static("Webhook");
const POST: HeaderValue = HeaderValue::from_static("POST");

/// What keeps the place of a request's id in a document.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// A refusal with one code, as it is where the rejection says no more than that.
pub(super) struct Prepared {
    /// The status, and every field. A copy of it costs two thirds of what its fields do one by one.
    pub(super) head: Response<()>,
    /// The document of RFC 9457; one for a request with an id ends in [`NO_ID`] and two more bytes.
    document: String,
}

impl Prepared {
    /// That with this code, for a request with an id or for one without.
    pub(super) fn of(code: Code, has_id: bool) -> &'static Self {
        static ALL: [OnceLock<[Prepared; 2]>; Code::ALL.len()] =
            [const { OnceLock::new() }; Code::ALL.len()];
        // There is one of each code; the first one only satisfies the compiler.
        let [first, ..] = &ALL;
        let of_code = ALL.get(code.index()).unwrap_or(first);
        let [without, with] = of_code.get_or_init(|| ["", NO_ID].map(|id| Prepared::new(code, id)));
        if has_id { with } else { without }
    }

    fn new(code: Code, id: &str) -> Self {
        let instance = if id.is_empty() {
            String::new()
        } else {
            format!(r#","instance":"urn:uuid:{id}""#)
        };
        let document = format!(
            r#"{{"type":"{}","title":"{}","status":{},"detail":"{}","code":"{code}"{instance}}}"#,
            type_uri(code),
            code.title(),
            code.status().as_u16(),
            code.detail(),
        );
        Self {
            head: head(code, JSON, document.len(), None),
            document,
        }
    }

    /// The document: as it is, or copied once with the request's id in its place.
    #[inline]
    pub(super) fn document(&'static self, id: Option<RequestId>) -> Bytes {
        let common = self.document.as_bytes();
        match id {
            None => Bytes::from_static(common),
            Some(id) => {
                let mut document = common.to_vec();
                put(&mut document, id);
                document.into()
            }
        }
    }

    /// The document with members that not every refusal with this code has.
    pub(super) fn document_with(
        &self,
        id: Option<RequestId>,
        retry_after: Option<&HeaderValue>,
        quota: Option<&Name>,
    ) -> Bytes {
        // Every text in it is ours, so nothing needs escaping but a quota's name.
        let quota = quota.map(|quota| escape(quota.as_str()));
        let members: [Member<'_>; 2] = [
            (
                br#","retry_after":"#,
                retry_after.map(HeaderValue::as_bytes),
                b"",
            ),
            (
                br#","violated-policies":[""#,
                quota.as_deref().map(str::as_bytes),
                br#""]"#,
            ),
        ];
        let length = |(start, value, end): &Member<'_>| match value {
            Some(value) => start.len() + value.len() + end.len(),
            None => 0,
        };
        let length: usize = members.iter().map(length).sum();
        // As long as the text: `Bytes` would need a second allocation for what is left over.
        let mut document = Vec::with_capacity(self.document.len() + length);
        document.extend_from_slice(self.document.as_bytes());
        if let Some(id) = id {
            put(&mut document, id);
        }
        let brace = document.pop();
        for (start, value, end) in members {
            if let Some(value) = value {
                document.extend_from_slice(start);
                document.extend_from_slice(value);
                document.extend_from_slice(end);
            }
        }
        document.extend(brace);
        document.into()
    }
}

/// What stands before a value, the value where there is one, and what stands after it.
type Member<'a> = (&'a [u8], Option<&'a [u8]>, &'a [u8]);

/// Puts the request's id into its place, before a quotation mark and a brace.
fn put(document: &mut [u8], id: RequestId) {
    if let Some([place @ .., _, _]) = document.last_chunk_mut::<{ NO_ID.len() + 2 }>() {
        *place = id.text();
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            _ if character.is_control() => {
                let _infallible = write!(escaped, "\\u{:04x}", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The head of a refusal, with every field that its code calls for.
pub(super) fn head(
    code: Code,
    content_type: HeaderValue,
    length: usize,
    retry_after: Option<HeaderValue>,
) -> Response<()> {
    let mut head = Response::new(());
    *head.status_mut() = code.status();
    let headers = head.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, NO_STORE);
    if let Some(seconds) = retry_after {
        headers.insert(RETRY_AFTER, seconds);
    }
    match code {
        Code::Unauthorized => {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        Code::MethodNotAllowed => {
            headers.insert(ALLOW, POST);
        }
        _ => {}
    }
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    headers.insert(CONTENT_LENGTH, decimal(length));
    head
}

/// A stable page on the code; for a quota, the type that the `RateLimit` draft registers.
fn type_uri(code: Code) -> &'static str {
    macro_rules! page {
        ($variant:literal) => {
            concat!(
                "https://docs.rs/webhook-core/latest/webhook_core/enum.Code.html#variant.",
                $variant
            )
        };
    }
    match code {
        Code::Unauthorized => page!("Unauthorized"),
        Code::Forbidden => page!("Forbidden"),
        Code::NotFound => page!("NotFound"),
        Code::Gone => page!("Gone"),
        Code::PayloadTooLarge => page!("PayloadTooLarge"),
        Code::BodyTimeout => page!("BodyTimeout"),
        Code::BadRequest => page!("BadRequest"),
        Code::UnsupportedMediaType => page!("UnsupportedMediaType"),
        Code::MethodNotAllowed => page!("MethodNotAllowed"),
        Code::RateLimited => "https://iana.org/assignments/http-problem-types#quota-exceeded",
        Code::DuplicateInFlight => page!("DuplicateInFlight"),
        Code::Unavailable => page!("Unavailable"),
        Code::Misconfigured => page!("Misconfigured"),
        Code::Internal => page!("Internal"),
    }
}
