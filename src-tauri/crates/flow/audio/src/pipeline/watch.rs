//! `audio.watch`: every sound that comes into a folder goes through the same steps.
//!
//! The folder is looked at once a second: that works on network shares too, which tell nobody what happens in them. A
//! file is taken when its size and time have not changed for a while. The report beside the results is the memory: what
//! was made is not made again after a restart, and what failed waits until it changes. One file at a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use glob::Pattern;
use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::EffectPresets;
use studio_core::{Error, JobContext, Operation, Resource};

use super::files::{Work, is_same, pattern, search};
use super::recipe::{PipelineStep, Recipe, ResultsInput};
use super::report::{Entry, Report};

/// Between two looks at the folder.
const PERIOD: Duration = Duration::from_secs(1);
/// Between two looks whether it was cancelled.
const BLINK: Duration = Duration::from_millis(100);

pub(super) fn operation(presets: EffectPresets) -> Operation {
    Operation::define(
        "audio.watch",
        "Watch a folder",
        "Runs effects and normalising over every sound that comes into a folder, once it is written to its end, until it is \
         cancelled. What was made is not made again, not after a restart either; a bad file is reported and left until it changes. Looks \
         once a second.",
    )
    .job(Resource::Realtime)
    .writes()
    .positional("folder")
    .blocking(move |cx: &JobContext, input: WatchInput| watch(cx, &presets, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WatchInput {
    /// The folder that sounds come into. It may go away for a while and come back.
    #[schemars(with = "String", extend("x-path" = true))]
    folder: Utf8PathBuf,
    /// Which files are taken, such as `*.wav` or `take-??.flac`; without it, those with a sound's ending.
    #[serde(default)]
    #[schemars(length(max = 256))]
    pattern: Option<String>,
    /// Also watch folders within it.
    #[serde(default)]
    recursive: bool,
    /// What is done to each, in order; without any, it is only converted.
    #[serde(default)]
    #[schemars(length(max = 16))]
    steps: Vec<PipelineStep>,
    /// Where the results go; made if it is not there. May lie in the watched folder, whose results are left alone.
    #[schemars(with = "String", extend("x-path" = true))]
    output_folder: Utf8PathBuf,
    #[serde(flatten)]
    results: ResultsInput,
    /// Seconds that a file must have stayed as it is.
    #[serde(default = "usual_patience")]
    #[schemars(range(min = 1, max = 3600))]
    settle_secs: u32,
    /// End when nothing has come for so many seconds; without it, go on until cancelled.
    #[serde(default)]
    #[schemars(range(min = 1, max = 86_400))]
    until_idle_secs: Option<u32>,
}

fn usual_patience() -> u32 {
    3
}

fn watch(cx: &JobContext, presets: &EffectPresets, input: &WatchInput) -> Result<Report, Error> {
    let recipe = Recipe::new(presets, &input.steps, &input.output_folder, input.results)?;
    let pattern = pattern(input.pattern.as_deref())?;
    check_folders(input)?;
    let mut report = Report::go_on(Report::read(&input.output_folder)?);
    let mut settling = Settling::new(Duration::from_secs(input.settle_secs.into()));
    let idle = input
        .until_idle_secs
        .map(|secs| Duration::from_secs(secs.into()));
    let scratch = cx.scratch()?;
    // There is no end that a share of could be done.
    let cx = cx.part(0.0, 0.0);
    let begun = Instant::now();
    let mut busy = begun;
    loop {
        cx.check()?;
        let (waiting, stage) = match look(input, pattern.as_ref(), &recipe, &report) {
            Ok(new) => {
                let there = new
                    .iter()
                    .map(|(work, facts)| (work.source.as_path(), *facts));
                settling.look(there, begun.elapsed());
                let stage = match new.len() {
                    0 => format!("Waiting for sounds in {}", input.folder),
                    1 => "Waiting until a file is written to its end".to_owned(),
                    count => format!("Waiting until {count} files are written to their end"),
                };
                (new, stage)
            }
            Err(error) => (Vec::new(), format!("Waiting: {}", error.message)),
        };
        // Also how a wish to cancel comes from other processes.
        cx.progress(&stage, 0.0);
        if !waiting.is_empty() {
            busy = Instant::now();
        }
        for (work, _) in &waiting {
            if !settling.has_settled(&work.source, begun.elapsed()) {
                continue;
            }
            let entry = match report.holder(work) {
                Some(other) => {
                    let message = format!("{} is already made of {other}", work.output);
                    Entry::refused(work, message)
                }
                None => recipe.make(&cx, work, &scratch),
            };
            // What was cancelled did not fail.
            cx.check()?;
            match &entry.error {
                Some(error) => cx.warn(format!("{}: {error}", work.source)),
                None => cx.info(format!("made {}", work.output)),
            }
            report.put(entry);
            remember(&mut report, &input.output_folder)?;
            busy = Instant::now();
        }
        if idle.is_some_and(|idle| busy.elapsed() >= idle) {
            remember(&mut report, &input.output_folder)?;
            return Ok(report);
        }
        let looked = Instant::now();
        while looked.elapsed() < PERIOD {
            cx.check()?;
            std::thread::sleep(BLINK);
        }
    }
}

/// Results must not come back as sounds that are new.
fn check_folders(input: &WatchInput) -> Result<(), Error> {
    let folder = &input.folder;
    if !folder.is_dir() {
        let message = format!("{folder}: no such folder");
        return Err(Error::not_found(message).field("/folder"));
    }
    std::fs::create_dir_all(&input.output_folder)
        .map_err(|error| Error::io(format!("make {}", input.output_folder), &error))?;
    let watched = folder.canonicalize_utf8();
    let watched = watched.map_err(|error| Error::io(format!("read {folder}"), &error))?;
    if watched
        .ancestors()
        .any(|above| is_same(above, &input.output_folder))
    {
        let message = format!(
            "results in {} would lie in what is watched",
            input.output_folder
        );
        return Err(Error::bad_input(message)
            .field("/output_folder")
            .hint("choose a folder beside the watched one, or in it"));
    }
    Ok(())
}

fn remember(report: &mut Report, folder: &Utf8Path) -> Result<(), Error> {
    std::fs::create_dir_all(folder).map_err(|error| Error::io(format!("make {folder}"), &error))?;
    report.write(folder, true)
}

/// Size and time of the last change.
type Facts = (u64, Option<SystemTime>);

/// The files that are there and were not tried as they are. What was made is not made again even where its result
/// was taken away.
fn look(
    input: &WatchInput,
    pattern: Option<&Pattern>,
    recipe: &Recipe<'_>,
    report: &Report,
) -> Result<Vec<(Work, Facts)>, Error> {
    let found = search(&input.folder, pattern, input.recursive, recipe)?;
    let works = found
        .into_iter()
        .map(|(source, inside)| Work::of(recipe, source, &inside));
    let tried = report.tried();
    let is_new = |work: &Work| tried.get(work.source.as_str()) != Some(&work.made_of.as_str());
    let new = works.filter(is_new).filter_map(|work| {
        // What went away in between comes again, or not.
        let facts = std::fs::metadata(&work.source).ok()?;
        Some((work, (facts.len(), facts.modified().ok())))
    });
    Ok(new.collect())
}

/// Since when files are as they are. The time is passed in.
struct Settling {
    patience: Duration,
    seen: BTreeMap<Utf8PathBuf, (Facts, Duration)>,
}

impl Settling {
    fn new(patience: Duration) -> Settling {
        Settling {
            patience,
            seen: BTreeMap::new(),
        }
    }

    /// Takes note of all that is there now.
    fn look<'a>(&mut self, there: impl Iterator<Item = (&'a Utf8Path, Facts)>, now: Duration) {
        let before = std::mem::take(&mut self.seen);
        for (path, facts) in there {
            let since = match before.get(path) {
                Some((as_before, since)) if *as_before == facts => *since,
                _ => now,
            };
            self.seen.insert(path.to_owned(), (facts, since));
        }
    }

    fn has_settled(&self, path: &Utf8Path, now: Duration) -> bool {
        self.seen
            .get(path)
            .is_some_and(|(_, since)| now.saturating_sub(*since) >= self.patience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_settles_when_it_has_stayed_as_it_is() {
        let path = Utf8Path::new("a.wav");
        let mut settling = Settling::new(Duration::from_secs(3));
        let mut check = |second: u64, size: Option<u64>, settled: bool| {
            let now = Duration::from_secs(second);
            settling.look(size.map(|size| (path, (size, None))).into_iter(), now);
            assert_eq!(settling.has_settled(path, now), settled, "second {second}");
        };
        check(0, Some(10), false);
        check(2, Some(20), false);
        check(4, Some(20), false);
        check(5, Some(20), true);
        check(6, Some(30), false);
        check(8, None, false);
        check(9, Some(30), false);
        check(12, Some(30), true);
    }
}
