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

/// The value at a place of a row: a `Cell` or a `CellRef`.
macro_rules! cell {
    ($row:expr, $place:expr, $cell:ident, $text:ty, $blob:ty) => {{
        use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
        let (row, place) = ($row, $place);
        let value = row.try_get_raw(place)?;
        if value.is_null() {
            $cell::Null
        } else {
            match value.type_info().name() {
                "INT8" | "INTEGER" => $cell::Number(row.try_get_unchecked(place)?),
                "INT4" => $cell::Number(row.try_get_unchecked::<i32, _>(place)?.into()),
                "TEXT" | "VARCHAR" => $cell::Text(row.try_get_unchecked::<$text, _>(place)?.into()),
                "BYTEA" | "BLOB" => $cell::Blob(row.try_get_unchecked::<$blob, _>(place)?),
                _ => return Err(crate::SqlError::store("a column is of another type")),
            }
        }
    }};
}

macro_rules! rows {
    ($connection:expr, $sql:expr, $values:expr) => {{
        use sqlx::Row as _;
        let rows = crate::database::cells::bound!($sql, $values)
            .fetch_all(&mut $connection.inner)
            .await?;
        let mut all = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut cells = Vec::with_capacity(row.len());
            for place in 0..row.len() {
                let cell = crate::database::cells::cell!(row, place, Cell, String, Vec<u8>);
                cells.push(cell);
            }
            all.push(cells);
        }
        Ok(all)
    }};
}

pub(super) use {bound, cell, rows, run};
