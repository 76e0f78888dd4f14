//! Phaser: notches that sweep, where a chain of all-pass filters is in opposition to the sound.
//!
//! First-order sections (c + z⁻¹) / (1 + c z⁻¹) with c = (tan(πf/fs) − 1) / (tan(πf/fs) + 1), which
//! turn the phase by 90° at f: two sections make one notch.

use std::f64::consts::PI;

use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::{ChainError, within};
use crate::effects::lfo::{Lfo, ahead};
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// Notches that sweep through the spectrum.
    Phaser {
        /// How often they go up and down.
        rate_hz: "Hz", 0.02..=10.0, 0.5;
        /// Middle of the sweep.
        centre_hz: "Hz", 50.0..=10000.0, 1300.0;
        /// Width of the sweep.
        depth_octaves: "octaves", 0.0..=6.0, 2.0;
        /// Part that is fed back; below 0 upside down. More makes the notches sharper.
        feedback: "1", -0.9..=0.9, 0.3;
        /// Turns by which the channels are apart.
        spread: "1", 0.0..=1.0, 0.0;
    }
    others {
        /// All-pass sections, two per notch, 2 to 12. Fixed while it runs.
        #[schemars(range(min = 2, max = 12))]
        stages: u8 = 6;
    }
}

const MOST_STAGES: usize = 12;
/// Part of the sample rate that the sweep stays below.
const HIGHEST: f64 = 0.45;
/// State below this is nothing.
const NOTHING: f64 = 1e-30;

impl Settings for Phaser {
    type Running = Running;
    own_numbers!();

    fn check(&self, place: &str) -> Result<(), ChainError> {
        let stages = || format!("{place}.stages");
        within(stages, f64::from(self.stages), 2.0, MOST_STAGES as f64)
    }
}

#[derive(Clone)]
struct Channel {
    state: [f64; MOST_STAGES],
    last: f64,
    coefficient: Ramp,
}

pub(crate) struct Running {
    channels: Vec<Channel>,
    stages: usize,
    lfo: Lfo,
    settings: Phaser,
    feedback: Ramp,
    rate_hz: f64,
}

impl Running {
    fn coefficient(&self, channel: usize) -> f64 {
        let sweep = self
            .lfo
            .value(ahead(channel, self.channels.len(), self.settings.spread));
        let octaves = self.settings.depth_octaves / 2.0 * sweep;
        let hz = self.settings.centre_hz * octaves.exp2();
        let tan = (PI * (hz / self.rate_hz).min(HIGHEST)).tan();
        (tan - 1.0) / (tan + 1.0)
    }
}

impl Effect for Running {
    type Settings = Phaser;
    const USUAL_WET: f64 = 0.5;

    fn prepare(settings: &Phaser, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let channel = Channel {
            state: [0.0; MOST_STAGES],
            last: 0.0,
            coefficient: Ramp::new(0.0),
        };
        let mut running = Running {
            channels: vec![channel; stream.channels],
            stages: usize::from(settings.stages),
            lfo: Lfo::new(settings.rate_hz, stream.hz()),
            settings: settings.clone(),
            feedback: Ramp::new(settings.feedback),
            rate_hz: stream.hz(),
        };
        running.reset();
        Ok(running)
    }

    fn turn(&mut self, settings: &Phaser) {
        self.settings.clone_from(settings);
        self.lfo.set(settings.rate_hz);
        self.feedback.toward(settings.feedback);
    }

    fn tick(&mut self) {
        self.lfo.advance();
        for channel in 0..self.channels.len() {
            let goal = self.coefficient(channel);
            let channel = &mut self.channels[channel];
            channel.coefficient.toward(goal);
            for x in channel.state.iter_mut().chain([&mut channel.last]) {
                if x.abs() < NOTHING {
                    *x = 0.0;
                }
            }
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let feedbacks = self.feedback.values(block.frames());
        for (samples, channel) in block.channels().zip(&mut self.channels) {
            for (x, feedback) in samples.iter_mut().zip(&feedbacks) {
                let c = channel.coefficient.next();
                let mut y = f64::from(*x) + f64::from(*feedback) * channel.last;
                for state in &mut channel.state[..self.stages] {
                    let out = c * y + *state;
                    *state = y - c * out;
                    y = out;
                }
                channel.last = y;
                *x = y as f32;
            }
        }
    }

    fn reset(&mut self) {
        self.lfo.reset();
        self.feedback.jump();
        for channel in 0..self.channels.len() {
            let coefficient = Ramp::new(self.coefficient(channel));
            self.channels[channel] = Channel {
                state: [0.0; MOST_STAGES],
                last: 0.0,
                coefficient,
            };
        }
    }

    /// Once around takes 1 / (πf) per section at low frequencies; so often until it is 60 dB lower.
    fn tail(&self) -> u64 {
        let lowest_hz = self.settings.centre_hz * (-self.settings.depth_octaves / 2.0).exp2();
        let round = self.stages as f64 * self.rate_hz / (PI * lowest_hz);
        let rounds = match self.settings.feedback.abs() {
            feedback if feedback > 0.0 => 1.0 + (1e-3f64.ln() / feedback.ln()).ceil(),
            _ => 1.0,
        };
        // A section by itself has fallen by 60 dB after seven of its time constants.
        (round * rounds.max(7.0)) as u64
    }
}
