//! `audio.noise_profile`: what the noise of a recording sounds like, as noise reduction takes it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, JobContext, Operation};
use studio_dsp::Audio;
use studio_dsp::effects::NoiseProfile;
use studio_media::AudioReader;
use studio_store::Projects;

use crate::input::SourceInput;

/// Less tells too little; more tells nothing new.
const SHORTEST_SECS: f64 = 0.1;
const LONGEST_SECS: f64 = 60.0;
/// A level is told to a tenth of a decibel: finer than anybody hears, and short.
const PER_DB: f64 = 10.0;

pub(super) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.noise_profile",
        "Learn a noise",
        "Learns what the noise of a recording sounds like from a stretch where nothing else is heard. A chain's \
         noise_reduction takes the answer as its `profile`.",
    )
    .positional("path")
    .blocking(move |cx: &JobContext, input: NoiseInput| learn(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoiseInput {
    #[serde(flatten)]
    source: SourceInput,
    /// Where the noise begins, in seconds.
    #[schemars(range(min = 0.0), extend("unit" = "s"))]
    from_secs: f64,
    /// Where it ends: 0.1 to 60 s later.
    #[schemars(range(min = 0.0), extend("unit" = "s"))]
    to_secs: f64,
}

#[derive(Serialize, JsonSchema)]
struct Learnt {
    /// As `noise_reduction` takes it.
    profile: NoiseProfile,
    /// What was listened to, in seconds; less than was asked for where the sound ends.
    heard_secs: f64,
}

fn learn(cx: &JobContext, projects: &Projects, input: &NoiseInput) -> Result<Learnt, Error> {
    let wrong = |message: String| Error::bad_input(message).field("/to_secs");
    let secs = input.to_secs - input.from_secs;
    if !(SHORTEST_SECS..=LONGEST_SECS).contains(&secs) {
        let message =
            format!("a stretch of noise is {SHORTEST_SECS} to {LONGEST_SECS} s long, not {secs} s");
        return Err(wrong(message));
    }
    let source = input.source.find(projects)?;
    let mut reader = AudioReader::open(&source.path)?;
    let rate = reader.spec().rate;
    reader.seek(rate.samples_from_secs(input.from_secs))?;
    let frames = rate.samples_from_secs(secs) as usize;
    let mut noise = Audio::silence(rate, reader.spec().channels, 0);
    let mut block = noise.clone();
    while noise.frames() < frames && reader.read(&mut block)? > 0 {
        cx.check()?;
        let count = block.frames().min(frames - noise.frames());
        for (noise, block) in noise.channels.iter_mut().zip(&block.channels) {
            noise.extend_from_slice(&block[..count]);
        }
    }
    let profile = NoiseProfile::learn(&noise).ok_or_else(|| {
        wrong(format!(
            "the sound ends {:.2} s after {} s: too soon to learn a noise",
            noise.duration_secs(),
            input.from_secs
        ))
        .hint("choose a stretch within the sound")
    })?;
    Ok(Learnt {
        profile: shortened(profile),
        heard_secs: noise.duration_secs(),
    })
}

fn shortened(mut profile: NoiseProfile) -> NoiseProfile {
    for level in &mut profile.levels_db {
        *level = (*level * PER_DB).round() / PER_DB;
    }
    profile
}
