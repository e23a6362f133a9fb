use std::{error::Error, fmt};

use webhook_core::{ShortText, Timestamp};

use super::{MAX_FEED_BYTES, MAX_FEED_NETWORKS};
use crate::ListError;

/// Why a list was not taken. The one before it stays in force.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FeedError {
    /// It could not be had: what the user's closure or the file system said.
    Unavailable(ShortText),
    /// More than [`MAX_FEED_BYTES`] bytes.
    TooLarge,
    /// Not of the feed's format, and where.
    Malformed(ShortText),
    /// Entries that are no networks; the first few of them.
    BadEntries(ListError),
    /// More than [`MAX_FEED_NETWORKS`] networks.
    TooMany,
    /// No network at all, perhaps because a filter takes none.
    Empty,
    /// More than half of the networks in force are gone.
    Shrunk {
        /// How many networks are in force.
        from: usize,
        /// How many of them are gone.
        lost: usize,
    },
    /// The list says that it is older than the one in force.
    Older {
        /// The date of the one in force.
        than: Timestamp,
    },
}

impl FeedError {
    /// What somebody else said, cut short.
    pub(super) fn unavailable(why: &dyn fmt::Display) -> Self {
        Self::Unavailable(ShortText::cut(&why.to_string(), 256))
    }

    pub(super) fn malformed(why: &str) -> Self {
        Self::Malformed(ShortText::cut(why, 256))
    }
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(why) => write!(f, "the list cannot be had: {:?}", why.as_str()),
            Self::TooLarge => write!(f, "the list has more than {MAX_FEED_BYTES} bytes"),
            Self::Malformed(why) => {
                write!(f, "the list is not of its format: {:?}", why.as_str())
            }
            Self::BadEntries(errors) => errors.fmt(f),
            Self::TooMany => write!(
                f,
                "the list has more than {MAX_FEED_NETWORKS} networks; take fewer of them with a filter"
            ),
            Self::Empty => f.write_str(
                "the list has no networks: look at its filters, or force it if nobody is to be let in",
            ),
            Self::Shrunk { from, lost } => write!(
                f,
                "{lost} of the {from} networks in force are gone; force the list if that is right"
            ),
            Self::Older { than } => write!(f, "the list in force is newer, from {than}"),
        }
    }
}

impl Error for FeedError {}
