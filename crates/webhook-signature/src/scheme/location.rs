use http::{HeaderMap, HeaderName};

use super::Place;

/// Where one delivery's signature, timestamp and id stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) signature: Place,
    /// Where the timestamp is, unless the list in the signature's header carries it.
    pub(crate) timestamp: Option<HeaderName>,
    pub(crate) id: Option<HeaderName>,
}

impl Location {
    /// Whether this family of headers says nothing but what `chosen` says: each of its lines that
    /// are there repeats its counterpart.
    pub(crate) fn agrees_with(&self, chosen: &Self, headers: &HeaderMap) -> bool {
        let pairs = self.names().into_iter().zip(chosen.names());
        pairs.into_iter().all(|pair| match pair {
            (Some(own), theirs) => {
                let expected = theirs.and_then(|name| headers.get(name));
                headers
                    .get_all(own)
                    .iter()
                    .all(|value| Some(value) == expected)
            }
            (None, _) => true,
        })
    }

    /// The names of signature, timestamp and id.
    pub(super) const fn names(&self) -> [Option<&HeaderName>; 3] {
        [
            self.signature.header(),
            self.timestamp.as_ref(),
            self.id.as_ref(),
        ]
    }
}
