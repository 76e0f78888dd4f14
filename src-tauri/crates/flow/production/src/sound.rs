//! The sound of a film: spoken lines, the score, and the mix of both.

use std::ops::Range;

use camino::Utf8Path;
use studio_ambient::{Cue, Key, Mode, Params, render_score};
use studio_core::units::{Db, SampleRate};
use studio_core::{Error, JobContext};
use studio_dsp::mix::{self, Ducking};
use studio_dsp::{Audio, Limiter, Loudness, Meter, resample};
use studio_film::{MoviePlan, graph, timing};
use studio_providers::speech::{Speech, Utterance};

/// Rate of the film's sound.
pub(crate) const RATE: SampleRate = SampleRate::HZ_48000;
/// Loudness of the voices before the mix, and of the score under them, in LUFS.
const VOICE_LUFS: f64 = -18.0;
const SCORE_LUFS: f64 = -24.0;
/// AAC moves peaks by up to a decibel: the mix keeps that much room below the film's ceiling.
const MIX_CEILING: Db = Db(-2.0);
/// Fastest that a line is spoken to fit its time.
const FASTEST: f32 = 1.5;
/// Quieter than this, a line has not begun or is over.
const SILENCE: Db = Db(-50.0);
const FADE_IN_SECS: f64 = 0.5;
const FADE_OUT_SECS: f64 = 1.5;

/// Speaks a line into mono sound without silence at its ends, faster if it would not fit `longest_secs`.
pub(crate) fn speak(
    cx: &JobContext,
    provider: &dyn Speech,
    voice: &str,
    text: &str,
    longest_secs: f64,
    scratch: &Utf8Path,
) -> Result<Audio, Error> {
    let mut utterance = Utterance {
        text: text.to_owned(),
        voice: (!voice.is_empty()).then(|| voice.to_owned()),
        rate: 1.0,
        pitch: 1.0,
    };
    let once = |utterance: &Utterance| -> Result<Audio, Error> {
        let file = scratch.join("line.wav");
        provider.speak(utterance, &file, &|| cx.cancel().is_raised())?;
        let (audio, _) = studio_media::decode(&file, u64::from(u32::MAX))?;
        Ok(trim(audio))
    };
    let spoken = once(&utterance)?;
    let over = spoken.duration_secs() / longest_secs.max(0.1);
    if over <= 1.0 {
        return Ok(spoken);
    }
    utterance.rate = (over as f32 * 1.03).min(FASTEST);
    once(&utterance)
}

/// Cuts silence off both ends, leaving a few milliseconds so that no consonant is clipped.
fn trim(audio: Audio) -> Audio {
    const KEPT_SECS: f64 = 0.02;
    let threshold = SILENCE.ratio() as f32;
    let loud = |n: usize| {
        audio
            .channels
            .iter()
            .any(|channel| channel[n].abs() > threshold)
    };
    let frames = audio.frames();
    let first = (0..frames).find(|n| loud(*n)).unwrap_or(0);
    let last = (0..frames)
        .rev()
        .find(|n| loud(*n))
        .map_or(frames, |n| n + 1);
    let kept = audio.rate.samples_from_secs(KEPT_SECS) as usize;
    let range = first.saturating_sub(kept)..(last + kept).min(frames);
    let channels = audio
        .channels
        .iter()
        .map(|channel| channel[range.clone()].to_vec())
        .collect();
    Audio {
        rate: audio.rate,
        channels,
    }
}

/// The score of the whole film: each shot's music from its first sample on.
pub(crate) fn score(
    cx: &JobContext,
    plan: &MoviePlan,
    frames: u64,
    fps: u32,
) -> Result<Audio, Error> {
    let samples = |frame: u64| frame * u64::from(RATE.get()) / u64::from(fps);
    let mut cues = Vec::new();
    for (shot, frames) in plan.shots.iter().zip(timing::shot_frames(plan, fps)) {
        cues.push(Cue {
            at_sample: samples(frames.start),
            params: params(shot.score.as_ref())?,
        });
    }
    let total = samples(frames);
    let stereo = render_score(graph::plan_seed(plan), &cues, total, RATE, |done, total| {
        cx.progress("Composing the score", done as f64 / total.max(1) as f64);
        match cx.cancel().is_raised() {
            true => std::ops::ControlFlow::Break(()),
            false => std::ops::ControlFlow::Continue(()),
        }
    });
    cx.check()?;
    let stereo = stereo.map_err(|error| Error::internal(format!("the score: {error}")))?;
    Ok(Audio {
        rate: RATE,
        channels: vec![stereo.left, stereo.right],
    })
}

/// A shot's music, or calm Dorian where a plan from elsewhere says nothing.
fn params(score: Option<&studio_film::plan::Score>) -> Result<Params, Error> {
    let wrong =
        |what: String| Error::bad_input(format!("the plan's score: {what}")).field("/plan/shots");
    let (key, mode, bpm, intensity) = match score {
        Some(score) => (
            score.key.as_str(),
            score.mode.as_str(),
            score.bpm,
            score.intensity,
        ),
        None => ("D", "dorian", 56.0, 0.4),
    };
    let key: Key = key
        .parse()
        .map_err(|_| wrong(format!("`{key}` is no key")))?;
    let mode: Mode =
        serde_json::from_value(mode.into()).map_err(|_| wrong(format!("`{mode}` is no mode")))?;
    Params::new(key, mode, bpm, intensity).map_err(|error| wrong(error.to_string()))
}

/// Voices over the score, at `target_lufs`, with room for the encoder's peaks.
///
/// `lines` are (first sample, mono sound) at any rate.
pub(crate) fn mix_down(
    cx: &JobContext,
    mut score: Audio,
    lines: &[(usize, Audio)],
    target_lufs: f64,
) -> Result<Audio, Error> {
    cx.progress("Mixing", 0.0);
    let frames = score.frames();
    let mut voices = Audio::silence(RATE, 2, frames);
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (at, line) in lines {
        cx.check()?;
        let line = resample(line, RATE).map_err(internal)?;
        let loudness = measure(&line)?.integrated_lufs.unwrap_or(VOICE_LUFS);
        mix::add(&mut voices, &line, *at, Db(VOICE_LUFS - loudness));
        spans.push(*at..(*at + line.frames()).min(frames));
    }
    cx.progress("Mixing", 0.3);
    if let Some(loudness) = measure(&score)?.integrated_lufs {
        scale(&mut score, Db(SCORE_LUFS - loudness));
    }
    mix::duck(
        &mut score,
        &spans,
        Ducking {
            depth: Db(7.0),
            ..Ducking::default()
        },
    );
    mix::add(&mut score, &voices, 0, Db(0.0));
    let samples = |secs: f64| RATE.samples_from_secs(secs) as usize;
    mix::fade(&mut score, samples(FADE_IN_SECS), samples(FADE_OUT_SECS));
    master(cx, score, target_lufs)
}

/// To the target under the ceiling. Limiting takes loudness away, so the gain is corrected.
fn master(cx: &JobContext, mixed: Audio, target_lufs: f64) -> Result<Audio, Error> {
    const ROUNDS: usize = 4;
    const TOLERANCE_LU: f64 = 0.05;
    let Some(loudness) = measure(&mixed)?.integrated_lufs else {
        return Ok(mixed);
    };
    let mut gain = Db(target_lufs - loudness);
    for round in 1..=ROUNDS {
        cx.check()?;
        cx.progress("Mastering", 0.5 + 0.5 * round as f64 / ROUNDS as f64);
        let limited = limited(&mixed, gain);
        let reached = measure(&limited)?.integrated_lufs.unwrap_or(target_lufs);
        if round == ROUNDS || (reached - target_lufs).abs() < TOLERANCE_LU {
            return Ok(limited);
        }
        gain = Db(gain.0 + target_lufs - reached);
    }
    Ok(mixed)
}

fn limited(mixed: &Audio, gain: Db) -> Audio {
    let mut limiter = Limiter::new(MIX_CEILING, mixed.channel_count(), mixed.rate);
    let latency = limiter.latency();
    let mut out = mixed.clone();
    scale(&mut out, gain);
    for channel in &mut out.channels {
        channel.extend(std::iter::repeat_n(0.0, latency));
    }
    let mut slices: Vec<&mut [f32]> = out.channels.iter_mut().map(Vec::as_mut_slice).collect();
    limiter.process(&mut slices);
    for channel in &mut out.channels {
        channel.drain(..latency);
    }
    out
}

pub(crate) fn measure(audio: &Audio) -> Result<Loudness, Error> {
    let mut meter = Meter::new(audio.channel_count(), audio.rate).map_err(internal)?;
    meter.feed(&audio.slices()).map_err(internal)?;
    meter.report().map_err(internal)
}

fn scale(audio: &mut Audio, gain: Db) {
    let ratio = gain.ratio() as f32;
    audio
        .channels
        .iter_mut()
        .flatten()
        .for_each(|x| *x *= ratio);
}

fn internal(error: impl std::fmt::Display) -> Error {
    Error::internal(error.to_string())
}
