//! The file that takes what the queue cannot, and gives it back.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use sha2::{Digest as _, Sha256};

use crate::{
    SqlError,
    event::{read_row, write_row},
    row::Row,
};

/// How many lines are read at once.
const CHUNK: i64 = 1000;

pub(super) struct Spill {
    path: PathBuf,
    /// The file that is being read back; it was the other one before.
    reading: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    out: Option<File>,
    line: Vec<u8>,
}

impl Spill {
    /// Uses this file, where a process before may have left records.
    pub(super) fn open(path: &Path) -> Result<Self, SqlError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".reading");
        let this = Self {
            path: path.to_owned(),
            reading: name.into(),
            state: Mutex::default(),
        };
        // Better now than when it is needed.
        let opened = this.append();
        opened.map_err(|error| SqlError::io("cannot open the file to spill to", &error))?;
        Ok(this)
    }

    /// Appends a record; `false` where that fails.
    pub(super) fn add(&self, row: &Row) -> bool {
        let mut state = self.lock();
        let State { out, line } = &mut *state;
        line.clear();
        write_row(row, line);
        line.push(b'\n');
        let mut write = || -> io::Result<()> {
            let file = match &mut *out {
                Some(file) => file,
                none => none.insert(self.append()?),
            };
            file.write_all(line)
        };
        let is_written = write().is_ok();
        if !is_written {
            // What there is of the line is ended before the next one begins.
            *out = None;
        }
        is_written
    }

    /// The spilled file, to be read; `None` where there is nothing in it.
    pub(super) fn read(&self) -> Option<Reading> {
        if !self.turn() {
            return None;
        }
        let file = File::open(&self.reading).ok()?;
        Some(Reading {
            path: self.reading.clone(),
            lines: BufReader::new(file),
            name: String::new(),
            count: 0,
            has_failed: false,
        })
    }

    /// Whether there is a file to be read; what is spilled from now on goes to another.
    fn turn(&self) -> bool {
        let mut state = self.lock();
        if self.reading.exists() {
            return true;
        }
        let has_records = fs::metadata(&self.path).is_ok_and(|metadata| metadata.len() > 0);
        if !has_records {
            return false;
        }
        state.out = None;
        fs::rename(&self.path, &self.reading).is_ok()
    }

    /// Opens the file to append to. A line that a crash or a full disk broke off is ended, so that it
    /// takes no other with it.
    fn append(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(file)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A spilled file that is being read.
pub(super) struct Reading {
    path: PathBuf,
    lines: BufReader<File>,
    name: String,
    count: i64,
    has_failed: bool,
}

/// Lines that are kept together.
pub(super) struct Chunk {
    /// The file's name for [`Reading::name`].
    pub(super) file: String,
    /// The records, each with the number of its line.
    pub(super) rows: Vec<(i64, Row)>,
    /// The number of the last line.
    pub(super) end: i64,
}

impl Reading {
    /// What tells this file from any other, by whatever process it is read: a digest of its first
    /// line, which tells of a request of its own.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next lines; those that are no records are counted and left out.
    pub(super) fn next_chunk(&mut self) -> Option<Chunk> {
        let begin = self.count;
        let mut rows = Vec::new();
        let mut line = Vec::new();
        while self.count - begin < CHUNK {
            line.clear();
            match self.lines.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => {}
                Err(_) => {
                    self.has_failed = true;
                    break;
                }
            }
            if self.count == 0 {
                self.name = const_hex::encode(Sha256::digest(&line));
            }
            self.count += 1;
            rows.extend(read_row(&line).map(|row| (self.count, row)));
        }
        (self.count > begin).then(|| Chunk {
            file: self.name.clone(),
            rows,
            end: self.count,
        })
    }

    /// Removes the file, if it was read to its end.
    pub(super) fn remove(&self) -> bool {
        !self.has_failed && fs::remove_file(&self.path).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::{CHUNK, Spill};
    use crate::{column::Field, row::Row};

    fn row(number: i64) -> Row {
        let mut row = Row::empty();
        row.set(Field::Time, number);
        row.set(Field::Event, "webhook.accepted");
        row
    }

    #[test]
    fn a_line_that_was_broken_off_takes_no_other_with_it() {
        let path = env::temp_dir().join(format!("webhook-spill-{}", std::process::id()));
        fs::write(&path, "{\"ts\":\"2026-11").unwrap();
        let spill = Spill::open(&path).unwrap();
        for number in 0..CHUNK {
            assert!(spill.add(&row(number)));
        }
        let mut reading = spill.read().unwrap();
        let first = reading.next_chunk().unwrap();
        let second = reading.next_chunk().unwrap();
        assert!(reading.next_chunk().is_none());
        // The broken line has a number, and is no record.
        assert_eq!((first.end, first.rows.len()), (1000, 999));
        assert_eq!((second.end, second.rows.len()), (1001, 1));
        assert_eq!(first.file, second.file);
        let (line, last) = second.rows.first().unwrap();
        assert_eq!((*line, last.number(Field::Time)), (1001, Some(999)));
        // What is spilled meanwhile goes to a file of its own.
        assert!(spill.add(&row(7)));
        assert!(reading.remove());
        let next = spill.read().unwrap().next_chunk().unwrap();
        assert_eq!(next.rows.len(), 1);
        assert_ne!(next.file, first.file);
        fs::remove_file(&spill.reading).unwrap();
    }
}
