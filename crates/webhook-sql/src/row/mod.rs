//! A record as a row: its cells in the order of [`COLUMNS`](crate::column::COLUMNS).

mod address;
mod from_change;
mod from_record;

pub(crate) use self::address::{key_of, last_key};
use crate::{
    cell::Cell,
    column::{Field, WIDTH},
};

/// The most bytes of any text of a row.
const MAX_TEXT: usize = 512;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row(Vec<Cell>);

impl Row {
    pub(crate) fn empty() -> Self {
        Self(vec![Cell::Null; WIDTH])
    }

    /// A row from a database; `None` where it is too short.
    pub(crate) fn from_cells(cells: Vec<Cell>) -> Option<Self> {
        (cells.len() == WIDTH).then_some(Self(cells))
    }

    pub(crate) fn set(&mut self, field: Field, cell: impl Into<Cell>) {
        if let Some(place) = self.0.get_mut(field as usize) {
            *place = cell.into();
        }
    }

    pub(crate) fn get(&self, field: Field) -> &Cell {
        self.0.get(field as usize).unwrap_or(&Cell::Null)
    }

    pub(crate) fn text(&self, field: Field) -> Option<&str> {
        self.get(field).text()
    }

    pub(crate) fn number(&self, field: Field) -> Option<i64> {
        self.get(field).number()
    }

    pub(crate) fn cells(&self) -> &[Cell] {
        &self.0
    }

    pub(crate) fn cells_mut(&mut self) -> &mut [Cell] {
        &mut self.0
    }
}

/// A text that a stranger chose, as it is stored: escaped, bounded, and without what a database
/// takes for its end.
pub(crate) fn safe(text: &str, max: usize) -> String {
    let is_plain = |byte| matches!(byte, b' '..=b'~') && byte != b'\\';
    if text.len() <= max && text.bytes().all(is_plain) {
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

    use super::safe;

    proptest! {
        #[test]
        fn any_text_is_bounded_and_has_no_controls(text in any::<String>(), max in 8_usize..64) {
            let stored = safe(&text, max);
            prop_assert!(stored.len() <= max);
            let is_unsafe = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            let is_safe = !stored.chars().any(is_unsafe);
            prop_assert!(is_safe, "{:?}", stored);
        }
    }
}
