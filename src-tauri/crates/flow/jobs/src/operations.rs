//! What this crate registers: `job.list`, `job.show`, `job.cancel`, `job.resume`, `job.retry`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Job, JobContext, JobStatus, LogLine, Operation};

use crate::engine::Jobs;

pub(crate) fn operations(jobs: &Arc<Jobs>) -> Vec<Operation> {
    let (list, show, cancel) = (jobs.clone(), jobs.clone(), jobs.clone());
    let (resume, retry) = (jobs.clone(), jobs.clone());
    let runtime = tokio::runtime::Handle::current();
    let runtime_of_retry = runtime.clone();
    vec![
        Operation::define(
            "job.list",
            "List jobs",
            "Lists the recent jobs, newest first.",
        )
        .blocking(move |_cx: &JobContext, input: ListInput| {
            Ok(JobList {
                jobs: list.list(input.status, input.limit)?,
            })
        }),
        Operation::define("job.show", "Show a job", "Shows one job with its log.")
            .positional("job")
            .blocking(move |_cx: &JobContext, input: JobInput| {
                Ok(JobWithLog {
                    job: show.get(&input.job)?,
                    log: show.log(&input.job)?,
                })
            }),
        Operation::define(
            "job.cancel",
            "Cancel a job",
            "Asks a job to stop. What it finished stays; nothing half done does.",
        )
        .writes()
        .positional("job")
        .blocking(move |_cx: &JobContext, input: JobInput| cancel.cancel(&input.job)),
        Operation::define(
            "job.resume",
            "Resume a job",
            "Continues a job that was interrupted or cancelled, from what it had finished.",
        )
        .writes()
        .positional("job")
        .blocking(move |_cx: &JobContext, input: JobInput| {
            let _runtime = runtime.enter();
            resume.resume(&input.job, &[JobStatus::Interrupted, JobStatus::Cancelled])
        }),
        Operation::define(
            "job.retry",
            "Retry a job",
            "Runs a job that failed once more on the same input.",
        )
        .writes()
        .positional("job")
        .blocking(move |_cx: &JobContext, input: JobInput| {
            let _runtime = runtime_of_retry.enter();
            retry.resume(
                &input.job,
                &[
                    JobStatus::Failed,
                    JobStatus::Interrupted,
                    JobStatus::Cancelled,
                ],
            )
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct JobInput {
    /// The job's id.
    #[schemars(length(min = 1, max = 64))]
    job: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListInput {
    /// At most this many.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 1000))]
    limit: u32,
    /// Only jobs that stand so.
    #[serde(default)]
    status: Option<JobStatus>,
}

fn fifty() -> u32 {
    50
}

#[derive(Serialize, JsonSchema)]
struct JobList {
    jobs: Vec<Job>,
}

#[derive(Serialize, JsonSchema)]
struct JobWithLog {
    #[serde(flatten)]
    job: Job,
    log: Vec<LogLine>,
}
