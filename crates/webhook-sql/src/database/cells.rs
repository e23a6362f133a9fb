//! Binding and reading [`Cell`](crate::cell::Cell)s. The two drivers share no trait that would say
//! this once, so it is a macro.

macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                crate::cell::Cell::Null => query.bind(None::<&str>),
                crate::cell::Cell::Number(number) => query.bind(*number),
                crate::cell::Cell::Text(text) => query.bind(&**text),
                crate::cell::Cell::Blob(blob) => query.bind(blob.as_slice()),
            };
        }
        query
    }};
}

macro_rules! run {
    ($connection:expr, $sql:expr, $values:expr) => {
        crate::database::cells::bound!($sql, $values)
            .execute(&mut $connection.inner)
            .await?
            .rows_affected()
    };
}

macro_rules! rows {
    ($connection:expr, $sql:expr, $values:expr) => {{
        use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
        let rows = crate::database::cells::bound!($sql, $values)
            .fetch_all(&mut $connection.inner)
            .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut cells = Vec::with_capacity(row.len());
            for place in 0..row.len() {
                let value = row.try_get_raw(place)?;
                if value.is_null() {
                    cells.push(crate::cell::Cell::Null);
                    continue;
                }
                let kind = value.type_info().name().to_owned();
                cells.push(match kind.as_str() {
                    "INT8" | "INTEGER" => row.try_get_unchecked::<i64, _>(place)?.into(),
                    "INT4" => i64::from(row.try_get_unchecked::<i32, _>(place)?).into(),
                    "TEXT" | "VARCHAR" => row.try_get_unchecked::<String, _>(place)?.into(),
                    "BYTEA" | "BLOB" => row.try_get_unchecked::<Vec<u8>, _>(place)?.into(),
                    _ => return Err(crate::SqlError::store("a column is of another type")),
                });
            }
            all.push(cells);
        }
        Ok(all)
    }};
}

pub(super) use {bound, rows, run};
