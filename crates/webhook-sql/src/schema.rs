//! The tables. A new version is a new script at the end; a script that was released never changes.

use crate::column::{Kind, TABLE};

/// The version that this crate writes, and the oldest that it reads. Version 1 was never released.
pub(crate) const VERSION: i64 = 2;
pub(crate) const OLDEST: i64 = 2;

/// The script that leads from `version - 1` to `version`.
pub(crate) fn script(version: i64, sqlite: bool) -> Option<String> {
    match version {
        OLDEST => Some(first(sqlite)),
        _ => None,
    }
}

fn first(sqlite: bool) -> String {
    let blob = if sqlite { "BLOB" } else { "BYTEA" };
    let clustered = if sqlite { " WITHOUT ROWID" } else { "" };
    let id = if sqlite { "INTEGER" } else { "BIGINT" };
    let columns: Vec<_> = TABLE
        .iter()
        .map(|column| {
            let kind = match (sqlite, column.kind) {
                (_, Kind::Text | Kind::List | Kind::Words) => "TEXT",
                (true, Kind::Number | Kind::Flag | Kind::Time) => "INTEGER",
                (true, Kind::Blob) => "BLOB",
                (false, Kind::Number | Kind::Flag | Kind::Time) => "BIGINT",
                (false, Kind::Blob) => "BYTEA",
            };
            let required = if is_required(column.name) {
                " NOT NULL"
            } else {
                ""
            };
            format!("{} {kind}{required}", column.name)
        })
        .collect();
    format!(
        "CREATE TABLE webhook_event_log (
            id {id} PRIMARY KEY,
            {columns},
            salt {blob},
            personal {blob},
            hash {blob} NOT NULL
        );
        {indexes}
        CREATE TABLE webhook_event_head (
            only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
            last_id BIGINT NOT NULL,
            hash {blob} NOT NULL,
            records BIGINT NOT NULL
        );
        INSERT INTO webhook_event_head VALUES (1, 0, {genesis}, 0);
        CREATE TABLE webhook_event_cut (
            first_id BIGINT PRIMARY KEY,
            last_id BIGINT NOT NULL,
            hash {blob} NOT NULL,
            vouched_by BIGINT NOT NULL
        );
        CREATE TABLE webhook_stats_hourly (
            hour BIGINT NOT NULL,
            endpoint TEXT NOT NULL,
            outcome TEXT NOT NULL,
            reason TEXT NOT NULL,
            bucket BIGINT NOT NULL,
            records BIGINT NOT NULL,
            total_us BIGINT NOT NULL,
            last_at BIGINT NOT NULL,
            PRIMARY KEY (hour, endpoint, outcome, reason, bucket)
        ){clustered};
        {VIEW}",
        columns = columns.join(",\n            "),
        indexes = indexes(sqlite),
        genesis = if sqlite {
            "zeroblob(32)"
        } else {
            "decode(repeat('00', 32), 'hex')"
        },
    )
}

fn is_required(column: &str) -> bool {
    matches!(column, "received_at" | "event")
}

/// What records are looked for by. An entry costs a record that is written about as much as a tenth of
/// its row, so there are two for a usual one.
///
/// That of times has the words beside it: it is gone along, the newest first, until enough are found that
/// are meant, and no other row is read for that. Clients come in no order. Their index is one of runs of
/// records, so that what is written at a time touches the pages of one run and not those of the
/// whole; [`in_runs`] looks into each. That of status is for those who ask in SQL.
fn indexes(sqlite: bool) -> String {
    // SQLite ends each entry with the id itself.
    let id = if sqlite { "" } else { ", id" };
    format!(
        "CREATE INDEX webhook_event_log_received_at
            ON webhook_event_log (received_at, id, endpoint, outcome, reason);
        CREATE INDEX webhook_event_log_client_key
            ON webhook_event_log (({RUN}), client_key, received_at{id}) WHERE client_key IS NOT NULL;
        CREATE INDEX webhook_event_log_status_code ON webhook_event_log (status_code, received_at{id})
            WHERE status_code >= 300;"
    )
}

/// The run of a record: 4,096 in a row. Fewer, and a question looks into more runs; more, and a batch
/// touches more pages.
const RUN: &str = "id >> 12";

/// A condition that all records fulfil, and that lets the index of clients serve.
pub(crate) fn in_runs(sqlite: bool) -> String {
    // Each from the same expression as the index.
    let runs = format!(
        "WITH RECURSIVE run(n) AS (SELECT {RUN} FROM (SELECT MIN(id) AS id FROM webhook_event_log) AS first \
         UNION ALL SELECT n + 1 FROM run WHERE n < \
         (SELECT {RUN} FROM (SELECT MAX(id) AS id FROM webhook_event_log) AS last)) SELECT n FROM run"
    );
    if sqlite {
        format!("({RUN}) IN ({runs})")
    } else {
        format!("({RUN}) = ANY (ARRAY({runs}))")
    }
}

/// Per endpoint, for whoever asks the database itself.
const VIEW: &str = "
    CREATE VIEW webhook_stats_detailed AS
    SELECT
        s.endpoint AS endpoint,
        CAST(SUM(s.records) AS BIGINT) AS total_requests,
        CAST(SUM(CASE WHEN s.outcome IN ('accepted', 'shadow_denied') THEN s.records ELSE 0 END) AS BIGINT)
            AS successful_requests,
        CAST(SUM(CASE WHEN s.outcome IN ('accepted', 'shadow_denied') THEN 0 ELSE s.records END) AS BIGINT)
            AS failed_requests,
        CAST(SUM(CASE WHEN s.reason = 'rate_limited' AND s.outcome = 'denied' THEN s.records ELSE 0 END) AS BIGINT)
            AS rate_limited_requests,
        CAST(SUM(CASE WHEN s.reason LIKE 'signature%' AND s.outcome = 'denied' THEN s.records ELSE 0 END) AS BIGINT)
            AS hmac_failures,
        CAST(SUM(CASE WHEN s.reason = 'duplicate' THEN s.records ELSE 0 END) AS BIGINT)
            AS duplicates,
        CAST(SUM(s.total_us) / SUM(s.records) AS BIGINT) AS average_processing_us,
        MAX(s.last_at) AS last_request_at
    FROM webhook_stats_hourly s
    WHERE s.records > 0
    GROUP BY s.endpoint;
";
