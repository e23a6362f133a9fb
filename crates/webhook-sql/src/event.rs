use std::{fmt, io::Write as _};

use webhook_core::Timestamp;

use crate::{
    cell::Cell,
    column::{COLUMNS, Column, FIELDS, Field, Kind},
    log::Cursor,
    row::Row,
    time::{micros_of, time_of},
};

/// One record of the log, as it is read: of a request, of a change at run time, or of what the log
/// itself went through (`webhook.audit_dropped`, `webhook.audit_purged`, …).
#[derive(Clone, PartialEq, Eq)]
pub struct Event {
    id: i64,
    row: Row,
    /// In the order of [`COLUMNS`].
    fields: Vec<Cell>,
    hash: Option<Vec<u8>>,
}

impl Event {
    pub(crate) fn new(id: i64, row: Row, hash: Option<Vec<u8>>) -> Self {
        let fields = row.fields();
        Self {
            id,
            row,
            fields,
            hash,
        }
    }

    pub(crate) const fn row(&self) -> &Row {
        &self.row
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            time: self.row.number(Field::Time).unwrap_or(i64::MIN),
            id: self.id,
        }
    }

    /// The record's number: its place in the chain, or the line of the file.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.id
    }

    /// The id of the request or of the change, a UUID.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.row.text(Field::EventId)
    }

    /// When the request came.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        time_of(self.row.number(Field::Time).unwrap_or(0))
    }

    /// The name of what happened, such as `webhook.rejected`.
    #[must_use]
    pub fn event(&self) -> &str {
        self.row.text(Field::Event).unwrap_or_default()
    }

    /// How the request ended, in the words of [`webhook_core::Outcome`].
    #[must_use]
    pub fn outcome(&self) -> Option<&str> {
        self.row.text(Field::Outcome)
    }

    /// Why, in the words of [`webhook_core::Reason`].
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.row.text(Field::Reason)
    }

    /// The response's status.
    #[must_use]
    pub fn status(&self) -> Option<i64> {
        self.row.number(Field::Status)
    }

    /// The endpoint.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.row.text(Field::Endpoint)
    }

    /// The client's address, or what stands for it.
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.row.text(Field::Client)
    }

    /// How many records this one tells of, where it is of the log itself.
    #[must_use]
    pub fn records(&self) -> Option<i64> {
        self.row.number(Field::Count)
    }

    /// A field by its name, which is that of its column or of its member in `details` or
    /// `personal_details`: text as it is, numbers in digits, times in RFC 3339.
    #[must_use]
    pub fn field(&self, column: &str) -> Option<String> {
        let cells = COLUMNS.iter().zip(&self.fields);
        let (column, cell) = cells.into_iter().find(|(known, _)| known.name == column)?;
        printed(column, cell)
    }

    /// The names and the texts of all fields, those without a value included.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Option<String>)> + '_ {
        let cells = COLUMNS.iter().zip(&self.fields);
        let fields = cells.map(|(column, cell)| (column.name, printed(column, cell)));
        let hash = self.hash.as_ref().map(const_hex::encode);
        let id = std::iter::once(("number", Some(self.id.to_string())));
        id.chain(fields).chain(std::iter::once(("hash", hash)))
    }

    /// Adds the record as a line of JSON: the members of
    /// [`AuditRecord::write_json_line`](webhook_audit_layer::AuditRecord::write_json_line), and
    /// `number` and `hash`.
    pub fn write_json_line(&self, buffer: &mut Vec<u8>) {
        write_fields(&self.fields, buffer);
        // Before the closing brace.
        let _brace = buffer.pop();
        let _infallible = write!(buffer, ",\"number\":{}", self.id);
        if let Some(hash) = &self.hash {
            let _infallible = write!(buffer, ",\"hash\":\"{}\"", const_hex::encode(hash));
        }
        buffer.extend_from_slice(b"}\n");
    }
}

/// The line's members without what the chain adds, and without a newline.
pub(crate) fn write_row(row: &Row, buffer: &mut Vec<u8>) {
    write_fields(&row.fields(), buffer);
}

fn write_fields(fields: &[Cell], buffer: &mut Vec<u8>) {
    let start = buffer.len();
    buffer.push(b'{');
    for (column, cell) in COLUMNS.iter().zip(fields) {
        if cell.is_null() || column.member.is_empty() {
            continue;
        }
        if buffer.len() > start + 1 {
            buffer.push(b',');
        }
        let _infallible = write!(buffer, "\"{}\":", column.member);
        write_cell(column.kind, cell, buffer);
    }
    buffer.push(b'}');
}

fn write_cell(kind: Kind, cell: &Cell, buffer: &mut Vec<u8>) {
    let _infallible = match (kind, cell) {
        (Kind::Flag, Cell::Number(number)) => write!(buffer, "{}", *number != 0),
        (Kind::Time, Cell::Number(micros)) => write!(buffer, "\"{}\"", time_of(*micros)),
        (_, Cell::Number(number)) => write!(buffer, "{number}"),
        (Kind::List, Cell::Text(list)) if serde_json::from_str::<Vec<String>>(list).is_ok() => {
            write!(buffer, "{list}")
        }
        (Kind::Words, Cell::Text(words)) => {
            buffer.push(b'{');
            for (place, pair) in words.split(',').enumerate() {
                let (key, word) = pair.split_once(':').unwrap_or((pair, ""));
                let comma = if place == 0 { "" } else { "," };
                let _infallible = write!(buffer, "{comma}{}:{}", quoted(key), quoted(word));
            }
            buffer.push(b'}');
            Ok(())
        }
        (_, Cell::Text(text)) => write!(buffer, "{}", quoted(text)),
        (_, Cell::Blob(_) | Cell::Null) => write!(buffer, "null"),
    };
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| String::from("\"\""))
}

fn printed(column: &Column, cell: &Cell) -> Option<String> {
    match (column.kind, cell) {
        (Kind::Time, Cell::Number(micros)) => Some(time_of(*micros).to_string()),
        (_, Cell::Number(number)) => Some(number.to_string()),
        (_, Cell::Text(text)) => Some(text.clone().into_owned()),
        (_, Cell::Blob(blob)) => Some(const_hex::encode(blob)),
        (_, Cell::Null) => None,
    }
}

/// Reads a line that [`write_row`] or `JsonLinesSink` wrote; `None` where it is none.
pub(crate) fn read_row(line: &[u8]) -> Option<Row> {
    let value: serde_json::Value = serde_json::from_slice(line).ok()?;
    let members = value.as_object()?;
    let mut row = Row::empty();
    for (column, field) in COLUMNS.iter().zip(FIELDS) {
        if let Some(value) = members.get(column.member) {
            row.set(field, read_cell(column.kind, value));
        }
    }
    // The lines of `JsonLinesSink` name it so.
    if let Some(dropped) = members.get("dropped").and_then(serde_json::Value::as_u64) {
        row.set(Field::Count, Cell::count(dropped));
    }
    if let Some(client) = row.text(Field::Client) {
        let address = client.split('/').next().unwrap_or_default();
        let key = address.parse().ok().map(crate::row::key_of);
        row.set(Field::ClientKey, key);
    }
    let is_whole = row.number(Field::Time).is_some() && row.text(Field::Event).is_some();
    is_whole.then_some(row)
}

fn read_cell(kind: Kind, value: &serde_json::Value) -> Cell {
    use serde_json::Value;
    match (kind, value) {
        (Kind::Time, Value::String(time)) => crate::parse_time(time).map(micros_of).into(),
        (Kind::Flag, Value::Bool(flag)) => (*flag).into(),
        (Kind::Number, Value::Number(number)) => number.as_i64().into(),
        (Kind::List, Value::Array(items)) => {
            let texts = items.iter().filter_map(Value::as_str);
            let texts: Vec<_> = texts.map(crate::row::safe_text).collect();
            serde_json::to_string(&texts).ok().into()
        }
        (Kind::Words, Value::Object(words)) => {
            let pair = |(key, word): (&String, &Value)| {
                let word = word.as_str()?;
                (is_word(key) && is_word(word)).then(|| format!("{key}:{word}"))
            };
            let words: Vec<_> = words.iter().filter_map(pair).collect();
            (!words.is_empty()).then(|| words.join(",")).into()
        }
        (Kind::Text, Value::String(text)) => crate::row::safe_text(text).into(),
        _ => Cell::Null,
    }
}

/// One line for people: time, what happened, and to whom.
/// What stands between the commas and colons of [`Kind::Words`].
fn is_word(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_part)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{} {}", self.time(), self.id, self.event())?;
        let shown = [
            (Field::Reason, ""),
            (Field::Status, ""),
            (Field::Endpoint, "endpoint="),
            (Field::Provider, "provider="),
            (Field::Client, "client="),
            (Field::DeliveryId, "delivery="),
            (Field::Change, "change="),
            (Field::Target, "target="),
            (Field::By, "by="),
            (Field::Note, "note="),
            (Field::Count, "records="),
            (Field::TotalMicros, "total_us="),
            (Field::EventId, "id="),
        ];
        for (field, label) in shown {
            match self.fields.get(field as usize).unwrap_or(&Cell::Null) {
                Cell::Number(number) => write!(f, " {label}{number}")?,
                Cell::Text(text) if text.contains([' ', '"']) => write!(f, " {label}{text:?}")?,
                Cell::Text(text) => write!(f, " {label}{text}")?,
                Cell::Null | Cell::Blob(_) => {}
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{read_row, write_row};
    use crate::{column::Field, row::Row};

    #[test]
    fn a_row_comes_back_from_its_line() {
        let mut row = Row::empty();
        row.set(Field::Time, 1_700_000_000_123_456);
        row.set(Field::Event, "webhook.rejected");
        row.set(Field::Client, "203.0.113.9");
        row.set(
            Field::ClientKey,
            crate::row::key_of("203.0.113.9".parse().unwrap()),
        );
        row.set(Field::Status, 401);
        row.set(Field::IsVerified, false);
        row.set(Field::SecretsTried, String::from(r#"["a","b"]"#));
        row.set(Field::Checks, String::from("ip:pass,signature:fail"));
        row.set(Field::UserAgent, String::from("q\"uo, ted"));
        let mut line = Vec::new();
        write_row(&row, &mut line);
        assert_eq!(read_row(&line).unwrap().fields(), row.fields());
    }

    #[test]
    fn lists_and_words_are_as_safe_as_texts() {
        let line = r#"{"ts":"2023-11-14T22:13:20Z","event":"e","secrets_tried":["a\u202eb",1],
            "checks":{"ip":"pass","a,b:c":"pass","token":"\u0085","size":7}}"#;
        let mut written = Vec::new();
        write_row(&read_row(line.as_bytes()).unwrap(), &mut written);
        let expected = r#"{"ts":"2023-11-14T22:13:20.000000Z","event":"e","secrets_tried":["a\\u{202e}b"],"checks":{"ip":"pass"}}"#;
        assert_eq!(String::from_utf8(written).unwrap(), expected);
    }

    #[test]
    fn what_is_no_record_is_none() {
        for line in [&b""[..], b"{", b"[]", b"{}", br#"{"ts":"x","event":"e"}"#] {
            assert_eq!(read_row(line), None);
        }
    }
}
