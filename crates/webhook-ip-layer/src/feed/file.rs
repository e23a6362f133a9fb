use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    time::SystemTime,
};

use webhook_core::Timestamp;

use super::{FeedError, FeedHandle, MAX_FEED_BYTES};

/// A file that a feed is read from, again whenever it changed.
///
/// It has no thread and no timer: ask it as often as you like, once a minute for example. A look at
/// a file that is the same is one call of the file system.
#[derive(Debug)]
pub struct FeedFile {
    feed: FeedHandle,
    path: PathBuf,
    seen: Option<Mark>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    modified: SystemTime,
    length: u64,
}

impl FeedFile {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(feed: FeedHandle, path: impl Into<PathBuf>) -> Self {
        Self {
            feed,
            path: path.into(),
            seen: None,
        }
    }

    /// Reads the file if it changed since it was last read, by its time and length; whether it did.
    /// It blocks for as long as the file system does.
    ///
    /// # Errors
    ///
    /// That the file cannot be read, which the next call tries again, or what is wrong with the
    /// list, which is tried again when the file has changed. The list before it stays in force.
    pub fn refresh_if_changed(&mut self, now: Timestamp) -> Result<bool, FeedError> {
        match self.read_if_changed() {
            Ok(None) => Ok(false),
            Ok(Some(bytes)) => self.feed.refresh(&bytes, now).map(|_| true),
            Err(error) => {
                self.seen = None;
                Err(self.feed.set_unavailable(&error))
            }
        }
    }

    fn read_if_changed(&mut self) -> io::Result<Option<Vec<u8>>> {
        let file = File::open(&self.path)?;
        let about = file.metadata()?;
        let mark = Mark {
            modified: about.modified()?,
            length: about.len(),
        };
        if self.seen == Some(mark) {
            return Ok(None);
        }
        // One byte more than is taken, so that what is too large is seen to be.
        let most = MAX_FEED_BYTES as u64 + 1;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        self.seen = Some(mark);
        Ok(Some(bytes))
    }
}
