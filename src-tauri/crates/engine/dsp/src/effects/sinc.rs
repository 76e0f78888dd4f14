//! Values between samples: a sinc under a Blackman-Harris window, read from a table.

use std::f64::consts::PI;

/// Samples on either side that a value is made of.
pub(crate) const HALF: usize = 12;
/// Places between two samples that the table has; values between them are taken on a line.
const PLACES: usize = 512;

pub(crate) struct Sinc {
    /// `[place][sample]`, one place more than there are.
    table: Vec<[f32; 2 * HALF]>,
}

impl Sinc {
    pub(crate) fn new() -> Sinc {
        let row = |place: usize| {
            let part = place as f64 / PLACES as f64;
            std::array::from_fn(|n| tap(n as f64 - (HALF - 1) as f64 - part) as f32)
        };
        Sinc {
            table: (0..=PLACES).map(row).collect(),
        }
    }

    /// The value `part` of the way from the sample [`HALF`] − 1 to the one after it.
    #[inline]
    pub(crate) fn between(&self, samples: &[f32; 2 * HALF], part: f64) -> f32 {
        let place = part * PLACES as f64;
        let index = (place as usize).min(PLACES - 1);
        let t = (place - index as f64) as f32;
        let (a, b) = (&self.table[index], &self.table[index + 1]);
        let taps = a.iter().zip(b).map(|(a, b)| a + (b - a) * t);
        taps.zip(samples).map(|(tap, x)| tap * x).sum()
    }
}

/// Blackman-Harris of four terms (F. Harris, 1978), 92 dB.
fn tap(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    let w = PI * x / HALF as f64;
    let window =
        0.35875 + 0.48829 * w.cos() + 0.14128 * (2.0 * w).cos() + 0.01168 * (3.0 * w).cos();
    (PI * x).sin() / (PI * x) * window
}
