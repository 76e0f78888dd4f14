//! The gain of a clip over time: its level, fades, cross-fades and envelope.

use studio_core::units::Db;

use crate::session::{Clip, EnvelopePoint, Fade, Track};

/// How the clips of a track begin and end, in the order of the clips.
///
/// A clip's own fade counts where it is at least as long as the overlap with its neighbour; else the two
/// cross-fade over the overlap at equal power. Muted clips overlap nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Crossfades(Vec<[Fade; 2]>);

impl Crossfades {
    pub fn of(track: &Track) -> Crossfades {
        let own = |clip: &Clip| [clip.fade_in, clip.fade_out];
        let mut fades: Vec<[Fade; 2]> = track.clips.iter().map(own).collect();
        // Clips that still sound where the next one begins.
        let mut open: Vec<usize> = Vec::new();
        for (at, clip) in track
            .clips
            .iter()
            .enumerate()
            .filter(|(_, clip)| !clip.muted)
        {
            open.retain(|&before| track.clips[before].end() > clip.start);
            for &before in &open {
                let end = track.clips[before].end();
                let crosses = end < clip.end() && track.clips[before].start < clip.start;
                if crosses {
                    widen(&mut fades[before][1], end - clip.start);
                    widen(&mut fades[at][0], end - clip.start);
                }
            }
            open.push(at);
        }
        Crossfades(fades)
    }

    /// The fade in and the fade out of the clip at an index of its track.
    pub fn get(&self, index: usize) -> [Fade; 2] {
        self.0.get(index).copied().unwrap_or_default()
    }
}

fn widen(fade: &mut Fade, overlap: u64) {
    if fade.length < overlap {
        *fade = Fade {
            length: overlap,
            ..Fade::default()
        };
    }
}

/// Multiplies samples of a clip, from its sample `at` on, by its gain there.
pub fn clip_gain(clip: &Clip, [fade_in, fade_out]: [Fade; 2], at: u64, samples: &mut [&mut [f32]]) {
    let frames = samples.first().map_or(0, |channel| channel.len()) as u64;
    let level = Db(clip.gain_db).ratio();
    let fades = at < fade_in.length || at + frames > clip.length.saturating_sub(fade_out.length);
    let held = match clip.envelope.as_slice() {
        [] => Some(1.0),
        [only] => Some(Db(only.gain_db).ratio()),
        _ => None,
    };
    if let (false, Some(held)) = (fades, held) {
        let gain = (level * held) as f32;
        if gain != 1.0 {
            for channel in samples {
                channel.iter_mut().for_each(|x| *x *= gain);
            }
        }
        return;
    }
    for n in 0..frames as usize {
        let at = at + n as u64;
        let held = held.unwrap_or_else(|| envelope(&clip.envelope, clip.from + at));
        let gain = level * held * faded(fade_in, at) * faded(fade_out, clip.length - 1 - at);
        for channel in samples.iter_mut() {
            channel[n] *= gain as f32;
        }
    }
}

/// The gain `at` samples from the end that fades. Taken in the middle of each sample, so that two fades
/// that cross are mirror images.
fn faded(fade: Fade, at: u64) -> f64 {
    match at < fade.length {
        true => fade.shape.gain((at as f64 + 0.5) / fade.length as f64),
        false => 1.0,
    }
}

fn envelope(points: &[EnvelopePoint], at: u64) -> f64 {
    let next = points.partition_point(|point| point.at <= at);
    let gain_db = match (
        next.checked_sub(1).and_then(|before| points.get(before)),
        points.get(next),
    ) {
        (Some(before), Some(after)) => {
            let done = (at - before.at) as f64 / (after.at - before.at) as f64;
            before.gain_db + (after.gain_db - before.gain_db) * done
        }
        (Some(last), None) => last.gain_db,
        (None, Some(first)) => first.gain_db,
        (None, None) => 0.0,
    };
    Db(gain_db).ratio()
}
