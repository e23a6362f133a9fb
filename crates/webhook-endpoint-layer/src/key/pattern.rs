use super::Candidate;
use crate::{EndpointError, EndpointErrorKind};

/// A path with keys in it, held against the raw path of a request, segment by segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Box<[Segment]>,
    /// Whether more segments may follow.
    is_prefix: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(Box<str>),
    Key,
}

impl Pattern {
    pub(super) fn parse(text: &str, is_prefix: bool) -> Result<Self, EndpointError> {
        let Some(path) = text.strip_prefix('/') else {
            let kind = EndpointErrorKind::PatternWithoutSlash(text.to_owned());
            return Err(EndpointError::new(kind));
        };
        let segments = path.split('/').map(Segment::parse);
        let segments = segments.collect::<Result<Box<[_]>, _>>()?;
        if !segments.contains(&Segment::Key) {
            let kind = EndpointErrorKind::PatternWithoutKey(text.to_owned());
            return Err(EndpointError::new(kind));
        }
        Ok(Self {
            segments,
            is_prefix,
        })
    }

    /// Adds the keys that stand in the path; `None` where it is not of this pattern.
    pub(super) fn read(&self, path: &str, key: &mut Candidate) -> Option<()> {
        let mut rest = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            let found = rest.next().filter(|found| is_plain(found))?;
            match segment {
                Segment::Key => key.push(found.as_bytes())?,
                Segment::Literal(literal) if **literal == *found => {}
                Segment::Literal(_) => return None,
            }
        }
        let fits = if self.is_prefix {
            rest.all(is_plain)
        } else {
            rest.next().is_none()
        };
        fits.then_some(())
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, EndpointError> {
        let name = text
            .strip_prefix('{')
            .and_then(|text| text.strip_suffix('}'));
        match name {
            Some(name) if is_name(name) => Ok(Self::Key),
            None if is_plain(text) && !text.contains(['{', '}', '*', '?', '#']) => {
                Ok(Self::Literal(text.into()))
            }
            _ => {
                let kind = EndpointErrorKind::InvalidSegment(text.to_owned());
                Err(EndpointError::new(kind))
            }
        }
    }
}

/// What a key is called says nothing to the machine, and much to the reader.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Whether every reader of the path sees the same segment: nothing to decode, nothing to walk up by.
fn is_plain(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'\\'))
}
