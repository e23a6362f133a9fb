//! The file that takes what the queue cannot, and gives it back.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    SqlError,
    event::{read_row, write_row},
    row::Row,
};

/// How many records are given back at once.
const CHUNK: usize = 1000;

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
        let write = || -> io::Result<()> {
            let file = match out {
                Some(file) => file,
                none => none.insert(self.append()?),
            };
            file.write_all(line)
        };
        write().is_ok()
    }

    /// Hands the spilled records to `take`, a chunk at a time. The file goes when all were taken.
    ///
    /// The chunks of a file are the same each time, so that one that was committed before a crash is
    /// known again.
    pub(super) async fn give_back<E>(
        &self,
        mut take: impl AsyncFnMut(Vec<Row>) -> Result<(), E>,
    ) -> Result<bool, E> {
        if !self.turn() {
            return Ok(false);
        }
        let Ok(file) = File::open(&self.reading) else {
            return Ok(false);
        };
        let mut lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
        loop {
            let rows: Vec<_> = lines.by_ref().take(CHUNK).collect();
            if rows.is_empty() {
                break;
            }
            let rows: Vec<_> = rows.iter().filter_map(|line| read_row(line)).collect();
            if !rows.is_empty() {
                take(rows).await?;
            }
        }
        let _gone_or_read_again = fs::remove_file(&self.reading);
        Ok(true)
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

    fn append(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.path)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
