//! `audio.pipeline`: the same steps over many files; `audio.watch`: over those that come into a folder.
//!
//! Each file goes through its steps by itself, in a scratch folder, and appears in the output folder when it is whole. A
//! file that fails is reported and the others go on. The report beside the results says what each was made of, so that a
//! run that was stopped, or one over a folder with new files, does only what is left.

mod files;
mod recipe;
mod report;
mod watch;

use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8PathBuf;
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::EffectPresets;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_store::Projects;

use self::files::find;
use self::recipe::{PipelineStep, Recipe, ResultsInput};
use self::report::Report;

pub(crate) fn operations(projects: &Projects) -> Vec<Operation> {
    vec![
        pipeline(EffectPresets::of(projects)),
        watch::operation(EffectPresets::of(projects)),
    ]
}

fn pipeline(presets: EffectPresets) -> Operation {
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
    #[serde(flatten)]
    results: ResultsInput,
    /// Files at a time; without it, as many as there are processor cores.
    #[serde(default)]
    #[schemars(range(min = 1, max = 64))]
    parallel: Option<usize>,
}

fn run(cx: &JobContext, presets: &EffectPresets, input: &PipelineInput) -> Result<Report, Error> {
    let recipe = Recipe::new(presets, &input.steps, &input.output_folder, input.results)?;
    let works = find(input, &recipe)?;
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
            let (recipe, works, report, next) = (&recipe, &works, &report, &next);
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
                    let entry = recipe.make(&part, work, &scratch);
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
