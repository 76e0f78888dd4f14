//! The phase vocoder with phases locked to peaks.
//!
//! J. Laroche and M. Dolson, "Improved Phase Vocoder Time-Scale Modification of Audio" (IEEE Trans.
//! Speech and Audio Proc. 7 (3), 1999), identity phase locking: a peak and the bins around it turn by one
//! angle. The angle comes, after M. Puckette ("Phase-locked vocoder", 1995), from a second frame that
//! lies one hop before: turned so that this one continues what was synthesised last, it turns the present
//! one rightly, and no phase need be unwrapped. What begins suddenly keeps its own phases, so attacks stay
//! sharp (A. Röbel, "A New Approach to Transient Processing in the Phase Vocoder", DAFx 2003). All
//! channels turn alike, so the image stands still.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Synthesised frames begin this part of their length apart.
pub(super) const OVERLAP: usize = 4;
/// A peak has grown by this much, in power, since the frame a hop before, if something began: 12 dB.
const ATTACK: f32 = 16.0;
/// The sum of four squared Hann windows that overlap by three quarters.
const WINDOWS: f32 = 1.5;

type Bin = Complex<f32>;

pub(super) struct Vocoder {
    length: usize,
    window: Vec<f32>,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
    channels: Vec<Channel>,
    /// Power of each bin of the present frame, and of that a hop before: all channels together.
    powers: Vec<f32>,
    powers_before: Vec<f32>,
    /// One for each bin.
    turns: Vec<Bin>,
    frame: Vec<f32>,
    scratch: Vec<Bin>,
    /// Whether anything was synthesised yet.
    begun: bool,
}

struct Channel {
    now: Vec<Bin>,
    before: Vec<Bin>,
    synthesised: Vec<Bin>,
}

impl Vocoder {
    pub(super) fn new(length: usize, channels: usize) -> Vocoder {
        let mut planner = RealFftPlanner::new();
        let (forward, back) = (
            planner.plan_fft_forward(length),
            planner.plan_fft_inverse(length),
        );
        let scratch = forward.get_scratch_len().max(back.get_scratch_len());
        let bins = length / 2 + 1;
        let channel = || Channel {
            now: vec![Bin::default(); bins],
            before: vec![Bin::default(); bins],
            synthesised: vec![Bin::default(); bins],
        };
        let hann = |n: usize| (0.5 - 0.5 * (TAU * n as f64 / length as f64).cos()) as f32;
        Vocoder {
            length,
            window: (0..length).map(hann).collect(),
            channels: (0..channels).map(|_| channel()).collect(),
            powers: vec![0.0; bins],
            powers_before: vec![0.0; bins],
            turns: vec![Bin::new(1.0, 0.0); bins],
            frame: vec![0.0; length],
            scratch: vec![Bin::default(); scratch],
            forward,
            back,
            begun: false,
        }
    }

    pub(super) fn hop(&self) -> usize {
        self.length / OVERLAP
    }

    pub(super) fn reset(&mut self) {
        self.begun = false;
    }

    /// Synthesises a frame. `fetch(channel, before, frame)` fills in the present frame of a channel or the
    /// one `before` samples earlier; `add(channel, frame)` is given what is to be added up, a hop after
    /// the last. Bins above `highest`, in cycles per sample, are left out.
    pub(super) fn step(
        &mut self,
        highest: f64,
        fetch: impl Fn(usize, usize, &mut [f32]),
        mut add: impl FnMut(usize, &[f32]),
    ) {
        let hop = self.hop();
        self.powers.fill(0.0);
        self.powers_before.fill(0.0);
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let present = (0, &mut channel.now, &mut self.powers);
            let past = (hop, &mut channel.before, &mut self.powers_before);
            for (before, bins, powers) in [present, past] {
                fetch(index, before, &mut self.frame);
                for (x, window) in self.frame.iter_mut().zip(&self.window) {
                    *x *= window;
                }
                // All lengths are the planner's own, so neither transform can fail.
                let _ = self
                    .forward
                    .process_with_scratch(&mut self.frame, bins, &mut self.scratch);
                for (power, bin) in powers.iter_mut().zip(bins.iter()) {
                    *power += bin.norm_sqr();
                }
            }
        }
        self.find_turns();
        let first_left_out = (highest * self.length as f64) as usize + 1;
        let scale = (WINDOWS * self.length as f32).recip();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let turned = channel.now.iter().zip(&self.turns);
            for (to, (bin, turn)) in channel.synthesised.iter_mut().zip(turned) {
                *to = bin * turn;
            }
            // The transform back overwrites its input.
            channel.now.copy_from_slice(&channel.synthesised);
            channel
                .now
                .iter_mut()
                .skip(first_left_out)
                .for_each(|bin| *bin = Bin::default());
            channel.now[0].im = 0.0;
            channel.now[self.length / 2].im = 0.0;
            let _ = self.back.process_with_scratch(
                &mut channel.now,
                &mut self.frame,
                &mut self.scratch,
            );
            for (x, window) in self.frame.iter_mut().zip(&self.window) {
                *x *= window * scale;
            }
            add(index, &self.frame);
        }
        self.begun = true;
    }

    /// The turn of each bin: that of the peak that it belongs to.
    fn find_turns(&mut self) {
        let still = Bin::new(1.0, 0.0);
        if !self.begun {
            self.turns.fill(still);
            return;
        }
        let bins = self.powers.len();
        // Where the region of the peak at hand begins, and its turn.
        let (mut from, mut turn) = (0, None);
        let (mut lowest, mut lowest_at) = (f32::INFINITY, 0);
        for k in 0..bins {
            let power = self.powers[k];
            if power < lowest {
                (lowest, lowest_at) = (power, k);
            }
            if !self.is_peak(k) {
                continue;
            }
            if let Some(turn) = turn {
                // Regions meet at the lowest bin between two peaks.
                self.turns[from..lowest_at].fill(turn);
                from = lowest_at;
            }
            turn = Some(self.turn(k));
            (lowest, lowest_at) = (f32::INFINITY, k);
        }
        self.turns[from..].fill(turn.unwrap_or(still));
    }

    /// Higher than two bins on either side.
    fn is_peak(&self, k: usize) -> bool {
        let power = self.powers[k];
        let around = k.saturating_sub(2)..(k + 3).min(self.powers.len());
        let mut higher = self.powers[around.clone()].iter().zip(around);
        power > 0.0 && higher.all(|(other, at)| at == k || *other < power)
    }

    fn turn(&self, k: usize) -> Bin {
        if self.powers[k] > ATTACK * self.powers_before[k] {
            return Bin::new(1.0, 0.0);
        }
        let each = self.channels.iter();
        let sum: Bin = each.map(|it| it.synthesised[k] * it.before[k].conj()).sum();
        let size = sum.norm();
        match size > f32::MIN_POSITIVE {
            true => sum / size,
            false => Bin::new(1.0, 0.0),
        }
    }
}

/// A power of two whose length is 43 to 85 ms.
pub(super) fn frame_length(rate: studio_core::units::SampleRate) -> usize {
    (rate.samples_from_secs(0.0426) as usize).next_power_of_two()
}
