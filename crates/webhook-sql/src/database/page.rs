use crate::{SqlError, cell::CellRef, database::cells};

/// Rows as the driver read them. A cell is looked at where it stands: nothing is copied.
pub(crate) enum Page {
    #[cfg(feature = "sqlite")]
    Sqlite(Vec<sqlx::sqlite::SqliteRow>),
    #[cfg(feature = "postgres")]
    Postgres(Vec<sqlx::postgres::PgRow>),
    #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
    Never(std::convert::Infallible),
}

/// The cells of the row at a place, or NULLs behind the last.
macro_rules! cells_at {
    ($rows:expr, $place:expr, $count:expr) => {{
        let mut cells = [CellRef::Null; $count];
        if let Some(row) = $rows.get($place) {
            for (place, cell) in cells.iter_mut().enumerate() {
                *cell = cells::cell!(row, place, CellRef, &str, &[u8]);
            }
        }
        Ok(cells)
    }};
}

impl Page {
    pub(crate) fn len(&self) -> usize {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(rows) => rows.len(),
            #[cfg(feature = "postgres")]
            Self::Postgres(rows) => rows.len(),
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never(never) => match *never {},
        }
    }

    /// The first `N` cells of a row.
    pub(crate) fn row<const N: usize>(&self, place: usize) -> Result<[CellRef<'_>; N], SqlError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(rows) => cells_at!(rows, place, N),
            #[cfg(feature = "postgres")]
            Self::Postgres(rows) => cells_at!(rows, place, N),
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            Self::Never(never) => match *never {},
        }
    }
}
