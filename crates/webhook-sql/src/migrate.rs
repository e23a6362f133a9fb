//! The tables make and renew themselves, whichever process comes first.

use crate::{
    SqlError, SqlErrorKind,
    database::Session,
    schema::{OLDEST, VERSION, script},
};

/// The key of the lock that only one migration holds: `webhook` in ASCII.
const LOCK: i64 = 0x0077_6562_686f_6f6b;

/// Brings the tables to this crate's version, in one transaction. Refuses those that it cannot read.
pub(crate) async fn migrate(session: &mut Session) -> Result<(), SqlError> {
    session.begin().await?;
    if !session.is_sqlite() {
        session
            .script(&format!("SELECT pg_advisory_xact_lock({LOCK})"))
            .await?;
    }
    let table = "CREATE TABLE IF NOT EXISTS webhook_schema (version BIGINT NOT NULL)";
    session.script(table).await?;
    let found = version(session).await?;
    refuse_other(found)?;
    for version in OLDEST.max(found + 1)..=VERSION {
        let script = script(version, session.is_sqlite())
            .ok_or_else(|| SqlError::store("a migration is missing"))?;
        session.script(&script).await?;
    }
    if found < VERSION {
        session.script("DELETE FROM webhook_schema").await?;
        let sql = "INSERT INTO webhook_schema (version) VALUES ($1)";
        session.run(sql, &[VERSION.into()]).await?;
    }
    session.commit().await
}

/// Whether there is a log of this version to read.
pub(crate) async fn check(session: &mut Session) -> Result<(), SqlError> {
    let sql = if session.is_sqlite() {
        "SELECT COUNT(*) FROM sqlite_master WHERE name = 'webhook_schema'"
    } else {
        "SELECT COUNT(*) FROM pg_class WHERE relname = 'webhook_schema' AND pg_table_is_visible(oid)"
    };
    let tables = session.row(sql, &[]).await?.unwrap_or_default();
    let is_there = tables.first().and_then(crate::cell::Cell::number) == Some(1);
    let found = if is_there { version(session).await? } else { 0 };
    refuse_other(found)?;
    if found < VERSION {
        let detail = "there is no audit log in this database: a SqlSink that opens it makes one";
        return Err(SqlError::new(SqlErrorKind::Missing, detail));
    }
    Ok(())
}

async fn version(session: &mut Session) -> Result<i64, SqlError> {
    let row = session
        .row("SELECT version FROM webhook_schema", &[])
        .await?;
    Ok(row
        .unwrap_or_default()
        .first()
        .and_then(crate::cell::Cell::number)
        .unwrap_or(0))
}

/// Refuses tables that this crate cannot read: newer ones, and those of a version that was never released.
fn refuse_other(found: i64) -> Result<(), SqlError> {
    if (1..OLDEST).contains(&found) {
        return Err(SqlError::configuration(
            "the audit's tables were made before the first release, and cannot be read: begin a new log",
        ));
    }
    if found <= VERSION {
        return Ok(());
    }
    let detail = format!(
        "the audit's tables are of version {found}, and this program knows {VERSION}: upgrade it"
    );
    Err(SqlError::new(SqlErrorKind::NewerSchema, detail))
}
