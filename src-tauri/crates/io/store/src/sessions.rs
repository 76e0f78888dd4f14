//! Multitrack sessions: a log of changes with a snapshot now and then, and a place on it.
//!
//! What a change means is `studio-edit`'s: here both are JSON.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::database::{Database, json, now, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE session_changes (
    session TEXT NOT NULL REFERENCES sessions (id),
    revision INTEGER NOT NULL,
    at TEXT NOT NULL,
    -- Undone, then replaced by another change: kept, but no longer on the way of undo and redo.
    abandoned INTEGER NOT NULL DEFAULT 0,
    title TEXT NOT NULL,
    change TEXT NOT NULL,
    -- The session after the change; only now and then, as changes lead to it from the one before.
    snapshot TEXT
) STRICT;
CREATE UNIQUE INDEX session_changes_in_use ON session_changes (session, revision) WHERE NOT abandoned;
";

/// A session's place in its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: String,
    pub name: String,
    /// 0 as it was created.
    pub revision: u32,
    /// What undoing takes back.
    pub undo: Option<String>,
    /// What redoing makes again.
    pub redo: Option<String>,
    pub updated_at: String,
}

/// One change of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionStep {
    /// The revision that it led to. Of several with the same number, all but the last are abandoned.
    pub revision: u32,
    /// RFC 3339, UTC.
    pub at: String,
    /// What was done, in words.
    pub title: String,
    /// Undone, then replaced by another change.
    pub abandoned: bool,
}

/// A session as it once was, and the changes from there to a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionLog {
    pub snapshot: Value,
    pub changes: Vec<Value>,
}

/// A change to be made the next one.
pub struct NextChange<'a> {
    /// The revision that it was made on; refused if that is no longer the present one.
    pub on: u32,
    pub title: &'a str,
    pub change: &'a Value,
    /// The session after the change, where one shall be kept.
    pub snapshot: Option<&'a Value>,
    /// The session's name after the change.
    pub name: &'a str,
}

/// The sessions of one project.
pub struct Sessions<'a> {
    pub(crate) database: &'a Database,
}

const SELECT: &str = "
SELECT id, name, revision, updated_at,
    (SELECT title FROM session_changes AS c
     WHERE c.session = sessions.id AND c.revision = sessions.revision AND NOT abandoned AND c.revision > 0),
    (SELECT title FROM session_changes AS c
     WHERE c.session = sessions.id AND c.revision = sessions.revision + 1 AND NOT abandoned)
FROM sessions WHERE NOT removed";

impl Sessions<'_> {
    pub fn insert(&self, name: &str, snapshot: &Value) -> Result<SessionRow> {
        let (id, now) = (uuid::Uuid::now_v7().to_string(), now());
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO sessions (id, name, revision, updated_at) VALUES (?1, ?2, 0, ?3)",
                params![id, name, now],
            )?;
            writer.execute(
                "INSERT INTO session_changes (session, revision, at, title, change, snapshot) \
                 VALUES (?1, 0, ?2, 'create', '{}', ?3)",
                params![id, now, to_json(snapshot)?],
            )
        })?;
        self.get(&id)
    }

    pub fn get(&self, id: &str) -> Result<SessionRow> {
        let sql = format!("{SELECT} AND id = ?1");
        let found = self
            .database
            .read(|reader| reader.query_row(&sql, [id], read_row).optional())?;
        found.ok_or_else(|| missing(id))
    }

    /// Last changed first.
    pub fn list(&self) -> Result<Vec<SessionRow>> {
        let sql = format!("{SELECT} ORDER BY updated_at DESC, id DESC");
        self.database
            .read(|reader| reader.prepare(&sql)?.query_map([], read_row)?.collect())
    }

    /// What leads to a revision: the last snapshot before it and the changes since.
    pub fn log(&self, id: &str, revision: u32) -> Result<SessionLog> {
        let log = self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT change, snapshot FROM session_changes \
                 WHERE session = ?1 AND revision <= ?2 AND NOT abandoned AND revision >= \
                 (SELECT max(revision) FROM session_changes \
                  WHERE session = ?1 AND revision <= ?2 AND NOT abandoned AND snapshot IS NOT NULL) \
                 ORDER BY revision",
            )?;
            let mut rows = statement.query(params![id, revision])?;
            let Some(first) = rows.next()? else {
                return Ok(None);
            };
            let snapshot = json(&first.get::<_, String>(1)?)?;
            let mut changes = Vec::new();
            while let Some(row) = rows.next()? {
                changes.push(json(&row.get::<_, String>(0)?)?);
            }
            Ok(Some(SessionLog { snapshot, changes }))
        })?;
        log.ok_or_else(|| missing(id))
    }

    /// Makes the next change. What was undone before cannot be redone any more, but stays in the
    /// [`Sessions::history`].
    pub fn append(&self, id: &str, next: &NextChange<'_>) -> Result<SessionRow> {
        let now = now();
        let moved = self.database.write(|writer| {
            let moved = writer.execute(
                "UPDATE sessions SET revision = revision + 1, updated_at = ?3, name = ?4 \
                 WHERE id = ?1 AND revision = ?2 AND NOT removed",
                params![id, next.on, now, next.name],
            )?;
            if moved == 0 {
                return Ok(0);
            }
            writer.execute(
                "UPDATE session_changes SET abandoned = 1 \
                 WHERE session = ?1 AND revision > ?2 AND NOT abandoned",
                params![id, next.on],
            )?;
            writer.execute(
                "INSERT INTO session_changes (session, revision, at, title, change, snapshot) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    id,
                    next.on + 1,
                    now,
                    next.title,
                    to_json(next.change)?,
                    next.snapshot.map(to_json).transpose()?,
                ],
            )
        })?;
        self.moved(id, moved)
    }

    /// Goes from revision `on` to another one that undo or redo reaches; `name` is the session's there.
    pub fn go(&self, id: &str, on: u32, to: u32, name: &str) -> Result<SessionRow> {
        let moved = self.database.write(|writer| {
            writer.execute(
                "UPDATE sessions SET revision = ?3, updated_at = ?4, name = ?5 \
                 WHERE id = ?1 AND revision = ?2 AND NOT removed AND EXISTS \
                 (SELECT 1 FROM session_changes WHERE session = ?1 AND revision = ?3 AND NOT abandoned)",
                params![id, on, to, now(), name],
            )
        })?;
        self.moved(id, moved)
    }

    fn moved(&self, id: &str, rows: usize) -> Result<SessionRow> {
        let row = self.get(id)?;
        match rows {
            0 => Err(StoreError::MovedOn {
                what: "session",
                name: row.name,
            }),
            _ => Ok(row),
        }
    }

    /// Every change that was ever made, oldest first.
    pub fn history(&self, id: &str) -> Result<Vec<SessionStep>> {
        self.get(id)?;
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT revision, at, title, abandoned FROM session_changes WHERE session = ?1 ORDER BY rowid",
            )?;
            let step = |row: &Row<'_>| {
                Ok(SessionStep {
                    revision: row.get(0)?,
                    at: row.get(1)?,
                    title: row.get(2)?,
                    abandoned: row.get(3)?,
                })
            };
            statement.query_map([id], step)?.collect()
        })
    }

    /// Takes a session off the list; its history stays in the database.
    pub fn remove(&self, id: &str) -> Result<()> {
        let known = self.database.write(|writer| {
            writer.execute(
                "UPDATE sessions SET removed = 1, updated_at = ?2 WHERE id = ?1 AND NOT removed",
                params![id, now()],
            )
        })?;
        match known {
            0 => Err(missing(id)),
            _ => Ok(()),
        }
    }
}

fn missing(id: &str) -> StoreError {
    StoreError::Missing {
        what: "session",
        id: id.to_owned(),
    }
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: row.get(0)?,
        name: row.get(1)?,
        revision: row.get(2)?,
        updated_at: row.get(3)?,
        undo: row.get(4)?,
        redo: row.get(5)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::project::Project;
    use crate::testing::project;

    #[derive(Clone, Debug)]
    enum Step {
        Change(u8),
        Undo,
        Redo,
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => any::<u8>().prop_map(Step::Change),
            3 => Just(Step::Undo),
            2 => Just(Step::Redo),
            1 => Just(Step::Restart),
        ]
    }

    /// The numbers of the changes that lead to the present, snapshots read as lists of them.
    fn present(project: &Project, id: &str) -> Vec<u64> {
        let row = project.sessions().get(id).unwrap();
        let log = project.sessions().log(id, row.revision).unwrap();
        let mut all: Vec<u64> = serde_json::from_value(log.snapshot).unwrap();
        all.extend(
            log.changes
                .iter()
                .map(|change| change["n"].as_u64().unwrap()),
        );
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_changes_and_undos_lead_where_the_model_says(steps in prop::collection::vec(step(), 1..30)) {
            let (folder, mut project) = project();
            let id = project.sessions().insert("Mix", &json!([])).unwrap().id;
            let (mut line, mut place): (Vec<u64>, usize) = (vec![], 0);
            for step in steps {
                match step {
                    Step::Change(n) => {
                        line.truncate(place);
                        line.push(n.into());
                        place += 1;
                        let snapshot = (place % 4 == 0).then(|| json!(line));
                        let change = json!({ "n": n });
                        let next = NextChange {
                            on: place as u32 - 1,
                            title: "change",
                            change: &change,
                            snapshot: snapshot.as_ref(),
                            name: "Mix",
                        };
                        project.sessions().append(&id, &next).unwrap();
                    }
                    Step::Undo if place > 0 => {
                        project.sessions().go(&id, place as u32, place as u32 - 1, "Mix").unwrap();
                        place -= 1;
                    }
                    Step::Redo if place < line.len() => {
                        project.sessions().go(&id, place as u32, place as u32 + 1, "Mix").unwrap();
                        place += 1;
                    }
                    Step::Undo | Step::Redo => {}
                    Step::Restart => {
                        drop(project);
                        project = Project::open(&folder.file("p")).unwrap();
                    }
                }
                prop_assert_eq!(present(&project, &id), &line[..place]);
                let row = project.sessions().get(&id).unwrap();
                prop_assert_eq!((row.undo.is_some(), row.redo.is_some()), (place > 0, place < line.len()));
            }
        }
    }

    #[test]
    fn of_two_that_change_the_same_revision_one_is_told() {
        let (_folder, project) = project();
        let id = project.sessions().insert("Mix", &json!([])).unwrap().id;
        let change = json!({ "n": 1 });
        let next = NextChange {
            on: 0,
            title: "split",
            change: &change,
            snapshot: None,
            name: "Renamed",
        };
        let row = project.sessions().append(&id, &next).unwrap();
        assert_eq!((row.revision, row.name.as_str()), (1, "Renamed"));
        assert_eq!(row.undo.as_deref(), Some("split"));
        let late = project.sessions().append(&id, &next).unwrap_err();
        assert!(matches!(late, StoreError::MovedOn { .. }), "{late}");
        assert_eq!(present(&project, &id), [1]);
        let nowhere = project.sessions().go(&id, 1, 7, "Mix").unwrap_err();
        assert!(matches!(nowhere, StoreError::MovedOn { .. }));
    }

    #[test]
    fn a_removed_session_is_not_there_any_more() {
        let (_folder, project) = project();
        let sessions = project.sessions();
        let id = sessions.insert("Mix", &json!([])).unwrap().id;
        assert_eq!(sessions.history(&id).unwrap().len(), 1);
        sessions.remove(&id).unwrap();
        assert_eq!(sessions.list().unwrap(), []);
        for answer in [sessions.get(&id).err(), sessions.remove(&id).err()] {
            assert!(matches!(
                answer,
                Some(StoreError::Missing {
                    what: "session",
                    ..
                })
            ));
        }
    }
}
