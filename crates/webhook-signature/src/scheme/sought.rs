//! The headers of a scheme, found in one pass over those of a request.

use http::{HeaderMap, HeaderName};
use webhook_core::Reason;

use super::{Line, Location, Scheme};

/// Up to so many lines are looked at one by one. A look-up hashes the name: it takes 260 instructions,
/// a line that is passed by some 25. So a pass for three names is cheaper up to some 30 lines; a
/// request that has more is looked up.
const FEW: usize = 24;

/// The most names that a scheme has: signature, timestamp and id of two families, and the event.
const MOST: usize = 7;

/// Names are told apart by their lengths first; longer ones share the places of shorter ones.
const LENGTHS: usize = 64;

/// There is no name in this place.
const NONE: u8 = u8::MAX;

/// The headers that a scheme reads, put in order once: a pass over a request's headers compares only
/// those whose names are as long as one that is sought.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    names: [Name; MOST],
    /// The place of the last name of each length.
    lasts: [u8; LENGTHS],
}

#[derive(Clone, Debug)]
struct Name {
    text: Box<str>,
    /// The place of another name of this length.
    next: u8,
}

/// What a request has of the headers of one family, and of the event's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen<'a> {
    pub(crate) signature: Line<'a>,
    pub(crate) timestamp: Line<'a>,
    pub(crate) id: Line<'a>,
    pub(crate) event: Line<'a>,
}

impl Sought {
    pub(crate) fn by(scheme: &Scheme) -> Self {
        let [signature, timestamp, id] = scheme.location.names();
        let [other_signature, other_timestamp, other_id] =
            scheme.alternative.map_or([None; 3], Location::names);
        let event = scheme.event.as_ref();
        let names = [
            signature,
            timestamp,
            id,
            event,
            other_signature,
            other_timestamp,
            other_id,
        ];
        let mut lasts = [NONE; LENGTHS];
        let mut place = 0;
        let names = names.map(|name| {
            let text = name.map_or("", HeaderName::as_str);
            let last = lasts.get_mut(text.len() % LENGTHS);
            let last = last.filter(|_| name.is_some());
            let next = last.map_or(NONE, |last| std::mem::replace(last, place));
            place += 1;
            Name {
                text: text.into(),
                next,
            }
        });
        Self { names, lasts }
    }

    /// The lines of the family of headers that this delivery stands in, and which one that is: the
    /// first one of which a line is there.
    ///
    /// A family is taken as a whole, and another one that is there too must say the same. If each
    /// header were looked up on its own, a request could carry a second id or timestamp that no
    /// signature covers, and whatever reads headers behind us could take that one for verified.
    #[inline]
    pub(crate) fn find<'s, 'a>(
        &self,
        scheme: &'s Scheme,
        headers: &'a HeaderMap,
    ) -> Result<(&'s Location, Seen<'a>), Reason> {
        let mut found = [Line::None; MOST];
        self.pass(headers, &mut found);
        let [signature, timestamp, id, event, other @ ..] = found;
        let (first, none) = ([signature, timestamp, id], [Line::None; 3]);
        let seen = |[signature, timestamp, id]: [Line<'a>; 3]| Seen {
            signature,
            timestamp,
            id,
            event,
        };
        match scheme.alternative {
            Some(alternative) if other != none => {
                if first == none {
                    Ok((alternative, seen(other)))
                } else if alternative.agrees_with(&scheme.location, headers) {
                    Ok((&scheme.location, seen(first)))
                } else {
                    Err(Reason::SignatureDuplicateHeader)
                }
            }
            _ => Ok((&scheme.location, seen(first))),
        }
    }

    /// Finds what a request has of each name.
    fn pass<'a>(&self, headers: &'a HeaderMap, found: &mut [Line<'a>; MOST]) {
        if headers.len() > FEW {
            for (line, name) in found.iter_mut().zip(&self.names) {
                // No header has an empty name.
                *line = Line::find(headers, &*name.text);
            }
            return;
        }
        for (name, value) in headers {
            let name = name.as_str();
            let mut place = self
                .lasts
                .get(name.len() % LENGTHS)
                .copied()
                .unwrap_or(NONE);
            while let Some(sought) = self.names.get(usize::from(place)) {
                if *sought.text == *name
                    && let Some(line) = found.get_mut(usize::from(place))
                {
                    *line = line.and(value);
                }
                place = sought.next;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use http::{HeaderMap, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::{FEW, Line, Seen, Sought};
    use crate::scheme::{Location, Place, Scheme};

    /// Some are equally long, and one is as long as another but for 64 bytes.
    const NAMES: [&str; 8] = [
        "x-a",
        "x-b",
        "x-ab",
        "content-type",
        "x-id",
        "date",
        "x-signature",
        "x-signature-0123456789012345678901234567890123456789012345678901234567890123",
    ];

    fn name(at: usize) -> HeaderName {
        HeaderName::from_static(NAMES[at])
    }

    fn line(headers: &HeaderMap, at: Option<usize>) -> Line<'_> {
        let mut lines = at.into_iter().flat_map(|at| headers.get_all(name(at)));
        let line = lines.next().map_or(Line::None, Line::One);
        lines.fold(line, |_, _| Line::Repeated)
    }

    fn scheme(signature: usize, [timestamp, id, event]: [Option<usize>; 3]) -> Scheme {
        let mut scheme = crate::presets::GITHUB.scheme();
        scheme.location = Location {
            signature: Place::Header(name(signature)),
            timestamp: timestamp.map(name),
            id: id.map(name),
        };
        scheme.event = event.map(name);
        scheme
    }

    fn headers(lines: &[(usize, &'static str)]) -> HeaderMap {
        let lines = lines.iter();
        lines.fold(HeaderMap::new(), |mut headers, (at, value)| {
            headers.append(name(*at), HeaderValue::from_static(value));
            headers
        })
    }

    #[test]
    fn the_first_family_that_is_there_is_taken_and_another_must_agree() {
        static OTHER: OnceLock<Location> = OnceLock::new();
        let mut scheme = scheme(0, [None, Some(4), Some(5)]);
        scheme.alternative = Some(OTHER.get_or_init(|| Location {
            signature: Place::Header(name(1)),
            timestamp: None,
            id: Some(name(2)),
        }));
        let sought = Sought::by(&scheme);
        let (first, other) = (&scheme.location, scheme.alternative.unwrap());
        for (lines, expected) in [
            (
                &[(0, "s"), (4, "1"), (5, "e")][..],
                Some((first, Some("1"))),
            ),
            (&[(1, "s"), (2, "2"), (5, "e")], Some((other, Some("2")))),
            (&[(1, "s"), (5, "e")], Some((other, None))),
            (&[(5, "e")], Some((first, None))),
            // The other family repeats what the first one says.
            (
                &[(0, "s"), (4, "1"), (1, "s"), (2, "1")],
                Some((first, Some("1"))),
            ),
            (
                &[(0, "s"), (4, "1"), (2, "1"), (2, "1")],
                Some((first, Some("1"))),
            ),
            // It says something else, or something more.
            (&[(0, "s"), (4, "1"), (1, "s"), (2, "2")], None),
            (&[(0, "s"), (1, "s"), (2, "2")], None),
            (&[(0, "s"), (4, "1"), (2, "1"), (2, "2")], None),
            (&[(4, "1"), (1, "s")], None),
        ] {
            let headers = headers(lines);
            let found = sought.find(&scheme, &headers).map(|(family, found)| {
                assert_eq!(found.event, line(&headers, Some(5)), "{lines:?}");
                (family, found.id.only().unwrap().map(HeaderValue::as_bytes))
            });
            let expected = expected.map(|(family, id)| (family, id.map(str::as_bytes)));
            assert_eq!(found.ok(), expected, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn a_pass_finds_what_look_ups_find(
            sent in proptest::collection::vec((0_usize..8, prop::sample::select(&["", "a", "b"][..])), 0..2 * FEW),
            signature in 0_usize..8,
            others in proptest::array::uniform3(proptest::option::of(0_usize..8)),
        ) {
            let (headers, scheme) = (headers(&sent), scheme(signature, others));
            let sought = Sought::by(&scheme);
            let (family, found) = sought.find(&scheme, &headers).unwrap();
            let [timestamp, id, event] = others.map(|at| line(&headers, at));
            let signature = line(&headers, Some(signature));
            prop_assert_eq!(family, &scheme.location);
            prop_assert_eq!(found, Seen { signature, timestamp, id, event });
        }
    }
}
