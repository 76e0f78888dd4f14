//! A job as every face sees it: a long operation, recorded before it starts.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a free slot of its resource class.
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// Its process ended in the middle; it can be resumed.
    Interrupted,
}

impl JobStatus {
    /// No further change comes by itself.
    pub fn is_over(self) -> bool {
        !matches!(self, JobStatus::Queued | JobStatus::Running)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::Queued => "queued",
            JobStatus::Running => "running",
            JobStatus::Succeeded => "succeeded",
            JobStatus::Failed => "failed",
            JobStatus::Cancelled => "cancelled",
            JobStatus::Interrupted => "interrupted",
        }
    }
}

/// A snapshot of one job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Job {
    pub id: String,
    /// Name of the operation that it runs.
    pub operation: String,
    pub title: String,
    pub status: JobStatus,
    /// What it is doing now, such as "Painting pictures".
    pub stage: String,
    /// Share done of the whole job, 0 to 1; never goes back within an attempt.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub fraction: f64,
    /// Seconds that are probably left, once they can be told.
    pub eta_secs: Option<f64>,
    /// The project it works in, as the caller named it.
    pub project: Option<String>,
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    #[schemars(with = "Option<String>")]
    pub finished_at: Option<Timestamp>,
    /// 1 for the first run; each resume or retry adds one.
    pub attempt: u32,
    pub input: Value,
    pub output: Option<Value>,
    pub error: Option<Error>,
}

/// How much a line of a job's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Info,
    Warning,
    Error,
}

impl LogLevel {
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Info => "info",
            LogLevel::Warning => "warning",
            LogLevel::Error => "error",
        }
    }
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    #[schemars(with = "String")]
    pub at: Timestamp,
    pub level: LogLevel,
    pub text: String,
}
