use super::{AuditLog, Filter, Store, with};
use crate::{SqlError, StoredCapture, capture::store};

impl AuditLog {
    /// What was captured of the request of this id, a UUID as [`Event::id`](crate::Event::id) tells it;
    /// `None` where nothing was, or is any more.
    ///
    /// # Errors
    ///
    /// The store does not do it. A file holds no captures.
    pub async fn capture(&self, event_id: &str) -> Result<Option<StoredCapture>, SqlError> {
        let Store::Database(pool) = &self.store else {
            return Ok(None);
        };
        with(pool, async |session| {
            if store::is_there(session).await? {
                store::read(session, event_id).await
            } else {
                Ok(None)
            }
        })
        .await
    }

    /// Deletes the captures that are meant, and leaves the records; says how many they were. An outcome
    /// or a reason in the filter means none: they are the records' own.
    ///
    /// # Errors
    ///
    /// The filter means everything, or the store is a file, or does not do it. Captures that went
    /// before stay deleted.
    pub async fn purge_captures(&self, filter: &Filter) -> Result<u64, SqlError> {
        if filter.is_all() {
            return Err(SqlError::configuration(
                "say what is to be purged: a time, a client, an endpoint",
            ));
        }
        let pool = self.database("purged")?;
        with(pool, async |session| {
            if !store::is_there(session).await? {
                return Ok(0);
            }
            store::overwrite(session).await?;
            let purged = store::purge(session, filter).await?;
            store::forget(session, true).await?;
            Ok(purged)
        })
        .await
    }
}
