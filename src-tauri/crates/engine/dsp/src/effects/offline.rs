//! What needs the whole sound: fades at its ends, reversal, and pauses taken out.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::Db;

use crate::audio::Audio;
use crate::mix::sounding;

/// How the gain moves between silence and the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FadeShape {
    /// Evenly. Two that cross add up for sounds that are alike.
    Linear,
    /// A quarter of a sine. Two that cross keep the power of sounds that differ.
    #[default]
    EqualPower,
    /// Half a cosine: no corner at either end.
    Smooth,
    /// Evenly in decibels over 60 dB, then to silence.
    Decibels,
}

impl FadeShape {
    /// The gain after `done` of the way from silence, 0 to 1.
    pub fn gain(self, done: f64) -> f64 {
        let done = done.clamp(0.0, 1.0);
        match self {
            FadeShape::Linear => done,
            FadeShape::EqualPower => (done * std::f64::consts::FRAC_PI_2).sin(),
            FadeShape::Smooth => 0.5 - 0.5 * (done * std::f64::consts::PI).cos(),
            FadeShape::Decibels if done > 0.0 => Db(60.0 * (done - 1.0)).ratio(),
            FadeShape::Decibels => 0.0,
        }
    }
}

/// Fades the first samples in.
pub fn fade_in(audio: &mut Audio, frames: usize, shape: FadeShape) {
    for channel in &mut audio.channels {
        for (n, x) in channel.iter_mut().take(frames).enumerate() {
            *x *= shape.gain(n as f64 / frames as f64) as f32;
        }
    }
}

/// Fades the last samples out; the very last is silent.
pub fn fade_out(audio: &mut Audio, frames: usize, shape: FadeShape) {
    for channel in &mut audio.channels {
        for (n, x) in channel.iter_mut().rev().take(frames).enumerate() {
            *x *= shape.gain(n as f64 / frames as f64) as f32;
        }
    }
}

/// Plays the sound backwards.
pub fn reverse(audio: &mut Audio) {
    for channel in &mut audio.channels {
        channel.reverse();
    }
}

/// What counts as silence, and what stays of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SilenceRemoval {
    /// Below this in every channel it is silent, in dBFS.
    #[schemars(range(min = -120.0, max = 0.0), extend("unit" = "dB"))]
    pub threshold_db: f64,
    /// Shorter pauses stay as they are.
    #[schemars(range(min = 0.01, max = 60.0), extend("unit" = "s"))]
    pub shortest_secs: f64,
    /// What stays of a longer one, half at either end.
    #[schemars(range(min = 0.0, max = 60.0), extend("unit" = "s"))]
    pub kept_secs: f64,
}

impl Default for SilenceRemoval {
    fn default() -> SilenceRemoval {
        SilenceRemoval {
            threshold_db: -50.0,
            shortest_secs: 0.6,
            kept_secs: 0.3,
        }
    }
}

/// Cross-fade where two parts meet.
const JOINT_SECS: f64 = 0.005;

/// Takes pauses out. Answers what is left and which samples of `audio` it is made of.
pub fn remove_silence(audio: &Audio, removal: &SilenceRemoval) -> (Audio, Vec<Range<usize>>) {
    let kept = kept(audio, removal);
    let joint = audio.rate.samples_from_secs(JOINT_SECS) as usize;
    let mut out = Audio::silence(audio.rate, audio.channel_count(), 0);
    for (to, from) in out.channels.iter_mut().zip(&audio.channels) {
        for (index, span) in kept.iter().enumerate() {
            let begin = to.len();
            to.extend_from_slice(&from[span.clone()]);
            // Into the part what follows the one before it still fades out.
            let Some(before) = index.checked_sub(1).and_then(|index| kept.get(index)) else {
                continue;
            };
            let frames = joint.min(span.len()).min(span.start - before.end);
            let leaving = &from[before.end..before.end + frames];
            for (n, (x, leaving)) in to[begin..].iter_mut().zip(leaving).enumerate() {
                let done = (n as f64 + 0.5) / frames as f64;
                let (coming, going) = (
                    FadeShape::EqualPower.gain(done),
                    FadeShape::EqualPower.gain(1.0 - done),
                );
                *x = *x * coming as f32 + leaving * going as f32;
            }
        }
    }
    (out, kept)
}

/// The stretches that stay, apart and in order.
fn kept(audio: &Audio, removal: &SilenceRemoval) -> Vec<Range<usize>> {
    let frames = audio.frames();
    let half = audio.rate.samples_from_secs(removal.kept_secs / 2.0) as usize;
    let spans = sounding(audio, Db(removal.threshold_db), removal.shortest_secs);
    let mut kept: Vec<Range<usize>> = Vec::with_capacity(spans.len());
    for span in spans {
        let span = span.start.saturating_sub(half)..(span.end + half).min(frames);
        match kept.last_mut() {
            Some(last) if last.end >= span.start => last.end = span.end,
            _ => kept.push(span),
        }
    }
    kept
}
