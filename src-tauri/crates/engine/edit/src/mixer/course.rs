//! What a level and a place come to at each sample: what is set, or what automation says there.

use studio_core::units::{Db, SampleRate};
use studio_dsp::effects::Automation;

use crate::automation::{GAIN, PAN, followed, secs};
use crate::session::{Session, Track};

/// The gains of both sides over time.
pub(super) struct Course {
    rate: SampleRate,
    heard: bool,
    gain: Way<f64>,
    sides: Way<[f64; 2]>,
}

impl Course {
    pub(super) fn of_track(session: &Session, track: &Track) -> Course {
        Course {
            rate: session.rate,
            heard: session.is_heard(track),
            gain: Way::of(&track.automation, GAIN, track.gain_db, ratio),
            sides: Way::of(&track.automation, PAN, track.pan, sides),
        }
    }

    pub(super) fn of_mix(session: &Session) -> Course {
        Course {
            rate: session.rate,
            heard: true,
            gain: Way::of(&session.automation, GAIN, session.gain_db, ratio),
            sides: Way::Held([1.0, 1.0]),
        }
    }

    pub(super) fn is_heard(&self) -> bool {
        self.heard
    }

    /// Left and right at a sample.
    pub(super) fn at(&self, at: u64) -> [f32; 2] {
        let secs = secs(at, self.rate);
        self.gains(self.gain.at(secs), self.sides.at(secs))
    }

    /// Those of `frames` samples from `at` on, where they are all the same.
    pub(super) fn steady(&self, at: u64, frames: usize) -> Option<[f32; 2]> {
        let (from, to) = (secs(at, self.rate), secs(at + frames as u64, self.rate));
        let gains = self.gains(self.gain.steady(from, to)?, self.sides.steady(from, to)?);
        Some(gains)
    }

    fn gains(&self, level: f64, sides: [f64; 2]) -> [f32; 2] {
        match self.heard {
            true => sides.map(|side| (level * side) as f32),
            false => [0.0, 0.0],
        }
    }
}

/// A number that stays, or that is made of what a curve says.
enum Way<T> {
    Held(T),
    Moving(Automation, fn(f64) -> T),
}

impl<T: Copy> Way<T> {
    fn of(automation: &[Automation], parameter: &str, set: f64, made: fn(f64) -> T) -> Way<T> {
        match followed(automation, parameter) {
            Some(moving) => Way::Moving(moving.clone(), made),
            None => Way::Held(made(set)),
        }
    }

    fn at(&self, secs: f64) -> T {
        match self {
            Way::Held(value) => *value,
            Way::Moving(automation, made) => made(automation.value(secs)),
        }
    }

    fn steady(&self, from_secs: f64, to_secs: f64) -> Option<T> {
        match self {
            Way::Held(value) => Some(*value),
            Way::Moving(automation, made) => automation.steady(from_secs, to_secs).map(made),
        }
    }
}

fn ratio(gain_db: f64) -> f64 {
    Db(gain_db).ratio()
}

/// The far side is turned down, the near side kept (as [`studio_dsp::mix::pan`] does for stereo).
fn sides(pan: f64) -> [f64; 2] {
    let angle = (pan + 1.0) * std::f64::consts::FRAC_PI_4;
    let near = |share: f64| (share * std::f64::consts::SQRT_2).min(1.0);
    [near(angle.cos()), near(angle.sin())]
}
