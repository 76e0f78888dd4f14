//! The instruments. Each is a bank of voices that was allocated when it was made; a bank renders whole chunks of
//! [`CHUNK`] samples and adds them to a stereo [`Bus`]. Nothing here allocates, locks or logs after `new`.
//!
//! Not here: levels between instruments, echo and reverb (see `mix`), and when notes begin (see `engine`).

mod air;
mod bell;
mod drone;
mod pad;
mod pluck;

pub(crate) use air::Airs;
pub(crate) use bell::Bells;
pub(crate) use drone::Drones;
pub(crate) use pad::Pads;
pub(crate) use pluck::Plucks;

use crate::math::{Ramp, approach, tan_pi};

/// Samples that are computed at once, whatever block the caller asks for: so a block size changes nothing.
/// Notes begin on a chunk, at most 1.3 ms early at 48 kHz.
pub(crate) const CHUNK: usize = 64;

/// One chunk of one channel.
pub(crate) type Mono = [f32; CHUNK];

/// One chunk in stereo.
#[derive(Clone)]
pub(crate) struct Bus {
    pub left: Mono,
    pub right: Mono,
}

impl Bus {
    pub(crate) const SILENCE: Bus = Bus {
        left: [0.0; CHUNK],
        right: [0.0; CHUNK],
    };
}

/// A note as an instrument gets it.
#[derive(Clone, Copy)]
pub(crate) struct Strike {
    pub pitch: u8,
    pub hz: f32,
    /// 0..=1
    pub force: f32,
    /// Samples until a sustained note is released.
    pub gate: u64,
}

/// A level that follows its goal through two smoothers: it can be turned back at any time without a corner.
#[derive(Clone, Copy)]
pub(crate) struct Slew {
    goal: f32,
    first: f32,
    level: f32,
    rise: f32,
    fall: f32,
}

/// −100 dB: a voice below it may stop.
const INAUDIBLE: f32 = 1e-5;

impl Slew {
    /// Times in seconds to get most (about 80 %) of the way.
    pub(crate) fn new(rise_secs: f32, fall_secs: f32, sample_rate: f32) -> Slew {
        let chunks_per_sec = sample_rate / CHUNK as f32;
        Slew {
            goal: 0.0,
            first: 0.0,
            level: 0.0,
            rise: approach(rise_secs / 3.0, chunks_per_sec),
            fall: approach(fall_secs / 3.0, chunks_per_sec),
        }
    }

    pub(crate) fn aim(&mut self, goal: f32) {
        self.goal = goal;
    }

    pub(crate) fn level(&self) -> f32 {
        self.level
    }

    /// The line that the level takes over the next chunk.
    pub(crate) fn advance(&mut self) -> Ramp {
        let speed = if self.goal > self.first {
            self.rise
        } else {
            self.fall
        };
        let before = self.level;
        self.first += speed * (self.goal - self.first);
        self.level += speed * (self.first - self.level);
        Ramp::new(before, self.level, CHUNK)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.goal == 0.0 && self.first < INAUDIBLE && self.level < INAUDIBLE
    }
}

/// Counts a gate down by a chunk; true when it has closed.
fn gate_closes(gate: &mut u64) -> bool {
    *gate = gate.saturating_sub(CHUNK as u64);
    *gate == 0
}

/// State-variable filter in its trapezoidal form, stable while its cutoff moves (A. Simper, "Solving the continuous
/// SVF equations using trapezoidal integration and equivalent currents", Cytomic 2013).
#[derive(Clone, Copy, Default)]
pub(crate) struct Svf {
    first: f32,
    second: f32,
}

#[derive(Clone, Copy)]
pub(crate) struct SvfShape {
    a1: f32,
    a2: f32,
    a3: f32,
    k: f32,
}

pub(crate) struct SvfOut {
    pub low: f32,
    pub band: f32,
    pub high: f32,
}

impl SvfShape {
    /// `damping` is 1 / Q.
    pub(crate) fn new(hz: f32, damping: f32, sample_rate: f32) -> SvfShape {
        let g = tan_pi((hz / sample_rate).clamp(1e-5, 0.45));
        let a1 = 1.0 / (1.0 + g * (g + damping));
        SvfShape {
            a1,
            a2: g * a1,
            a3: g * g * a1,
            k: damping,
        }
    }
}

impl Svf {
    #[inline(always)]
    pub(crate) fn next(&mut self, shape: &SvfShape, input: f32) -> SvfOut {
        // The constant keeps the state above the denormal range in silence.
        let v3 = input + 1e-18 - self.second;
        let v1 = shape.a1 * self.first + shape.a2 * v3;
        let v2 = self.second + shape.a2 * self.first + shape.a3 * v3;
        self.first = 2.0 * v1 - self.first;
        self.second = 2.0 * v2 - self.second;
        SvfOut {
            low: v2,
            band: v1,
            high: input - shape.k * v1 - v2,
        }
    }
}
