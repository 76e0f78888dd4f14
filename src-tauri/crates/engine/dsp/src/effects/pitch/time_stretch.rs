//! Longer or shorter at the same pitch.

use super::vocoder::{Vocoder, frame_length};
use crate::audio::Audio;

/// Why a sound cannot be stretched.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("a sound can be made {min} to {max} times as long, not {found} times")]
pub struct StretchError {
    pub found: f64,
    pub min: f64,
    pub max: f64,
}

const SHORTEST: f64 = 0.1;
const LONGEST: f64 = 10.0;

/// Makes `audio` `factor` times as long, 0.1 to 10, at the same pitch: exactly round(frames · factor)
/// samples. 1 gives the same samples again, but for rounding.
pub fn time_stretch(audio: &Audio, factor: f64) -> Result<Audio, StretchError> {
    if !(SHORTEST..=LONGEST).contains(&factor) {
        return Err(StretchError {
            found: factor,
            min: SHORTEST,
            max: LONGEST,
        });
    }
    let frames = (audio.frames() as f64 * factor).round() as usize;
    let mut out = Audio::silence(audio.rate, audio.channel_count(), frames);
    let length = frame_length(audio.rate);
    let mut vocoder = Vocoder::new(length, audio.channel_count());
    let hop = vocoder.hop();
    // Frames are centred on their place; the first of them lie before the start and reach into it.
    let (half, hop) = (length as isize / 2, hop as isize);
    for place in (-half..frames as isize + half).step_by(hop as usize) {
        let centre = (place as f64 / factor).round() as isize;
        let fetch = |channel: usize, before: usize, frame: &mut [f32]| {
            copy(
                &audio.channels[channel],
                centre - half - before as isize,
                frame,
            );
        };
        vocoder.step(0.5, fetch, |channel, frame| {
            let at = place - half;
            let skip = (-at).max(0) as usize;
            let to = out.channels[channel].iter_mut().skip(at.max(0) as usize);
            for (to, x) in to.zip(frame.iter().skip(skip)) {
                *to += x;
            }
        });
    }
    Ok(out)
}

/// Fills `frame` from `at` on; before the start and after the end is silence.
fn copy(samples: &[f32], at: isize, frame: &mut [f32]) {
    frame.fill(0.0);
    let skip = (-at).max(0) as usize;
    let from = samples.get(at.max(0) as usize..).unwrap_or_default();
    for (to, x) in frame.iter_mut().skip(skip).zip(from) {
        *to = *x;
    }
}
