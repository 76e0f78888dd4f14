//! `audio.normalize`: to a target loudness under a true-peak ceiling.
//!
//! One gain for the whole file with a limiter for its peaks, unless somebody asks for a gain that follows the loudness:
//! never a silent switch between the two. What was delivered is decoded and measured again, since a lossy encoder moves
//! peaks; if it passes the ceiling, it is written once more with that much less.

mod goal;

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Output, project_is_also};
use studio_core::units::{Db, Lufs};
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};
use studio_dsp::{Audio, Leveler, Limiter, Loudness, Narration};
use studio_media::{AudioFormat, AudioReader, Container, Quality};
use studio_store::Projects;

pub(crate) use self::goal::{Delivery, Goal, NormalizeWay, Scale};
use crate::convert::Rates;
use crate::input::{SourceInput, ends};
use crate::measure::{Wishes, listen};
use crate::target::Target;

/// How often a lossy file may be written again to meet its ceiling and target.
const TRIES: usize = 4;
/// EBU R128 asks for ±0.5 LU; this is what we correct.
const LOUDNESS_TOLERANCE_LU: f64 = 0.1;
/// The most that a gain which follows the loudness adds or takes, in dB.
const MOST_DB: f64 = 12.0;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.normalize",
        "Normalise loudness",
        "Brings a sound to a target loudness with true peaks under a ceiling, and checks the result.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: NormalizeInput| normalize(cx, &projects, input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the result goes without an `output`"))]
struct NormalizeInput {
    #[serde(flatten)]
    source: SourceInput,
    /// Where it is to be heard: decides loudness and ceiling that are not given. Without it, as Spotify.
    #[serde(default)]
    delivery: Delivery,
    /// Integrated loudness to reach, in LUFS; for an audiobook its RMS, in dBFS.
    #[serde(default)]
    #[schemars(range(min = -70.0, max = -5.0))]
    target_lufs: Option<f64>,
    /// Highest true peak, in dBTP.
    #[serde(default)]
    #[schemars(range(min = -20.0, max = 0.0))]
    ceiling_dbtp: Option<f64>,
    /// One gain for all of it, or one that follows the loudness.
    #[serde(default)]
    way: NormalizeWay,
    /// The file to write. Its ending chooses the format.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// Format of the result; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
}

#[derive(Serialize, JsonSchema)]
struct Normalized {
    output: Output,
    before: Loudness,
    /// Measured in the delivered file.
    after: Loudness,
    /// Gain of the whole file, in dB; on top of the gain that followed the loudness, if one did.
    gain_db: f64,
    followed: Option<FollowedGain>,
    /// An audiobook's result against what publishers ask for.
    audiobook: Option<Narration>,
    /// The most that the limiter took off a peak, in dB.
    limited_db: f64,
}

/// A gain that followed the loudness, in dB.
#[derive(Serialize, JsonSchema)]
struct FollowedGain {
    least_db: f32,
    most_db: f32,
}

fn normalize(
    cx: &JobContext,
    projects: &Projects,
    input: NormalizeInput,
) -> Result<Normalized, Error> {
    let begun = Instant::now();
    let (source, destination) = ends(projects, &input.source, input.output.as_deref())?;
    let container = destination.sound_format(input.format)?;
    let goal = input
        .delivery
        .goal(input.target_lufs, input.ceiling_dbtp, input.way);
    let name = format!(
        "{}, {} {}.{}",
        source.stem(),
        goal.target,
        goal.unit(),
        container.extension()
    );
    let written = destination.path(cx, &name)?;
    let levelled = level(
        &cx.part(0.0, 0.9),
        &source.path,
        Target::of(&source.path, &written, &|bits| {
            AudioFormat::new(container, Quality::High, bits)
        }),
        &goal,
    )?;
    let asked = json!({
        "delivery": input.delivery, "target_lufs": goal.target, "ceiling_dbtp": goal.highest, "way": goal.way,
    });
    let made = source.made("audio.normalize", asked, begun);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, Some(&source), made)?;
    Ok(Normalized {
        output,
        before: levelled.before,
        after: levelled.after,
        gain_db: levelled.gain.0,
        followed: levelled
            .followed
            .map(|(least_db, most_db)| FollowedGain { least_db, most_db }),
        audiobook: levelled.audiobook,
        limited_db: levelled.limited.0,
    })
}

/// What [`level`] found and did.
pub(crate) struct Levelled {
    pub(crate) before: Loudness,
    /// Measured in the written file.
    pub(crate) after: Loudness,
    gain: Db,
    followed: Option<(f32, f32)>,
    audiobook: Option<Narration>,
    limited: Db,
}

/// Writes the sound at `path` as loud as the goal says, with no true peak above its ceiling. The written file is
/// measured, and written again until it holds both.
pub(crate) fn level(
    cx: &JobContext,
    path: &Utf8Path,
    to: Target<'_>,
    goal: &Goal,
) -> Result<Levelled, Error> {
    let (target, highest) = (goal.target, goal.highest);
    let written = to.path;
    let ear = listen(&cx.part(0.0, 0.33), path, goal.wishes())?;
    let before = ear.loudness()?;
    let (Some(is), Some(lufs)) = (goal.level(&ear)?, before.integrated_lufs) else {
        return Err(Error::bad_input(
            "the sound is silent: silence has no loudness",
        ));
    };
    let mut gain = Db(target - is);
    let leveler = ear.meter.history().and_then(|history| {
        let lufs = Lufs(lufs + gain.0);
        Leveler::new(history, &before, lufs, MOST_DB, ear.meter.rate())
    });
    if leveler.is_some() {
        gain = Db(0.0);
    }
    let mut ceiling = Db(highest);
    for attempt in 0..TRIES {
        let from = 0.33 + 0.67 * attempt as f64 / TRIES as f64;
        let part = cx.part(from, from + 0.67 / TRIES as f64);
        let way = Way {
            gain,
            leveler: leveler.as_ref(),
            ceiling,
        };
        let limited = render(&part.part(0.0, 0.7), path, to, &way)?;
        let wishes = Wishes {
            history: false,
            ..goal.wishes()
        };
        let result = listen(&part.part(0.7, 1.0), written, wishes)?;
        let after = result.loudness()?;
        let too_high = after.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY) - highest;
        let too_quiet = target - goal.level(&result)?.unwrap_or(target);
        // A limited file may stay below its target; more gain would only be limited away.
        let off = too_quiet.abs() > LOUDNESS_TOLERANCE_LU && limited.0 < 6.0;
        if too_high <= 0.0 && !off || attempt + 1 == TRIES {
            if too_high > 0.05 {
                let _ = std::fs::remove_file(written);
                return Err(Error::new(
                    ErrorCode::Unsupported,
                    format!(
                        "{written}: peaks are {too_high:.2} dB over the ceiling after the encode"
                    ),
                )
                .hint("choose a lower ceiling, or a format without loss"));
            }
            if off {
                cx.warn(format!(
                    "the result is {too_quiet:.1} LU off its target: its peaks leave no more room"
                ));
            }
            let audiobook = result.narration();
            for fault in audiobook.iter().flat_map(|told| &told.faults) {
                cx.warn(format!("publishers of audiobooks refuse it: {fault}"));
            }
            return Ok(Levelled {
                before,
                after,
                gain,
                followed: leveler.as_ref().map(Leveler::range_db),
                audiobook,
                limited,
            });
        }
        if too_high > 0.0 {
            ceiling = Db(ceiling.0 - too_high - 0.05);
        }
        if off {
            gain = Db(gain.0 + too_quiet);
        }
    }
    Err(Error::internal("normalising ended without a result"))
}

/// What becomes of every sample.
pub(crate) struct Way<'a> {
    pub(crate) gain: Db,
    pub(crate) leveler: Option<&'a Leveler>,
    pub(crate) ceiling: Db,
}

/// Writes the source with another level; answers what the limiter took off at most.
pub(crate) fn render(
    cx: &JobContext,
    path: &Utf8Path,
    to: Target<'_>,
    way: &Way<'_>,
) -> Result<Db, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let format = (to.format)(reader.bits_per_sample());
    let mut rates = Rates::new(spec.rate, spec.channels, format, None)?;
    let mut writer = to
        .otherwise_loud()
        .writer(format, rates.to, spec.channels)?;
    let mut limiter = Limiter::new(way.ceiling, spec.channels, spec.rate);
    let ratio = way.gain.ratio() as f32;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    let mut late = limiter.latency();
    loop {
        cx.check()?;
        let from = reader.position();
        let frames = reader.read(&mut block)?;
        let last = frames == 0;
        if last {
            // The delayed end is still inside the limiter.
            block = Audio::silence(spec.rate, spec.channels, limiter.latency());
        }
        if let Some(total) = spec.frames {
            cx.progress(
                "Normalising",
                reader.position() as f64 / total.max(1) as f64,
            );
        }
        for channel in &mut block.channels {
            channel.iter_mut().for_each(|x| *x *= ratio);
        }
        let mut slices: Vec<&mut [f32]> =
            block.channels.iter_mut().map(Vec::as_mut_slice).collect();
        if let Some(leveler) = way.leveler {
            leveler.apply(&mut slices, from);
        }
        limiter.process(&mut slices);
        let skipped = late.min(block.frames());
        late -= skipped;
        for channel in &mut block.channels {
            channel.drain(..skipped);
        }
        rates.write(&block, &mut writer)?;
        if last {
            break;
        }
    }
    rates.finish(&mut writer)?;
    for warning in writer.finish()?.warnings {
        cx.warn(format!("{}: {warning}", to.path));
    }
    Ok(limiter.reduction())
}
