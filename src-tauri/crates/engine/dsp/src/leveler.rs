//! A gain that follows the loudness: quiet passages come up, loud ones go down, slowly.
//!
//! The dynamic way of normalising, as FFmpeg's `loudnorm` has it, but with the whole history known before the first
//! sample: the gain of a moment is what the 3 s around it lack of the target, smoothed by a Gaussian. Passages that
//! nobody listens to (below the relative gate of BS.1770-5) keep the gain of their neighbours, so that noise is not
//! pulled up.
//!
//! Not here: peaks (see [`Limiter`](crate::Limiter)), and when to do this: only if somebody asks for it.

use studio_core::units::{Lufs, SampleRate};

use crate::loudness::{Loudness, LoudnessHistory};

/// Standard deviation of the smoothing in values of the history, and how far it reaches: 21 values, as in
/// `af_loudnorm.c`.
const SIGMA: f64 = 3.5;
const REACH: usize = 10;
/// How far below the integrated loudness a passage counts as silence, in LU. BS.1770-5 gates at 10; Tech 3342, which
/// looks at quiet passages of music as well, at 20.
const GATE_LU: f64 = 20.0;
/// The momentary window looks back 400 ms: what it says is true of its middle.
const WINDOW_SECS: f64 = 0.4;
/// How far before and after a moment is listened to: 3 s in all, as the short-term window.
const AROUND_SECS: f64 = 1.5;

/// Gains over time, between which the gain of a sample lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Leveler {
    /// Samples between two gains.
    every: f64,
    /// In dB; the first is that of sample 0.
    gains: Vec<f32>,
}

impl Leveler {
    /// The gains that bring every passage of `history` to `target`, none of them beyond ±`most_db`. `None` for silence.
    pub fn new(
        history: &LoudnessHistory,
        whole: &Loudness,
        target: Lufs,
        most_db: f64,
        rate: SampleRate,
    ) -> Option<Leveler> {
        let gate = whole.integrated_lufs? - GATE_LU;
        let heard: Vec<Option<f64>> = history
            .momentary_lufs
            .iter()
            .enumerate()
            .skip((WINDOW_SECS / 2.0 / history.every_secs).round() as usize - 1)
            .map(|(at, lufs)| {
                // The first windows are not full yet.
                let full = ((at + 1) as f64 * history.every_secs / WINDOW_SECS).min(1.0);
                let lufs = f64::from((*lufs)?) - 10.0 * full.log10();
                (lufs > gate).then(|| 10f64.powf(lufs / 10.0))
            })
            .collect();
        let near = (AROUND_SECS / history.every_secs).round() as usize;
        let wanted: Vec<Option<f64>> = (0..heard.len())
            .map(|at| {
                heard[at]?;
                let around = &heard[at.saturating_sub(near)..heard.len().min(at + near + 1)];
                let (sum, count) = around
                    .iter()
                    .flatten()
                    .fold((0.0, 0.0), |(sum, count), energy| {
                        (sum + energy, count + 1.0)
                    });
                let lufs = 10.0 * (sum / count).log10();
                Some((target.0 - lufs).clamp(-most_db, most_db))
            })
            .collect();
        let fallback = (target.0 - whole.integrated_lufs?).clamp(-most_db, most_db);
        let held = hold(&wanted, fallback);
        Some(Leveler {
            every: history.every_secs * f64::from(rate.get()),
            gains: smooth(&held),
        })
    }

    /// Multiplies a block of planar samples that begins at sample `from` of the programme.
    pub fn apply(&self, channels: &mut [&mut [f32]], from: u64) {
        for channel in channels {
            for (at, sample) in channel.iter_mut().enumerate() {
                *sample *= self.ratio(from + at as u64);
            }
        }
    }

    /// The gain of the sample `at`, as a factor: in dB a line between its neighbours.
    fn ratio(&self, at: u64) -> f32 {
        let place = at as f64 / self.every;
        let index = (place as usize).min(self.gains.len().saturating_sub(1));
        let here = self.gains.get(index).copied().unwrap_or_default();
        let next = self.gains.get(index + 1).copied().unwrap_or(here);
        let db = here + (next - here) * ((place - index as f64).min(1.0) as f32);
        10f32.powf(db / 20.0)
    }

    /// Lowest and highest gain, in dB.
    pub fn range_db(&self) -> (f32, f32) {
        let fold = |pick: fn(f32, f32) -> f32| self.gains.iter().copied().reduce(pick);
        (
            fold(f32::min).unwrap_or_default(),
            fold(f32::max).unwrap_or_default(),
        )
    }
}

/// Fills what has no value of its own: a line between its neighbours, or the only neighbour's.
fn hold(wanted: &[Option<f64>], fallback: f64) -> Vec<f64> {
    let mut held = vec![fallback; wanted.len().max(1)];
    let mut last: Option<(usize, f64)> = None;
    for (at, value) in wanted.iter().enumerate() {
        let Some(value) = *value else { continue };
        let (from, begin) = last.map_or((0, value), |(index, value)| (index, value));
        let steps = (at - from).max(1) as f64;
        for (step, gain) in held[from..=at].iter_mut().enumerate() {
            *gain = begin + (value - begin) * step as f64 / steps;
        }
        held[at] = value;
        last = Some((at, value));
    }
    if let Some((at, value)) = last {
        held[at..].fill(value);
    }
    held
}

fn smooth(gains: &[f64]) -> Vec<f32> {
    let weights: Vec<f64> = (0..=2 * REACH)
        .map(|at| {
            let x = (at as f64 - REACH as f64) / SIGMA;
            (-0.5 * x * x).exp()
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let end = gains.len() - 1;
    (0..gains.len())
        .map(|at| {
            let around = weights.iter().enumerate().map(|(offset, weight)| {
                weight * gains[(at + offset).saturating_sub(REACH).min(end)]
            });
            (around.sum::<f64>() / sum) as f32
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Audio, Meter};

    const RATE: SampleRate = SampleRate::HZ_48000;

    /// 10 s each of a sine at these levels in dBFS; `None` is silence.
    fn passages(levels: &[Option<f64>]) -> Audio {
        let mut samples = Vec::new();
        for level in levels {
            let amplitude = level.map_or(0.0, |level| 10f64.powf(level / 20.0));
            samples.extend((0..480_000).map(|n| {
                let turn = std::f64::consts::TAU * 1000.0 / 48_000.0;
                (amplitude * (turn * f64::from(n % 48)).sin()) as f32
            }));
        }
        Audio {
            rate: RATE,
            channels: vec![samples.clone(), samples],
        }
    }

    fn levelled(audio: &Audio, block: usize) -> (Leveler, Audio) {
        let mut meter = Meter::new(2, RATE).unwrap().with_history();
        meter.feed(&audio.slices()).unwrap();
        let (history, whole) = (meter.history().unwrap().clone(), meter.report().unwrap());
        let leveler = Leveler::new(&history, &whole, Lufs(-20.0), 12.0, RATE).unwrap();
        let mut out = audio.clone();
        let mut from = 0;
        while from < out.frames() {
            let to = (from + block).min(out.frames());
            let mut slices: Vec<&mut [f32]> = out
                .channels
                .iter_mut()
                .map(|it| &mut it[from..to])
                .collect();
            leveler.apply(&mut slices, from as u64);
            from = to;
        }
        (leveler, out)
    }

    /// Loudness of a stretch, in LUFS.
    fn loudness(audio: &Audio, from_secs: usize, to_secs: usize) -> f64 {
        let part = |channel: &Vec<f32>| channel[from_secs * 48_000..to_secs * 48_000].to_vec();
        let part = Audio {
            rate: RATE,
            channels: audio.channels.iter().map(part).collect(),
        };
        crate::loudness::measure(&part)
            .unwrap()
            .integrated_lufs
            .unwrap()
    }

    #[test]
    fn every_passage_comes_to_the_target_within_reach() {
        let (leveler, out) = levelled(&passages(&[Some(-14.0), Some(-28.0), Some(-20.0)]), 4096);
        for passage in 0..3 {
            // Away from the borders, where the gain is on its way.
            let is = loudness(&out, passage * 10 + 4, passage * 10 + 6);
            assert!((is + 20.0).abs() < 0.5, "passage {passage}: {is} LUFS");
        }
        let (least, most) = leveler.range_db();
        assert!(least < -5.0 && most > 7.0, "{least} to {most} dB");
        let (_, far) = levelled(&passages(&[Some(-14.0), Some(-33.0), Some(-14.0)]), 4096);
        let is = loudness(&far, 14, 16);
        assert!((is + 21.0).abs() < 0.5, "12 dB more at most: {is} LUFS");
    }

    #[test]
    fn silence_and_noise_between_are_not_pulled_up() {
        let (_, out) = levelled(
            &passages(&[Some(-20.0), Some(-60.0), None, Some(-20.0)]),
            4096,
        );
        let is = loudness(&out, 14, 16);
        assert!(is < -58.0, "noise at -60 became {is} LUFS");
        let silent = passages(&[None]);
        let mut meter = Meter::new(2, RATE).unwrap().with_history();
        meter.feed(&silent.slices()).unwrap();
        let whole = meter.report().unwrap();
        let history = meter.history().unwrap();
        assert_eq!(Leveler::new(history, &whole, Lufs(-20.0), 12.0, RATE), None);
    }

    #[test]
    fn blocks_of_any_size_are_the_same_and_the_gain_has_no_steps() {
        let audio = passages(&[Some(-14.0), Some(-28.0)]);
        let (leveler, out) = levelled(&audio, 480_000 * 2);
        assert_eq!(levelled(&audio, 777).1.channels, out.channels);
        let gains: Vec<f32> = (0..960_000)
            .step_by(480)
            .map(|at| leveler.ratio(at))
            .collect();
        let steepest = gains
            .windows(2)
            .map(|pair| (20.0 * (pair[1] / pair[0]).log10()).abs())
            .fold(0.0, f32::max);
        assert!(steepest < 0.2, "{steepest} dB in 10 ms");
    }

    #[test]
    fn a_sound_shorter_than_the_window_has_one_gain() {
        let mut audio = passages(&[Some(-14.0)]);
        for channel in &mut audio.channels {
            channel.truncate(48_000);
        }
        let (leveler, out) = levelled(&audio, 4096);
        let (least, most) = leveler.range_db();
        assert!((most - least).abs() < 1e-6);
        let is = crate::loudness::measure(&out)
            .unwrap()
            .integrated_lufs
            .unwrap();
        assert!((is + 20.0).abs() < 0.2, "{is} LUFS");
    }
}
