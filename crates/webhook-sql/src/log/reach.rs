use super::Filter;

/// How many records are looked through in a transaction: some ten milliseconds, in which whoever
/// writes has to wait.
const REACH: i64 = 1 << 15;

/// Up to which record those after another are looked through at once: all of them where an index tells
/// which are meant.
pub(super) fn reach(filter: &Filter, after: i64, end: i64) -> i64 {
    let far = after.saturating_add(REACH);
    if filter.is_of_clients() {
        end
    } else {
        far.min(end)
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::REACH;
    use crate::{
        AuditLog, DatabaseUrl, Filter,
        column::Field,
        database::{Durability, Pool},
        migrate::migrate,
        row::Row,
        write::append,
    };

    fn row(endpoint: &'static str) -> Row {
        let mut row = Row::empty();
        row.set(Field::Time, 1_700_000_000_000_000);
        row.set(Field::Event, "webhook.request");
        row.set(Field::Endpoint, endpoint);
        row
    }

    #[tokio::test]
    async fn few_records_are_found_in_a_log_that_is_looked_through_piece_by_piece() {
        let path = std::env::temp_dir().join(format!("webhook-reach-{}.db", std::process::id()));
        let url: DatabaseUrl = format!("sqlite:{}", path.display()).parse().unwrap();
        let mut session = Pool::writing(&url, Durability::Process)
            .connect()
            .await
            .unwrap();
        migrate(&mut session).await.unwrap();
        let most = usize::try_from(REACH).unwrap();
        let mut rows = vec![row("usual"); most * 2 + 100];
        for rare in [0, most - 1, most, most * 2 + 50] {
            rows[rare] = row("rare");
        }
        append(&mut session, &mut rows.as_slice()).await.unwrap();
        let log = AuditLog::open(&url).await.unwrap();
        let rare = Filter::new().endpoint("rare");
        assert_eq!(log.erase(&rare).await.unwrap(), 4);
        assert_eq!(log.purge(&rare).await.unwrap(), 4);
        assert_eq!(log.purge(&rare).await.unwrap(), 0);
        assert_eq!(log.verify(None).await.unwrap().broken, None);
        drop((log, session));
        for end in ["", "-wal", "-shm"] {
            let _was_there = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    }
}
