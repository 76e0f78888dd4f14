//! Levels: those that are set, and those that are met.

use crate::session::TrackId;

/// A gain that moves in this many samples, about 10 ms, so that no step is heard.
const MOVE: f32 = 480.0;

/// A gain that goes to its goal smoothly.
pub(super) struct Level {
    now: f32,
    goal: f32,
    step: f32,
}

impl Level {
    pub(super) fn at(ratio: f64) -> Level {
        Level {
            now: ratio as f32,
            goal: ratio as f32,
            step: 0.0,
        }
    }

    pub(super) fn toward(&mut self, ratio: f64) {
        self.goal = ratio as f32;
        self.step = (self.goal - self.now) / MOVE;
    }

    pub(super) fn jump(&mut self) {
        self.now = self.goal;
    }

    pub(super) fn is_silent(&self) -> bool {
        self.now == 0.0 && self.goal == 0.0
    }

    pub(super) fn next(&mut self) -> f32 {
        if self.now != self.goal {
            let there = (self.goal - self.now).abs() <= self.step.abs();
            self.now = if there {
                self.goal
            } else {
                self.now + self.step
            };
        }
        self.now
    }
}

/// The highest levels of a stretch of time, as ratios to full scale, left and right.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// How many samples were given before the stretch.
    pub at: u64,
    /// After effects, level and place.
    pub tracks: Vec<(TrackId, [f32; 2])>,
    pub mix: [f32; 2],
}

impl Levels {
    /// Takes in what follows.
    pub(super) fn raise(&mut self, next: Levels) {
        raise(&mut self.mix, next.mix);
        for (track, peaks) in next.tracks {
            match self.tracks.iter_mut().find(|(id, _)| *id == track) {
                Some((_, highest)) => raise(highest, peaks),
                None => self.tracks.push((track, peaks)),
            }
        }
    }
}

pub(super) fn raise(highest: &mut [f32; 2], with: [f32; 2]) {
    for (highest, with) in highest.iter_mut().zip(with) {
        *highest = highest.max(with);
    }
}

pub(super) fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}
