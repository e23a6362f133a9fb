use std::io::Write;

use super::{AuditLog, Filter, Store, list::select, with};
use crate::{Event, SqlError, column::COLUMNS, jsonl::LinePlace};

/// How many records are read at once.
const PAGE: usize = 1000;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// A line of JSON each, as [`Event::write_json_line`] writes it.
    JsonLines,
    /// Comma-separated values ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)) under the names of
    /// the fields. A text that a spreadsheet would take for a formula gets a `'` in front.
    Csv,
}

impl AuditLog {
    /// Writes the records that are meant, the oldest first, and says how many they were. However
    /// many there are, a page of them is held at a time.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or `out` cannot be written to.
    pub async fn export(
        &self,
        filter: &Filter,
        format: ExportFormat,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, SqlError> {
        let mut written = 0;
        let mut buffer = Vec::new();
        if format == ExportFormat::Csv {
            write_header(&mut buffer);
        }
        let mut add = |event: &Event, buffer: &mut Vec<u8>| {
            written += 1;
            match format {
                ExportFormat::JsonLines => event.write_json_line(buffer),
                ExportFormat::Csv => write_csv(event, buffer),
            }
        };
        match &self.store {
            Store::Lines(lines) => {
                lines.each(LinePlace::default(), filter, |event| {
                    add(&event, &mut buffer);
                    flush(&mut buffer, out)
                })?;
            }
            Store::Database(_) => {
                let mut after = 0;
                loop {
                    let events = self.page_after(filter, after).await?;
                    for event in &events {
                        add(event, &mut buffer);
                    }
                    flush(&mut buffer, out)?;
                    let Some(last) = events.last() else {
                        break;
                    };
                    after = last.number();
                }
            }
        }
        flush(&mut buffer, out)?;
        Ok(written)
    }

    /// The records after this number, the oldest first.
    pub(super) async fn page_after(
        &self,
        filter: &Filter,
        after: i64,
    ) -> Result<Vec<Event>, SqlError> {
        let pool = self.database("read so")?;
        with(pool, async |session| {
            let mut conditions = filter.conditions(session.is_sqlite());
            conditions.add("id > $", after);
            select(session, &conditions, "ORDER BY id", PAGE).await
        })
        .await
    }
}

fn flush(buffer: &mut Vec<u8>, out: &mut (dyn Write + Send)) -> Result<(), SqlError> {
    out.write_all(buffer)
        .map_err(|error| SqlError::io("cannot write", &error))?;
    buffer.clear();
    Ok(())
}

fn write_header(buffer: &mut Vec<u8>) {
    let names = COLUMNS.iter().map(|column| column.name);
    let names: Vec<_> = ["number"]
        .into_iter()
        .chain(names)
        .chain(["hash"])
        .collect();
    buffer.extend_from_slice(names.join(",").as_bytes());
    buffer.extend_from_slice(b"\r\n");
}

fn write_csv(event: &Event, buffer: &mut Vec<u8>) {
    for (place, (_, text)) in event.fields().enumerate() {
        if place > 0 {
            buffer.push(b',');
        }
        let text = text.unwrap_or_default();
        let is_formula = text.starts_with(['=', '+', '-', '@']) && text.parse::<i64>().is_err();
        if is_formula || text.contains(['"', ',', '\r', '\n']) {
            buffer.push(b'"');
            buffer.extend_from_slice(if is_formula { b"'" } else { b"" });
            buffer.extend_from_slice(text.replace('"', "\"\"").as_bytes());
            buffer.push(b'"');
        } else {
            buffer.extend_from_slice(text.as_bytes());
        }
    }
    buffer.extend_from_slice(b"\r\n");
}
