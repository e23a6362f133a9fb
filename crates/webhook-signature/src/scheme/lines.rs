//! Several headers of one request, found in one pass.

use http::{HeaderMap, HeaderName, HeaderValue};
use webhook_core::Reason;

/// Up to so many lines are looked at one by one. A look-up hashes the name: it takes 260 instructions,
/// a line that is passed by 20 to 30. So a pass for three names is cheaper up to some 25 lines; a
/// request that has more is looked up.
const FEW: usize = 24;

/// What a request has of one header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    #[default]
    None,
    One(&'a HeaderValue),
    Repeated,
}

impl<'a> Line<'a> {
    /// The only line; `None` where there is none, or an empty one.
    pub(crate) fn only(self) -> Result<Option<&'a HeaderValue>, Reason> {
        match self {
            Self::None => Ok(None),
            Self::One(line) => Ok(Some(line).filter(|line| !line.is_empty())),
            Self::Repeated => Err(Reason::SignatureDuplicateHeader),
        }
    }

    fn find(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let Some(line) = headers.get(name) else {
            return Self::None;
        };
        // Two numbers tell as a rule that no name stands there twice, which saves a second look.
        if headers.len() > headers.keys_len() && headers.get_all(name).iter().nth(1).is_some() {
            return Self::Repeated;
        }
        Self::One(line)
    }
}

/// What a request has of each of these headers.
pub(crate) fn lines<'a, const N: usize>(
    headers: &'a HeaderMap,
    names: [Option<&HeaderName>; N],
) -> [Line<'a>; N] {
    if headers.len() > FEW {
        return names.map(|name| name.map_or(Line::None, |name| Line::find(headers, name)));
    }
    // No header has an empty name.
    let names = names.map(|name| name.map_or("", HeaderName::as_str));
    // Most lines have a name of another length, which one look tells.
    let bit = |name: &str| 1_u64 << (name.len() % 64);
    let lengths = names.iter().fold(0, |lengths, name| lengths | bit(name));
    let mut lines = [Line::None; N];
    for (name, value) in headers {
        let name = name.as_str();
        if lengths & bit(name) == 0 {
            continue;
        }
        for (line, wanted) in lines.iter_mut().zip(names) {
            if name == wanted {
                *line = match line {
                    Line::None => Line::One(value),
                    _ => Line::Repeated,
                };
            }
        }
    }
    lines
}

/// The only line of a header; `None` where there is none, or an empty one.
pub(crate) fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Reason> {
    Line::find(headers, name).only()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{FEW, Line, lines};

    proptest! {
        #[test]
        fn a_pass_finds_what_look_ups_find(
            lines_sent in proptest::collection::vec((0_usize..8, 0_u8..3), 0..2 * FEW),
            wanted in proptest::collection::vec(proptest::option::of(0_usize..8), 4),
        ) {
            const NAMES: [&str; 8] =
                ["accept", "x-a", "x-b", "x-ab", "content-type", "x-id", "date", "x-signature"];
            let name = |at: usize| HeaderName::from_static(NAMES[at]);
            let mut headers = HeaderMap::new();
            for (at, value) in lines_sent {
                let value = ["", "a", "b"][usize::from(value)];
                headers.append(name(at), HeaderValue::from_static(value));
            }
            let wanted: Vec<_> = wanted.into_iter().map(|at| at.map(name)).collect();
            let names = [0, 1, 2, 3].map(|at| wanted[at].as_ref());
            let found = lines(&headers, names);
            for (line, name) in found.into_iter().zip(names) {
                let expected = name.map_or(Line::None, |name| Line::find(&headers, name));
                prop_assert_eq!(line, expected);
                prop_assert_eq!(line.only().is_err(), name.is_some_and(|name| headers.get_all(name).iter().count() > 1));
            }
        }
    }
}
