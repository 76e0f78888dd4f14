//! From instruments to two channels: chorus, echo, reverb, levels, limiter.
//!
//! Everything works on chunks, moves its parameters along straight lines within a chunk, and was allocated when it
//! was made. Feedback paths carry a constant of 1e-18, so that silence never becomes denormal.

use crate::math::{Ramp, approach, exp2, increment, sine};
use crate::voices::{Bus, CHUNK, Mono, Svf, SvfShape};

/// The most samples a delay line is made for, whatever the sample rate: 10 s at 96 kHz.
const MAX_LINE: usize = 1 << 20;

/// A value that moves to its goal without a corner that could be heard.
#[derive(Clone, Copy)]
pub(crate) struct Smooth {
    value: f32,
    goal: f32,
    speed: f32,
}

impl Smooth {
    pub(crate) fn new(value: f32, secs: f32, sample_rate: f32) -> Smooth {
        Smooth {
            value,
            goal: value,
            speed: approach(secs, sample_rate / CHUNK as f32),
        }
    }

    pub(crate) fn aim(&mut self, goal: f32) {
        self.goal = goal;
    }

    pub(crate) fn value(&self) -> f32 {
        self.value
    }

    pub(crate) fn advance(&mut self) -> Ramp {
        let before = self.value;
        self.value += (self.goal - self.value) * self.speed;
        Ramp::new(before, self.value, CHUNK)
    }
}

/// A ring of past samples, written and read by the chunk.
struct Line {
    ring: Vec<f32>,
    write: usize,
}

impl Line {
    fn new(longest: f32) -> Line {
        let len = (longest.max(0.0) as usize).min(MAX_LINE) + 2 * CHUNK + 2;
        Line {
            ring: vec![0.0; len.next_power_of_two()],
            write: 0,
        }
    }

    /// The longest delay that can be read.
    fn longest(&self) -> f32 {
        (self.ring.len() - CHUNK - 2) as f32
    }

    fn write(&mut self, samples: &Mono) {
        // Chunks divide the ring, so none wraps.
        self.ring[self.write..self.write + CHUNK].copy_from_slice(samples);
        self.write = (self.write + CHUNK) & (self.ring.len() - 1);
    }

    /// What was written `delay` samples before each sample of the chunk to come; at least a chunk.
    fn read(&self, delay: usize, out: &mut Mono) {
        self.copy(delay.clamp(CHUNK, self.longest() as usize), out);
    }

    /// As `read`, at a delay between samples that moves along a line, by less than a sample within the chunk.
    fn read_between(&self, delay: Ramp, out: &mut Mono) {
        let longest = self.longest();
        let (first, last) = (delay.at(0), delay.at(CHUNK - 1));
        let farthest = first.max(last).clamp((CHUNK + 2) as f32, longest) as usize + 1;
        let mut past = [0.0; CHUNK + 2];
        self.copy(farthest, &mut past);
        for (n, out) in out.iter_mut().enumerate() {
            // Between 0 and 2 samples after the farthest: a line through three points, without a branch.
            let after = (farthest as f32 - delay.at(n)).clamp(0.0, 2.0);
            let (near, far) = (after.min(1.0), (after - 1.0).max(0.0));
            *out = past[n] + (past[n + 1] - past[n]) * near + (past[n + 2] - past[n + 1]) * far;
        }
    }

    /// Copies what begins `delay` samples before the next write.
    fn copy(&self, delay: usize, out: &mut [f32]) {
        let begin = self.write.wrapping_sub(delay) & (self.ring.len() - 1);
        let straight = out.len().min(self.ring.len() - begin);
        let (head, tail) = out.split_at_mut(straight);
        head.copy_from_slice(&self.ring[begin..begin + straight]);
        tail.copy_from_slice(&self.ring[..tail.len()]);
    }
}

/// Widens the pad: one slowly wandering copy for each ear.
pub(crate) struct Chorus {
    lines: [Line; 2],
    phases: [u32; 2],
    increments: [u32; 2],
    before: [f32; 2],
    base: f32,
    depth: f32,
}

impl Chorus {
    pub(crate) fn new(sample_rate: f32) -> Chorus {
        let (base, depth) = (0.016 * sample_rate, 0.0035 * sample_rate);
        Chorus {
            lines: [Line::new(base + depth), Line::new(base + depth)],
            phases: [0, 1 << 30],
            increments: [0.19, 0.27].map(|hz| increment(hz * CHUNK as f32, sample_rate)),
            before: [base, base + depth],
            base,
            depth,
        }
    }

    pub(crate) fn chunk(&mut self, bus: &mut Bus) {
        let mut wet = Bus::SILENCE;
        // Each ear hears the other's copy.
        let copies = [&mut wet.right, &mut wet.left];
        let inputs = [&bus.left, &bus.right];
        for (ear, (copy, input)) in copies.into_iter().zip(inputs).enumerate() {
            self.phases[ear] = self.phases[ear].wrapping_add(self.increments[ear]);
            let delay = self.base + self.depth * sine(self.phases[ear]);
            self.lines[ear].read_between(Ramp::new(self.before[ear], delay, CHUNK), copy);
            self.lines[ear].write(input);
            self.before[ear] = delay;
        }
        for n in 0..CHUNK {
            bus.left[n] = 0.78 * bus.left[n] + 0.55 * wet.left[n];
            bus.right[n] = 0.78 * bus.right[n] + 0.55 * wet.right[n];
        }
    }
}

/// Ping-pong echo: the left line feeds the right and back, each pass darker.
pub(crate) struct Echo {
    lines: [Line; 2],
    tone: [f32; 2],
    softness: f32,
    /// Delay in use, the one that fades in, and how far it has.
    delay: usize,
    coming: usize,
    faded: f32,
    fade_step: f32,
}

const ECHO_FEEDBACK: f32 = 0.46;
const ECHO_MAX_SECS: f32 = 1.8;

impl Echo {
    pub(crate) fn new(sample_rate: f32) -> Echo {
        let longest = ECHO_MAX_SECS * sample_rate;
        Echo {
            lines: [Line::new(longest), Line::new(longest)],
            tone: [0.0; 2],
            softness: approach(1.0 / (std::f32::consts::TAU * 2600.0), sample_rate),
            delay: CHUNK,
            coming: CHUNK,
            faded: 1.0,
            fade_step: CHUNK as f32 / (0.4 * sample_rate).max(CHUNK as f32),
        }
    }

    /// Takes a new delay by fading over to it; while a fade runs the wish waits.
    pub(crate) fn aim(&mut self, samples: f32) {
        let wanted = samples.clamp(CHUNK as f32, self.lines[0].longest()) as usize;
        if self.faded >= 1.0 && wanted != self.delay {
            self.coming = wanted;
            self.faded = 0.0;
        }
    }

    pub(crate) fn chunk(&mut self, input: &Bus, out: &mut Bus) {
        let mut heard = Bus::SILENCE;
        for (line, heard) in self.lines.iter().zip([&mut heard.left, &mut heard.right]) {
            line.read(self.delay, heard);
        }
        if self.faded < 1.0 {
            let mut coming = Bus::SILENCE;
            self.lines[0].read(self.coming, &mut coming.left);
            self.lines[1].read(self.coming, &mut coming.right);
            let after = (self.faded + self.fade_step).min(1.0);
            let fade = Ramp::new(self.faded, after, CHUNK);
            for n in 0..CHUNK {
                let mix = fade.at(n);
                heard.left[n] += (coming.left[n] - heard.left[n]) * mix;
                heard.right[n] += (coming.right[n] - heard.right[n]) * mix;
            }
            self.faded = after;
            if after >= 1.0 {
                self.delay = self.coming;
            }
        }
        let mut fed = Bus::SILENCE;
        for n in 0..CHUNK {
            self.tone[0] += self.softness * (heard.left[n] + 1e-18 - self.tone[0]);
            self.tone[1] += self.softness * (heard.right[n] + 1e-18 - self.tone[1]);
            fed.left[n] = 0.5 * (input.left[n] + input.right[n]) + ECHO_FEEDBACK * self.tone[1];
            fed.right[n] = ECHO_FEEDBACK * 1.25 * self.tone[0];
            out.left[n] += self.tone[0];
            out.right[n] += self.tone[1];
        }
        self.lines[0].write(&fed.left);
        self.lines[1].write(&fed.right);
    }
}

/// Feedback delay network of eight modulated, damped lines behind three all-passes an ear
/// (J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 1991).
pub(crate) struct Reverb {
    diffusers: [[AllPass; 3]; 2],
    lines: [Line; LINES],
    delays: [f32; LINES],
    before: [f32; LINES],
    phases: [u32; LINES],
    increments: [u32; LINES],
    gains: [f32; LINES],
    damped: [f32; LINES],
    damping: f32,
    low_cut: [Svf; 2],
    low_cut_shape: SvfShape,
    swing: f32,
}

const LINES: usize = 8;
const LINE_SECS: [f32; LINES] = [
    0.0317, 0.0373, 0.0419, 0.0471, 0.0533, 0.0613, 0.0719, 0.0831,
];
const DECAY_SECS: f32 = 6.5;

impl Reverb {
    pub(crate) fn new(sample_rate: f32) -> Reverb {
        let swing = 0.00022 * sample_rate;
        let delays = LINE_SECS.map(|secs| {
            (secs * sample_rate)
                .max(CHUNK as f32 + 2.0 + swing)
                .min(MAX_LINE as f32)
        });
        let all_pass = |secs: f32| AllPass::new(secs * sample_rate);
        Reverb {
            diffusers: [
                [0.0047, 0.0079, 0.0127].map(all_pass),
                [0.0053, 0.0083, 0.0119].map(all_pass),
            ],
            lines: delays.map(|delay| Line::new(delay + swing)),
            delays,
            before: delays,
            phases: std::array::from_fn(|line| (line as u32) << 29),
            increments: [0.11, 0.17, 0.23, 0.29, 0.13, 0.19, 0.31, 0.37]
                .map(|hz| increment(hz * CHUNK as f32, sample_rate)),
            gains: delays.map(|delay| exp2(-9.97 * delay / (DECAY_SECS * sample_rate).max(1.0))),
            damped: [0.0; LINES],
            damping: approach(1.0 / (std::f32::consts::TAU * 4500.0), sample_rate),
            low_cut: [Svf::default(); 2],
            low_cut_shape: SvfShape::new(110.0, 1.414, sample_rate),
            swing,
        }
    }

    pub(crate) fn chunk(&mut self, input: &Bus, out: &mut Bus) {
        let mut fed = Bus::SILENCE;
        for n in 0..CHUNK {
            fed.left[n] = self.low_cut[0]
                .next(&self.low_cut_shape, input.left[n])
                .high;
            fed.right[n] = self.low_cut[1]
                .next(&self.low_cut_shape, input.right[n])
                .high;
        }
        for (diffusers, ear) in self
            .diffusers
            .iter_mut()
            .zip([&mut fed.left, &mut fed.right])
        {
            for diffuser in diffusers {
                diffuser.chunk(ear);
            }
        }

        let mut heard = [[0.0; CHUNK]; LINES];
        for (line, heard) in heard.iter_mut().enumerate() {
            self.phases[line] = self.phases[line].wrapping_add(self.increments[line]);
            let delay = self.delays[line] + self.swing * sine(self.phases[line]);
            self.lines[line].read_between(Ramp::new(self.before[line], delay, CHUNK), heard);
            self.before[line] = delay;
        }
        // Each line is recursive in time, so the lines go side by side; all that follows goes along time.
        let mut damped = self.damped;
        #[expect(
            clippy::needless_range_loop,
            reason = "time is the second index of what is heard"
        )]
        for n in 0..CHUNK {
            for line in 0..LINES {
                damped[line] += self.damping * (heard[line][n] + 1e-18 - damped[line]);
                heard[line][n] = damped[line] * self.gains[line];
            }
        }
        self.damped = damped;
        #[expect(
            clippy::needless_range_loop,
            reason = "time is the second index of what is heard"
        )]
        for n in 0..CHUNK {
            out.left[n] += heard[0][n] - heard[2][n] + heard[4][n] - heard[6][n];
            out.right[n] += heard[1][n] - heard[3][n] + heard[5][n] - heard[7][n];
        }
        hadamard(&mut heard);
        for (number, (line, back)) in self.lines.iter_mut().zip(&mut heard).enumerate() {
            let ear = if number % 2 == 0 {
                &fed.left
            } else {
                &fed.right
            };
            for (back, ear) in back.iter_mut().zip(ear) {
                *back = *back * HADAMARD_GAIN + ear;
            }
            line.write(back);
        }
    }
}

/// 1 / √8 makes the mixing of eight lines orthogonal.
const HADAMARD_GAIN: f32 = 0.353_553_39;

/// Mixes each line into each other; the gain that keeps the energy is left to the caller.
fn hadamard(lines: &mut [Mono; LINES]) {
    for half in [1, 2, 4] {
        for first in (0..LINES).filter(|line| line & half == 0) {
            let (low, high) = lines.split_at_mut(first + half);
            for (a, b) in low[first].iter_mut().zip(&mut high[0]) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
    }
}

/// Schroeder's all-pass: smears a click without colouring it.
struct AllPass {
    line: Line,
    delay: usize,
}

impl AllPass {
    fn new(samples: f32) -> AllPass {
        AllPass {
            line: Line::new(samples),
            delay: (samples.clamp(CHUNK as f32, MAX_LINE as f32)) as usize,
        }
    }

    fn chunk(&mut self, samples: &mut Mono) {
        const GAIN: f32 = 0.62;
        let mut past = [0.0; CHUNK];
        self.line.read(self.delay, &mut past);
        let mut stored = [0.0; CHUNK];
        for n in 0..CHUNK {
            let out = past[n] - GAIN * samples[n];
            stored[n] = samples[n] + GAIN * out;
            samples[n] = out;
        }
        self.line.write(&stored);
    }
}

/// Holds peaks under −1.5 dBFS by looking one chunk ahead, and cuts what lies below 25 Hz.
///
/// The gain at a chunk's begin and end is at most what that chunk's peak allows, and is a straight line between: so
/// no sample can pass the ceiling, and nothing is clipped. Output is one chunk late.
pub(crate) struct Limiter {
    waiting: Bus,
    allowed: f32,
    gain: f32,
    release: f32,
    rumble: [Svf; 2],
    rumble_shape: SvfShape,
}

/// −1.5 dB
pub(crate) const CEILING: f32 = 0.841_395_1;

impl Limiter {
    pub(crate) fn new(sample_rate: f32) -> Limiter {
        Limiter {
            waiting: Bus::SILENCE,
            allowed: 1.0,
            gain: 1.0,
            release: approach(0.35, sample_rate / CHUNK as f32),
            rumble: [Svf::default(); 2],
            rumble_shape: SvfShape::new(25.0, 1.414, sample_rate),
        }
    }

    /// Takes a chunk and gives the one before it.
    pub(crate) fn chunk(&mut self, bus: &mut Bus) {
        let mut peak = 0.0_f32;
        for n in 0..CHUNK {
            let left = self.rumble[0].next(&self.rumble_shape, bus.left[n]).high;
            let right = self.rumble[1].next(&self.rumble_shape, bus.right[n]).high;
            (bus.left[n], bus.right[n]) = (left, right);
            peak = peak.max(left.abs()).max(right.abs());
        }
        let coming = if peak > CEILING { CEILING / peak } else { 1.0 };
        let recovered = self.gain + (1.0 - self.gain) * self.release;
        let target = recovered.min(self.allowed).min(coming);
        let gain = Ramp::new(self.gain, target, CHUNK);
        std::mem::swap(&mut self.waiting, bus);
        for n in 0..CHUNK {
            // The clamp only catches the rounding of a product that lies on the ceiling.
            bus.left[n] = (bus.left[n] * gain.at(n)).clamp(-1.0, 1.0);
            bus.right[n] = (bus.right[n] * gain.at(n)).clamp(-1.0, 1.0);
        }
        self.gain = target;
        self.allowed = coming;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limiter_never_passes_its_ceiling_and_does_not_touch_what_is_below() {
        let mut limiter = Limiter::new(48_000.0);
        let mut noise = crate::math::Noise(7);
        for chunk in 0..2_390 {
            let level = if chunk % 600 < 5 { 30.0 } else { 0.3 };
            let mut bus = Bus::SILENCE;
            for n in 0..CHUNK {
                bus.left[n] = noise.next() * level;
                bus.right[n] = noise.next() * level;
            }
            limiter.chunk(&mut bus);
            let peak = bus
                .left
                .iter()
                .chain(&bus.right)
                .fold(0.0_f32, |peak, s| peak.max(s.abs()));
            assert!(peak <= CEILING * 1.0001, "{peak} in chunk {chunk}");
        }
        assert!(limiter.gain > 0.5, "the gain comes back after a peak");
    }

    #[test]
    fn the_reverb_decays_and_ends_without_denormals() {
        let mut reverb = Reverb::new(48_000.0);
        let mut energies = Vec::new();
        for chunk in 0..48_000 * 60 / CHUNK {
            let mut input = Bus::SILENCE;
            if chunk == 0 {
                input.left[0] = 1.0;
                input.right[0] = 1.0;
            }
            let mut out = Bus::SILENCE;
            reverb.chunk(&input, &mut out);
            energies.push(out.left.iter().map(|s| s * s).sum::<f32>());
            assert!(
                out.left
                    .iter()
                    .chain(&out.right)
                    .all(|s| *s == 0.0 || s.is_normal())
            );
        }
        let window = |secs: usize| {
            let at = secs * 48_000 / CHUNK;
            energies[at..at + 750].iter().sum::<f32>()
        };
        assert!(window(1) > 0.0);
        let fall_db = 10.0 * (window(1) / window(5)).log10();
        assert!(
            (25.0..60.0).contains(&fall_db),
            "falls by {fall_db:.1} dB in 4 s"
        );
        assert!(window(50) < 1e-12);
    }

    #[test]
    fn the_echo_comes_back_on_the_other_side() {
        let mut echo = Echo::new(48_000.0);
        echo.aim(4800.0);
        for _ in 0..1000 {
            echo.chunk(&Bus::SILENCE, &mut Bus::SILENCE.clone());
        }
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for chunk in 0..400 {
            let mut input = Bus::SILENCE;
            if chunk == 0 {
                input.left[0] = 1.0;
            }
            let mut out = Bus::SILENCE;
            echo.chunk(&input, &mut out);
            left.extend(out.left);
            right.extend(out.right);
        }
        let energy =
            |samples: &[f32], at: usize| samples[at..at + 400].iter().map(|s| s * s).sum::<f32>();
        assert!(energy(&left, 4800) > 1e-3 && energy(&right, 4800) < 1e-9);
        assert!(energy(&right, 9600) > 1e-4 && energy(&left, 9600) < 1e-9);
    }
}
