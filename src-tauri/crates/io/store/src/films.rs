//! Films: every revision of the plan, and what was rendered from which.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::database::{Database, json, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE films (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    render TEXT
) STRICT;
CREATE TABLE film_revisions (
    film TEXT NOT NULL REFERENCES films (id),
    revision INTEGER NOT NULL,
    plan TEXT NOT NULL,
    PRIMARY KEY (film, revision)
) STRICT;
";

/// The last rendered version of a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RenderRecord {
    pub video_path: String,
    pub captions_path: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub duration_secs: f64,
    /// RFC 3339, UTC.
    pub rendered_at: String,
    /// Key of all that decided the film; another key means that the plan has changed since.
    pub key: String,
}

/// A film at its present revision.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmRow {
    pub id: String,
    pub plan: Value,
    /// 1 for the first plan.
    pub revision: u32,
    pub can_undo: bool,
    pub can_redo: bool,
    pub updated_at: String,
    pub render: Option<RenderRecord>,
}

pub struct Films<'a> {
    pub(crate) database: &'a Database,
}

const SELECT: &str = "
SELECT films.id, film_revisions.plan, films.revision, films.updated_at, films.render,
    (SELECT max(revision) FROM film_revisions WHERE film = films.id)
FROM films JOIN film_revisions ON film = films.id AND film_revisions.revision = films.revision";

impl Films<'_> {
    pub fn insert(&self, plan: &Value) -> Result<FilmRow> {
        let id = uuid::Uuid::now_v7().to_string();
        let now = jiff::Timestamp::now().to_string();
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO films (id, revision, updated_at) VALUES (?1, 1, ?2)",
                params![id, now],
            )?;
            writer.execute(
                "INSERT INTO film_revisions (film, revision, plan) VALUES (?1, 1, ?2)",
                params![id, to_json(plan)?],
            )
        })?;
        self.get(&id)
    }

    pub fn get(&self, id: &str) -> Result<FilmRow> {
        let sql = format!("{SELECT} WHERE films.id = ?1");
        let found = self
            .database
            .read(|reader| reader.query_row(&sql, [id], read_film).optional())?;
        found.ok_or_else(|| StoreError::Missing {
            what: "film",
            id: id.to_owned(),
        })
    }

    /// Last changed first.
    pub fn list(&self) -> Result<Vec<FilmRow>> {
        let sql = format!("{SELECT} ORDER BY films.updated_at DESC, films.id DESC");
        self.database
            .read(|reader| reader.prepare(&sql)?.query_map([], read_film)?.collect())
    }

    /// Makes `plan` the next revision. What was undone before cannot be redone any more.
    pub fn revise(&self, id: &str, plan: &Value) -> Result<FilmRow> {
        let revision = self.get(id)?.revision;
        let now = jiff::Timestamp::now().to_string();
        self.database.write(|writer| {
            writer.execute(
                "DELETE FROM film_revisions WHERE film = ?1 AND revision > ?2",
                params![id, revision],
            )?;
            writer.execute(
                "INSERT INTO film_revisions (film, revision, plan) VALUES (?1, ?2, ?3)",
                params![id, revision + 1, to_json(plan)?],
            )?;
            writer.execute(
                "UPDATE films SET revision = ?2, updated_at = ?3 WHERE id = ?1",
                params![id, revision + 1, now],
            )
        })?;
        self.get(id)
    }

    /// Back to the revision before; the first stays as it is.
    pub fn undo(&self, id: &str) -> Result<FilmRow> {
        self.step(id, -1)
    }

    /// Forward to the revision that was undone last, if there is one.
    pub fn redo(&self, id: &str) -> Result<FilmRow> {
        self.step(id, 1)
    }

    pub fn record_render(&self, id: &str, render: &RenderRecord) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE films SET render = ?2 WHERE id = ?1",
                params![id, to_json(render)?],
            )
        })?;
        Ok(())
    }

    fn step(&self, id: &str, by: i64) -> Result<FilmRow> {
        self.get(id)?;
        let now = jiff::Timestamp::now().to_string();
        self.database.write(|writer| {
            writer.execute(
                "UPDATE films SET revision = revision + ?2, updated_at = ?3 WHERE id = ?1 AND EXISTS \
                 (SELECT 1 FROM film_revisions WHERE film = ?1 AND revision = films.revision + ?2)",
                params![id, by, now],
            )
        })?;
        self.get(id)
    }
}

fn read_film(row: &Row<'_>) -> rusqlite::Result<FilmRow> {
    let revision = row.get(2)?;
    Ok(FilmRow {
        id: row.get(0)?,
        plan: json(&row.get::<_, String>(1)?)?,
        revision,
        can_undo: revision > 1,
        can_redo: revision < row.get(5)?,
        updated_at: row.get(3)?,
        render: row
            .get::<_, Option<String>>(4)?
            .as_deref()
            .map(json)
            .transpose()?,
    })
}
