//! The table of jobs and their log lines.

use rusqlite::{OptionalExtension, Row, named_params, params};
use studio_core::{Job, JobStatus, LogLevel, LogLine};

use crate::database::{Database, json, time, to_json};
use crate::error::Result;

pub(crate) const MIGRATION: &str = "
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    stage TEXT NOT NULL,
    fraction REAL NOT NULL,
    eta_secs REAL,
    project TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    attempt INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    instance TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_status ON jobs (status);
CREATE TABLE job_log (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    level TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX job_log_by_job ON job_log (job);
";

const COLUMNS: &str = "id, operation, title, status, stage, fraction, eta_secs, project, created_at, \
                       started_at, finished_at, attempt, input, output, error";

/// Jobs of all processes; rows written here belong to this one.
pub struct JobTable<'a> {
    pub(crate) database: &'a Database,
    pub(crate) instance: &'a str,
}

impl JobTable<'_> {
    pub fn insert(&self, job: &Job) -> Result<()> {
        self.put(job, "")
    }

    /// Begins another attempt of a job that is over; it now belongs to this process.
    pub fn restart(&self, job: &Job) -> Result<()> {
        // REPLACE would delete the row, and the log with it.
        self.put(
            job,
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status, stage = excluded.stage, \
              fraction = excluded.fraction, eta_secs = NULL, started_at = NULL, finished_at = NULL, \
              output = NULL, error = NULL, attempt = excluded.attempt, instance = excluded.instance, \
              cancel_requested = 0",
        )
    }

    pub fn get(&self, id: &str) -> Result<Option<Job>> {
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1");
        self.database
            .read(|reader| reader.query_row(&sql, [id], read_job).optional())
    }

    /// Newest first.
    pub fn list(&self, status: Option<JobStatus>, limit: u32) -> Result<Vec<Job>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE ?1 IS NULL OR status = ?1 ORDER BY id DESC LIMIT ?2"
        );
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(&sql)?;
            statement
                .query_map(params![status.map(JobStatus::as_str), limit], read_job)?
                .collect()
        })
    }

    /// Stores the job's status, times and result.
    pub fn record(&self, job: &Job) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE jobs SET status = :status, stage = :stage, fraction = :fraction, \
                 eta_secs = :eta, started_at = :started, finished_at = :finished, output = :output, \
                 error = :error WHERE id = :id",
                named_params! {
                    ":id": job.id, ":status": job.status.as_str(), ":stage": job.stage,
                    ":fraction": job.fraction, ":eta": job.eta_secs,
                    ":started": job.started_at.map(|at| at.to_string()),
                    ":finished": job.finished_at.map(|at| at.to_string()),
                    ":output": job.output.as_ref().map(to_json).transpose()?,
                    ":error": job.error.as_ref().map(to_json).transpose()?,
                },
            )?;
            Ok(())
        })
    }

    /// Stores how far a running job is, and tells whether somebody wants it to stop.
    pub fn record_progress(&self, job: &Job) -> Result<bool> {
        self.database.write(|writer| {
            writer.query_row(
                "UPDATE jobs SET stage = ?2, fraction = ?3, eta_secs = ?4 WHERE id = ?1 \
                 RETURNING cancel_requested",
                params![job.id, job.stage, job.fraction, job.eta_secs],
                |row| row.get(0),
            )
        })
    }

    pub fn request_cancel(&self, id: &str) -> Result<()> {
        self.database.write(|writer| {
            writer.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    pub fn append_log(&self, id: &str, line: &LogLine) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO job_log (job, at, level, text) VALUES (?1, ?2, ?3, ?4)",
                params![id, line.at.to_string(), line.level.as_str(), line.text],
            )?;
            Ok(())
        })
    }

    /// Oldest first.
    pub fn log(&self, id: &str) -> Result<Vec<LogLine>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT at, level, text FROM job_log WHERE job = ?1 ORDER BY rowid",
            )?;
            let line = |row: &Row<'_>| {
                let level = match row.get::<_, String>(1)?.as_str() {
                    "error" => LogLevel::Error,
                    "warning" => LogLevel::Warning,
                    _ => LogLevel::Info,
                };
                Ok(LogLine {
                    at: time(&row.get::<_, String>(0)?)?,
                    level,
                    text: row.get(2)?,
                })
            };
            statement.query_map([id], line)?.collect()
        })
    }

    pub(crate) fn interrupt_those_of(&self, instance: &str) -> Result<()> {
        let now = jiff::Timestamp::now().to_string();
        self.database.write(|writer| {
            writer.execute(
                "UPDATE jobs SET status = 'interrupted', eta_secs = NULL, finished_at = ?2 \
                 WHERE instance = ?1 AND status IN ('queued', 'running')",
                params![instance, now],
            )?;
            Ok(())
        })
    }

    fn put(&self, job: &Job, on_conflict: &str) -> Result<()> {
        let sql = format!(
            "INSERT INTO jobs (id, operation, title, status, stage, fraction, project, created_at, \
             attempt, input, instance) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11){on_conflict}"
        );
        self.database.write(|writer| {
            writer.execute(
                &sql,
                params![
                    job.id,
                    job.operation,
                    job.title,
                    job.status.as_str(),
                    job.stage,
                    job.fraction,
                    job.project,
                    job.created_at.to_string(),
                    job.attempt,
                    to_json(&job.input)?,
                    self.instance,
                ],
            )?;
            Ok(())
        })
    }
}

fn read_job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let status: String = row.get(3)?;
    let moment = |index| -> rusqlite::Result<_> {
        row.get::<_, Option<String>>(index)?
            .as_deref()
            .map(time)
            .transpose()
    };
    Ok(Job {
        id: row.get(0)?,
        operation: row.get(1)?,
        title: row.get(2)?,
        status: json(&format!("\"{status}\""))?,
        stage: row.get(4)?,
        fraction: row.get(5)?,
        eta_secs: row.get(6)?,
        project: row.get(7)?,
        created_at: time(&row.get::<_, String>(8)?)?,
        started_at: moment(9)?,
        finished_at: moment(10)?,
        attempt: row.get(11)?,
        input: json(&row.get::<_, String>(12)?)?,
        output: row
            .get::<_, Option<String>>(13)?
            .as_deref()
            .map(json)
            .transpose()?,
        error: row
            .get::<_, Option<String>>(14)?
            .as_deref()
            .map(json)
            .transpose()?,
    })
}
