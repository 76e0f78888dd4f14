//! Films: every revision of the plan, and what was rendered from which.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::database::{Database, json, now, to_json};
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
    at TEXT NOT NULL,
    -- Undone, then replaced by another revision: kept, but no longer on the way of undo and redo.
    abandoned INTEGER NOT NULL DEFAULT 0,
    plan TEXT NOT NULL
) STRICT;
CREATE INDEX film_revisions_by_film ON film_revisions (film);
CREATE UNIQUE INDEX film_revisions_in_use ON film_revisions (film, revision) WHERE NOT abandoned;
";

/// The last rendered version of a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RenderRecord {
    /// Relative to the project's folder, which may move.
    pub video_path: String,
    pub captions_path: String,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    pub duration_secs: f64,
    /// RFC 3339, UTC.
    pub rendered_at: String,
    /// Revision of the plan that was rendered; another one now means that the plan has changed since.
    pub revision: u32,
    /// Key of all that decided the film.
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

/// A plan that a film once had.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// 1 for the first plan. Of several with the same number, all but the last are abandoned.
    pub revision: u32,
    /// RFC 3339, UTC.
    pub at: String,
    /// Undone, then replaced by another revision.
    pub abandoned: bool,
    pub plan: Value,
}

/// The films of one project.
pub struct Films<'a> {
    pub(crate) database: &'a Database,
}

const SELECT: &str = "
SELECT films.id, revisions.plan, films.revision, films.updated_at, films.render,
    (SELECT max(revision) FROM film_revisions WHERE film = films.id AND NOT abandoned)
FROM films JOIN film_revisions AS revisions
    ON film = films.id AND revisions.revision = films.revision AND NOT abandoned";

impl Films<'_> {
    pub fn insert(&self, plan: &Value) -> Result<FilmRow> {
        let (id, now) = (uuid::Uuid::now_v7().to_string(), now());
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO films (id, revision, updated_at) VALUES (?1, 1, ?2)",
                params![id, now],
            )?;
            writer.execute(
                "INSERT INTO film_revisions (film, revision, at, plan) VALUES (?1, 1, ?2, ?3)",
                params![id, now, to_json(plan)?],
            )
        })?;
        self.get(&id)
    }

    pub fn get(&self, id: &str) -> Result<FilmRow> {
        let sql = format!("{SELECT} WHERE films.id = ?1");
        let found = self
            .database
            .read(|reader| reader.query_row(&sql, [id], read_film).optional())?;
        found.ok_or_else(|| missing(id))
    }

    /// Last changed first.
    pub fn list(&self) -> Result<Vec<FilmRow>> {
        let sql = format!("{SELECT} ORDER BY films.updated_at DESC, films.id DESC");
        self.database
            .read(|reader| reader.prepare(&sql)?.query_map([], read_film)?.collect())
    }

    /// Makes `plan` the next revision. What was undone before cannot be redone any more, but stays in
    /// the [`Films::history`].
    pub fn revise(&self, id: &str, plan: &Value) -> Result<FilmRow> {
        let now = now();
        self.database.write(|writer| {
            writer.execute(
                "UPDATE film_revisions SET abandoned = 1 WHERE film = ?1 AND NOT abandoned \
                 AND revision > (SELECT revision FROM films WHERE id = ?1)",
                [id],
            )?;
            writer.execute(
                "INSERT INTO film_revisions (film, revision, at, plan) \
                 SELECT id, revision + 1, ?2, ?3 FROM films WHERE id = ?1",
                params![id, now, to_json(plan)?],
            )?;
            writer.execute(
                "UPDATE films SET revision = revision + 1, updated_at = ?2 WHERE id = ?1",
                params![id, now],
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

    /// Every plan that the film ever had, oldest first.
    pub fn history(&self, id: &str) -> Result<Vec<Revision>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT revision, at, abandoned, plan FROM film_revisions WHERE film = ?1 ORDER BY rowid",
            )?;
            let revision = |row: &Row<'_>| {
                Ok(Revision {
                    revision: row.get(0)?,
                    at: row.get(1)?,
                    abandoned: row.get(2)?,
                    plan: json(&row.get::<_, String>(3)?)?,
                })
            };
            statement.query_map([id], revision)?.collect()
        })
    }

    pub fn record_render(&self, id: &str, render: &RenderRecord) -> Result<()> {
        let known = self.database.write(|writer| {
            writer.execute(
                "UPDATE films SET render = ?2 WHERE id = ?1",
                params![id, to_json(render)?],
            )
        })?;
        match known {
            0 => Err(missing(id)),
            _ => Ok(()),
        }
    }

    fn step(&self, id: &str, by: i64) -> Result<FilmRow> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE films SET revision = revision + ?2, updated_at = ?3 WHERE id = ?1 AND EXISTS \
                 (SELECT 1 FROM film_revisions \
                  WHERE film = ?1 AND revision = films.revision + ?2 AND NOT abandoned)",
                params![id, by, now()],
            )
        })?;
        self.get(id)
    }
}

fn missing(id: &str) -> StoreError {
    StoreError::Missing {
        what: "film",
        id: id.to_owned(),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::project::Project;
    use crate::testing::project;

    #[derive(Clone, Debug)]
    enum Step {
        Revise(u8),
        Undo,
        Redo,
        Restart,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => any::<u8>().prop_map(Step::Revise),
            3 => Just(Step::Undo),
            2 => Just(Step::Redo),
            1 => Just(Step::Restart),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn undo_and_redo_follow_the_model_also_over_restarts(
            steps in prop::collection::vec(step(), 1..30)
        ) {
            let (folder, mut project) = project();
            let plan = |n: u8| json!({ "title": format!("plan {n}") });
            let id = project.films().insert(&plan(0)).unwrap().id;
            // The model: a line of plans, a place on it, and all that was ever said.
            let (mut line, mut place, mut said) = (vec![plan(0)], 0, vec![plan(0)]);
            for step in steps {
                let film = match step {
                    Step::Revise(n) => {
                        line.truncate(place + 1);
                        line.push(plan(n));
                        said.push(plan(n));
                        place += 1;
                        project.films().revise(&id, &plan(n)).unwrap()
                    }
                    Step::Undo => {
                        place = place.saturating_sub(1);
                        project.films().undo(&id).unwrap()
                    }
                    Step::Redo => {
                        place = (place + 1).min(line.len() - 1);
                        project.films().redo(&id).unwrap()
                    }
                    Step::Restart => {
                        drop(project);
                        project = Project::open(&folder.file("p")).unwrap();
                        project.films().get(&id).unwrap()
                    }
                };
                prop_assert_eq!(&film.plan, &line[place]);
                prop_assert_eq!(film.revision as usize, place + 1);
                prop_assert_eq!(film.can_undo, place > 0);
                prop_assert_eq!(film.can_redo, place + 1 < line.len());
            }
            let history = project.films().history(&id).unwrap();
            let kept: Vec<&Value> = history.iter().map(|revision| &revision.plan).collect();
            prop_assert_eq!(kept, said.iter().collect::<Vec<_>>(), "no plan is ever lost");
            let in_use = history.iter().filter(|revision| !revision.abandoned);
            prop_assert_eq!(in_use.map(|revision| &revision.plan).collect::<Vec<_>>(),
                line.iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_render_belongs_to_its_film_and_a_later_one_replaces_it() {
        let (_folder, project) = project();
        let films = project.films();
        let film = films.insert(&json!({})).unwrap();
        assert_eq!(film.render, None);
        let mut render = RenderRecord {
            video_path: "exports/a.mp4".to_owned(),
            captions_path: "exports/a.srt".to_owned(),
            width: 1280,
            height: 720,
            duration_secs: 30.0,
            rendered_at: now(),
            revision: 1,
            key: "k1".to_owned(),
        };
        for key in ["k1", "k2"] {
            render.key = key.to_owned();
            films.record_render(&film.id, &render).unwrap();
            films.revise(&film.id, &json!({ "after": key })).unwrap();
            assert_eq!(films.get(&film.id).unwrap().render.as_ref(), Some(&render));
        }
        assert!(matches!(
            films.record_render("no", &render),
            Err(StoreError::Missing { .. })
        ));
    }

    #[test]
    fn what_is_not_there_is_told() {
        let (_folder, project) = project();
        let films = project.films();
        for answer in [
            films.get("no"),
            films.revise("no", &json!({})),
            films.undo("no"),
            films.redo("no"),
        ] {
            assert!(matches!(
                answer,
                Err(StoreError::Missing { what: "film", .. })
            ));
        }
        assert_eq!(films.list().unwrap(), []);
    }

    #[test]
    fn the_film_changed_last_is_listed_first() {
        let (_folder, project) = project();
        let films = project.films();
        let first = films.insert(&json!({ "n": 1 })).unwrap();
        let second = films.insert(&json!({ "n": 2 })).unwrap();
        let ids = || -> Vec<String> {
            films
                .list()
                .unwrap()
                .into_iter()
                .map(|film| film.id)
                .collect()
        };
        assert_eq!(ids(), [second.id.clone(), first.id.clone()]);
        films.revise(&first.id, &json!({ "n": 3 })).unwrap();
        assert_eq!(ids(), [first.id, second.id]);
    }
}
