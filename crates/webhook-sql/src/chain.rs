//! The chain: each record's hash is over the record and the hash before it.
//!
//! ```text
//! personal = SHA-256("webhook-sql personal 1" | salt | cells that tell of a person)
//! hash     = SHA-256("webhook-sql record 1" | hash before | id | the other cells | personal)
//! cells    = for each that is not NULL: its place (1 byte), its kind (1), its length (4), its bytes
//! ```
//!
//! The cells are those of the table's columns, the details as their text stands there. Numbers are
//! big-endian; a record's salt is 16 random bytes. When the personal cells are erased,
//! so is the salt, and `personal` is kept in their place: the chain holds, and nobody can guess an
//! address and find it confirmed. A column that a later version adds is NULL in older records, and
//! so changes none of their hashes.

use sha2::{Digest as _, Sha256};

use crate::{cell::CellRef, column::TABLE, row::Row};

pub(crate) const HASH_BYTES: usize = 32;
pub(crate) const SALT_BYTES: usize = 16;

pub(crate) type Hash = [u8; HASH_BYTES];
pub(crate) type Salt = [u8; SALT_BYTES];

/// What the first record is chained to.
pub(crate) const GENESIS: Hash = [0; HASH_BYTES];

/// The cells of a row, as they are stored or as they are read.
pub(crate) trait Cells<'a>: IntoIterator<Item: Into<CellRef<'a>>> {}

impl<'a, T: IntoIterator<Item: Into<CellRef<'a>>>> Cells<'a> for T {}

/// Hashes rows, with a buffer that is used again.
#[derive(Default)]
pub(crate) struct Hasher {
    buffer: Vec<u8>,
}

impl Hasher {
    /// The digest of the cells of a row that tell of a person.
    pub(crate) fn personal<'a>(&mut self, salt: &[u8], row: impl Cells<'a>) -> Hash {
        self.buffer.clear();
        self.buffer.extend_from_slice(b"webhook-sql personal 1");
        self.buffer.extend_from_slice(salt);
        self.add_cells(row, true);
        Sha256::digest(&self.buffer).into()
    }

    /// The hash of a record behind the one `before`.
    pub(crate) fn record<'a>(
        &mut self,
        before: &Hash,
        id: i64,
        row: impl Cells<'a>,
        personal: &Hash,
    ) -> Hash {
        self.buffer.clear();
        self.buffer.extend_from_slice(b"webhook-sql record 1");
        self.buffer.extend_from_slice(before);
        self.buffer.extend_from_slice(&id.to_be_bytes());
        self.add_cells(row, false);
        self.buffer.extend_from_slice(personal);
        Sha256::digest(&self.buffer).into()
    }

    fn add_cells<'a>(&mut self, row: impl Cells<'a>, personal: bool) {
        let cells = TABLE.iter().zip(row).zip(0_u8..);
        for ((_, cell), place) in cells.filter(|((column, _), _)| column.is_personal == personal) {
            match cell.into() {
                CellRef::Null => {}
                CellRef::Number(number) => self.add(place, 1, &number.to_be_bytes()),
                CellRef::Text(text) => self.add(place, 2, text.as_bytes()),
                CellRef::Blob(blob) => self.add(place, 3, blob),
            }
        }
    }

    fn add(&mut self, place: u8, kind: u8, bytes: &[u8]) {
        self.buffer.extend_from_slice(&[place, kind]);
        let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.buffer.extend_from_slice(&len.to_be_bytes());
        self.buffer.extend_from_slice(bytes);
    }
}

/// A row with its place in the chain, ready to be stored.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) id: i64,
    pub(crate) row: Row,
    pub(crate) salt: Salt,
    pub(crate) hash: Hash,
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) id: i64,
    pub(crate) hash: Hash,
}

impl Head {
    /// Chains rows to this head, which becomes the last of them.
    pub(crate) fn chain(
        &mut self,
        hasher: &mut Hasher,
        rows: Vec<Row>,
        salts: &[Salt],
    ) -> Vec<Link> {
        let mut link = |(row, salt): (Row, &Salt)| {
            self.id = self.id.saturating_add(1);
            let personal = hasher.personal(salt, row.cells());
            self.hash = hasher.record(&self.hash, self.id, row.cells(), &personal);
            Link {
                id: self.id,
                row,
                salt: *salt,
                hash: self.hash,
            }
        };
        rows.into_iter().zip(salts).map(&mut link).collect()
    }
}

/// As many salts, in one call to the system.
pub(crate) fn salts(count: usize) -> Result<Vec<Salt>, getrandom::Error> {
    let mut bytes = vec![0; count.saturating_mul(SALT_BYTES)];
    getrandom::fill(&mut bytes)?;
    let (salts, _) = bytes.as_chunks::<SALT_BYTES>();
    Ok(salts.to_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{GENESIS, Hasher, Head};
    use crate::{
        cell::Cell,
        column::{Field, STORED, TABLE},
        row::Row,
    };

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Null),
            any::<i64>().prop_map(Cell::Number),
            ".{0,12}".prop_map(Cell::from),
            proptest::collection::vec(any::<u8>(), 0..12).prop_map(Cell::Blob),
        ]
    }

    fn row() -> impl Strategy<Value = Row> {
        proptest::collection::vec(cell(), STORED).prop_map(|cells| Row::from_cells(cells).unwrap())
    }

    fn hash(row: &Row) -> [u8; 32] {
        let mut hasher = Hasher::default();
        let personal = hasher.personal(&[7; 16], row.cells());
        hasher.record(&GENESIS, 1, row.cells(), &personal)
    }

    proptest! {
        #[test]
        fn any_change_of_any_cell_changes_the_hash(row in row(), place in 0..STORED, other in cell()) {
            let mut changed = row.clone();
            changed.cells_mut()[place] = other;
            prop_assert_eq!(row == changed, hash(&row) == hash(&changed));
        }
    }

    #[test]
    fn erasing_what_is_personal_leaves_the_hash() {
        let mut row = Row::empty();
        row.set(Field::Client, "203.0.113.9");
        row.set(Field::Reason, "ok");
        let mut hasher = Hasher::default();
        let personal = hasher.personal(&[1; 16], row.cells());
        let before = hasher.record(&GENESIS, 1, row.cells(), &personal);
        for (column, cell) in TABLE.iter().zip(row.cells_mut()) {
            if column.is_personal {
                *cell = Cell::Null;
            }
        }
        assert_eq!(hasher.record(&GENESIS, 1, row.cells(), &personal), before);
    }

    #[test]
    fn each_link_depends_on_the_one_before() {
        let rows = vec![Row::empty(), Row::empty()];
        let mut head = Head {
            id: 0,
            hash: GENESIS,
        };
        let salts = [[0; 16], [0; 16]];
        let links = head.chain(&mut Hasher::default(), rows, &salts);
        assert_eq!(links.iter().map(|link| link.id).collect::<Vec<_>>(), [1, 2]);
        assert_ne!(links[0].hash, links[1].hash);
        assert_eq!(head.hash, links[1].hash);
    }
}
