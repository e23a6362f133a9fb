//! Captures in their table: written, read, and deleted.

use std::fmt;

use webhook_audit_layer::capture::{Captured, Content};
use webhook_core::Timestamp;

pub(crate) use super::schema::is_there;
use super::settings::Seal;
use crate::{
    Filter, Pseudonyms, Retention, SqlError,
    cell::Cell,
    database::Session,
    row::safe,
    time::{micros_of, time_of},
};

/// How many captures are deleted at once. Between, whoever writes has its turn.
const BATCH: i64 = 200;
/// The most bytes of a name of the configuration.
const MAX_NAME_BYTES: usize = 64;

/// What was captured of one delivery, as it is read; from
/// [`AuditLog::capture`](crate::AuditLog::capture).
///
/// `Debug` prints how much there is, never what.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredCapture {
    /// The id of the request, as its record in the audit has it.
    pub event_id: String,
    /// When it was captured, to the microsecond.
    pub captured_at: Timestamp,
    /// Whether a layer verified the delivery.
    pub is_verified: bool,
    /// The values of the listed headers that were there, by name.
    pub headers: Vec<(String, String)>,
    /// How many bytes the delivery's own body has; `None` where bodies are not kept.
    pub body_bytes: Option<u64>,
    /// The body, redacted and sealed as the settings said.
    pub body: Option<Vec<u8>>,
    /// Whether it is only the beginning of the body.
    pub is_cut: bool,
    /// Whether it is sealed: what the settings' function made of the body.
    pub is_sealed: bool,
    /// Why there is no body: the words of
    /// [`Withheld`](webhook_audit_layer::capture::Withheld), or `not_sealed`.
    pub withheld: Option<String>,
}

/// A capture as it is written: the columns that have a value.
pub(super) struct Prepared(Vec<(&'static str, Cell)>);

impl Prepared {
    /// Redacts and seals.
    pub(super) fn of(mut captured: Captured, pseudonyms: &Pseudonyms, seal: Option<&Seal>) -> Self {
        let body = captured.take_body();
        let name = |name: &webhook_core::Name| safe(name.as_str(), MAX_NAME_BYTES);
        let client = captured.client.map(|client| pseudonyms.of(client.ip()).1);
        let headers: Vec<_> = captured
            .headers
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_raw()))
            .collect();
        let headers = (!headers.is_empty()).then(|| serde_json::to_string(&headers).ok());
        let body_bytes = body.as_ref().map(|body| Cell::count(body.bytes));
        let (content, is_cut, withheld) = match body.map(|body| body.content) {
            Some(Content::Whole(bytes)) => (Some(bytes), false, None),
            Some(Content::Cut(bytes)) => (Some(bytes), true, None),
            Some(Content::Withheld(why)) => (None, false, Some(why.as_str())),
            // Whatever is added is nothing that is known to be fit for storing.
            Some(_) => (None, false, Some("unknown")),
            None => (None, false, None),
        };
        let is_sealed = seal.is_some() && content.is_some();
        let sealed = match (seal, content) {
            (Some(seal), Some(bytes)) => seal(&bytes),
            (_, content) => content,
        };
        let withheld = withheld.or((is_sealed && sealed.is_none()).then_some("not_sealed"));
        let columns: [(_, Cell); 12] = [
            ("event_id", captured.id.to_string().into()),
            ("received_at", micros_of(captured.captured_at).into()),
            ("endpoint", captured.endpoint.as_ref().map(name).into()),
            ("provider", captured.provider.as_ref().map(name).into()),
            ("client_key", client.into()),
            ("is_verified", captured.is_verified.into()),
            ("headers", headers.flatten().into()),
            ("body_bytes", body_bytes.into()),
            ("body", sealed.into()),
            ("is_cut", is_cut.into()),
            ("is_sealed", is_sealed.into()),
            ("withheld", withheld.into()),
        ];
        let columns = columns.into_iter().filter(|(_, cell)| !cell.is_null());
        Self(columns.collect())
    }

    /// Writes it, unless it is there already; says whether it was not.
    pub(super) async fn write(&self, session: &mut Session) -> Result<bool, SqlError> {
        let names: Vec<_> = self.0.iter().map(|(name, _)| *name).collect();
        let places: Vec<_> = (1..=names.len()).map(|place| format!("${place}")).collect();
        let sql = format!(
            "INSERT INTO webhook_event_capture ({}) VALUES ({}) ON CONFLICT (event_id) DO NOTHING",
            names.join(", "),
            places.join(", ")
        );
        let values: Vec<_> = self.0.iter().map(|(_, cell)| cell.clone()).collect();
        Ok(session.run(&sql, &values).await? > 0)
    }
}

/// The capture of the request of this id.
pub(crate) async fn read(
    session: &mut Session,
    event_id: &str,
) -> Result<Option<StoredCapture>, SqlError> {
    let sql = "SELECT event_id, received_at, is_verified, headers, body_bytes, body, is_cut, \
               is_sealed, withheld FROM webhook_event_capture WHERE event_id = $1";
    let values = [Cell::from(event_id.to_owned())];
    let Some(cells) = session.row(sql, &values).await? else {
        return Ok(None);
    };
    let [
        id,
        time,
        verified,
        headers,
        bytes,
        body,
        cut,
        sealed,
        withheld,
    ] = cells.as_slice()
    else {
        return Err(SqlError::store("a capture has lost its columns"));
    };
    let is = |cell: &Cell| cell.number() == Some(1);
    let headers = headers.text().map(serde_json::from_str).transpose();
    Ok(Some(StoredCapture {
        event_id: id.text().unwrap_or_default().to_owned(),
        captured_at: time_of(time.number().unwrap_or(0)),
        is_verified: is(verified),
        headers: headers
            .map_err(|_| SqlError::store("a capture's headers cannot be read"))?
            .unwrap_or_default(),
        body_bytes: bytes.number().and_then(|bytes| u64::try_from(bytes).ok()),
        body: body.blob().map(<[u8]>::to_vec),
        is_cut: is(cut),
        is_sealed: is(sealed),
        withheld: withheld.text().map(str::to_owned),
    }))
}

/// Begins a purge: whether there are captures, after those that the filter means by itself are
/// deleted. SQLite overwrites from now on what this session deletes.
pub(crate) async fn begin(session: &mut Session, filter: &Filter) -> Result<bool, SqlError> {
    let has_captures = is_there(session).await?;
    if has_captures {
        overwrite(session).await?;
        purge(session, filter).await?;
    }
    Ok(has_captures)
}

/// Deletes what a filter means, batch by batch, and says how many they were. Outcomes and reasons are
/// the records' own: captures are found by them through [`of_records`] alone.
pub(crate) async fn purge(session: &mut Session, filter: &Filter) -> Result<u64, SqlError> {
    if filter.is_of_outcome() {
        return Ok(0);
    }
    let conditions = filter.conditions(session.is_sqlite());
    let which = format!("{} ORDER BY id", conditions.sql());
    let mut deleted = 0;
    loop {
        match delete(session, &which, conditions.values.clone(), BATCH).await? {
            0 => return Ok(deleted),
            count => deleted += count,
        }
    }
}

/// Deletes the captures of a run of records, within the session's transaction.
pub(crate) async fn of_records(
    session: &mut Session,
    first: i64,
    last: i64,
) -> Result<(), SqlError> {
    let sql = "DELETE FROM webhook_event_capture WHERE event_id IN \
               (SELECT event_id FROM webhook_event_log WHERE id >= $1 AND id <= $2)";
    session.run(sql, &[first.into(), last.into()]).await?;
    Ok(())
}

/// Deletes the oldest captures that are due, one batch of them, and says how many they were.
pub(super) async fn expire(
    session: &mut Session,
    retention: &Retention,
    now: Timestamp,
) -> Result<u64, SqlError> {
    let mut deleted = 0;
    if let Some(oldest) = retention.oldest_kept(now) {
        let which = " WHERE received_at < $1 ORDER BY received_at, id";
        deleted += delete(session, which, vec![oldest.into()], BATCH).await?;
    }
    if let Some(most) = retention.most_kept() {
        let count = session.row("SELECT COUNT(*) FROM webhook_event_capture", &[]);
        let count = count.await?.unwrap_or_default();
        let count = count.first().and_then(Cell::number).unwrap_or(0);
        let over = count.saturating_sub(most).min(BATCH);
        if over > 0 {
            deleted += delete(session, " ORDER BY received_at, id", Vec::new(), over).await?;
        }
    }
    Ok(deleted)
}

async fn delete(
    session: &mut Session,
    which: &str,
    mut values: Vec<Cell>,
    limit: i64,
) -> Result<u64, SqlError> {
    values.push(limit.into());
    let sql = format!(
        "DELETE FROM webhook_event_capture WHERE id IN \
         (SELECT id FROM webhook_event_capture{which} LIMIT ${})",
        values.len()
    );
    session.run(&sql, &values).await
}

/// Has SQLite overwrite what is deleted by this session.
pub(crate) async fn overwrite(session: &mut Session) -> Result<(), SqlError> {
    if session.is_sqlite() {
        session.script("PRAGMA secure_delete = ON").await?;
    }
    Ok(())
}

/// Has SQLite take what was deleted out of its log file, too, unless somebody reads it for longer than
/// a moment.
pub(crate) async fn forget(session: &mut Session, has_captures: bool) -> Result<(), SqlError> {
    if session.is_sqlite() && has_captures {
        let script = "PRAGMA busy_timeout = 100; PRAGMA wal_checkpoint(TRUNCATE); \
                      PRAGMA busy_timeout = 10000";
        session.script(script).await?;
    }
    Ok(())
}

/// How much there is, never what.
impl fmt::Debug for StoredCapture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredCapture")
            .field("event_id", &self.event_id)
            .field("headers", &self.headers.len())
            .field("body_bytes", &self.body_bytes)
            .field("withheld", &self.withheld)
            .finish_non_exhaustive()
    }
}
