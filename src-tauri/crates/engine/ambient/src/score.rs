//! Music for a film: follows cues, lands on them, and ends.
//!
//! Between two cues the tempo is stretched so that a whole number of half bars fits: every cue falls on a musical
//! boundary, as a film composer would place it. The last chord begins before the end, its tail fades within the
//! length, and the last sample is silent. [`Score`] is streamed in bounded memory, [`render_score`] collects it.

use std::ops::ControlFlow;

use studio_core::units::SampleRate;

use crate::engine::{Now, Order, Player, step_samples};
use crate::form::{Direction, Layer};
use crate::params::Params;

/// From here on, these parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cue {
    pub at_sample: u64,
    pub params: Params,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    #[error("a score needs at least one cue")]
    NoCue,
    #[error("the first cue lies at sample {at_sample}; it must lie at 0")]
    LateBegin { at_sample: u64 },
    #[error("cue {index} (sample {at_sample}) does not lie after the one before")]
    Unordered { index: usize, at_sample: u64 },
    #[error("cue {index} (sample {at_sample}) does not lie before the end at sample {total}")]
    AfterEnd {
        index: usize,
        at_sample: u64,
        total: u64,
    },
    #[error("cancelled after {done} of {total} samples")]
    Cancelled { done: u64, total: u64 },
}

/// A film's music as a stream.
pub struct Score {
    player: Player,
    plan: Plan,
    done: u64,
}

impl Score {
    /// Prepares a score of exactly `total` samples.
    ///
    /// Cues that are nearer to the next than a quarter bar, and those inside the ending, give way. Cues that change
    /// nothing do not interrupt the music.
    pub fn new(
        seed: u64,
        cues: &[Cue],
        total: u64,
        sample_rate: SampleRate,
    ) -> Result<Score, ScoreError> {
        Score::with_layers(seed, cues, total, sample_rate, None)
    }

    /// One layer of the same score; see [`Engine::solo`](crate::Engine::solo).
    pub fn solo(
        layer: Layer,
        seed: u64,
        cues: &[Cue],
        total: u64,
        sample_rate: SampleRate,
    ) -> Result<Score, ScoreError> {
        Score::with_layers(seed, cues, total, sample_rate, Some(layer))
    }

    fn with_layers(
        seed: u64,
        cues: &[Cue],
        total: u64,
        sample_rate: SampleRate,
        only: Option<Layer>,
    ) -> Result<Score, ScoreError> {
        let plan = Plan::new(cues, total, sample_rate)?;
        Ok(Score {
            player: Player::new(seed, plan.first(), sample_rate, only),
            plan,
            done: 0,
        })
    }

    /// Renders the next samples, as many as both slices hold and the score has left; returns how many. 0 is the end.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        let left_over = usize::try_from(self.plan.total - self.done).unwrap_or(usize::MAX);
        let count = left.len().min(right.len()).min(left_over);
        let (left, right) = (&mut left[..count], &mut right[..count]);
        let plan = &self.plan;
        self.player.render(left, right, |at| plan.order(at));
        for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
            let gain = self.plan.fade(self.done + n as u64);
            *left *= gain;
            *right *= gain;
        }
        self.done += count as u64;
        count
    }

    pub fn now(&self) -> Now {
        self.player.now()
    }

    /// Samples in all.
    pub fn total(&self) -> u64 {
        self.plan.total
    }
}

/// Two channels of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stereo {
    pub left: Vec<f32>,
    pub right: Vec<f32>,
}

/// Renders a whole score into memory (8 bytes a sample). `on_progress` is told (done, total) about ten times a
/// second of music and may stop the work.
pub fn render_score(
    seed: u64,
    cues: &[Cue],
    total: u64,
    sample_rate: SampleRate,
    mut on_progress: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<Stereo, ScoreError> {
    const BLOCK: usize = 4096;
    let mut score = Score::new(seed, cues, total, sample_rate)?;
    let mut stereo = Stereo::default();
    let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
    loop {
        let count = score.render(&mut left, &mut right);
        if count == 0 {
            return Ok(stereo);
        }
        stereo.left.extend_from_slice(&left[..count]);
        stereo.right.extend_from_slice(&right[..count]);
        let done = stereo.left.len() as u64;
        if on_progress(done, total).is_break() {
            return Err(ScoreError::Cancelled { done, total });
        }
    }
}

const TAIL_SECS: f64 = 6.0;

/// When which step begins.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    scenes: Vec<Scene>,
    closing: Scene,
    /// Samples of a closing step and how many there are before the tail.
    closing_step: u64,
    closing_steps: u32,
    fade_begin: u64,
    total: u64,
}

/// A stretch of equal parameters, from one sample to another in equal steps.
#[derive(Clone, Copy, Debug)]
struct Scene {
    begin: u64,
    end: u64,
    steps: u64,
    params: Params,
    turns: bool,
}

impl Plan {
    pub(crate) fn new(cues: &[Cue], total: u64, rate: SampleRate) -> Result<Plan, ScoreError> {
        check(cues, total)?;
        let last = cues.last().ok_or(ScoreError::NoCue)?.params;
        let tail = rate.samples_from_secs(TAIL_SECS).min(total / 4);
        let closing_step = step_samples(&last, rate);
        let hold = (2 * closing_step).min(total / 4);
        let mut close_at = total - tail - hold;
        if close_at < closing_step {
            // Too short for anything but one chord.
            close_at = 0;
        }
        let mut scenes: Vec<Scene> = Vec::with_capacity(cues.len());
        let mut begin = 0;
        for (index, cue) in cues.iter().enumerate() {
            let end = cues
                .get(index + 1)
                .map_or(close_at, |next| next.at_sample)
                .min(close_at);
            if let Some(before) = scenes
                .last_mut()
                .filter(|before| before.params == cue.params)
            {
                before.end = end.max(before.end);
                begin = before.end;
                continue;
            }
            let too_short = end.saturating_sub(begin) < step_samples(&cue.params, rate) / 2;
            match scenes.last_mut() {
                _ if !too_short => {
                    let turns = scenes
                        .last()
                        .is_some_and(|before| differs(before.params, cue.params));
                    scenes.push(Scene {
                        begin,
                        end,
                        steps: 1,
                        params: cue.params,
                        turns,
                    });
                }
                // The scene before goes on; the first of all leaves its time to the next.
                Some(before) => before.end = end.max(before.end),
                None => continue,
            }
            begin = end.max(begin);
        }
        for scene in &mut scenes {
            let nominal = step_samples(&scene.params, rate);
            scene.steps = ((scene.end - scene.begin + nominal / 2) / nominal).max(1);
        }
        let params = scenes.last().map_or(last, |scene| scene.params);
        Ok(Plan {
            scenes,
            closing: Scene {
                begin: close_at,
                end: total,
                steps: 1,
                params,
                turns: true,
            },
            closing_step,
            closing_steps: ((total - tail - close_at).div_ceil(closing_step) as u32).max(1),
            fade_begin: total - tail,
            total,
        })
    }

    pub(crate) fn first(&self) -> Params {
        self.scenes.first().unwrap_or(&self.closing).params
    }

    /// The step that begins at sample `at`, which the steps before have led to.
    pub(crate) fn order(&self, at: u64) -> Order {
        let Some(scene) = self.scenes.iter().find(|scene| at < scene.end) else {
            return Order {
                params: self.closing.params,
                samples: self.closing_step,
                direction: if at == self.closing.begin {
                    Direction::Close {
                        steps: self.closing_steps,
                    }
                } else {
                    Direction::Rest
                },
            };
        };
        let length = u128::from(scene.end - scene.begin);
        let boundary =
            |step: u64| scene.begin + (length * u128::from(step) / u128::from(scene.steps)) as u64;
        let next = (u128::from(at - scene.begin) * u128::from(scene.steps) / length.max(1)) as u64;
        // Boundaries are rounded down: the step after `at` is the first that lies beyond it.
        let next = (next..=next + 2)
            .map(boundary)
            .find(|boundary| *boundary > at);
        Order {
            params: scene.params,
            samples: next.unwrap_or(scene.end) - at,
            direction: if at == scene.begin && scene.turns {
                Direction::Turn
            } else {
                Direction::Continue
            },
        }
    }

    /// Gain of a sample: 1 until the tail, then along a smooth curve to 0 at the last sample.
    fn fade(&self, at: u64) -> f32 {
        if at < self.fade_begin {
            return 1.0;
        }
        let x = (at - self.fade_begin + 1) as f32 / (self.total - self.fade_begin).max(1) as f32;
        1.0 - x * x * (3.0 - 2.0 * x)
    }
}

fn check(cues: &[Cue], total: u64) -> Result<(), ScoreError> {
    let first = cues.first().ok_or(ScoreError::NoCue)?;
    if first.at_sample != 0 {
        return Err(ScoreError::LateBegin {
            at_sample: first.at_sample,
        });
    }
    let mut before = None;
    for (index, cue) in cues.iter().enumerate() {
        let at_sample = cue.at_sample;
        if before.is_some_and(|before| at_sample <= before) {
            return Err(ScoreError::Unordered { index, at_sample });
        }
        if index > 0 && at_sample >= total {
            return Err(ScoreError::AfterEnd {
                index,
                at_sample,
                total,
            });
        }
        before = Some(at_sample);
    }
    Ok(())
}

/// Whether a change is worth a new phrase; a slightly other tempo or intensity is not.
fn differs(a: Params, b: Params) -> bool {
    a.scale() != b.scale() || (a.intensity.get() - b.intensity.get()).abs() >= 0.15
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::{Key, Mode};

    const RATE: SampleRate = SampleRate::HZ_48000;

    fn params(key: Key, bpm: f32, intensity: f32) -> Params {
        Params::new(key, Mode::Dorian, bpm, intensity).unwrap()
    }

    fn cue(secs: f64, params: Params) -> Cue {
        Cue {
            at_sample: RATE.samples_from_secs(secs),
            params,
        }
    }

    /// Begin, length and direction of each step until the end.
    fn steps(cues: &[Cue], total: u64) -> Vec<(u64, u64, Direction)> {
        let plan = Plan::new(cues, total, RATE).unwrap();
        let mut steps = Vec::new();
        let mut at = 0;
        while at < total {
            let order = plan.order(at);
            assert!(order.samples > 0);
            steps.push((at, order.samples, order.direction));
            at += order.samples;
        }
        steps
    }

    #[test]
    fn every_cue_falls_on_a_step_and_the_tempo_hardly_bends() {
        let cues = [
            cue(0.0, params(Key::C, 60.0, 0.3)),
            cue(13.37, params(Key::E, 72.0, 0.7)),
            cue(41.0, params(Key::C, 50.0, 0.2)),
        ];
        let steps = steps(&cues, RATE.samples_from_secs(75.0));
        for cue in &cues[1..] {
            let step = steps.iter().find(|step| step.0 == cue.at_sample).unwrap();
            assert_eq!(step.2, Direction::Turn, "the cue at {}", cue.at_sample);
        }
        for (at, samples, direction) in steps {
            if direction == Direction::Continue {
                let cue = cues.iter().rfind(|cue| cue.at_sample <= at).unwrap();
                let bend = samples as f64 / step_samples(&cue.params, RATE) as f64;
                assert!((0.9..1.1).contains(&bend), "{bend} at {at}");
            }
        }
    }

    #[test]
    fn cues_that_are_too_near_give_way_and_equal_ones_change_nothing() {
        let calm = params(Key::C, 60.0, 0.3);
        let wild = params(Key::E, 60.0, 0.9);
        let total = RATE.samples_from_secs(60.0);
        let crowded = [
            cue(0.0, calm),
            cue(10.0, wild),
            cue(10.4, calm),
            cue(20.0, calm),
        ];
        assert_eq!(
            steps(&crowded, total)
                .iter()
                .filter(|step| step.2 == Direction::Turn)
                .count(),
            0
        );
        let late_start = [cue(0.0, wild), cue(0.2, calm)];
        let plan = Plan::new(&late_start, total, RATE).unwrap();
        assert_eq!(plan.first(), calm);
    }

    #[test]
    fn there_is_one_ending_inside_any_length() {
        for millis in [0, 1, 10, 500, 3_000, 5_000, 8_000, 30_000, 100_000] {
            let total = RATE.samples_from_secs(f64::from(millis) / 1000.0);
            let steps = steps(&[cue(0.0, params(Key::C, 40.0, 0.3))], total);
            let closings = steps
                .iter()
                .filter(|step| matches!(step.2, Direction::Close { .. }))
                .count();
            assert_eq!(closings, usize::from(total > 0), "{millis} ms");
        }
    }

    #[test]
    fn wrong_cues_are_named() {
        let calm = params(Key::C, 60.0, 0.3);
        let error = |cues: &[Cue]| Plan::new(cues, 1000, RATE).unwrap_err();
        let at = |at_sample| Cue {
            at_sample,
            params: calm,
        };
        assert_eq!(error(&[]), ScoreError::NoCue);
        assert_eq!(error(&[at(5)]), ScoreError::LateBegin { at_sample: 5 });
        assert_eq!(
            error(&[at(0), at(7), at(7)]),
            ScoreError::Unordered {
                index: 2,
                at_sample: 7
            }
        );
        assert_eq!(
            error(&[at(0), at(1000)]),
            ScoreError::AfterEnd {
                index: 1,
                at_sample: 1000,
                total: 1000
            }
        );
    }
}
