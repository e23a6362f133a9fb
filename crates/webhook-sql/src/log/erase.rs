use webhook_core::Clock;

use super::{AuditLog, Filter, reach::reach, with};
use crate::{
    SqlError,
    capture::store,
    cell::Cell,
    chain::Hasher,
    column::{self, TABLE},
    database::Session,
    row::Row,
    write::{append_in, head_in},
};

/// How many records are changed at once.
const BATCH: usize = 200;

impl AuditLog {
    /// Erases what tells of a person from the records that are meant, and says from how many: the
    /// addresses and ports of client and peer, the path, the user agent, the delivery's id, the note,
    /// and of a change its target and who ordered it. The records stay, and the chain holds. What was
    /// [captured](crate::SqlCaptures) of them is deleted.
    ///
    /// # Errors
    ///
    /// The store is a file, or does not do it. What was erased before stays erased.
    pub async fn erase(&self, filter: &Filter) -> Result<u64, SqlError> {
        let pool = self.database("changed")?;
        with(pool, async |session| {
            let (mut erased, mut after) = (0, 0);
            let has_captures = store::begin(session, filter).await?;
            let end = super::verify::head(session).await?.id;
            while after < end {
                let reach = reach(filter, after, end);
                let (count, last) =
                    erase_batch(session, filter, after, reach, has_captures).await?;
                erased += count;
                after = last.unwrap_or(reach);
            }
            store::forget(session, has_captures).await?;
            Ok(erased)
        })
        .await
    }
}

async fn erase_batch(
    session: &mut Session,
    filter: &Filter,
    after: i64,
    end: i64,
    has_captures: bool,
) -> Result<(u64, Option<i64>), SqlError> {
    let mut conditions = filter.conditions(session.is_sqlite());
    conditions.add("id > $", after);
    conditions.add("id <= $", end);
    conditions.add_text("salt IS NOT NULL");
    let sql = format!(
        "SELECT {}, id, salt FROM webhook_event_log{} ORDER BY id LIMIT {BATCH}",
        column::names(),
        conditions.sql()
    );
    session.begin().await?;
    let _locked = head_in(session).await?;
    let rows = session.rows(&sql, &conditions.values).await?;
    let nulls: Vec<_> = TABLE
        .iter()
        .filter(|column| column.is_personal)
        .map(|column| format!("{} = NULL", column.name))
        .collect();
    let update = format!(
        "UPDATE webhook_event_log SET {}, salt = NULL, personal = $1 WHERE id = $2",
        nulls.join(", ")
    );
    let mut hasher = Hasher::default();
    let (mut count, mut last) = (0, None);
    for mut cells in rows {
        let (salt, id) = (cells.pop(), cells.pop());
        let id = id.as_ref().and_then(Cell::number);
        let (Some(Cell::Blob(salt)), Some(id), Some(row)) = (salt, id, Row::from_cells(cells))
        else {
            return Err(SqlError::store("the log holds a record without a number"));
        };
        let personal = hasher.personal(&salt, row.cells());
        session
            .run(&update, &[personal.to_vec().into(), id.into()])
            .await?;
        if has_captures {
            store::of_records(session, id, id).await?;
        }
        (count, last) = (count + 1, Some(id));
    }
    if count > 0 {
        let notice = Row::notice("webhook.audit_erased", &Clock::system(), count);
        append_in(session, &mut [notice].as_slice()).await?;
    }
    session.commit().await?;
    Ok((count, last))
}
