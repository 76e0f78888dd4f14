//! A short delay that a sine moves, as chorus and flanger have it.

use std::marker::PhantomData;

use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::lfo::{Lfo, ahead};
use crate::effects::math::settled;
use crate::effects::ramp::Ramp;
use crate::effects::settings::Settings;

/// Settings of an effect that is a moved delay, half of it mixed in.
pub(super) trait Wanders: Settings {
    /// The most that delay and depth can be together.
    const LONGEST_MS: f64;

    fn motion(&self) -> Motion;
}

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

pub(crate) struct Modulated<S> {
    motion: Motion,
    lines: Vec<DelayLine>,
    /// In samples, of each channel.
    delays: Vec<Ramp>,
    feedback: Ramp,
    lfo: Lfo,
    longest: usize,
    samples_per_ms: f64,
    settings: PhantomData<S>,
}

impl<S: Wanders<Running = Modulated<S>>> Effect for Modulated<S> {
    type Settings = S;
    const USUAL_WET: f64 = 0.5;

    fn prepare(settings: &S, stream: &Stream<'_>) -> Result<Modulated<S>, ChainError> {
        let motion = settings.motion();
        let longest = stream.samples_from_ms(S::LONGEST_MS) + 8;
        let mut modulated = Modulated {
            motion,
            lines: vec![DelayLine::new(longest); stream.channels],
            delays: vec![Ramp::new(0.0); stream.channels],
            feedback: Ramp::new(motion.feedback),
            lfo: Lfo::new(motion.rate_hz, stream.hz()),
            longest,
            samples_per_ms: stream.hz() / 1e3,
            settings: PhantomData,
        };
        modulated.reset();
        Ok(modulated)
    }

    fn turn(&mut self, settings: &S) {
        let motion = settings.motion();
        self.motion = motion;
        self.lfo.set(motion.rate_hz);
        self.feedback.toward(motion.feedback);
    }

    fn tick(&mut self) {
        self.lfo.advance();
        for channel in 0..self.delays.len() {
            let goal = self.delay(channel);
            self.delays[channel].toward(goal);
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
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

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(DelayLine::clear);
        self.lfo.reset();
        self.feedback.jump();
        for channel in 0..self.delays.len() {
            self.delays[channel] = Ramp::new(self.delay(channel));
        }
    }

    /// Until feedback has fallen by 60 dB.
    fn tail(&self) -> u64 {
        let once = self.longest as f64;
        let rounds = match self.motion.feedback.abs() {
            feedback if feedback > 0.0 => 1.0 + (1e-3f64.ln() / feedback.ln()).ceil(),
            _ => 1.0,
        };
        (once * rounds) as u64
    }
}

impl<S> Modulated<S> {
    fn delay(&self, channel: usize) -> f64 {
        let ahead = ahead(channel, self.delays.len(), self.motion.spread);
        let place = 0.5 + 0.5 * self.lfo.value(ahead);
        let ms = self.motion.delay_ms + self.motion.depth_ms * place;
        (ms * self.samples_per_ms).max(SHORTEST)
    }
}
