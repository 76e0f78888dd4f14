//! The transistor ladder: four equal first-order stages in one feedback loop that saturates.
//!
//! Zero-delay feedback with trapezoidal integrators (V. Zavalishin, "The Art of VA Filter Design",
//! rev. 2.1, chapter 5): the loop is solved for this sample, then its input is saturated.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::Db;

use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::ramp::Ramp;
use crate::effects::settings::{Settings, own_numbers, settings};

settings! {
    /// A synthesiser's filter, up to self-oscillation.
    Ladder {
        /// Corner. Above 0.45 of the sample rate it acts as if it were there.
        cutoff_hz: "Hz", 10.0..=40000.0, 1000.0;
        /// 0 has no bump, 1 is the edge of self-oscillation. The level far below the corner falls with
        /// it, down to a fifth, as in the circuit.
        resonance: "1", 0.0..=1.0, 0.0;
        /// How hot the signal runs into the saturating input. What comes out is turned down as much.
        drive_db: "dB", -24.0..=36.0, 0.0;
    }
    others {
        mode: LadderMode = LadderMode::LowPass24;
    }
}

/// What is taken from the stages; 12 and 24 are dB per octave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LadderMode {
    LowPass12,
    LowPass24,
    BandPass12,
    BandPass24,
    HighPass12,
    HighPass24,
}

impl LadderMode {
    /// Weights of the input and the four stages: (1 − LP)^m · LP^n written out.
    fn weights(self) -> [f64; 5] {
        match self {
            LadderMode::LowPass12 => [0.0, 0.0, 1.0, 0.0, 0.0],
            LadderMode::LowPass24 => [0.0, 0.0, 0.0, 0.0, 1.0],
            LadderMode::BandPass12 => [0.0, 2.0, -2.0, 0.0, 0.0],
            LadderMode::BandPass24 => [0.0, 0.0, 4.0, -8.0, 4.0],
            LadderMode::HighPass12 => [1.0, -2.0, 1.0, 0.0, 0.0],
            LadderMode::HighPass24 => [1.0, -4.0, 6.0, -4.0, 1.0],
        }
    }
}

impl Settings for Ladder {
    type Running = Running;
    own_numbers!();
}

/// Part of the sample rate that the corner stays below.
const HIGHEST: f64 = 0.45;
/// State below this is nothing.
const NOTHING: f64 = 1e-30;
/// At the edge of self-oscillation it rings on and on.
const LONGEST_RINGING_SECS: f64 = 10.0;
/// Feedback at which four stages of −45° and 1/√2 each oscillate.
const MOST_FEEDBACK: f64 = 4.0;

pub(crate) struct Running {
    /// tan of half the corner's angle per sample.
    g: Ramp,
    feedback: Ramp,
    drive: Ramp,
    weights: [f64; 5],
    /// `[pair of channels][stage][channel]`.
    state: Vec<[[f64; 2]; 4]>,
    tail: u64,
    rate_hz: f64,
}

impl Running {
    /// Until ringing has fallen by 60 dB. The outermost poles of (s + 1)⁴ + k have the real part
    /// k^¼ / √2 − 1; where all four are one, t³ e^−t takes twice as long as e^−t.
    fn ringing(settings: &Ladder, rate_hz: f64) -> u64 {
        let feedback = settings.resonance * MOST_FEEDBACK;
        let damping = 1.0 - feedback.powf(0.25) * std::f64::consts::FRAC_1_SQRT_2;
        let per_sec = std::f64::consts::TAU * settings.cutoff_hz * damping;
        ((2.0 * 1e3f64.ln() / per_sec).min(LONGEST_RINGING_SECS) * rate_hz) as u64
    }

    fn goals(settings: &Ladder, rate_hz: f64) -> [f64; 3] {
        [
            (PI * (settings.cutoff_hz / rate_hz).min(HIGHEST)).tan(),
            settings.resonance * MOST_FEEDBACK,
            Db(settings.drive_db).ratio(),
        ]
    }
}

impl Effect for Running {
    type Settings = Ladder;

    fn prepare(settings: &Ladder, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let [g, feedback, drive] = Running::goals(settings, stream.hz()).map(Ramp::new);
        Ok(Running {
            g,
            feedback,
            drive,
            weights: settings.mode.weights(),
            state: vec![[[0.0; 2]; 4]; stream.channels.div_ceil(2)],
            tail: Running::ringing(settings, stream.hz()),
            rate_hz: stream.hz(),
        })
    }

    fn turn(&mut self, settings: &Ladder) {
        let [g, feedback, drive] = Running::goals(settings, self.rate_hz);
        self.g.toward(g);
        self.feedback.toward(feedback);
        self.drive.toward(drive);
    }

    fn tick(&mut self) {
        for x in self.state.iter_mut().flatten().flatten() {
            if x.abs() < NOTHING {
                *x = 0.0;
            }
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        let starts = (self.g, self.feedback, self.drive);
        for (mut pair, state) in block.pairs().zip(&mut self.state) {
            // Every pair of channels goes the same way.
            (self.g, self.feedback, self.drive) = starts;
            let mut lanes = pair.read();
            let steady = (self.g.steady(), self.feedback.steady(), self.drive.steady());
            match steady {
                (Some(g), Some(feedback), Some(drive)) => {
                    let coefficients = Coefficients::new(g, feedback, drive);
                    for lane in &mut lanes[..frames] {
                        *lane = coefficients.step(*lane, state, &self.weights);
                    }
                }
                _ => {
                    for lane in &mut lanes[..frames] {
                        let (g, feedback) = (self.g.next(), self.feedback.next());
                        let coefficients = Coefficients::new(g, feedback, self.drive.next());
                        *lane = coefficients.step(*lane, state, &self.weights);
                    }
                }
            }
            pair.write(&lanes);
        }
    }

    fn reset(&mut self) {
        self.state.fill([[0.0; 2]; 4]);
        self.g.jump();
        self.feedback.jump();
        self.drive.jump();
    }

    fn tail(&self) -> u64 {
        self.tail
    }
}

/// What a sample's step needs.
struct Coefficients {
    /// Of a stage: y = gain · x + kept · s. Then the gain to the powers of 1 to 4.
    kept: f64,
    gains: [f64; 4],
    feedback: f64,
    /// 1 / (1 + feedback · gain⁴), which solves the loop.
    solved: f64,
    drive: f64,
    undrive: f64,
}

impl Coefficients {
    #[inline]
    fn new(g: f64, feedback: f64, drive: f64) -> Coefficients {
        let gain = g / (1.0 + g);
        let gains = [gain, gain.powi(2), gain.powi(3), gain.powi(4)];
        Coefficients {
            kept: 1.0 - gain,
            solved: 1.0 / (1.0 + feedback * gains[3]),
            gains,
            feedback,
            drive,
            undrive: 1.0 / drive,
        }
    }

    /// One sample of two channels.
    #[inline]
    fn step(&self, x: [f64; 2], state: &mut [[f64; 2]; 4], weights: &[f64; 5]) -> [f64; 2] {
        // What the stages will give without the input. The input then adds to all of them at once.
        let mut rest = state.map(|s| s.map(|s| s * self.kept));
        for stage in 1..4 {
            for c in [0, 1] {
                rest[stage][c] += self.gains[0] * rest[stage - 1][c];
            }
        }
        let fed = [0, 1].map(|c| x[c] * self.drive - self.feedback * rest[3][c]);
        let input = fed.map(|x| soft(x * self.solved));
        let mut out = input.map(|x| x * weights[0]);
        let stages = state.iter_mut().zip(&rest).zip(&self.gains);
        for (((s, rest), gain), weight) in stages.zip(&weights[1..]) {
            for c in [0, 1] {
                let y = gain * input[c] + rest[c];
                s[c] = 2.0 * y - s[c];
                out[c] += weight * y;
            }
        }
        out.map(|out| out * self.undrive)
    }
}

/// tanh by Lambert's continued fraction, cut off where it reaches ±1: x (27 + x²) / (27 + 9 x²).
#[inline]
fn soft(x: f64) -> f64 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}
