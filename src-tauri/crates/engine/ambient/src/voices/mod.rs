//! The instruments. Each is a bank of voices that was allocated when it was made; a bank renders whole chunks of
//! [`CHUNK`] samples, adds them to a stereo [`Bus`] and answers how many of its voices sounded. Nothing here allocates, locks or logs after `new`.
//!
//! Not here: levels between instruments, echo and reverb (see `mix`), and when notes begin (see `engine`).

mod air;
mod bell;
mod drone;
mod drums;
mod pad;
mod piano;
mod pluck;

pub(crate) use air::Airs;
pub(crate) use bell::Bells;
pub(crate) use drone::Drones;
pub(crate) use drums::Drums;
pub(crate) use pad::Pads;
pub(crate) use piano::Pianos;
pub(crate) use pluck::Plucks;

use crate::math::{Ramp, approach, tan_pi};

/// Samples that are computed at once, whatever block the caller asks for: so a block size changes nothing.
/// Notes begin on a chunk, at most 1.3 ms early at 48 kHz.
pub const CHUNK: usize = 64;

/// One chunk of one channel.
pub(crate) type Mono = [f32; CHUNK];

/// One chunk in stereo.
#[derive(Clone)]
pub struct Bus {
    pub left: [f32; CHUNK],
    pub right: [f32; CHUNK],
}

impl Bus {
    pub const SILENCE: Bus = Bus {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::increment;
    use crate::theory::hz;

    const RATE: f32 = 48_000.0;

    /// Amplitude of a frequency over a Hann window of the left channel.
    fn strength(samples: &[f32], frequency: f64) -> f64 {
        let turns = std::f64::consts::TAU / f64::from(RATE);
        let (mut re, mut im) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let hann = 0.5 - 0.5 * (n as f64 * std::f64::consts::TAU / samples.len() as f64).cos();
            let (sin, cos) = (turns * frequency * n as f64).sin_cos();
            re += f64::from(*sample) * hann * cos;
            im += f64::from(*sample) * hann * sin;
        }
        re.hypot(im) / samples.len() as f64
    }

    /// The note must sound at its pitch to within `cents`, and be gone in the end.
    fn check(
        name: &str,
        cents: f64,
        pitch: u8,
        mut play: impl FnMut(Option<Strike>, &mut Bus) -> usize,
    ) {
        let mut samples = Vec::new();
        let mut strike = Some(Strike {
            pitch,
            hz: hz(pitch),
            force: 0.6,
            gate: 96_000,
        });
        let mut sounding = 1;
        for _ in 0..(20.0 * RATE) as usize / CHUNK {
            let mut bus = Bus::SILENCE;
            sounding = play(strike.take(), &mut bus);
            samples.extend(bus.left);
        }
        assert_eq!(sounding, 0, "{name} {pitch} still sounds after 20 s");
        assert!(samples.iter().all(|sample| sample.is_finite()));
        let window = &samples[19_200..96_000];
        let best = (-60..=60).max_by(|a, b| {
            let at = |cents: i32| {
                strength(
                    window,
                    f64::from(hz(pitch)) * (f64::from(cents) / 1200.0).exp2(),
                )
            };
            at(*a).total_cmp(&at(*b))
        });
        let best = f64::from(best.unwrap());
        assert!(best.abs() <= cents, "{name} {pitch} is {best} cents off");
    }

    #[test]
    fn every_instrument_is_in_tune_and_ends() {
        for pitch in [60, 67, 76] {
            let mut bells = Bells::new(RATE, 1);
            check("bell", 2.0, pitch, |strike, bus| {
                strike.into_iter().for_each(|strike| bells.strike(strike));
                bells.chunk(bus)
            });
            let mut plucks = Plucks::new(RATE, 1);
            check("pluck", 4.0, pitch, |strike, bus| {
                strike.into_iter().for_each(|strike| plucks.strike(strike));
                plucks.chunk(bus)
            });
            let mut pianos = Pianos::new(RATE, 1);
            check("piano", 4.0, pitch, |strike, bus| {
                strike.into_iter().for_each(|strike| pianos.strike(strike));
                pianos.chunk(bus)
            });
            let mut pads = Pads::new(RATE, 1);
            check("pad", 9.0, pitch, |strike, bus| {
                strike.into_iter().for_each(|strike| pads.strike(strike));
                pads.chunk(0.0, bus)
            });
        }
        for pitch in [33, 44] {
            let mut drones = Drones::new(RATE);
            check("drone", 5.0, pitch, |strike, bus| {
                strike.into_iter().for_each(|strike| drones.strike(strike));
                drones.chunk(bus)
            });
        }
    }

    #[test]
    fn the_filter_passes_what_it_should() {
        for (frequency, low, high) in [
            (100.0, 1.0, 0.01),
            (1000.0, 0.707, 0.707),
            (10_000.0, 0.01, 1.0),
        ] {
            let shape = SvfShape::new(1000.0, std::f32::consts::SQRT_2, RATE);
            let mut filter = Svf::default();
            let step = increment(frequency, RATE);
            let (mut lowest, mut highest) = (0.0_f32, 0.0_f32);
            for n in 0..48_000_u32 {
                let out = filter.next(&shape, crate::math::sine(step.wrapping_mul(n)));
                if n > 24_000 {
                    lowest = lowest.max(out.low.abs());
                    highest = highest.max(out.high.abs());
                }
            }
            assert!(
                (lowest - low).abs() < 0.02 && (highest - high).abs() < 0.02,
                "{frequency} Hz: {lowest} {highest}"
            );
        }
    }

    #[test]
    fn a_slew_has_no_corner_when_it_turns_back() {
        let mut slew = Slew::new(1.0, 1.0, RATE);
        let (mut before, mut step_before) = (0.0, 0.0);
        for chunk in 0..3_000 {
            slew.aim(if chunk % 400 < 250 { 1.0 } else { 0.0 });
            slew.advance();
            let step = slew.level() - before;
            assert!(
                (step - step_before).abs() < 1e-4,
                "a corner in chunk {chunk}"
            );
            (before, step_before) = (slew.level(), step);
        }
    }
}
