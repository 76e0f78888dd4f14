//! Reverberation by a feedback delay network.
//!
//! J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators" (AES 90,
//! 1991): eight lines fed back through an orthogonal matrix, which keeps energy, and a filter behind
//! each line that takes exactly what the decay time asks for. So it can never run away. In front of
//! them, all-pass filters (Schroeder, 1962) make the first echoes dense.

use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;
use crate::effects::effect::{CONTROL, Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::math::settled;
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// A room that does not exist.
    Reverb {
        /// Time in which low frequencies fall by 60 dB.
        decay_secs: "s", 0.1..=30.0, 1.8;
        /// Time in which the highest do, as part of that.
        high_decay: "1", 0.05..=1.0, 0.35;
        /// Wait before the first echo. Fixed while it runs.
        pre_delay_ms: "ms", 0.0..=500.0, 10.0, fixed;
        /// Of the room: scales the delays. Fixed while it runs.
        size: "1", 0.4..=3.0, 1.0, fixed;
        /// 0 is mono, 1 as wide as can be.
        width: "1", 0.0..=1.0, 1.0;
    }
}

impl Settings for Reverb {
    type Running = Running;
    own_numbers!();
}

const LINES: usize = 8;
/// Delays of a room of size 1, spread like the combs of Moorer ("About this reverberation business",
/// 1979) and a little beyond; whole primes of samples keep their echoes apart.
const DELAYS_MS: [f64; LINES] = [29.7, 37.1, 41.1, 43.7, 53.1, 59.3, 67.7, 73.9];
/// The all-pass filters of J. Dattorro, "Effect design 1" (J. Audio Eng. Soc. 45 (9), 1997), figure 1:
/// samples at 29761 Hz, and coefficients.
const DIFFUSERS: [(f64, f32); 4] = [(142.0, 0.75), (107.0, 0.75), (379.0, 0.625), (277.0, 0.625)];
const DIFFUSERS_HZ: f64 = 29_761.0;

/// Very short decays stay quieter than the sound: no more is made up for than 10 dB.
const LEAST_HEARD: f64 = 0.1;

/// A value of each line.
type Lines = [f32; LINES];

struct Diffuser {
    line: DelayLine,
    delay: usize,
    coefficient: f32,
}

/// One channel's way into the network.
struct Entry {
    wait: DelayLine,
    diffusers: [Diffuser; 4],
    /// Signs with which it goes into the lines, and those with which it is heard.
    into: Lines,
    heard: Lines,
}

pub(crate) struct Running {
    entries: Vec<Entry>,
    lines: [DelayLine; LINES],
    delays: [usize; LINES],
    /// Gain and pole of each line's filter: g (1 − p) / (1 − p z⁻¹).
    gains: Lines,
    poles: Lines,
    filters: Lines,
    level: Ramp,
    width: Ramp,
    wait: usize,
    tail: u64,
    rate_hz: f64,
}

impl Running {
    /// A line of m samples falls by 60 · m / (fs · T) dB at each pass. The one-pole filter does that for
    /// the low decay time at 0 Hz and for the high one at half the sample rate.
    fn decay(&mut self, settings: &Reverb) -> f64 {
        let mut power = 0.0;
        for (i, delay) in self.delays.iter().enumerate() {
            let passes = settings.decay_secs * self.rate_hz / *delay as f64;
            let low = 10f64.powf(-3.0 / passes);
            let high = 10f64.powf(-3.0 / (passes * settings.high_decay));
            let ratio = high / low;
            let pole = (1.0 - ratio) / (1.0 + ratio);
            self.gains[i] = (low * (1.0 - pole)) as f32;
            self.poles[i] = pole as f32;
            power += low * low / LINES as f64;
        }
        // A loop that keeps `power` of its energy gathers 1 / (1 − power) of what goes in, of which
        // `power` is heard. Levelled where it goes in, so that a shorter decay is never a burst.
        let heard = power.max(LEAST_HEARD) / (1.0 - power);
        (LINES as f64 / self.entries.len() as f64 / heard).sqrt()
    }
}

impl Effect for Running {
    type Settings = Reverb;
    const USUAL_WET: f64 = 0.3;

    fn prepare(settings: &Reverb, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let mut delays = [0; LINES];
        for (delay, ms) in delays.iter_mut().zip(DELAYS_MS) {
            *delay = next_prime(stream.samples_from_ms(ms * settings.size).max(CONTROL));
        }
        let wait = stream.samples_from_ms(settings.pre_delay_ms);
        let mut running = Running {
            entries: (0..stream.channels)
                .map(|c| entry(c, wait, stream.hz()))
                .collect(),
            lines: delays.map(|delay| DelayLine::new(delay + CONTROL)),
            delays,
            gains: [0.0; LINES],
            poles: [0.0; LINES],
            filters: [0.0; LINES],
            level: Ramp::new(0.0),
            width: Ramp::new(settings.width),
            wait,
            tail: wait as u64 + stream.rate.samples_from_secs(settings.decay_secs + 0.1),
            rate_hz: stream.hz(),
        };
        running.level = Ramp::new(running.decay(settings));
        Ok(running)
    }

    fn turn(&mut self, settings: &Reverb) {
        let level = self.decay(settings);
        self.level.toward(level);
        self.width.toward(settings.width);
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        // No line is shorter than a block: all that comes out during it is in the lines already.
        let mut out = [[0.0f32; LINES]; CONTROL];
        for (i, (line, delay)) in self.lines.iter().zip(&self.delays).enumerate() {
            let mut samples = [0.0; CONTROL];
            line.read(delay - frames, &mut samples[..frames]);
            for (lines, x) in out.iter_mut().zip(&samples[..frames]) {
                lines[i] = *x;
            }
        }
        for lines in &mut out[..frames] {
            *lines = std::array::from_fn(|i| {
                settled(lines[i] * self.gains[i] + self.filters[i] * self.poles[i])
            });
            self.filters = *lines;
        }
        let mut back = out;
        back[..frames].iter_mut().for_each(hadamard);
        let level = self.level.values(frames);
        for (samples, entry) in block.channels().zip(&mut self.entries) {
            let mut dry = [0.0; CONTROL];
            entry.wait.write(samples);
            entry.wait.read(self.wait, &mut dry[..frames]);
            for diffuser in &mut entry.diffusers {
                diffuser.process(&mut dry[..frames]);
            }
            let each = samples.iter_mut().zip(&dry).zip(out.iter().zip(&mut back));
            for (((x, dry), (out, back)), level) in each.zip(&level) {
                *x = out.iter().zip(&entry.heard).map(|(a, b)| a * b).sum();
                for (back, into) in back.iter_mut().zip(&entry.into) {
                    *back += dry * level * into;
                }
            }
        }
        for (i, line) in self.lines.iter_mut().enumerate() {
            let mut samples = [0.0; CONTROL];
            for (x, lines) in samples.iter_mut().zip(&back[..frames]) {
                *x = settled(lines[i]);
            }
            line.write(&samples[..frames]);
        }
        self.narrow(block);
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(DelayLine::clear);
        self.filters = [0.0; LINES];
        self.level.jump();
        self.width.jump();
        for entry in &mut self.entries {
            entry.wait.clear();
            for diffuser in &mut entry.diffusers {
                diffuser.line.clear();
            }
        }
    }

    fn tail(&self) -> u64 {
        self.tail
    }
}

impl Running {
    fn narrow(&mut self, block: &mut Block<'_, '_>) {
        if self.width.steady() == Some(1.0) {
            return;
        }
        let widths = self.width.values(block.frames());
        for pair in block.pairs() {
            let both = pair.first.iter_mut().zip(pair.second.into_iter().flatten());
            for ((left, right), width) in both.zip(&widths) {
                let (middle, side) = (0.5 * (*left + *right), 0.5 * width * (*left - *right));
                (*left, *right) = (middle + side, middle - side);
            }
        }
    }
}

impl Diffuser {
    fn process(&mut self, samples: &mut [f32]) {
        for x in samples {
            let past = self.line.get(self.delay - 1);
            let into = settled(*x + self.coefficient * past);
            self.line.push(into);
            *x = past - self.coefficient * into;
        }
    }
}

fn entry(channel: usize, wait: usize, rate_hz: f64) -> Entry {
    let row = |n: usize| {
        let mut row = [0.0; LINES];
        row[n % LINES] = 1.0;
        hadamard(&mut row);
        row
    };
    Entry {
        wait: DelayLine::new(wait + CONTROL),
        diffusers: DIFFUSERS.map(|(samples, coefficient)| {
            let delay = (samples * rate_hz / DIFFUSERS_HZ).round() as usize;
            Diffuser {
                line: DelayLine::new(delay),
                delay,
                coefficient,
            }
        }),
        // Rows that differ are orthogonal: two channels are as different as can be.
        into: row(channel + 1),
        heard: row(channel + 4),
    }
}

/// The orthonormal Hadamard transform.
#[inline]
fn hadamard(x: &mut Lines) {
    const SCALE: f32 = 0.353_553_4;
    let mut y = *x;
    for half in [4, 2, 1] {
        let from = y;
        for (i, y) in y.iter_mut().enumerate() {
            *y = match i & half {
                0 => from[i] + from[i + half],
                _ => from[i - half] - from[i],
            };
        }
    }
    *x = y.map(|y| y * SCALE);
}

fn next_prime(from: usize) -> usize {
    let prime = |n: &usize| {
        (2..)
            .take_while(|d| d * d <= *n)
            .all(|d| !n.is_multiple_of(d))
    };
    (from..).find(prime).unwrap_or(from)
}
