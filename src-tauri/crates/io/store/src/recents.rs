//! Projects that were opened before, wherever they lie.

use rusqlite::params;

use crate::database::{Database, now};
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
        self.database.write(|writer| {
            writer.execute(
                "REPLACE INTO recent_projects (path, id, name, opened_at) VALUES (?1, ?2, ?3, ?4)",
                params![path, id, name, now()],
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

#[cfg(test)]
mod tests {
    use crate::home::Home;
    use crate::testing::Folder;

    #[test]
    fn the_project_opened_last_comes_first_and_each_place_once() {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        let recents = home.recents();
        recents.remember("/a", "1", "A").unwrap();
        recents.remember("/b", "2", "B").unwrap();
        recents.remember("/a", "1", "A, renamed").unwrap();
        let list = recents.list().unwrap();
        let paths_and_names: Vec<_> = list
            .iter()
            .map(|recent| (recent.path.as_str(), recent.name.as_str()))
            .collect();
        assert_eq!(paths_and_names, [("/a", "A, renamed"), ("/b", "B")]);
    }
}
