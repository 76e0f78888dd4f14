//! Second-order sections and cascades of them, with state in double precision.
//!
//! Designs: R. Bristow-Johnson, "Audio EQ Cookbook" (W3C Working Group Note, 2021). The bilinear
//! transform puts a section's frequency where it belongs; above it, responses are squeezed towards
//! half the sample rate.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::effects::block::Block;

/// Part of the sample rate that no section's frequency passes: half the rate has no bilinear image.
const HIGHEST: f64 = 0.49;
/// State below this is nothing: −600 dBFS, far above what slows a processor down.
const NOTHING: f64 = 1e-30;

/// Where ringing is over: −60 dB.
const FALLEN: f64 = 1e-3;
/// A pole that is closer to the unit circle rings on and on; it is said to ring for 690 000 samples.
const LONGEST_RADIUS: f64 = 1.0 - 1e-5;

/// What a section does around its frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Lifts or cuts around the frequency; `q` is the frequency over the bandwidth.
    Peak,
    /// Lifts or cuts below; half the gain, in dB, is reached at the frequency.
    LowShelf,
    /// Lifts or cuts above; half the gain, in dB, is reached at the frequency.
    HighShelf,
    /// 12 dB per octave above; at the frequency the gain is `q`.
    LowPass,
    /// 12 dB per octave below; at the frequency the gain is `q`.
    HighPass,
    /// 6 dB per octave on either side; unity at the frequency.
    BandPass,
    /// Nothing is left at the frequency.
    Notch,
}

/// y = b0 x + b1 x₁ + b2 x₂ − a1 y₁ − a2 y₂.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    /// `gain_db` counts for peaks and shelves only.
    pub(crate) fn new(shape: Shape, hz: f64, q: f64, gain_db: f64, rate_hz: f64) -> Biquad {
        let (sin, cos) = (TAU * (hz / rate_hz).min(HIGHEST)).sin_cos();
        let alpha = sin / (2.0 * q);
        // The square root of the gain, as the cookbook has it.
        let a = 10f64.powf(gain_db / 40.0);
        let (b, a) = match shape {
            Shape::Peak => (
                [1.0 + alpha * a, -2.0 * cos, 1.0 - alpha * a],
                [1.0 + alpha / a, -2.0 * cos, 1.0 - alpha / a],
            ),
            Shape::LowShelf => shelf(a, cos, alpha),
            Shape::HighShelf => {
                // A low shelf of the mirrored spectrum.
                let (b, a) = shelf(a, -cos, alpha);
                ([b[0], -b[1], b[2]], [a[0], -a[1], a[2]])
            }
            Shape::LowPass => {
                let b = (1.0 - cos) / 2.0;
                ([b, 2.0 * b, b], resonance(cos, alpha))
            }
            Shape::HighPass => {
                let b = (1.0 + cos) / 2.0;
                ([b, -2.0 * b, b], resonance(cos, alpha))
            }
            Shape::BandPass => ([alpha, 0.0, -alpha], resonance(cos, alpha)),
            Shape::Notch => ([1.0, -2.0 * cos, 1.0], resonance(cos, alpha)),
        };
        Biquad {
            b: b.map(|b| b / a[0]),
            a: [a[1] / a[0], a[2] / a[0]],
        }
    }

    /// 6 dB per octave, −3 dB at `hz`: 1 / (s + 1) by the bilinear transform.
    pub(crate) fn first_order_low_pass(hz: f64, rate_hz: f64) -> Biquad {
        let k = (TAU / 2.0 * (hz / rate_hz).min(HIGHEST)).tan();
        let b = k / (1.0 + k);
        Biquad {
            b: [b, b, 0.0],
            a: [(k - 1.0) / (k + 1.0), 0.0],
        }
    }

    /// 6 dB per octave, −3 dB at `hz`: s / (s + 1) by the bilinear transform.
    pub(crate) fn first_order_high_pass(hz: f64, rate_hz: f64) -> Biquad {
        let k = (TAU / 2.0 * (hz / rate_hz).min(HIGHEST)).tan();
        let b = 1.0 / (1.0 + k);
        Biquad {
            b: [b, -b, 0.0],
            a: [(k - 1.0) / (k + 1.0), 0.0],
        }
    }
}

impl Biquad {
    /// Samples in which its ringing falls by 60 dB: the radius of the outer pole to the power of them is
    /// a thousandth.
    fn ringing(&self) -> f64 {
        let [a1, a2] = self.a;
        let discriminant = a1 * a1 - 4.0 * a2;
        let radius = match discriminant < 0.0 {
            true => a2.sqrt(),
            false => (a1.abs() + discriminant.sqrt()) / 2.0,
        };
        match radius > 0.0 {
            true => FALLEN.ln() / radius.min(LONGEST_RADIUS).ln(),
            false => 0.0,
        }
    }
}

fn resonance(cos: f64, alpha: f64) -> [f64; 3] {
    [1.0 + alpha, -2.0 * cos, 1.0 - alpha]
}

fn shelf(a: f64, cos: f64, alpha: f64) -> ([f64; 3], [f64; 3]) {
    let (sum, difference, root) = (a + 1.0, a - 1.0, 2.0 * a.sqrt() * alpha);
    (
        [
            a * (sum - difference * cos + root),
            2.0 * a * (difference - sum * cos),
            a * (sum - difference * cos - root),
        ],
        [
            sum + difference * cos + root,
            -2.0 * (difference + sum * cos),
            sum + difference * cos - root,
        ],
    )
}

/// What a section remembers of two channels (transposed direct form II).
type State = [[f64; 2]; 2];

/// Sections one after the other, over any number of channels.
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    sections: Vec<Biquad>,
    /// `[pair of channels][section]`.
    state: Vec<Vec<State>>,
}

impl Cascade {
    pub(crate) fn new(sections: Vec<Biquad>, channels: usize) -> Cascade {
        Cascade {
            state: vec![vec![State::default(); sections.len()]; channels.div_ceil(2)],
            sections,
        }
    }

    /// Other coefficients for the same number of sections.
    pub(crate) fn turn(&mut self, sections: impl IntoIterator<Item = Biquad>) {
        for (to, from) in self.sections.iter_mut().zip(sections) {
            *to = from;
        }
    }

    pub(crate) fn reset(&mut self) {
        self.state
            .iter_mut()
            .flatten()
            .for_each(|state| *state = State::default());
    }

    /// Makes zero of what has died away. Called at lines of the control grid.
    pub(crate) fn settle(&mut self) {
        for x in self.state.iter_mut().flatten().flatten().flatten() {
            if x.abs() < NOTHING {
                *x = 0.0;
            }
        }
    }

    /// Samples for which it may sound after its input fell silent.
    pub(crate) fn tail(&self) -> u64 {
        self.sections.iter().map(Biquad::ringing).sum::<f64>() as u64
    }

    pub(crate) fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        for (index, mut pair) in block.pairs().enumerate() {
            let mut lanes = pair.read();
            self.filter(index, &mut lanes[..frames]);
            pair.write(&lanes);
        }
    }

    /// Filters a pair of channels by its number.
    pub(crate) fn filter(&mut self, pair: usize, lanes: &mut [[f64; 2]]) {
        let Some(state) = self.state.get_mut(pair) else {
            return;
        };
        // Four sections at a time overlap in the processor; each alone waits for its own feedback.
        let (fours, ones) = self.sections.as_chunks::<4>();
        let (states, others) = state.as_chunks_mut::<4>();
        for (four, state) in fours.iter().zip(states) {
            run(four, state, lanes);
        }
        for (one, state) in ones
            .as_chunks::<1>()
            .0
            .iter()
            .zip(others.as_chunks_mut::<1>().0)
        {
            run(one, state, lanes);
        }
    }
}

#[inline]
fn run<const N: usize>(sections: &[Biquad; N], kept: &mut [State; N], lanes: &mut [[f64; 2]]) {
    let mut state = *kept;
    for lane in lanes {
        for (Biquad { b, a }, state) in sections.iter().zip(&mut state) {
            let x = *lane;
            let y = [0, 1].map(|c| b[0] * x[c] + state[0][c]);
            state[0] = [0, 1].map(|c| b[1] * x[c] + state[1][c] - a[0] * y[c]);
            state[1] = [0, 1].map(|c| b[2] * x[c] - a[1] * y[c]);
            *lane = y;
        }
    }
    *kept = state;
}
