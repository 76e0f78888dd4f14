//! What is done to every file of a pipeline.

use std::time::Instant;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::EffectPresets;
use studio_core::{Error, JobContext};
use studio_dsp::effects::{Chain, Impulses, Tail};
use studio_media::{AudioFormat, Bits, Container, Quality};

use super::files::Work;
use super::report::{Entry, Outcome};
use crate::convert::{Channels, rewrite};
use crate::effects::apply;
use crate::normalize::{Delivery, Goal, NormalizeWay, level};
use crate::target::{FormatFor, Target};

/// One thing that is done to a sound.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum PipelineStep {
    /// As `audio.process`.
    Process {
        /// Id of a preset; `audio.effects` lists them, with your own.
        #[serde(default)]
        preset: Option<String>,
        /// The chain, unless a preset is named.
        #[serde(default)]
        chain: Option<Chain>,
        /// Echoes end with the sound.
        #[serde(default)]
        cut_tail: bool,
    },
    /// As `audio.normalize`.
    Normalize {
        #[serde(default)]
        delivery: Delivery,
        /// In LUFS.
        #[serde(default)]
        #[schemars(range(min = -70.0, max = -5.0))]
        target_lufs: Option<f64>,
        /// In dBTP.
        #[serde(default)]
        #[schemars(range(min = -20.0, max = 0.0))]
        ceiling_dbtp: Option<f64>,
        #[serde(default)]
        way: NormalizeWay,
    },
}

/// The kind of the results. Inputs flatten it, but not these words.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "")]
pub(super) struct ResultsInput {
    /// Format of the results; without it, that of each source, or WAV.
    #[serde(default)]
    pub(super) format: Option<Container>,
    /// How much of the sound a lossy format keeps.
    #[serde(default)]
    pub(super) quality: Quality,
    /// Sample rate of the results in Hz; without it, each source's.
    #[serde(default)]
    #[schemars(range(min = 8000, max = 768_000))]
    pub(super) sample_rate: Option<u32>,
}

/// A step that is ready to be taken.
enum Ready {
    Process(Chain, Tail),
    Normalize(Goal),
}

impl Ready {
    fn of(step: &PipelineStep, presets: &EffectPresets) -> Result<Ready, Error> {
        Ok(match step {
            PipelineStep::Process {
                preset,
                chain: own,
                cut_tail,
            } => {
                let (chain, _) = presets.chosen(preset.as_deref(), own.as_ref())?;
                Ready::Process(chain, if *cut_tail { Tail::Cut } else { Tail::Kept })
            }
            PipelineStep::Normalize {
                delivery,
                target_lufs,
                ceiling_dbtp,
                way,
            } => Ready::Normalize(delivery.goal(*target_lufs, *ceiling_dbtp, *way)),
        })
    }
}

/// The steps and the kind of the results.
pub(super) struct Recipe<'a> {
    pub(super) steps: &'a [PipelineStep],
    ready: Vec<Ready>,
    pub(super) output_folder: &'a Utf8Path,
    pub(super) results: ResultsInput,
}

impl Recipe<'_> {
    pub(super) fn new<'a>(
        presets: &EffectPresets,
        steps: &'a [PipelineStep],
        output_folder: &'a Utf8Path,
        results: ResultsInput,
    ) -> Result<Recipe<'a>, Error> {
        let mut ready = Vec::with_capacity(steps.len());
        for (index, step) in steps.iter().enumerate() {
            let at = |error: Error| error.field(format!("/steps/{index}"));
            ready.push(Ready::of(step, presets).map_err(at)?);
        }
        Ok(Recipe {
            steps,
            ready,
            output_folder,
            results,
        })
    }

    /// Makes a file's result; what becomes of it, good or bad, is told.
    pub(super) fn make(&self, cx: &JobContext, work: &Work, scratch: &Utf8Path) -> Entry {
        let begun = Instant::now();
        let mut entry = Entry::waiting(work);
        let done = std::fs::create_dir_all(scratch)
            .map_err(|error| Error::io(format!("make {scratch}"), &error))
            .and_then(|()| self.through(cx, work, scratch, &mut entry));
        entry.took_secs = begun.elapsed().as_secs_f64();
        match done {
            Ok(()) => entry.outcome = Outcome::Done,
            Err(error) => {
                entry.outcome = Outcome::Failed;
                entry.error = Some(error.message);
            }
        }
        entry
    }

    /// Takes a file through all steps; between them it is 32-bit floating point.
    fn through(
        &self,
        cx: &JobContext,
        work: &Work,
        scratch: &Utf8Path,
        entry: &mut Entry,
    ) -> Result<(), Error> {
        let count = self.ready.len() as f64 + 1.0;
        let results = self.results;
        let exact: FormatFor<'_> = &|_| AudioFormat::Wav(Bits::Float32);
        let last: FormatFor<'_> = &|bits| AudioFormat::new(work.container, results.quality, bits);
        let result = Target::of(&work.source, &work.output, last);
        let mut source = work.source.clone();
        for (index, step) in self.ready.iter().enumerate() {
            let part = cx.part(index as f64 / count, (index + 1) as f64 / count);
            // The last step writes the result, unless that has another rate.
            let is_last = index + 1 == self.ready.len() && results.sample_rate.is_none();
            let written = match is_last {
                true => work.output.clone(),
                false => scratch.join(format!("{}.wav", index % 2)),
            };
            if is_last {
                make_folder_of(&written)?;
            }
            let to = match is_last {
                true => result,
                false => Target {
                    path: &written,
                    format: exact,
                    origin: None,
                },
            };
            match step {
                Ready::Process(chain, tail) => {
                    let impulses = Impulses::new();
                    let applied = apply(&part, &source, to, chain, &impulses, *tail)?;
                    entry.warnings.extend(applied.warnings);
                }
                Ready::Normalize(goal) => {
                    let levelled = level(&part, &source, to, goal)?;
                    entry.lufs_before = levelled.before.integrated_lufs;
                    entry.lufs_after = levelled.after.integrated_lufs;
                }
            }
            source = written;
        }
        if source != work.output {
            make_folder_of(&work.output)?;
            let part = cx.part((count - 1.0) / count, 1.0);
            // After steps it is not as loud as it was.
            let to = match self.ready[..] {
                [] => result,
                _ => result.otherwise_loud(),
            };
            let rewritten = rewrite(
                &part,
                &source,
                to,
                results.sample_rate,
                &Channels::AsTheyAre,
            )?;
            entry.warnings.extend(rewritten.warnings);
        }
        Ok(())
    }
}

fn make_folder_of(path: &Utf8Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| Error::io(format!("make {folder}"), &error))
}
