//! Projects that were opened before, wherever they lie.

use rusqlite::params;

use crate::database::Database;
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE recent_projects (
    path TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    opened_at TEXT NOT NULL
) STRICT;
";

pub(crate) struct Recents<'a> {
    pub(crate) database: &'a Database,
}

pub(crate) struct Recent {
    pub(crate) path: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) opened_at: String,
}

impl Recents<'_> {
    pub(crate) fn remember(&self, path: &str, id: &str, name: &str) -> Result<()> {
        let now = jiff::Timestamp::now().to_string();
        self.database.write(|writer| {
            writer.execute(
                "REPLACE INTO recent_projects (path, id, name, opened_at) VALUES (?1, ?2, ?3, ?4)",
                params![path, id, name, now],
            )?;
            Ok(())
        })
    }

    /// Last opened first.
    pub(crate) fn list(&self) -> Result<Vec<Recent>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT path, id, name, opened_at FROM recent_projects ORDER BY opened_at DESC",
            )?;
            let recent = |row: &rusqlite::Row<'_>| {
                Ok(Recent {
                    path: row.get(0)?,
                    id: row.get(1)?,
                    name: row.get(2)?,
                    opened_at: row.get(3)?,
                })
            };
            statement.query_map([], recent)?.collect()
        })
    }
}
