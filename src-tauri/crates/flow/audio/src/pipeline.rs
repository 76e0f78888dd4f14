//! `audio.pipeline`: the same steps over many files.
//!
//! Each file goes through its steps by itself, in a scratch folder, and appears in the output folder when it is whole. A
//! file that fails is reported and the others go on. The report beside the results says what each was made of, so that a
//! run that was stopped, or one over a folder with new files, does only what is left.

mod files;
mod report;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::EffectPresets;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::effects::{Chain, Impulses, Tail};
use studio_media::{AudioFormat, Bits, Container, Quality};
use studio_store::Projects;

use self::files::{Work, find};
use self::report::{Entry, Outcome, Report};
use crate::convert::{Channels, rewrite};
use crate::effects::apply;
use crate::normalize::{Delivery, Goal, NormalizeWay, level};
use crate::target::{FormatFor, Target};

pub(crate) fn operation(projects: &Projects) -> Operation {
    let presets = EffectPresets::of(projects);
    Operation::define(
        "audio.pipeline",
        "Process many sounds",
        "Runs effects and normalising over files and folders, several at a time, into a folder, with a report as CSV and \
         JSON. What was made before from the same file by the same steps is kept; a bad file is reported and left out.",
    )
    .job(Resource::Cpu)
    .writes()
    .blocking(move |cx: &JobContext, input: PipelineInput| run(cx, &presets, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PipelineInput {
    /// Files, and folders of which the sounds are taken.
    #[schemars(
        with = "Vec<String>",
        length(min = 1, max = 10_000),
        extend("items" = { "type": "string", "x-path": true })
    )]
    paths: Vec<Utf8PathBuf>,
    /// Which files of folders are taken, such as `*.wav` or `take-??.flac`; without it, those with a sound's ending.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pattern: Option<String>,
    /// Also take folders within folders.
    #[serde(default)]
    recursive: bool,
    /// What is done to each, in order; without any, it is only converted.
    #[serde(default)]
    #[schemars(length(max = 16))]
    steps: Vec<PipelineStep>,
    /// Where the results go; made if it is not there.
    #[schemars(with = "String", extend("x-path" = true))]
    output_folder: Utf8PathBuf,
    /// Format of the results; without it, that of each source, or WAV.
    #[serde(default)]
    format: Option<Container>,
    /// How much of the sound a lossy format keeps.
    #[serde(default)]
    quality: Quality,
    /// Sample rate of the results in Hz; without it, each source's.
    #[serde(default)]
    #[schemars(range(min = 8000, max = 768_000))]
    sample_rate: Option<u32>,
    /// Files at a time; without it, as many as there are processor cores.
    #[serde(default)]
    #[schemars(range(min = 1, max = 64))]
    parallel: Option<usize>,
}

/// One thing that is done to a sound.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum PipelineStep {
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

fn run(cx: &JobContext, presets: &EffectPresets, input: &PipelineInput) -> Result<Report, Error> {
    let mut steps = Vec::new();
    for (index, step) in input.steps.iter().enumerate() {
        let at = |error: Error| error.field(format!("/steps/{index}"));
        steps.push(Ready::of(step, presets).map_err(at)?);
    }
    let works = find(input)?;
    std::fs::create_dir_all(&input.output_folder)
        .map_err(|error| Error::io(format!("make {}", input.output_folder), &error))?;
    let before = Report::read(&input.output_folder)?;
    let report = Mutex::new(Report::begin(&works, &before));
    let (next, count) = (AtomicUsize::new(0), works.len());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = input.parallel.unwrap_or(cores).clamp(1, count.max(1));
    let scratch = cx.scratch()?;
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (steps, works, report, next) = (&steps, &works, &report, &next);
            let scratch = scratch.join(format!("{worker}"));
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(work) = works.get(index) else {
                        return;
                    };
                    if cx.check().is_err() {
                        return;
                    }
                    if report.lock().is_kept(index) {
                        continue;
                    }
                    let share = |index: usize| index as f64 / count as f64;
                    let part = cx.part(share(index), share(index + 1));
                    let entry = one(&part, input, steps, work, &scratch);
                    if let Some(error) = &entry.error {
                        cx.warn(format!("{}: {error}", work.source));
                    }
                    let mut report = report.lock();
                    report.entries[index] = entry;
                    if let Err(error) = report.write(&input.output_folder, false) {
                        cx.warn(error.message);
                    }
                }
            });
        }
    });
    let mut report = report.into_inner();
    report.write(&input.output_folder, true)?;
    cx.check()?;
    Ok(report)
}

fn one(
    cx: &JobContext,
    input: &PipelineInput,
    steps: &[Ready],
    work: &Work,
    scratch: &Utf8Path,
) -> Entry {
    let begun = Instant::now();
    let mut entry = Entry::waiting(work);
    let done = std::fs::create_dir_all(scratch)
        .map_err(|error| Error::io(format!("make {scratch}"), &error))
        .and_then(|()| through(cx, input, steps, work, scratch, &mut entry));
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
    cx: &JobContext,
    input: &PipelineInput,
    steps: &[Ready],
    work: &Work,
    scratch: &Utf8Path,
    entry: &mut Entry,
) -> Result<(), Error> {
    let count = steps.len() as f64 + 1.0;
    let exact: FormatFor<'_> = &|_| AudioFormat::Wav(Bits::Float32);
    let last: FormatFor<'_> = &|bits| AudioFormat::new(work.container, input.quality, bits);
    let result = Target::of(&work.source, &work.output, last);
    let mut source = work.source.clone();
    for (index, step) in steps.iter().enumerate() {
        let part = cx.part(index as f64 / count, (index + 1) as f64 / count);
        // The last step writes the result, unless that has another rate.
        let is_last = index + 1 == steps.len() && input.sample_rate.is_none();
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
        let to = match steps {
            [] => result,
            _ => result.otherwise_loud(),
        };
        let rewritten = rewrite(&part, &source, to, input.sample_rate, &Channels::AsTheyAre)?;
        entry.warnings.extend(rewritten.warnings);
    }
    Ok(())
}

fn make_folder_of(path: &Utf8Path) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(|error| Error::io(format!("make {folder}"), &error))
}
