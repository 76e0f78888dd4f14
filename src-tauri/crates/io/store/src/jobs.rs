//! The table of jobs and their log lines.

use rusqlite::{OptionalExtension, Row, named_params, params};
use studio_core::{Job, JobStatus, LogLevel, LogLine};

use crate::database::{Database, json, now, time, to_json};
use crate::error::{Result, StoreError};

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
    /// Records a new job, which belongs to this process.
    pub fn insert(&self, job: &Job) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "INSERT INTO jobs (id, operation, title, status, stage, fraction, project, created_at, \
                 attempt, input, instance) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
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

    /// Begins another attempt of a job that is over; it now belongs to this process. Of several that
    /// try at once, one succeeds.
    pub fn restart(&self, job: &Job) -> Result<()> {
        let restarted = self.database.write(|writer| {
            writer.execute(
                "UPDATE jobs SET status = ?2, stage = ?3, fraction = ?4, attempt = ?5, instance = ?6, \
                 eta_secs = NULL, started_at = NULL, finished_at = NULL, output = NULL, error = NULL, \
                 cancel_requested = 0 WHERE id = ?1 AND status NOT IN ('queued', 'running')",
                params![
                    job.id,
                    job.status.as_str(),
                    job.stage,
                    job.fraction,
                    job.attempt,
                    self.instance,
                ],
            )
        })?;
        let id = job.id.clone();
        match restarted {
            1 => Ok(()),
            _ if self.get(&id)?.is_some() => Err(StoreError::RunsAlready { id }),
            _ => Err(StoreError::Missing { what: "job", id }),
        }
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

    /// Asks the process that runs the job to stop it; it learns so with its next progress.
    pub fn request_cancel(&self, id: &str) -> Result<()> {
        self.database.write(|writer| {
            writer.execute("UPDATE jobs SET cancel_requested = 1 WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    /// Whether somebody wants the job to stop.
    pub fn is_cancel_requested(&self, id: &str) -> Result<bool> {
        self.database.read(|reader| {
            let sql = "SELECT cancel_requested FROM jobs WHERE id = ?1";
            reader
                .prepare_cached(sql)?
                .query_row([id], |row| row.get(0))
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

    /// The processes that jobs wait for.
    pub(crate) fn owners(&self) -> Result<Vec<String>> {
        self.database.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT DISTINCT instance FROM jobs WHERE status IN ('queued', 'running')",
            )?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    pub(crate) fn interrupt_those_of(&self, instance: &str) -> Result<()> {
        self.database.write(|writer| {
            writer.execute(
                "UPDATE jobs SET status = 'interrupted', eta_secs = NULL, finished_at = ?2 \
                 WHERE instance = ?1 AND status IN ('queued', 'running')",
                params![instance, now()],
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
        status: json(&to_json(&status)?)?,
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

#[cfg(test)]
pub(crate) mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use studio_core::{Error, ErrorCode};

    use super::*;
    use crate::home::Home;
    use crate::testing::Folder;

    pub(crate) fn job(home: &Home) -> Job {
        Job {
            id: home.new_job_id(),
            operation: "audio.normalize".to_owned(),
            title: "Normalise".to_owned(),
            status: JobStatus::Queued,
            stage: "Waiting".to_owned(),
            fraction: 0.0,
            eta_secs: None,
            project: Some("p".to_owned()),
            created_at: Timestamp::now(),
            started_at: None,
            finished_at: None,
            attempt: 1,
            input: json!({ "path": "/a.wav", "b": 1 }),
            output: None,
            error: None,
        }
    }

    fn home() -> (Folder, Home) {
        let folder = Folder::new();
        let home = Home::open(folder.path()).unwrap();
        (folder, home)
    }

    #[test]
    fn a_job_comes_back_as_it_was_recorded() {
        let (_folder, home) = home();
        let jobs = home.jobs();
        let mut job = job(&home);
        jobs.insert(&job).unwrap();
        assert_eq!(jobs.get(&job.id).unwrap().as_ref(), Some(&job));
        job.status = JobStatus::Failed;
        (job.stage, job.fraction, job.eta_secs) = ("Mixing".to_owned(), 0.25, Some(12.5));
        (job.started_at, job.finished_at) = (Some(Timestamp::now()), Some(Timestamp::now()));
        job.output = Some(json!({ "warnings": ["ü"] }));
        job.error = Some(
            Error::new(ErrorCode::DiskFull, "full")
                .field("/output")
                .hint("make room"),
        );
        jobs.record(&job).unwrap();
        assert_eq!(jobs.get(&job.id).unwrap(), Some(job));
        assert_eq!(jobs.get("no").unwrap(), None);
    }

    #[test]
    fn jobs_are_listed_newest_first_by_status_and_limit() {
        let (_folder, home) = home();
        let all: Vec<Job> = (0..5).map(|_| job(&home)).collect();
        for job in &all {
            home.jobs().insert(job).unwrap();
        }
        home.jobs()
            .record(&Job {
                status: JobStatus::Running,
                ..all[1].clone()
            })
            .unwrap();
        let ids = |status, limit| -> Vec<String> {
            home.jobs()
                .list(status, limit)
                .unwrap()
                .into_iter()
                .map(|job| job.id)
                .collect()
        };
        assert_eq!(ids(None, 2), [all[4].id.clone(), all[3].id.clone()]);
        assert_eq!(ids(Some(JobStatus::Running), 9), [all[1].id.clone()]);
        assert_eq!(ids(Some(JobStatus::Queued), 9).len(), 4);
    }

    #[test]
    fn a_wish_to_cancel_reaches_the_runner_and_ends_with_the_attempt() {
        let (folder, home) = home();
        let elsewhere = Home::open(folder.path()).unwrap();
        let mut job = job(&home);
        home.jobs().insert(&job).unwrap();
        assert!(!home.jobs().record_progress(&job).unwrap());
        assert!(!home.jobs().is_cancel_requested(&job.id).unwrap());
        elsewhere.jobs().request_cancel(&job.id).unwrap();
        assert!(home.jobs().is_cancel_requested(&job.id).unwrap());
        assert!(home.jobs().record_progress(&job).unwrap());
        job.status = JobStatus::Cancelled;
        home.jobs().record(&job).unwrap();
        home.jobs()
            .restart(&Job {
                status: JobStatus::Queued,
                attempt: 2,
                ..job.clone()
            })
            .unwrap();
        assert!(!home.jobs().record_progress(&job).unwrap());
    }

    #[test]
    fn of_many_that_restart_a_job_one_succeeds_and_its_log_stays() {
        let (_folder, home) = home();
        let mut job = job(&home);
        home.jobs().insert(&job).unwrap();
        let line = LogLine {
            at: Timestamp::now(),
            level: LogLevel::Warning,
            text: "once".to_owned(),
        };
        home.jobs().append_log(&job.id, &line).unwrap();
        job.status = JobStatus::Interrupted;
        job.output = Some(json!(1));
        home.jobs().record(&job).unwrap();
        let next = Job {
            status: JobStatus::Queued,
            attempt: 2,
            output: None,
            ..job.clone()
        };
        let won: usize = std::thread::scope(|scope| {
            let restart = || match home.jobs().restart(&next) {
                Ok(()) => 1,
                Err(error) => {
                    assert!(matches!(error, StoreError::RunsAlready { .. }), "{error}");
                    0
                }
            };
            let racers: Vec<_> = (0..4).map(|_| scope.spawn(restart)).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(won, 1);
        assert_eq!(home.jobs().get(&job.id).unwrap().as_ref(), Some(&next));
        assert_eq!(home.jobs().log(&job.id).unwrap(), [line]);
        let unknown = home.jobs().restart(&Job {
            id: "no".to_owned(),
            ..next
        });
        assert!(matches!(
            unknown,
            Err(StoreError::Missing { what: "job", .. })
        ));
    }
}
