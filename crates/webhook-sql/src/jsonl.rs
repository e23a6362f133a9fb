//! A file of `JsonLinesSink`, asked like a table.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::File,
    io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{Event, Filter, SqlError, SqlErrorKind, event::read_row, log::Cursor};

/// Longer lines were never written by the sink, and are skipped.
const MAX_LINE_BYTES: u64 = 64 * 1024;

pub(crate) struct Lines {
    path: PathBuf,
}

impl Lines {
    pub(crate) fn open(path: &Path) -> Result<Self, SqlError> {
        if !path.is_file() {
            let detail = format!("there is no file at {}", path.display());
            return Err(SqlError::new(SqlErrorKind::Missing, detail));
        }
        let path = path.to_owned();
        Ok(Self { path })
    }

    /// Shows each record that is meant, in the order of the file, from the line after `place`;
    /// returns the place behind the last whole line. Lines that are no records are skipped.
    pub(crate) fn each(
        &self,
        mut place: LinePlace,
        filter: &Filter,
        mut show: impl FnMut(Event) -> Result<(), SqlError>,
    ) -> Result<LinePlace, SqlError> {
        let failed = |error| SqlError::io("cannot read the file", &error);
        let mut file = File::open(&self.path).map_err(failed)?;
        // A file that shrank was begun anew.
        if file.metadata().map_err(failed)?.len() < place.offset {
            place = LinePlace::default();
        }
        file.seek(SeekFrom::Start(place.offset)).map_err(failed)?;
        let mut reader = BufReader::with_capacity(256 * 1024, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut head = reader.by_ref().take(MAX_LINE_BYTES);
            let read = head.read_until(b'\n', &mut line).map_err(failed)?;
            if line.last() != Some(&b'\n') {
                if u64::try_from(read) != Ok(MAX_LINE_BYTES) {
                    // Nothing more, or a line that is being written.
                    return Ok(place);
                }
                let skipped = reader.skip_until(b'\n').map_err(failed)?;
                place.advance(read.saturating_add(skipped));
                continue;
            }
            place.advance(read);
            if let Some(row) = read_row(&line).filter(|row| filter.matches(row)) {
                show(Event::new(place.line, row, None))?;
            }
        }
    }

    pub(crate) fn newest(
        &self,
        filter: &Filter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Event>, SqlError> {
        let mut kept: BinaryHeap<Reverse<Placed>> = BinaryHeap::with_capacity(limit + 1);
        self.each(LinePlace::default(), filter, |event| {
            let Cursor { time, id } = event.cursor();
            if after.is_none_or(|after| (time, id) < (after.time, after.id)) {
                kept.push(Reverse(Placed((time, id), event)));
                if kept.len() > limit {
                    let _oldest = kept.pop();
                }
            }
            Ok(())
        })?;
        let sorted = kept.into_sorted_vec();
        Ok(sorted
            .into_iter()
            .map(|Reverse(Placed(_, event))| event)
            .collect())
    }
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinePlace {
    offset: u64,
    pub(crate) line: i64,
}

impl LinePlace {
    fn advance(&mut self, bytes: usize) {
        self.offset = self
            .offset
            .saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.line = self.line.saturating_add(1);
    }
}

/// An event in the order of its time and number.
struct Placed((i64, i64), Event);

impl PartialEq for Placed {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Placed {}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
