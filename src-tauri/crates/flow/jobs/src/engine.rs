//! Starts, stops, resumes and awaits jobs.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use serde_json::Value;
use studio_core::{
    Cancel, Error, ErrorCode, Event, Events, Job, JobContext, JobStatus, LogLevel, LogLine,
    Operation, Registry, SettingsFile,
};
use studio_store::Home;
use tokio::sync::watch;

use crate::host::JobHost;
use crate::slots::Slots;

/// How often a job that waits for its turn looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(200);

/// The jobs of this process, and the record of all.
pub struct Jobs {
    home: Arc<Home>,
    settings: Arc<SettingsFile>,
    events: Events,
    slots: Slots,
    registry: OnceLock<Arc<Registry>>,
    running: Mutex<HashMap<String, Running>>,
}

struct Running {
    cancel: Cancel,
    over: watch::Receiver<bool>,
}

impl Jobs {
    /// Marks the jobs of dead processes as interrupted.
    pub(crate) fn new(
        home: Arc<Home>,
        settings: Arc<SettingsFile>,
        events: Events,
    ) -> Result<Arc<Jobs>, Error> {
        home.reap()?;
        let slots = Slots::new(settings.current().jobs.cpu_slots as usize);
        let (registry, running) = (OnceLock::new(), Mutex::default());
        Ok(Arc::new(Jobs {
            home,
            settings,
            events,
            slots,
            registry,
            running,
        }))
    }

    /// Tells which operations a resumed job may run. The registry holds operations that hold this,
    /// so it comes second.
    pub(crate) fn attach(&self, registry: Arc<Registry>) {
        // Only `Studio::new` calls this, once.
        let _ = self.registry.set(registry);
    }

    /// Records a job for `operation` and lets it run when a slot is free.
    pub(crate) fn start(
        self: &Arc<Self>,
        operation: Operation,
        input: Value,
    ) -> Result<Job, Error> {
        let job = Job {
            id: self.home.new_job_id(),
            operation: operation.name.to_owned(),
            title: operation.title.to_owned(),
            status: JobStatus::Queued,
            stage: "Waiting".to_owned(),
            fraction: 0.0,
            eta_secs: None,
            project: input
                .get("project")
                .and_then(Value::as_str)
                .map(str::to_owned),
            created_at: Timestamp::now(),
            started_at: None,
            finished_at: None,
            attempt: 1,
            input,
            output: None,
            error: None,
        };
        self.home.jobs().insert(&job)?;
        self.run(operation, job.clone());
        Ok(job)
    }

    pub fn list(&self, status: Option<JobStatus>, limit: u32) -> Result<Vec<Job>, Error> {
        self.home.reap()?;
        Ok(self.home.jobs().list(status, limit)?)
    }

    pub fn get(&self, id: &str) -> Result<Job, Error> {
        self.home.jobs().get(id)?.ok_or_else(|| {
            Error::not_found(format!("there is no job `{id}`"))
                .field("/job")
                .hint("`av-studio job list` shows the recent ones")
        })
    }

    pub fn log(&self, id: &str) -> Result<Vec<LogLine>, Error> {
        Ok(self.home.jobs().log(id)?)
    }

    /// Asks a job to stop, in whichever process it runs. A job that is over stays as it is.
    pub fn cancel(&self, id: &str) -> Result<Job, Error> {
        let job = self.get(id)?;
        if !job.status.is_over() {
            self.home.jobs().request_cancel(id)?;
            if let Some(running) = self.running.lock().get(id) {
                running.cancel.raise();
            }
        }
        Ok(job)
    }

    /// Whether the job is queued or running in this process.
    pub fn runs_here(&self, id: &str) -> bool {
        self.running.lock().contains_key(id)
    }

    /// Asks every job of this process to stop, and waits until they have.
    pub async fn cancel_all(&self) {
        let running: Vec<String> = self.running.lock().keys().cloned().collect();
        for id in running {
            if self.cancel(&id).is_ok() {
                let _ = self.wait(&id).await;
            }
        }
    }

    /// Runs a job that ended short of success again, on the same input, as its next attempt.
    pub fn resume(self: &Arc<Self>, id: &str, from: &[JobStatus]) -> Result<Job, Error> {
        self.home.reap()?;
        let mut job = self.get(id)?;
        if !from.contains(&job.status) {
            let allowed: Vec<&str> = from.iter().map(|status| status.as_str()).collect();
            let message = format!(
                "job {id} is {}, not {}",
                job.status.as_str(),
                allowed.join(" or ")
            );
            return Err(Error::new(ErrorCode::Conflict, message).field("/job"));
        }
        let registry = self
            .registry
            .get()
            .ok_or_else(|| Error::internal("no registry is attached"))?;
        let operation = registry.check(&job.operation, &job.input)?.clone();
        job.attempt += 1;
        job.status = JobStatus::Queued;
        (job.stage, job.fraction, job.eta_secs) = ("Waiting".to_owned(), 0.0, None);
        (job.started_at, job.finished_at, job.output, job.error) = (None, None, None, None);
        self.home.jobs().restart(&job)?;
        self.run(operation, job.clone());
        Ok(job)
    }

    /// Stays until the job is over. Jobs of other processes are asked after, for want of a signal.
    pub async fn wait(&self, id: &str) -> Result<Job, Error> {
        let over = self
            .running
            .lock()
            .get(id)
            .map(|running| running.over.clone());
        if let Some(mut over) = over {
            // The sender goes away only after it said so, or with the whole runtime.
            let _ = over.wait_for(|over| *over).await;
            return self.get(id);
        }
        loop {
            let job = self.get(id)?;
            if job.status.is_over() {
                return Ok(job);
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            self.home.reap()?;
        }
    }

    fn run(self: &Arc<Self>, operation: Operation, job: Job) {
        let (finished, over) = watch::channel(false);
        let cancel = Cancel::new();
        self.running.lock().insert(
            job.id.clone(),
            Running {
                cancel: cancel.clone(),
                over,
            },
        );
        self.tell(&job);
        let jobs = self.clone();
        tokio::spawn(async move {
            let id = job.id.clone();
            jobs.run_now(operation, job, cancel).await;
            jobs.running.lock().remove(&id);
            finished.send_replace(true);
        });
    }

    async fn run_now(&self, operation: Operation, mut job: Job, cancel: Cancel) {
        let slot = tokio::select! {
            biased;
            () = self.cancelled(&job.id, &cancel) => None,
            slot = self.slots.take(operation.traits.resource) => Some(slot),
        };
        let Some(_slot) = slot else {
            self.finish(job, Err(Error::cancelled()));
            return;
        };
        job.status = JobStatus::Running;
        job.started_at = Some(Timestamp::now());
        job.stage = "Starting".to_owned();
        if let Err(error) = self.home.jobs().record(&job) {
            self.finish(job, Err(error.into()));
            return;
        }
        self.tell(&job);
        let host = Arc::new(JobHost::new(
            job.clone(),
            self.home.clone(),
            self.settings.clone(),
            self.events.clone(),
            cancel.clone(),
        ));
        let cx = JobContext::new(host.clone(), cancel, self.events.clone());
        let result = operation.run(cx, job.input.clone()).await;
        self.finish(host.close(), result.map(studio_core::Output::into_json));
    }

    /// Returns when a job that waits is not wanted any more, in whichever process that was said.
    async fn cancelled(&self, id: &str, cancel: &Cancel) {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            if cancel.is_raised() {
                return;
            }
            match self.home.jobs().is_cancel_requested(id) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(job = id, %error, "a wish to cancel was not read"),
            }
            looks.tick().await;
        }
    }

    fn finish(&self, mut job: Job, result: Result<Value, Error>) {
        job.finished_at = Some(Timestamp::now());
        job.eta_secs = None;
        match result {
            Ok(output) => {
                job.status = JobStatus::Succeeded;
                job.fraction = 1.0;
                job.output = Some(output);
            }
            Err(error) => {
                let cancelled = error.is_cancelled();
                job.status = if cancelled {
                    JobStatus::Cancelled
                } else {
                    JobStatus::Failed
                };
                let line = LogLine {
                    at: Timestamp::now(),
                    level: LogLevel::Error,
                    text: error.message.clone(),
                };
                if let Err(error) = self.home.jobs().append_log(&job.id, &line) {
                    tracing::warn!(job = job.id, %error, "a log line was not recorded");
                }
                job.error = Some(error);
            }
        }
        if let Err(error) = self.home.jobs().record(&job) {
            tracing::error!(job = job.id, %error, "the end of a job was not recorded");
        }
        self.tell(&job);
    }

    fn tell(&self, job: &Job) {
        self.events.emit(Event::JobChanged {
            job: Box::new(job.clone()),
        });
    }
}
