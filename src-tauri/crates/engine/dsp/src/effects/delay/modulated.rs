//! A short delay that a sine moves, as chorus and flanger have it.

use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;
use crate::effects::effect::Stream;
use crate::effects::lfo::{Lfo, ahead};
use crate::effects::math::settled;
use crate::effects::ramp::Ramp;

/// The delay goes from `delay_ms` to `delay_ms + depth_ms`.
#[derive(Clone, Copy)]
pub(super) struct Motion {
    pub(super) rate_hz: f64,
    pub(super) delay_ms: f64,
    pub(super) depth_ms: f64,
    pub(super) feedback: f64,
    /// Turns over which the channels' oscillators lie.
    pub(super) spread: f64,
}

/// Interpolation needs a sample on either side.
const SHORTEST: f64 = 2.0;

pub(super) struct Modulated {
    motion: Motion,
    lines: Vec<DelayLine>,
    /// In samples, of each channel.
    delays: Vec<Ramp>,
    feedback: Ramp,
    lfo: Lfo,
    longest: usize,
    samples_per_ms: f64,
}

impl Modulated {
    /// `longest_ms` is the most that delay and depth will ever be together.
    pub(super) fn new(motion: Motion, longest_ms: f64, stream: &Stream<'_>) -> Modulated {
        let longest = stream.samples_from_ms(longest_ms) + 8;
        let mut modulated = Modulated {
            motion,
            lines: vec![DelayLine::new(longest); stream.channels],
            delays: vec![Ramp::new(0.0); stream.channels],
            feedback: Ramp::new(motion.feedback),
            lfo: Lfo::new(motion.rate_hz, stream.hz()),
            longest,
            samples_per_ms: stream.hz() / 1e3,
        };
        modulated.reset();
        modulated
    }

    pub(super) fn turn(&mut self, motion: Motion) {
        self.motion = motion;
        self.lfo.set(motion.rate_hz);
        self.feedback.toward(motion.feedback);
    }

    pub(super) fn tick(&mut self) {
        self.lfo.advance();
        for channel in 0..self.delays.len() {
            let goal = self.delay(channel);
            self.delays[channel].toward(goal);
        }
    }

    fn delay(&self, channel: usize) -> f64 {
        let ahead = ahead(channel, self.delays.len(), self.motion.spread);
        let place = 0.5 + 0.5 * self.lfo.value(ahead);
        let ms = self.motion.delay_ms + self.motion.depth_ms * place;
        (ms * self.samples_per_ms).max(SHORTEST)
    }

    pub(super) fn process(&mut self, block: &mut Block<'_, '_>) {
        let feedbacks = self.feedback.values(block.frames());
        let channels = self.lines.iter_mut().zip(&mut self.delays);
        for (samples, (line, delay)) in block.channels().zip(channels) {
            for (x, feedback) in samples.iter_mut().zip(&feedbacks) {
                let heard = line.between(delay.next() - 1.0);
                line.push(settled(*x + feedback * heard));
                *x = heard;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.lines.iter_mut().for_each(DelayLine::clear);
        self.lfo.reset();
        self.feedback.jump();
        for channel in 0..self.delays.len() {
            self.delays[channel] = Ramp::new(self.delay(channel));
        }
    }

    /// Until feedback has fallen by 60 dB.
    pub(super) fn tail(&self) -> u64 {
        let once = self.longest as f64;
        let rounds = match self.motion.feedback.abs() {
            feedback if feedback > 0.0 => 1.0 + (1e-3f64.ln() / feedback.ln()).ceil(),
            _ => 1.0,
        };
        (once * rounds) as u64
    }
}
