//! The registry of production runs: their steps, and what each stage handed on.
//!
//! A run is one attempt to make a film. Its step records and manifests tell how far it came; the
//! results themselves are artifacts, and the cache decides what a later run makes anew.

use rusqlite::{OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio_core::units::FrameRate;
use studio_core::{Error, JobStatus};

use crate::database::{Database, json, now, to_json};
use crate::error::{Result, StoreError};

pub(crate) const MIGRATION: &str = "
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    film TEXT NOT NULL REFERENCES films (id),
    revision INTEGER NOT NULL,
    job TEXT,
    mode TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;
CREATE INDEX runs_by_film ON runs (film);
CREATE TABLE run_steps (
    run TEXT NOT NULL REFERENCES runs (id),
    step TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (run, step)
) STRICT;
CREATE TABLE run_manifests (
    run TEXT NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL,
    manifest TEXT NOT NULL
) STRICT;
CREATE INDEX run_manifests_by_run ON run_manifests (run);
";

/// One attempt to make a film.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    pub id: String,
    pub film: String,
    /// Revision of the film's plan that it makes.
    pub revision: u32,
    pub job: Option<String>,
    /// Such as `run` or `dry`.
    pub mode: String,
    pub status: JobStatus,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub finished_at: Option<String>,
}

/// Where a step of a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
    /// Not needed, or its result was there already.
    Skipped,
    /// Gone through without making anything.
    Simulated,
}

/// How one step of a run went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepRecord {
    /// Names the step within its run, such as `shot-2/clip`.
    pub step: String,
    /// What kind of step it is, such as `clip`.
    pub kind: String,
    pub status: StepStatus,
    /// RFC 3339, UTC.
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub attempts: u32,
    pub model: Option<String>,
    /// Where it was computed, such as `cpu`.
    pub device: Option<String>,
    /// MiB of memory that it was expected to need.
    pub memory_hint_mb: Option<u64>,
    /// Digest of the artifact that it made or found.
    pub artifact: Option<String>,
    pub error: Option<Error>,
    /// Whatever else the step wants to be known.
    pub meta: Value,
}

/// What a stage handed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageManifest {
    pub stage: String,
    pub name: String,
    /// Such as `clip`, `captions` or `film`.
    pub artifact_type: String,
    /// BLAKE3 of the bytes: names the artifact and checks it.
    pub digest: String,
    pub media_type: String,
    pub bytes: u64,
    pub duration_secs: Option<f64>,
    pub frame_rate: Option<FrameRate>,
    /// Width and height in pixels.
    pub resolution_px: Option<(u32, u32)>,
    /// A player can show it as it is.
    pub playback_ready: bool,
}

/// The runs of one project.
pub struct Runs<'a> {
    pub(crate) database: &'a Database,
}

const COLUMNS: &str = "id, film, revision, job, mode, status, started_at, finished_at";

impl Runs<'_> {
    /// Begins a run. A job makes one run at a time: earlier ones of `job` that never ended are marked
    /// as interrupted.
    pub fn start(&self, film: &str, revision: u32, job: Option<&str>, mode: &str) -> Result<Run> {
        let run = Run {
            id: uuid::Uuid::now_v7().to_string(),
            film: film.to_owned(),
            revision,
            job: job.map(str::to_owned),
            mode: mode.to_owned(),
            status: JobStatus::Running,
            started_at: now(),
            finished_at: None,
        };
        self.database.write(|writer| {
            writer.execute(
                "UPDATE runs SET status = 'interrupted', finished_at = ?2 \
                 WHERE job = ?1 AND status = 'running'",
                params![job, run.started_at],
            )?;
            writer.execute(
                "INSERT INTO runs (id, film, revision, job, mode, status, started_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6)",
                params![run.id, film, revision, job, mode, run.started_at],
            )
        })?;
        Ok(run)
    }

    pub fn finish(&self, id: &str, status: JobStatus) -> Result<Run> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE runs SET status = ?2, finished_at = ?3 WHERE id = ?1",
                params![id, status.as_str(), now()],
            )
        })?;
        self.get(id)
    }

    pub fn get(&self, id: &str) -> Result<Run> {
        let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
        let found = self
            .database
            .read(|reader| reader.query_row(&sql, [id], read_run).optional())?;
        found.ok_or_else(|| StoreError::Missing {
            what: "run",
            id: id.to_owned(),
        })
    }

    /// Newest first; those of one film, or all.
    pub fn list(&self, film: Option<&str>) -> Result<Vec<Run>> {
        let sql =
            format!("SELECT {COLUMNS} FROM runs WHERE ?1 IS NULL OR film = ?1 ORDER BY id DESC");
        self.database.read(|reader| {
            reader
                .prepare_cached(&sql)?
                .query_map([film], read_run)?
                .collect()
        })
    }

    /// Stores how a step goes; a later record of the same step replaces it.
    pub fn record_step(&self, run: &str, record: &StepRecord) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO run_steps (run, step, record) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (run, step) DO UPDATE SET record = excluded.record",
                params![run, record.step, to_json(record)?],
            )
        })?;
        Ok(())
    }

    /// In the order of their first record.
    pub fn steps(&self, run: &str) -> Result<Vec<StepRecord>> {
        self.documents(
            "SELECT record FROM run_steps WHERE run = ?1 ORDER BY rowid",
            run,
        )
    }

    pub fn add_manifest(&self, run: &str, manifest: &StageManifest) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO run_manifests (run, at, manifest) VALUES (?1, ?2, ?3)",
                params![run, now(), to_json(manifest)?],
            )
        })?;
        Ok(())
    }

    /// Oldest first.
    pub fn manifests(&self, run: &str) -> Result<Vec<StageManifest>> {
        self.documents(
            "SELECT manifest FROM run_manifests WHERE run = ?1 ORDER BY rowid",
            run,
        )
    }

    fn documents<T: serde::de::DeserializeOwned>(&self, sql: &str, run: &str) -> Result<Vec<T>> {
        self.database.read(|reader| {
            reader
                .prepare_cached(sql)?
                .query_map([run], |row| json(&row.get::<_, String>(0)?))?
                .collect()
        })
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let status: String = row.get(5)?;
    Ok(Run {
        id: row.get(0)?,
        film: row.get(1)?,
        revision: row.get(2)?,
        job: row.get(3)?,
        mode: row.get(4)?,
        status: json(&to_json(&status)?)?,
        started_at: row.get(6)?,
        finished_at: row.get(7)?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::project;

    fn step(name: &str, status: StepStatus, attempts: u32) -> StepRecord {
        StepRecord {
            step: name.to_owned(),
            kind: "clip".to_owned(),
            status,
            started_at: Some(now()),
            finished_at: None,
            attempts,
            model: None,
            device: Some("cpu".to_owned()),
            memory_hint_mb: Some(64),
            artifact: None,
            error: None,
            meta: json!({ "shot": name }),
        }
    }

    #[test]
    fn a_run_keeps_the_last_record_of_each_step_in_the_order_they_began() {
        let (_folder, project) = project();
        let film = project.films().insert(&json!({})).unwrap();
        let runs = project.runs();
        let run = runs.start(&film.id, 1, Some("job"), "run").unwrap();
        runs.record_step(&run.id, &step("b", StepStatus::Running, 1))
            .unwrap();
        runs.record_step(&run.id, &step("a", StepStatus::Skipped, 0))
            .unwrap();
        let mut failed = step("b", StepStatus::Failed, 2);
        failed.error = Some(Error::internal("the brush broke"));
        runs.record_step(&run.id, &failed).unwrap();
        let steps = runs.steps(&run.id).unwrap();
        assert_eq!(steps[0], failed);
        assert_eq!((steps[1].step.as_str(), steps.len()), ("a", 2));
        let ended = runs.finish(&run.id, JobStatus::Failed).unwrap();
        assert!(ended.status == JobStatus::Failed && ended.finished_at.is_some());
        assert_eq!(runs.list(Some(&film.id)).unwrap(), [ended]);
        assert_eq!(runs.list(Some("other")).unwrap(), []);
    }

    #[test]
    fn a_resumed_job_interrupts_the_run_that_it_left_but_no_other() {
        let (_folder, project) = project();
        let film = project.films().insert(&json!({})).unwrap();
        let runs = project.runs();
        let start = |job| runs.start(&film.id, 1, job, "run").unwrap().id;
        let ids = [
            start(Some("j1")),
            start(Some("j2")),
            start(None),
            start(Some("j1")),
            start(None),
        ];
        let status = |id: &String| runs.get(id).unwrap().status;
        let running = JobStatus::Running;
        let expected = [JobStatus::Interrupted, running, running, running, running];
        assert_eq!(ids.each_ref().map(status), expected);
    }

    #[test]
    fn manifests_come_back_as_they_were_handed_on() {
        let (_folder, project) = project();
        let film = project.films().insert(&json!({})).unwrap();
        let run = project.runs().start(&film.id, 1, None, "run").unwrap();
        let manifest = StageManifest {
            stage: "assemble".to_owned(),
            name: "film.mp4".to_owned(),
            artifact_type: "film".to_owned(),
            digest: "00".repeat(32),
            media_type: "video/mp4".to_owned(),
            bytes: 1 << 40,
            duration_secs: Some(29.97),
            frame_rate: FrameRate::whole(24),
            resolution_px: Some((1280, 720)),
            playback_ready: true,
        };
        project.runs().add_manifest(&run.id, &manifest).unwrap();
        assert_eq!(
            project.runs().manifests(&run.id).unwrap(),
            std::slice::from_ref(&manifest)
        );
        assert!(
            project
                .runs()
                .add_manifest("no such run", &manifest)
                .is_err()
        );
    }
}
