use std::{collections::BTreeMap, fmt, str::FromStr};

use super::{AuditLog, cut::Cut, purge::PURGED, with};
use crate::{
    SqlError,
    cell::{Cell, CellRef},
    chain::{GENESIS, Hash, Hasher, Head},
    column::{self, Field, STORED},
    database::{Page, Session},
    row::Row,
    write::read_head,
};

/// How many records are read at once.
const PAGE: i64 = 500;

/// The chain's end at some time: a record's number and hash. Kept elsewhere, it shows later that
/// nothing up to it was written anew.
///
/// It is written `number:hash`, the hash in hex.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint(Head);

impl Checkpoint {
    /// The record's number.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.0.id
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.id, const_hex::encode(self.0.hash))
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checkpoint({self})")
    }
}

impl FromStr for Checkpoint {
    type Err = SqlError;

    /// # Errors
    ///
    /// The text is no `number:hash`.
    fn from_str(text: &str) -> Result<Self, SqlError> {
        let read = || {
            let (id, hash) = text.split_once(':')?;
            let mut bytes = GENESIS;
            const_hex::decode_to_slice(hash, &mut bytes).ok()?;
            Some(Self(Head {
                id: id.parse().ok()?,
                hash: bytes,
            }))
        };
        read().ok_or_else(|| SqlError::configuration("a checkpoint is written number:hash, in hex"))
    }
}

/// What was found of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verification {
    /// How many records were read, and hold.
    pub records: u64,
    /// The number that the log begins with; retention took those before.
    pub begins_at: i64,
    /// How many numbers purges have taken out of the middle, each vouched for by a record.
    pub purged: u64,
    /// From how many records personal data is erased.
    pub erased: u64,
    /// The chain's end, to be kept elsewhere.
    pub head: Checkpoint,
    /// The first record that does not hold.
    pub broken: Option<Break>,
}

/// Where the chain breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Break {
    /// The record's number.
    pub number: i64,
    /// What is wrong with it.
    pub kind: BreakKind,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakKind {
    /// It is not what was written.
    Altered,
    /// It is gone, and no purge tells of it.
    Missing,
    /// It is not the one that the checkpoint tells of.
    NotTheCheckpoint,
}

impl BreakKind {
    /// A stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::NotTheCheckpoint => "not_the_checkpoint",
        }
    }
}

impl AuditLog {
    /// Where the chain ends now.
    ///
    /// # Errors
    ///
    /// The store is a file, or cannot be read.
    pub async fn checkpoint(&self) -> Result<Checkpoint, SqlError> {
        let pool = self.database("checked")?;
        with(pool, async |session| Ok(Checkpoint(head(session).await?))).await
    }

    /// Follows the chain from its first record to its last, and names the first that does not hold;
    /// with `known`, also whether it goes through that checkpoint.
    ///
    /// # Errors
    ///
    /// The store is a file, or cannot be read.
    pub async fn verify(&self, known: Option<Checkpoint>) -> Result<Verification, SqlError> {
        let pool = self.database("verified")?;
        with(pool, async |session| {
            let mut end = head(session).await?;
            loop {
                let found = Walk::new(known, end).run(session).await?;
                let now = head(session).await?;
                // A purge that ran meanwhile is vouched for behind the end that was looked at.
                if found.broken.is_none() || end.id >= now.id {
                    return Ok(found);
                }
                end = now;
            }
        })
        .await
    }
}

/// Where the log ends, as it says itself.
pub(super) async fn head(session: &mut Session) -> Result<Head, SqlError> {
    let sql = "SELECT last_id, hash FROM webhook_event_head";
    let cells = session.row(sql, &[]).await?.unwrap_or_default();
    read_head(&cells).ok_or_else(|| SqlError::store("the log has lost its head"))
}

struct Walk {
    known: Option<Checkpoint>,
    end: Head,
    /// The number that comes next, and the hash before it.
    next: i64,
    before: Hash,
    hasher: Hasher,
    /// Ranges that are cut out, by the number of the record that has to vouch for them.
    unvouched: BTreeMap<i64, Vec<Cut>>,
    found: Verification,
}

impl Walk {
    fn new(known: Option<Checkpoint>, end: Head) -> Self {
        let found = Verification {
            records: 0,
            begins_at: 1,
            purged: 0,
            erased: 0,
            head: Checkpoint(end),
            broken: None,
        };
        Self {
            known,
            end,
            next: 1,
            before: GENESIS,
            hasher: Hasher::default(),
            unvouched: BTreeMap::new(),
            found,
        }
    }

    async fn run(mut self, session: &mut Session) -> Result<Verification, SqlError> {
        // Ranges of numbers, which no planner mistakes for a reason to sort the table.
        let first = session
            .row("SELECT MIN(id) FROM webhook_event_log", &[])
            .await?;
        let first = first.unwrap_or_default().first().and_then(Cell::number);
        let mut from = first.unwrap_or(1).max(1);
        let mut page = read_page(session, &mut from, self.end.id).await?;
        while let Some(now) = page {
            // A page is hashed while the database reads the next.
            let end = self.end.id;
            let (next, found) = tokio::join!(read_page(session, &mut from, end), async {
                self.follow(&now, 0)
            });
            page = next?;
            if let Err(broken) = self.follow_rest(session, &now, found?).await? {
                self.found.broken = Some(broken);
                return Ok(self.found);
            }
        }
        let end = self.end.id.saturating_add(1);
        self.found.broken = match self.close_gap(session, end).await? {
            Err(broken) => Some(broken),
            Ok(()) => self.last_word(),
        };
        Ok(self.found)
    }

    /// Goes on over the gaps of a page to its end.
    async fn follow_rest(
        &mut self,
        session: &mut Session,
        page: &Page,
        mut found: Found,
    ) -> Result<Result<(), Break>, SqlError> {
        loop {
            let (place, id) = match found {
                Found::End => return Ok(Ok(())),
                Found::Broken(broken) => return Ok(Err(broken)),
                Found::Gap { place, id } => (place, id),
            };
            if let Err(broken) = self.close_gap(session, id).await? {
                return Ok(Err(broken));
            }
            found = self.follow(page, place)?;
        }
    }

    /// Goes on from this row of a page, until there is something to be looked up.
    fn follow(&mut self, page: &Page, from: usize) -> Result<Found, SqlError> {
        for place in from..page.len() {
            let [id, salt, personal, hash, row @ ..] = page.row::<{ STORED + 4 }>(place)?;
            let id = id.number().unwrap_or(0);
            if self.next < id {
                return Ok(Found::Gap { place, id });
            }
            if let Err(broken) = self.step(id, [salt, personal, hash], &row) {
                return Ok(Found::Broken(broken));
            }
        }
        Ok(Found::End)
    }

    /// Goes on to one more record.
    fn step(
        &mut self,
        id: i64,
        [salt, personal, stored]: [CellRef<'_>; 3],
        row: &[CellRef<'_>; STORED],
    ) -> Result<(), Break> {
        let personal = match (salt.blob(), personal.blob()) {
            (Some(salt), None) => Some(self.hasher.personal(salt, *row)),
            (None, Some(kept)) if has_nothing_personal(row) => {
                self.found.erased += 1;
                kept.try_into().ok()
            }
            _ => None,
        };
        let hash = personal.map(|personal| self.hasher.record(&self.before, id, *row, &personal));
        let Some(hash) = hash.filter(|hash| stored.blob() == Some(hash)) else {
            return Err(Break {
                number: id,
                kind: BreakKind::Altered,
            });
        };
        self.vouch(id, row)?;
        self.found.records += 1;
        self.go_on(id, hash)
    }

    /// Moves behind a record, or behind a cut.
    fn go_on(&mut self, id: i64, hash: Hash) -> Result<(), Break> {
        (self.next, self.before) = (id.saturating_add(1), hash);
        match self.known {
            Some(Checkpoint(known)) if known.id == id && known.hash != hash => Err(Break {
                number: id,
                kind: BreakKind::NotTheCheckpoint,
            }),
            _ => Ok(()),
        }
    }

    /// Follows cuts until the next number is `id`.
    async fn close_gap(
        &mut self,
        session: &mut Session,
        id: i64,
    ) -> Result<Result<(), Break>, SqlError> {
        while self.next < id {
            let missing = Break {
                number: self.next,
                kind: BreakKind::Missing,
            };
            let Some(cut) = Cut::at(session, self.next).await? else {
                return Ok(Err(missing));
            };
            let is_old_end = cut.first == 1 && cut.vouched_by == 0;
            if cut.last >= id || (cut.vouched_by == 0 && !is_old_end) {
                return Ok(Err(missing));
            }
            if is_old_end {
                self.found.begins_at = cut.last.saturating_add(1);
            } else {
                let taken = cut.last.saturating_sub(cut.first).saturating_add(1);
                self.found.purged += u64::try_from(taken).unwrap_or(0);
                self.unvouched
                    .entry(cut.vouched_by)
                    .or_default()
                    .push(cut.clone());
            }
            if let Err(broken) = self.go_on(cut.last, cut.hash) {
                return Ok(Err(broken));
            }
        }
        Ok(Ok(()))
    }

    /// A record of a purge vouches for the cuts that it lists.
    fn vouch(&mut self, id: i64, cells: &[CellRef<'_>; STORED]) -> Result<(), Break> {
        let Some(cuts) = self.unvouched.remove(&id) else {
            return Ok(());
        };
        let row = Row::from_cells(cells.iter().map(|cell| cell.to_cell()).collect());
        let row = row.filter(|row| row.text(Field::Event) == Some(PURGED));
        let fields = row.map(|row| row.fields()).unwrap_or_default();
        let listed = fields.get(Field::Cuts as usize).and_then(Cell::text);
        let ranges: Vec<_> = listed.unwrap_or_default().split(' ').collect();
        match cuts
            .iter()
            .find(|cut| !ranges.contains(&cut.range().as_str()))
        {
            None => Ok(()),
            Some(cut) => Err(Break {
                number: cut.first,
                kind: BreakKind::Missing,
            }),
        }
    }

    /// What only shows at the end: cuts that nobody vouched for, a head or a checkpoint that is not
    /// there.
    fn last_word(&self) -> Option<Break> {
        let unvouched = self.unvouched.values().flatten().map(|cut| cut.first).min();
        if let Some(number) = unvouched {
            let kind = BreakKind::Missing;
            return Some(Break { number, kind });
        }
        if self.before != self.end.hash {
            let (number, kind) = (self.end.id, BreakKind::Altered);
            return Some(Break { number, kind });
        }
        let known = self.known?.0;
        (known.id > self.end.id).then_some(Break {
            number: self.end.id.saturating_add(1),
            kind: BreakKind::Missing,
        })
    }
}

/// The records of the next numbers, and where those behind them begin.
async fn read_page(
    session: &mut Session,
    from: &mut i64,
    end: i64,
) -> Result<Option<Page>, SqlError> {
    if *from > end {
        return Ok(None);
    }
    let to = from.saturating_add(PAGE - 1).min(end);
    let sql = format!(
        "SELECT id, salt, personal, hash, {} FROM webhook_event_log \
         WHERE id >= $1 AND id <= $2 ORDER BY id",
        column::names()
    );
    let page = session.page(&sql, &[(*from).into(), to.into()]).await?;
    *from = to.saturating_add(1);
    Ok(Some(page))
}

/// How far a page was followed.
enum Found {
    End,
    /// Up to this row, before whose number there are others that are not there.
    Gap {
        place: usize,
        id: i64,
    },
    Broken(Break),
}

fn has_nothing_personal(row: &[CellRef<'_>; STORED]) -> bool {
    let mut cells = column::TABLE.iter().zip(row);
    cells.all(|(column, cell)| !column.is_personal || *cell == CellRef::Null)
}
