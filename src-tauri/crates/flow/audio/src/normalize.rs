//! `audio.normalize`: to a target loudness under a true-peak ceiling.
//!
//! Always linear, with a limiter for the peaks: one gain for the whole file, never a silent switch to
//! dynamic compression. What was delivered is decoded and measured again, since a lossy encoder moves
//! peaks; if it passes the ceiling, it is written once more with that much less.

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Output, Source};
use studio_core::units::Db;
use studio_core::{Error, ErrorCode, JobContext, Operation, Resource};
use studio_dsp::{Audio, Limiter, Loudness};
use studio_media::{AudioFormat, AudioReader, AudioWriter, Container, Quality};
use studio_store::{Projects, Provenance};

use crate::convert::{FormatFor, Rates};
use crate::input::ends;
use crate::measure::measure;

/// How often a lossy file may be written again to meet its ceiling and target.
const TRIES: usize = 4;
/// EBU R128 asks for ±0.5 LU; this is what we correct.
const LOUDNESS_TOLERANCE_LU: f64 = 0.1;

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
struct NormalizeInput {
    /// The file to read, unless an asset is named.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    path: Option<Utf8PathBuf>,
    /// The asset's project, and where the result goes without an `output`.
    #[serde(default)]
    project: Option<String>,
    /// The asset to read, by id.
    #[serde(default)]
    asset: Option<String>,
    /// Where it is to be heard: decides loudness and ceiling that are not given. Without it, as Spotify.
    #[serde(default)]
    delivery: Delivery,
    /// Integrated loudness to reach, in LUFS.
    #[serde(default)]
    #[schemars(range(min = -70.0, max = -5.0))]
    target_lufs: Option<f64>,
    /// Highest true peak, in dBTP.
    #[serde(default)]
    #[schemars(range(min = -20.0, max = 0.0))]
    ceiling_dbtp: Option<f64>,
    /// The file to write. Its ending chooses the format.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// Format of the result; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
}

/// Places that play every sound at their own loudness, and norms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    #[default]
    Spotify,
    AppleMusic,
    #[serde(rename = "youtube")]
    YouTube,
    AmazonMusic,
    Tidal,
    Deezer,
    Podcast,
    /// One channel sounds as loud as two at 3 LU less.
    PodcastMono,
    /// European broadcasts: EBU R 128.
    EbuR128,
    /// American broadcasts: ATSC A/85.
    AtscA85,
}

impl Delivery {
    /// LUFS and dBTP, as the services and norms state them.
    pub(crate) fn levels(self) -> (f64, f64) {
        match self {
            Delivery::Spotify | Delivery::YouTube | Delivery::Tidal => (-14.0, -1.0),
            Delivery::AmazonMusic => (-14.0, -2.0),
            Delivery::Deezer => (-15.0, -1.0),
            Delivery::AppleMusic | Delivery::Podcast => (-16.0, -1.0),
            Delivery::PodcastMono => (-19.0, -1.0),
            Delivery::EbuR128 => (-23.0, -1.0),
            Delivery::AtscA85 => (-24.0, -2.0),
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Normalized {
    output: Output,
    before: Loudness,
    /// Measured in the delivered file.
    after: Loudness,
    /// Gain of the whole file, in dB.
    gain_db: f64,
    /// The most that the limiter took off a peak, in dB.
    limited_db: f64,
}

fn normalize(
    cx: &JobContext,
    projects: &Projects,
    input: NormalizeInput,
) -> Result<Normalized, Error> {
    let begun = Instant::now();
    let (source, destination) = ends(
        projects,
        input.path.as_deref(),
        input.project.as_deref(),
        input.asset.as_deref(),
        input.output.as_deref(),
    )?;
    let container =
        crate::convert::container(input.format, &destination)?.unwrap_or(Container::Wav);
    let (target, highest) = input.delivery.levels();
    let target = input.target_lufs.unwrap_or(target);
    let highest = input.ceiling_dbtp.unwrap_or(highest);
    let name = format!(
        "{}, {target} LUFS.{}",
        stem(&source.name),
        container.extension()
    );
    let written = destination.path(cx, &name)?;
    let levelled = level(
        &cx.part(0.0, 0.9),
        &source.path,
        &written,
        &|bits| AudioFormat::new(container, Quality::High, bits),
        target,
        highest,
    )?;
    let made = Provenance {
        operation: "audio.normalize".to_owned(),
        input: json!({ "target_lufs": target, "ceiling_dbtp": highest }),
        inputs: digest_of(&source),
        device: Some("cpu".to_owned()),
        took_ms: begun.elapsed().as_millis() as u64,
        ..Provenance::default()
    };
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, Some(&source), made)?;
    Ok(Normalized {
        output,
        before: levelled.before,
        after: levelled.after,
        gain_db: levelled.gain.0,
        limited_db: levelled.limited.0,
    })
}

/// What [`level`] found and did.
pub(crate) struct Levelled {
    pub(crate) before: Loudness,
    /// Measured in the written file.
    pub(crate) after: Loudness,
    gain: Db,
    limited: Db,
}

/// Writes the sound at `path` with the target loudness, in LUFS, and no true peak above `highest`, in dBTP. The written
/// file is measured, and written again until it holds both.
pub(crate) fn level(
    cx: &JobContext,
    path: &Utf8Path,
    written: &Utf8Path,
    format: FormatFor<'_>,
    target: f64,
    highest: f64,
) -> Result<Levelled, Error> {
    let before = measure(&cx.part(0.0, 0.33), path)?;
    let Some(loudness) = before.integrated_lufs else {
        return Err(Error::bad_input(
            "the sound is silent: silence has no loudness",
        ));
    };
    let mut gain = Db(target - loudness);
    let mut ceiling = Db(highest);
    for attempt in 0..TRIES {
        let from = 0.33 + 0.67 * attempt as f64 / TRIES as f64;
        let part = cx.part(from, from + 0.67 / TRIES as f64);
        let limited = render(&part.part(0.0, 0.7), path, written, format, gain, ceiling)?;
        let after = measure(&part.part(0.7, 1.0), written)?;
        let too_high = after.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY) - highest;
        let too_quiet = target - after.integrated_lufs.unwrap_or(target);
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
            return Ok(Levelled {
                before,
                after,
                gain,
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

/// Writes the source with `gain`, limited to `ceiling`; answers what the limiter took off at most.
fn render(
    cx: &JobContext,
    path: &Utf8Path,
    written: &Utf8Path,
    format: FormatFor<'_>,
    gain: Db,
    ceiling: Db,
) -> Result<Db, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let format = format(reader.bits_per_sample());
    let mut rates = Rates::new(&reader, format, None)?;
    let mut writer = AudioWriter::create(written, format, rates.to, spec.channels)?;
    writer.keep_tags_of(path);
    let mut limiter = Limiter::new(ceiling, spec.channels, spec.rate);
    let ratio = gain.ratio() as f32;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    let mut late = limiter.latency();
    loop {
        cx.check()?;
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
        cx.warn(format!("{written}: {warning}"));
    }
    Ok(limiter.reduction())
}

pub(crate) fn stem(name: &str) -> &str {
    Utf8Path::new(name).file_stem().unwrap_or(name)
}

pub(crate) fn digest_of(source: &Source) -> Vec<String> {
    source
        .asset
        .iter()
        .map(|(_, asset)| asset.facts.digest.clone())
        .collect()
}
