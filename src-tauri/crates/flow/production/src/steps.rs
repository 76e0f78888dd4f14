//! Walking a film's graph: what is in the cache stays, what is not is made and kept.

use std::time::Instant;

use camino::Utf8Path;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use studio_core::{Error, JobContext};
use studio_film::{Graph, StepId};
use studio_store::{Cached, Project, Provenance, StepRecord, StepStatus};

/// What was done for one kind of step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct StepReport {
    /// `picture`, `clip`, `speech`, `score`, `mix` or `film`.
    pub(crate) step: String,
    pub(crate) items: u32,
    pub(crate) made: u32,
    /// Found in the cache.
    pub(crate) reused: u32,
    /// Time that making took; in a dry run, the estimate.
    pub(crate) seconds: f64,
    /// Bytes of all results; in a dry run, the estimate.
    pub(crate) bytes: u64,
}

/// Kinds of steps in the order of a render.
pub(crate) const KINDS: [&str; 6] = ["picture", "clip", "speech", "score", "mix", "film"];

/// The project's side of one render.
pub(crate) struct Steps<'a> {
    pub(crate) cx: &'a JobContext,
    pub(crate) project: &'a Project,
    pub(crate) graph: &'a Graph,
    pub(crate) run: String,
    pub(crate) reports: Vec<StepReport>,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(
        cx: &'a JobContext,
        project: &'a Project,
        graph: &'a Graph,
        run: String,
    ) -> Steps<'a> {
        let report = |step: &&str| StepReport {
            step: (*step).to_owned(),
            ..StepReport::default()
        };
        Steps {
            cx,
            project,
            graph,
            run,
            reports: KINDS.iter().map(report).collect(),
        }
    }

    pub(crate) fn key(&self, id: StepId) -> Result<&str, Error> {
        let step = self.graph.step(id);
        step.map(|step| step.key.as_str())
            .ok_or_else(|| Error::internal(format!("{id:?} is not in the graph")))
    }

    /// The result, if it was made before.
    pub(crate) fn find(&self, id: StepId) -> Result<Option<Cached>, Error> {
        Ok(self.project.cache().get(self.key(id)?)?)
    }

    /// Counts a result that was there already.
    pub(crate) fn reuse(&mut self, id: StepId, found: &Cached) -> Result<(), Error> {
        let report = self.report(id);
        report.items += 1;
        report.reused += 1;
        report.bytes += found.artifact.bytes;
        self.record(id, StepStatus::Skipped, None, &found.artifact.digest)
    }

    /// Keeps the file that was just made for `id`. `work` is its size in the unit of its kind, from
    /// which later estimates learn.
    pub(crate) fn keep(
        &mut self,
        id: StepId,
        file: &Utf8Path,
        media_type: &str,
        model: &str,
        begun: Instant,
        work: f64,
    ) -> Result<Cached, Error> {
        let step = self
            .graph
            .step(id)
            .ok_or_else(|| Error::internal("a step left the graph"))?;
        let seconds = begun.elapsed().as_secs_f64();
        let inputs = step
            .needs
            .iter()
            .filter_map(|need| self.find(*need).ok().flatten());
        let made = Provenance {
            operation: "movie.render".to_owned(),
            input: step.input.clone(),
            inputs: inputs.map(|found| found.artifact.digest).collect(),
            seed: step.input["seed"].as_u64(),
            model: Some(model.to_owned()),
            device: Some("cpu".to_owned()),
            took_ms: (seconds * 1000.0) as u64,
            ..Provenance::default()
        };
        let artifact = self
            .project
            .artifacts()
            .publish_file(file, media_type, &made)?;
        self.project
            .cache()
            .put(&step.key, &artifact.digest, &Value::Null)?;
        let facts =
            json!({ "step": id.kind(), "work": work, "seconds": seconds, "bytes": artifact.bytes });
        self.project
            .timeline()
            .append(self.cx.job(), "step.finished", &facts)?;
        let report = self.report(id);
        report.items += 1;
        report.made += 1;
        report.seconds += seconds;
        report.bytes += artifact.bytes;
        self.record(id, StepStatus::Succeeded, Some(model), &artifact.digest)?;
        // What served its purpose need not wait for the end of the job.
        let _ = std::fs::remove_file(file);
        Ok(Cached {
            artifact,
            facts: Value::Null,
        })
    }

    fn report(&mut self, id: StepId) -> &mut StepReport {
        let at = KINDS
            .iter()
            .position(|kind| *kind == id.kind())
            .unwrap_or(0);
        &mut self.reports[at]
    }

    fn record(
        &self,
        id: StepId,
        status: StepStatus,
        model: Option<&str>,
        digest: &str,
    ) -> Result<(), Error> {
        let name = match id {
            StepId::Picture(i) | StepId::Clip(i) | StepId::Speech(i) => {
                format!("{}-{}", id.kind(), i + 1)
            }
            StepId::Score | StepId::Mix | StepId::Film => id.kind().to_owned(),
        };
        let record = StepRecord {
            step: name,
            kind: id.kind().to_owned(),
            status,
            started_at: None,
            finished_at: Some(Timestamp::now().to_string()),
            attempts: 1,
            model: model.map(str::to_owned),
            device: Some("cpu".to_owned()),
            memory_hint_mb: None,
            artifact: Some(digest.to_owned()),
            error: None,
            meta: Value::Null,
        };
        Ok(self.project.runs().record_step(&self.run, &record)?)
    }
}
