use std::cell::OnceCell;

use sha2::Digest;

/// A signed text in pieces, put together only where an algorithm needs it in one.
pub(crate) struct Text<'a> {
    pieces: Vec<&'a [u8]>,
    joined: OnceCell<Vec<u8>>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let pieces = pieces.into_iter().filter(|piece| !piece.is_empty());
        Self {
            pieces: pieces.collect(),
            joined: OnceCell::new(),
        }
    }

    pub(crate) fn pieces(&self) -> impl Iterator<Item = &'a [u8]> {
        self.pieces.iter().copied()
    }

    /// The text in one piece; copied at most once.
    pub(crate) fn joined(&self) -> &[u8] {
        match *self.pieces {
            [only] => only,
            _ => self.joined.get_or_init(|| self.pieces.concat()),
        }
    }

    pub(crate) fn hash<D: Digest>(&self, mut digest: D) -> D {
        self.pieces().for_each(|piece| digest.update(piece));
        digest
    }
}
