use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use webhook_core::Timestamp;

use super::call;
use crate::{End, TestBody};

/// How a delivery's body is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Framing {
    /// In one frame, with its length.
    #[default]
    Whole,
    /// In one frame without its length.
    Undeclared,
    /// With zeros behind it, up to this size, and with this length declared.
    Padded { to: usize, declared: Option<u64> },
    /// Behind this many empty frames.
    EmptyFrames(usize),
    /// Without its second half, of which the length tells.
    Short(End),
}

/// Where a signature's text stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Header(HeaderName),
    Target,
    Body,
}

/// A request that can be changed and sent.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) framing: Framing,
    pub(super) is_panicking: bool,
    pub(super) id: String,
    pub(super) time: Timestamp,
    /// Where the signature's text stands, and which part of the text there it is.
    pub(super) signature: Option<(Place, Range<usize>)>,
}

impl Delivery {
    pub(super) fn request(&self) -> Request<TestBody> {
        let mut request = Request::new(self.test_body());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = match self.target.parse() {
            Ok(uri) => uri,
            Err(error) => panic!("{:?} is no path to call: {error}", self.target),
        };
        *request.headers_mut() = self.headers.clone();
        if call::is_call(&self.headers) {
            *request.version_mut() = Version::HTTP_2;
        }
        request
    }

    fn test_body(&self) -> TestBody {
        let body = Bytes::from(self.body.clone());
        match self.framing {
            Framing::Whole => TestBody::new(body),
            Framing::Undeclared => TestBody::frames([body]),
            Framing::Padded { to, declared } => {
                const FRAME: usize = 64 * 1024;
                let zeros = Bytes::from(vec![b' '; FRAME]);
                let padding = (0..to / FRAME).map(|_| zeros.clone());
                let frames = TestBody::frames([body].into_iter().chain(padding));
                match declared {
                    Some(bytes) => frames.declaring(bytes),
                    None => frames,
                }
            }
            Framing::EmptyFrames(count) => {
                let empty = (0..count).map(|_| Bytes::new());
                TestBody::frames(empty.chain([body]))
            }
            Framing::Short(end) => {
                let (first, _) = body.split_at(body.len() / 2);
                TestBody::frames([Bytes::copy_from_slice(first)])
                    .declaring(body.len() as u64)
                    .ending(end)
            }
        }
    }

    fn text_at(&self, place: &Place) -> Option<String> {
        match place {
            Place::Header(name) => Some(self.headers.get(name)?.to_str().ok()?.to_owned()),
            Place::Target => Some(self.target.clone()),
            Place::Body => String::from_utf8(self.body.clone()).ok(),
        }
    }

    /// Finds the signature: what another secret changes.
    pub(super) fn locate(&mut self, other: &Self) {
        let headers = self.headers.keys().cloned().map(Place::Header);
        let places = headers.chain([Place::Target, Place::Body]);
        let found = places.into_iter().find_map(|place| {
            let (ours, theirs) = (self.text_at(&place)?, other.text_at(&place)?);
            Some((place, difference(&ours, &theirs)?))
        });
        self.signature = found;
    }

    /// The signature's text.
    pub(super) fn signature_text(&self) -> Option<String> {
        let (place, range) = self.signature.as_ref()?;
        Some(self.text_at(place)?.get(range.clone())?.to_owned())
    }

    /// The header that the signature stands in, and all that stands in it.
    pub(super) fn signature_header(&self) -> Option<(HeaderName, String)> {
        match self.signature.as_ref()? {
            (Place::Header(name), _) => {
                Some((name.clone(), self.text_at(&Place::Header(name.clone()))?))
            }
            _ => None,
        }
    }

    /// The same with another text in the signature's place.
    pub(super) fn with_signature(&self, change: impl FnOnce(&str) -> String) -> Option<Self> {
        let (place, range) = self.signature.as_ref()?;
        let text = self.text_at(place)?;
        let signature = text.get(range.clone())?;
        let changed = [
            text.get(..range.start)?,
            &change(signature),
            text.get(range.end..)?,
        ]
        .concat();
        (changed != text).then(|| self.with_text(place, changed))?
    }

    /// The same with another text in the signature's whole header.
    pub(super) fn with_header_text(&self, change: impl FnOnce(&str) -> String) -> Option<Self> {
        let (name, text) = self.signature_header()?;
        let changed = change(&text);
        (changed != text).then(|| self.with_text(&Place::Header(name), changed))?
    }

    fn with_text(&self, place: &Place, text: String) -> Option<Self> {
        let mut other = self.clone();
        match place {
            Place::Header(name) => {
                let value = HeaderValue::from_str(&text).ok()?;
                other.headers.insert(name.clone(), value);
            }
            Place::Target => other.target = text,
            Place::Body => other.body = text.into_bytes(),
        }
        Some(other)
    }

    /// The same with a header set.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
        self
    }

    /// The same with another body.
    pub(super) fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(super) fn framed(mut self, framing: Framing) -> Self {
        self.framing = framing;
        self
    }

    pub(super) fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }
}

/// The word in `ours` that is another one in `theirs`.
fn difference(ours: &str, theirs: &str) -> Option<Range<usize>> {
    let same = |(a, b): &(u8, u8)| a == b;
    let first = ours.bytes().zip(theirs.bytes()).take_while(same).count();
    if first == ours.len().max(theirs.len()) {
        return None;
    }
    let (before, after) = ours.split_at_checked(first)?;
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    let left = before
        .bytes()
        .rev()
        .take_while(|byte| is_inside(*byte))
        .count();
    let right = after.bytes().take_while(|byte| is_inside(*byte)).count();
    let padding = after
        .bytes()
        .skip(right)
        .take_while(|byte| *byte == b'=')
        .count();
    Some(first - left..first + right + padding)
}
