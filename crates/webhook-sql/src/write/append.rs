use crate::{
    SqlError,
    cell::Cell,
    chain::{self, HASH_BYTES, Hasher, Head},
    column::Field,
    database::{Encoded, Encoder, Session},
    row::Row,
    write::Rollup,
};

/// How many rows are stored first, so that the database has something to do soon. Each part is twice
/// the one before, up to what the database likes best.
const FIRST_PART: usize = 64;

/// Adds rows to the log, all of them or none, and returns its new head.
pub(crate) async fn append(session: &mut Session, rows: &mut impl Rows) -> Result<Head, SqlError> {
    let begun = async {
        session.begin().await?;
        head_in(session).await
    };
    let head = while_waiting(begun, rows).await?;
    let head = append_behind(head, session, rows).await?;
    while_waiting(session.commit(), rows).await?;
    Ok(head)
}

/// Makes rows for as long as the database has to do, and there are any.
async fn while_waiting<T>(work: impl Future<Output = T>, rows: &mut impl Rows) -> T {
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            true = async { rows.ahead() } => tokio::task::yield_now().await,
        }
    }
}

/// Adds rows within a transaction that has begun.
pub(crate) async fn append_in(
    session: &mut Session,
    rows: &mut impl Rows,
) -> Result<Head, SqlError> {
    let head = head_in(session).await?;
    append_behind(head, session, rows).await
}

async fn append_behind(
    head: Head,
    session: &mut Session,
    rows: &mut impl Rows,
) -> Result<Head, SqlError> {
    let mut parts = Parts {
        head,
        encoder: session.encoder(),
        hasher: Hasher::default(),
        rollup: Rollup::default(),
        rows,
        next: 0,
        size: FIRST_PART,
    };
    let mut part = parts.next()?;
    while let Some(now) = part {
        // The next are made, hashed and encoded while the database has these.
        let (stored, then) = tokio::join!(session.insert(now), async { parts.next() });
        stored?;
        part = then?;
    }
    let Parts {
        head, rollup, next, ..
    } = parts;
    rollup.add_to(session).await?;
    set_head(session, head, i64::try_from(next).unwrap_or(i64::MAX)).await?;
    Ok(head)
}

/// Rows to be added. They can be made as they are needed, and again: what fails is tried again.
pub(crate) trait Rows {
    /// Those from this place on, at most so many; none behind the last.
    fn part(&mut self, from: usize, most: usize) -> Vec<Row>;

    /// How many there are.
    fn len(&self) -> usize;

    /// Makes a few that will be asked for next, in this transaction or after it; `false` where there
    /// are none.
    fn ahead(&mut self) -> bool {
        false
    }
}

impl Rows for &[Row] {
    fn len(&self) -> usize {
        <[Row]>::len(self)
    }

    fn part(&mut self, from: usize, most: usize) -> Vec<Row> {
        self.iter().skip(from).take(most).cloned().collect()
    }
}

/// The chain of rows, part by part, and their counts.
struct Parts<'a, R> {
    head: Head,
    encoder: Encoder,
    hasher: Hasher,
    rollup: Rollup,
    rows: &'a mut R,
    next: usize,
    size: usize,
}

impl<R: Rows> Parts<'_, R> {
    fn next(&mut self) -> Result<Option<Encoded>, SqlError> {
        let rows = self.rows.part(self.next, self.size);
        if rows.is_empty() {
            return Ok(None);
        }
        self.next += rows.len();
        self.size = self.encoder.part().min(self.size * 2);
        self.rollup.add(&rows);
        let salts = chain::salts(rows.len())
            .map_err(|error| SqlError::store(format!("no randomness: {error}")))?;
        let links = self.head.chain(&mut self.hasher, rows, &salts);
        self.encoder.encode(links).map(Some)
    }
}

/// The log's head, locked until the transaction ends: who writes is alone.
pub(crate) async fn head_in(session: &mut Session) -> Result<Head, SqlError> {
    Ok(head_and_count_in(session).await?.0)
}

/// The same, and how many records there are.
pub(crate) async fn head_and_count_in(session: &mut Session) -> Result<(Head, i64), SqlError> {
    let sql = if session.is_sqlite() {
        "SELECT last_id, hash, records FROM webhook_event_head"
    } else {
        "SELECT last_id, hash, records FROM webhook_event_head FOR UPDATE"
    };
    let cells = session.row(sql, &[]).await?.unwrap_or_default();
    let head = read_head(&cells).zip(cells.get(2).and_then(Cell::number));
    head.ok_or_else(|| SqlError::store("the log has lost its head"))
}

pub(crate) fn read_head(cells: &[Cell]) -> Option<Head> {
    let [id, hash] = cells.first_chunk()?;
    let hash: [u8; HASH_BYTES] = hash.blob()?.try_into().ok()?;
    Some(Head {
        id: id.number()?,
        hash,
    })
}

/// Moves the head, and the count of records by `added`.
pub(crate) async fn set_head(
    session: &mut Session,
    head: Head,
    added: i64,
) -> Result<(), SqlError> {
    let sql = "UPDATE webhook_event_head SET last_id = $1, hash = $2, records = records + $3";
    let values = [head.id.into(), head.hash.to_vec().into(), added.into()];
    session.run(sql, &values).await?;
    Ok(())
}

/// Whether the log holds this row already, because a commit was done and not heard of.
pub(crate) async fn holds(session: &mut Session, row: &Row) -> Result<bool, SqlError> {
    let sql = "SELECT id FROM webhook_event_log WHERE received_at = $1 AND event = $2 \
               AND event_id = $3 LIMIT 1";
    let (time, event) = (row.get(Field::Time), row.get(Field::Event));
    let values = [time.clone(), event.clone(), row.get(Field::EventId).clone()];
    Ok(session.row(sql, &values).await?.is_some())
}
