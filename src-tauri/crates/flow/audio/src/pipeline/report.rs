//! What became of each file, as JSON for the next run and as CSV for people.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, csv};
use studio_store::write_atomic;

use super::files::Work;

const JSON: &str = "pipeline-report.json";
const CSV: &str = "pipeline-report.csv";
/// Between two reports of a run that goes on.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Default, Serialize, Deserialize, JsonSchema)]
pub(super) struct Report {
    /// Made in this run.
    done: usize,
    /// Made by a run before, from the same file by the same steps.
    kept: usize,
    failed: usize,
    pub(super) entries: Vec<Entry>,
    #[serde(skip)]
    written: Option<Instant>,
}

/// A file of a pipeline.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PipelineEntry")]
pub(super) struct Entry {
    source: String,
    output: String,
    pub(super) outcome: Outcome,
    /// Why it failed.
    pub(super) error: Option<String>,
    /// Before normalising.
    pub(super) lufs_before: Option<f64>,
    /// After normalising.
    pub(super) lufs_after: Option<f64>,
    pub(super) took_secs: f64,
    pub(super) warnings: Vec<String>,
    /// Digest of the source's size and time, and of the steps.
    made_of: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "PipelineOutcome")]
pub(super) enum Outcome {
    /// Its turn did not come.
    Waiting,
    Done,
    Kept,
    Failed,
}

impl Entry {
    /// A file that is not even tried.
    pub(super) fn refused(work: &Work, error: String) -> Entry {
        Entry {
            outcome: Outcome::Failed,
            error: Some(error),
            ..Entry::waiting(work)
        }
    }

    pub(super) fn waiting(work: &Work) -> Entry {
        Entry {
            source: work.source.to_string(),
            output: work.output.to_string(),
            outcome: Outcome::Waiting,
            error: None,
            lufs_before: None,
            lufs_after: None,
            took_secs: 0.0,
            warnings: Vec::new(),
            made_of: work.made_of.clone(),
        }
    }
}

impl Report {
    /// Of a run that begins: what the one before has made is kept.
    pub(super) fn begin(works: &[Work], before: &Report) -> Report {
        let entry = |work| before.kept(work).unwrap_or_else(|| Entry::waiting(work));
        Report {
            entries: works.iter().map(entry).collect(),
            ..Report::default()
        }
    }

    /// Of a watch that begins: all that is known, of which nothing is made by it.
    pub(super) fn go_on(mut before: Report) -> Report {
        for entry in &mut before.entries {
            if entry.outcome == Outcome::Done {
                entry.outcome = Outcome::Kept;
            }
        }
        before.count();
        before
    }

    /// What every file was that was made or failed, by its path.
    pub(super) fn tried(&self) -> BTreeMap<&str, &str> {
        let tried = self.entries.iter();
        tried
            .filter(|entry| entry.outcome != Outcome::Waiting)
            .map(|entry| (entry.source.as_str(), entry.made_of.as_str()))
            .collect()
    }

    /// The source of which a result was made under the name that `work` would take.
    pub(super) fn holder(&self, work: &Work) -> Option<&str> {
        let mut others = self.entries.iter().filter(|entry| {
            entry.outcome != Outcome::Failed
                && entry.output == work.output
                && entry.source != work.source
        });
        others
            .find(|other| Utf8Path::new(&other.source).is_file())
            .map(|other| other.source.as_str())
    }

    /// Takes the place of what was known about the file.
    pub(super) fn put(&mut self, entry: Entry) {
        self.entries.retain(|known| known.source != entry.source);
        self.entries.push(entry);
    }

    pub(super) fn is_kept(&self, index: usize) -> bool {
        self.entries[index].outcome == Outcome::Kept
    }

    /// That of the run before; empty if there was none, or nobody can read it any more.
    pub(super) fn read(folder: &Utf8Path) -> Result<Report, Error> {
        let path = folder.join(JSON);
        match std::fs::read(&path) {
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Report::default()),
            Err(error) => Err(Error::io(format!("read {path}"), &error)),
        }
    }

    /// What was made before, if it would be the same now and is still there.
    fn kept(&self, work: &Work) -> Option<Entry> {
        let mut made = self.entries.iter().filter(|entry| {
            matches!(entry.outcome, Outcome::Done | Outcome::Kept)
                && entry.source == work.source
                && entry.output == work.output
                && entry.made_of == work.made_of
        });
        let entry = made.next().filter(|_| work.output.is_file())?;
        Some(Entry {
            outcome: Outcome::Kept,
            ..entry.clone()
        })
    }

    fn count(&mut self) {
        let of = |outcome| {
            let entries = self.entries.iter();
            entries.filter(|entry| entry.outcome == outcome).count()
        };
        (self.done, self.kept, self.failed) =
            (of(Outcome::Done), of(Outcome::Kept), of(Outcome::Failed));
    }

    /// Writes both files, but not more often than is of use while the run goes on.
    pub(super) fn write(&mut self, folder: &Utf8Path, at_its_end: bool) -> Result<(), Error> {
        if !at_its_end && self.written.is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(());
        }
        self.written = Some(Instant::now());
        self.count();
        let json =
            serde_json::to_vec_pretty(self).map_err(|error| Error::internal(error.to_string()))?;
        write_atomic(&folder.join(JSON), &json)?;
        write_atomic(&folder.join(CSV), self.table().as_bytes())?;
        Ok(())
    }

    fn table(&self) -> String {
        let head = [
            "source",
            "output",
            "outcome",
            "error",
            "lufs_before",
            "lufs_after",
            "took_secs",
            "warnings",
        ];
        let number =
            |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.2}"));
        let lines = self.entries.iter().map(|entry| {
            csv::line([
                entry.source.clone(),
                entry.output.clone(),
                format!("{:?}", entry.outcome).to_lowercase(),
                entry.error.clone().unwrap_or_default(),
                number(entry.lufs_before),
                number(entry.lufs_after),
                number(Some(entry.took_secs)),
                entry.warnings.join("; "),
            ])
        });
        csv::line(head) + &lines.collect::<String>()
    }
}
