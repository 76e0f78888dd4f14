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
    rate_hz: f64,
}

impl Running {
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
            for lane in &mut lanes[..frames] {
                let drive = self.drive.next();
                let (g, k) = (self.g.next(), self.feedback.next());
                let y = step(lane.map(|x| x * drive), g, k, state, &self.weights);
                *lane = y.map(|y| y / drive);
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
}

/// One sample of two channels.
#[inline]
fn step(x: [f64; 2], g: f64, k: f64, state: &mut [[f64; 2]; 4], weights: &[f64; 5]) -> [f64; 2] {
    let one = 1.0 / (1.0 + g);
    let big_g = g * one;
    let [s1, s2, s3, s4] = *state;
    let solved = 1.0 / (1.0 + k * big_g.powi(4));
    // What the last stage will be without the input, and the input with that fed back.
    let input = [0, 1].map(|c| {
        let rest = ((s1[c] * big_g + s2[c]) * big_g + s3[c]) * big_g + s4[c];
        soft((x[c] - k * rest * one) * solved)
    });
    let mut y = input;
    let mut out = y.map(|y| y * weights[0]);
    for (s, weight) in state.iter_mut().zip(&weights[1..]) {
        for c in [0, 1] {
            let v = (y[c] - s[c]) * big_g;
            y[c] = v + s[c];
            s[c] = y[c] + v;
            out[c] += weight * y[c];
        }
    }
    out
}

/// tanh by Lambert's continued fraction, cut off where it reaches ±1: x (27 + x²) / (27 + 9 x²).
#[inline]
fn soft(x: f64) -> f64 {
    let x = x.clamp(-3.0, 3.0);
    x * (27.0 + x * x) / (27.0 + 9.0 * x * x)
}
