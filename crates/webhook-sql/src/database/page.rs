use crate::{SqlError, cell::CellRef, database::cells};

/// Rows as the driver read them. A cell is looked at where it stands: nothing is copied.
pub(crate) enum Page {
    #[cfg(feature = "sqlite")]
    Sqlite(Vec<sqlx::sqlite::SqliteRow>),
    #[cfg(feature = "postgres")]
    Postgres(Vec<sqlx::postgres::PgRow>),
}

impl Page {
    pub(crate) fn len(&self) -> usize {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(rows) => rows.len(),
            #[cfg(feature = "postgres")]
            Self::Postgres(rows) => rows.len(),
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            _ => 0,
        }
    }

    /// The first `N` cells of a row.
    pub(crate) fn row<const N: usize>(&self, place: usize) -> Result<[CellRef<'_>; N], SqlError> {
        let mut cells = [CellRef::Null; N];
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(rows) => {
                if let Some(row) = rows.get(place) {
                    for (place, cell) in cells.iter_mut().enumerate() {
                        *cell = cells::cell!(row, place, CellRef, &str, &[u8]);
                    }
                }
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(rows) => {
                if let Some(row) = rows.get(place) {
                    for (place, cell) in cells.iter_mut().enumerate() {
                        *cell = cells::cell!(row, place, CellRef, &str, &[u8]);
                    }
                }
            }
            #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
            _ => {}
        }
        Ok(cells)
    }
}
