//! What happened in a project, in order: the memory that runs and agents look back on.

use rusqlite::params;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::database::{Database, json, now, to_json};
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE timeline (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    run TEXT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_by_run ON timeline (run);
";

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineEntry {
    /// RFC 3339, UTC.
    pub at: String,
    /// The job that it belongs to.
    pub run: Option<String>,
    /// Such as `film.planned` or `step.finished`.
    pub kind: String,
    pub payload: Value,
}

/// Append-only.
pub struct Timeline<'a> {
    pub(crate) database: &'a Database,
}

impl Timeline<'_> {
    pub fn append(&self, run: Option<&str>, kind: &str, payload: &Value) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO timeline (at, run, kind, payload) VALUES (?1, ?2, ?3, ?4)",
                params![now(), run, kind, to_json(payload)?],
            )
        })?;
        Ok(())
    }

    /// Oldest first; those of one run, or all.
    pub fn list(&self, run: Option<&str>) -> Result<Vec<TimelineEntry>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT at, run, kind, payload FROM timeline WHERE ?1 IS NULL OR run = ?1 ORDER BY id",
            )?;
            let entry = |row: &rusqlite::Row<'_>| {
                Ok(TimelineEntry {
                    at: row.get(0)?,
                    run: row.get(1)?,
                    kind: row.get(2)?,
                    payload: json(&row.get::<_, String>(3)?)?,
                })
            };
            statement.query_map([run], entry)?.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::testing::project;

    #[test]
    fn entries_come_back_in_order_for_one_run_or_all() {
        let (_folder, project) = project();
        let timeline = project.timeline();
        timeline
            .append(Some("r1"), "step.started", &json!({ "step": "a" }))
            .unwrap();
        timeline.append(None, "film.planned", &json!({})).unwrap();
        timeline
            .append(Some("r2"), "step.started", &json!({}))
            .unwrap();
        timeline
            .append(Some("r1"), "step.finished", &json!({ "step": "a" }))
            .unwrap();
        let kinds = |run| -> Vec<String> {
            let entries = timeline.list(run).unwrap();
            assert!(entries.is_sorted_by_key(|entry| entry.at.clone()));
            entries.into_iter().map(|entry| entry.kind).collect()
        };
        assert_eq!(kinds(Some("r1")), ["step.started", "step.finished"]);
        assert_eq!(
            kinds(None),
            [
                "step.started",
                "film.planned",
                "step.started",
                "step.finished"
            ]
        );
        assert_eq!(
            timeline.list(Some("r1")).unwrap()[0].payload,
            json!({ "step": "a" })
        );
    }
}
