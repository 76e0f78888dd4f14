//! `ambient.render`: music into a file.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_ambient::{Cue, Key, Mode, Params, Score};
use studio_assets::{Destination, Output};
use studio_core::units::{Db, SampleRate};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Audio, Limiter, Loudness, Meter};
use studio_media::{AudioFormat, AudioWriter, Container, Quality};
use studio_store::{Projects, Provenance};

const RATE: SampleRate = SampleRate::HZ_48000;
const BLOCK: usize = 8192;
/// True peaks of the result stay below, in dBTP; a lossy encoder moves them by up to a decibel.
const CEILING: Db = Db(-1.0);

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "ambient.render",
        "Compose ambient music",
        "Composes music of a given length and writes it to a file. The same seed gives the same music.",
    )
    .job(Resource::Cpu)
    .writes()
    .blocking(move |cx: &JobContext, input: RenderInput| render(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RenderInput {
    /// Length in seconds.
    #[schemars(range(min = 1.0, max = 36_000.0))]
    duration_secs: f64,
    /// Tonic, such as `D` or `F#`.
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    mode: Option<Mode>,
    /// Beats per minute.
    #[serde(default)]
    #[schemars(range(min = 40.0, max = 90.0))]
    bpm: Option<f32>,
    /// 0 calm to 1 dense.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    intensity: Option<f32>,
    /// Same seed, same music.
    #[serde(default = "one")]
    #[schemars(range(max = 9_007_199_254_740_991u64))]
    seed: u64,
    /// Integrated loudness to reach, in LUFS; without it, as the engine plays.
    #[serde(default)]
    #[schemars(range(min = -40.0, max = -9.0))]
    target_lufs: Option<f64>,
    /// Where the result goes without an `output`.
    #[serde(default)]
    project: Option<String>,
    /// The file to write. Its ending chooses the format.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// Format of the result; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
}

fn one() -> u64 {
    1
}

#[derive(Serialize, JsonSchema)]
struct Composed {
    output: Output,
    duration_secs: f64,
    loudness: Loudness,
}

fn render(cx: &JobContext, projects: &Projects, input: &RenderInput) -> Result<Composed, Error> {
    let begun = Instant::now();
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.project.as_deref(),
        None,
    )?;
    let container = container(input.format, &destination)?;
    let default = Params::default();
    let params = Params::new(
        input.key.unwrap_or(default.key),
        input.mode.unwrap_or(default.mode),
        input.bpm.unwrap_or(default.bpm.get()),
        input.intensity.unwrap_or(default.intensity.get()),
    )
    .map_err(|error| Error::bad_input(error.to_string()))?;
    let samples = RATE.samples_from_secs(input.duration_secs);
    // The music is the same each time, so measuring it first costs time and no memory.
    let gain = match input.target_lufs {
        None => Db(0.0),
        Some(target) => {
            let loudness = play(&cx.part(0.0, 0.45), input.seed, params, samples, |_| Ok(()))?;
            Db(loudness
                .integrated_lufs
                .map_or(0.0, |loudness| target - loudness))
        }
    };
    let minutes = input.duration_secs / 60.0;
    let name = format!(
        "Ambient {} {:?}, {minutes:.1} min.{}",
        params.key,
        params.mode,
        container.extension()
    );
    let written = destination.path(cx, &name)?;
    let format = AudioFormat::new(container, Quality::High, None);
    let mut writer = AudioWriter::create(&written, format, RATE, 2)?;
    let mut limiter = Limiter::new(CEILING, 2, RATE);
    let mut late = limiter.latency();
    let ratio = gain.ratio() as f32;
    let mut meter = Meter::new(2, RATE).map_err(internal)?;
    let mut finish = |block: &mut Audio, writer: &mut AudioWriter| -> Result<(), Error> {
        block
            .channels
            .iter_mut()
            .flatten()
            .for_each(|x| *x *= ratio);
        let mut slices: Vec<&mut [f32]> =
            block.channels.iter_mut().map(Vec::as_mut_slice).collect();
        limiter.process(&mut slices);
        let skipped = late.min(block.frames());
        late -= skipped;
        block
            .channels
            .iter_mut()
            .for_each(|channel| drop(channel.drain(..skipped)));
        meter.feed(&block.slices()).map_err(internal)?;
        writer.write(block)?;
        Ok(())
    };
    let from = if input.target_lufs.is_some() {
        0.45
    } else {
        0.0
    };
    play(&cx.part(from, 0.9), input.seed, params, samples, |block| {
        finish(block, &mut writer)
    })?;
    // The delayed end is still inside the limiter.
    let mut tail = Audio::silence(RATE, 2, Limiter::new(CEILING, 2, RATE).latency());
    finish(&mut tail, &mut writer)?;
    let frames = writer.frames();
    writer.finish()?;
    let made = Provenance {
        operation: "ambient.render".to_owned(),
        input: json!({ "params": params, "duration_secs": input.duration_secs, "target_lufs": input.target_lufs }),
        seed: Some(input.seed),
        model: Some("ambient engine".to_owned()),
        device: Some("cpu".to_owned()),
        took_ms: begun.elapsed().as_millis() as u64,
        ..Provenance::default()
    };
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, None, made)?;
    let loudness = meter.report().map_err(internal)?;
    Ok(Composed {
        output,
        duration_secs: RATE.secs_from_samples(frames),
        loudness,
    })
}

/// Plays the whole piece through `take`, block by block, and measures it.
fn play(
    cx: &JobContext,
    seed: u64,
    params: Params,
    samples: u64,
    mut take: impl FnMut(&mut Audio) -> Result<(), Error>,
) -> Result<Loudness, Error> {
    let mut score = Score::new(
        seed,
        &[Cue {
            at_sample: 0,
            params,
        }],
        samples,
        RATE,
    )
    .map_err(|error| Error::bad_input(error.to_string()).field("/duration_secs"))?;
    let mut meter = Meter::new(2, RATE).map_err(internal)?;
    let (mut left, mut right) = (vec![0.0; BLOCK], vec![0.0; BLOCK]);
    let mut done = 0;
    loop {
        cx.check()?;
        cx.progress("Composing", done as f64 / samples.max(1) as f64);
        let count = score.render(&mut left, &mut right);
        if count == 0 {
            return meter.report().map_err(internal);
        }
        done += count as u64;
        let mut block = Audio {
            rate: RATE,
            channels: vec![left[..count].to_vec(), right[..count].to_vec()],
        };
        meter.feed(&block.slices()).map_err(internal)?;
        take(&mut block)?;
    }
}

fn container(format: Option<Container>, destination: &Destination) -> Result<Container, Error> {
    match (format, destination.extension()) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(Container::Wav),
        (None, Some(extension)) => Container::from_extension(extension).ok_or_else(|| {
            Error::bad_input(format!(
                "`.{extension}` is not an ending of a format that we write"
            ))
            .field("/output")
            .hint("use wav, aiff, flac, mp3, m4a, ogg or opus, or name a `format`")
        }),
    }
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::internal(error.to_string())
}
