//! The studio as a face sees it: a registry that can be called, jobs, events, settings.

use std::sync::Arc;

use serde_json::Value;
use studio_core::{
    Cancel, Detached, Error, Events, Job, JobContext, Operation, Output, Registry, SettingsFile,
};
use studio_store::Home;

use crate::engine::Jobs;
use crate::operations;

/// The composed studio. Faces hold it in an `Arc` and add nothing of their own.
pub struct Studio {
    registry: Arc<Registry>,
    jobs: Arc<Jobs>,
    events: Events,
    settings: Arc<SettingsFile>,
}

/// The immediate answer to a call.
#[derive(Debug)]
pub enum Reply {
    Done(Output),
    /// A job was recorded and will run; its end comes as an event.
    Started(Box<Job>),
}

impl Studio {
    /// Registers `operations` and those on jobs. Jobs of dead processes are marked interrupted.
    ///
    /// Must be called within a Tokio runtime: jobs run there.
    pub fn new(
        operations: impl IntoIterator<Item = Operation>,
        home: Arc<Home>,
        settings: Arc<SettingsFile>,
        events: Events,
    ) -> Result<Arc<Studio>, Error> {
        let jobs = Jobs::new(home, settings.clone(), events.clone())?;
        let registry = Arc::new(Registry::new(
            operations.into_iter().chain(operations::operations(&jobs)),
        )?);
        jobs.attach(registry.clone());
        Ok(Arc::new(Studio {
            registry,
            jobs,
            events,
            settings,
        }))
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    pub fn events(&self) -> &Events {
        &self.events
    }

    pub fn settings(&self) -> &SettingsFile {
        &self.settings
    }

    pub fn jobs(&self) -> &Arc<Jobs> {
        &self.jobs
    }

    /// Checks the input, then answers a short operation or starts a long one.
    pub async fn call(&self, name: &str, input: Value) -> Result<Reply, Error> {
        let operation = self.registry.check(name, &input)?.clone();
        if operation.traits.job {
            let job = self.jobs.start(operation, input)?;
            return Ok(Reply::Started(Box::new(job)));
        }
        let cx = JobContext::new(Arc::new(Detached), Cancel::new(), self.events.clone());
        operation.run(cx, input).await.map(Reply::Done)
    }

    /// Like [`Studio::call`], but stays until a job is over and answers its result.
    ///
    /// Dropping the future leaves the job running; raising `cancel` stops it.
    pub async fn call_to_end(
        &self,
        name: &str,
        input: Value,
        started: impl FnOnce(&Job),
    ) -> Result<Output, Error> {
        match self.call(name, input).await? {
            Reply::Done(output) => Ok(output),
            Reply::Started(job) => {
                started(&job);
                let job = self.jobs.wait(&job.id).await?;
                match (job.output, job.error) {
                    (Some(output), _) => Ok(Output::Json(output)),
                    (None, Some(error)) => Err(error),
                    (None, None) => Err(Error::cancelled()),
                }
            }
        }
    }
}
