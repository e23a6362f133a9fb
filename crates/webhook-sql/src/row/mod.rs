//! A record as a row of the table: its cells in the order of [`TABLE`](crate::column::TABLE).

mod address;
mod details;
mod from_change;
mod from_record;

pub(crate) use self::address::{key_of, last_key};
use crate::{
    cell::Cell,
    chain,
    column::{COLUMNS, Field, OWN, STORED},
};

/// The most bytes of any text of a row.
const MAX_TEXT: usize = 512;

/// The most bytes of a request's row, and how many of them are the chain's: id, salt and hash.
const MAX_BYTES: usize = 2048;
const CHAIN_BYTES: usize = 8 + chain::SALT_BYTES + chain::HASH_BYTES;

/// What is left of a text that does not fit is left out where it would be shorter.
const LEAST_TEXT: usize = 16;

/// The places of the two columns that hold what is no column of its own.
const DETAILS: usize = OWN;
const PERSONAL_DETAILS: usize = OWN + 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row([Cell; STORED]);

impl Row {
    pub(crate) const fn empty() -> Self {
        Self([const { Cell::Null }; STORED])
    }

    /// A row from a database; `None` where it is of another length.
    pub(crate) fn from_cells(cells: Vec<Cell>) -> Option<Self> {
        cells.try_into().ok().map(Self)
    }

    /// Sets a field, once.
    pub(crate) fn set(&mut self, field: Field, cell: impl Into<Cell>) {
        let cell = cell.into();
        match self.0.get_mut(field as usize).filter(|_| is_own(field)) {
            Some(place) => *place = cell,
            None => self.add_detail(field, &cell),
        }
    }

    /// Sets a field to a text that a stranger chose, made [`safe`], as far as it fits.
    pub(crate) fn set_safe(&mut self, field: Field, text: &str, max: usize) {
        let is_plain = is_plain(text, max);
        // A detail has its name beside it, and what JSON escapes is twice as long.
        let room = self.room().saturating_sub(name_of(field).len() + 8);
        let is_literal = is_own(field) || (is_plain && !text.contains('"'));
        let room = if is_literal { room } else { room / 2 };
        if room < LEAST_TEXT.min(text.len()) {
            return;
        }
        if is_own(field) || !is_plain || text.len() > room {
            self.set(field, safe(text, max.min(room)));
        } else {
            details::add_text(self.details_mut(field), name_of(field), text);
        }
    }

    /// How many bytes may be added.
    fn room(&self) -> usize {
        let bytes = |cell: &Cell| match cell {
            Cell::Null => 0,
            Cell::Number(_) => 8,
            Cell::Text(text) => text.len(),
            Cell::Blob(blob) => blob.len(),
        };
        let used: usize = self.0.iter().map(bytes).sum();
        (MAX_BYTES - CHAIN_BYTES).saturating_sub(used)
    }

    fn add_detail(&mut self, field: Field, cell: &Cell) {
        let name = name_of(field);
        match cell {
            Cell::Number(number) => details::add_number(self.details_mut(field), name, *number),
            Cell::Text(text) => details::add_text(self.details_mut(field), name, text),
            Cell::Null | Cell::Blob(_) => {}
        }
    }

    fn details_mut(&mut self, field: Field) -> &mut Cell {
        let is_personal = COLUMNS
            .get(field as usize)
            .is_some_and(|column| column.is_personal);
        let [.., details, personal] = &mut self.0;
        if is_personal { personal } else { details }
    }

    /// The value of a field that is a column.
    pub(crate) fn get(&self, field: Field) -> &Cell {
        debug_assert!(is_own(field), "{field:?} is a detail");
        self.0.get(field as usize).unwrap_or(&Cell::Null)
    }

    pub(crate) fn text(&self, field: Field) -> Option<&str> {
        self.get(field).text()
    }

    pub(crate) fn number(&self, field: Field) -> Option<i64> {
        self.get(field).number()
    }

    /// The cells of the table's columns.
    pub(crate) fn cells(&self) -> &[Cell; STORED] {
        &self.0
    }

    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "PostgreSQL's are copied")
    )]
    pub(crate) fn into_cells(self) -> [Cell; STORED] {
        self.0
    }

    #[cfg(test)]
    pub(crate) fn cells_mut(&mut self) -> &mut [Cell; STORED] {
        &mut self.0
    }

    /// All fields, in the order of [`COLUMNS`].
    pub(crate) fn fields(&self) -> Vec<Cell> {
        let mut fields: Vec<_> = self.0.iter().take(OWN).cloned().collect();
        fields.resize(COLUMNS.len(), Cell::Null);
        for place in [DETAILS, PERSONAL_DETAILS] {
            if let Some(text) = self.0.get(place).and_then(Cell::text) {
                details::read(text, &mut fields);
            }
        }
        fields
    }
}

const fn is_own(field: Field) -> bool {
    (field as usize) < OWN
}

fn name_of(field: Field) -> &'static str {
    COLUMNS.get(field as usize).map_or("", |column| column.name)
}

/// Whether a text is stored as it is.
fn is_plain(text: &str, max: usize) -> bool {
    // Each byte is looked at, so that many are at once.
    let is_plain = |byte| matches!(byte, b' '..=b'[' | b']'..=b'~');
    text.len() <= max && text.bytes().fold(true, |all, byte| all & is_plain(byte))
}

/// A text that a stranger chose, as it is stored: escaped, bounded, and without what a database
/// takes for its end.
pub(crate) fn safe(text: &str, max: usize) -> String {
    if is_plain(text, max) {
        return text.to_owned();
    }
    let escaped = webhook_audit_layer::SenderText::new(text, max).to_string();
    // Escapes make it longer again.
    if escaped.len() <= max {
        return escaped;
    }
    let mut end = max.saturating_sub('…'.len_utf8());
    while !escaped.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}…", escaped.get(..end).unwrap_or_default())
}

/// As [`safe`], for the reader of lines, which does not know the field's own bound.
pub(crate) fn safe_text(text: &str) -> String {
    safe(text, MAX_TEXT)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Row, safe};
    use crate::{cell::Cell, column::Field};

    proptest! {
        #[test]
        fn any_text_is_bounded_and_has_no_controls(text in any::<String>(), max in 8_usize..64) {
            let stored = safe(&text, max);
            prop_assert!(stored.len() <= max);
            let is_unsafe = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            let is_safe = !stored.chars().any(is_unsafe);
            prop_assert!(is_safe, "{:?}", stored);
        }

        #[test]
        fn any_text_of_a_detail_comes_back(note in any::<String>(), path in any::<String>()) {
            let mut row = Row::empty();
            row.set(Field::Note, note.clone());
            row.set(Field::Path, path.clone());
            row.set(Field::VerifyMicros, -7);
            let fields = row.fields();
            prop_assert_eq!(&fields[Field::Note as usize], &Cell::from(note));
            prop_assert_eq!(&fields[Field::Path as usize], &Cell::from(path));
            prop_assert_eq!(&fields[Field::VerifyMicros as usize], &Cell::Number(-7));
        }

        #[test]
        fn a_text_is_stored_the_same_whichever_way_it_is_set(text in any::<String>()) {
            let (mut one, mut other) = (Row::empty(), Row::empty());
            for field in [Field::DeliveryId, Field::UserAgent, Field::Route] {
                one.set(field, safe(&text, 48));
                other.set_safe(field, &text, 48);
            }
            prop_assert_eq!(one, other);
        }
    }

    #[test]
    fn what_is_personal_stands_apart() {
        let mut row = Row::empty();
        row.set(Field::Method, "POST");
        row.set(Field::Note, "order 7");
        row.set(Field::VerifyMicros, 41);
        row.set(Field::PeerPort, 4711);
        row.set(Field::Quota, None::<i64>);
        let [.., details, personal] = row.cells();
        assert_eq!(details.text(), Some(r#"{"method":"POST","verify_us":41}"#));
        assert_eq!(
            personal.text(),
            Some(r#"{"note":"order 7","peer_port":4711}"#)
        );
    }
}
