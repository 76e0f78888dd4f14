//! Levels over time and frequency, for looking at.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use studio_core::units::{Db, SampleRate};

/// Samples of one spectrum: 43 ms and 23 Hz at 48 kHz.
pub const FRAME: usize = 2048;

/// Spectra of single moments, their levels gathered in bands of even width in octaves.
pub struct Spectrogram {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    /// What a full-scale sine makes of its bin, squared.
    full: f32,
    frame: Vec<f32>,
    spectrum: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
    /// Edges of the bands in bins, one more than there are bands.
    edges: Vec<f64>,
}

impl Spectrogram {
    /// `bands` from `from_hz` to `to_hz`, which is at most half of `rate`.
    pub fn new(rate: SampleRate, bands: usize, from_hz: f64, to_hz: f64) -> Spectrogram {
        let transform = RealFftPlanner::new().plan_fft_forward(FRAME);
        // Hann (periodic): side lobes fall fast, so that quiet partials beside loud ones are seen.
        let hann = |n: usize| (0.5 - 0.5 * (2.0 * PI * n as f64 / FRAME as f64).cos()) as f32;
        let window: Vec<f32> = (0..FRAME).map(hann).collect();
        let full = window.iter().sum::<f32>() / 2.0;
        let to_hz = to_hz.min(f64::from(rate.get()) / 2.0);
        let octaves = (to_hz / from_hz).log2();
        let bin = |band: usize| {
            let hz = from_hz * (octaves * band as f64 / bands as f64).exp2();
            hz * FRAME as f64 / f64::from(rate.get())
        };
        Spectrogram {
            frame: vec![0.0; FRAME],
            spectrum: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            edges: (0..=bands).map(bin).collect(),
            full: full * full,
            window,
            transform,
        }
    }

    /// The levels of the bands, low ones first, in dBFS of a sine, in [`FRAME`] samples; missing ones are
    /// silent.
    pub fn levels(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.frame.fill(0.0);
        for ((to, x), window) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *to = x * window;
        }
        // The lengths are those of the plan: it cannot fail.
        let _ = self.transform.process_with_scratch(
            &mut self.frame,
            &mut self.spectrum,
            &mut self.scratch,
        );
        let power: Vec<f32> = self
            .spectrum
            .iter()
            .map(|bin| bin.norm_sqr() / self.full)
            .collect();
        let level = |pair: &[f64]| {
            let highest = match (pair[0], pair[1]) {
                // A band within a bin lies on the line between two.
                (low, high) if high - low < 1.0 => between(&power, 0.5 * (low + high)),
                (low, high) => (low.round() as usize..=high.round() as usize)
                    .filter_map(|bin| power.get(bin))
                    .fold(0.0, |a, b| f32::max(a, *b)),
            };
            Db::from_ratio(f64::from(highest).sqrt()).0 as f32
        };
        out.extend(self.edges.windows(2).map(level));
    }
}

fn between(power: &[f32], bin: f64) -> f32 {
    let at = |bin: usize| power.get(bin).copied().unwrap_or(0.0);
    let (low, share) = (bin.floor() as usize, bin.fract() as f32);
    at(low) * (1.0 - share) + at(low + 1) * share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_stands_in_its_band_at_its_level() {
        let rate = SampleRate::HZ_48000;
        for (hz, db) in [(110.0f64, 0.0), (1_000.0, -20.0), (9_000.0, -60.0)] {
            let gain = Db(db).ratio();
            let sine: Vec<f32> = (0..FRAME)
                .map(|n| (gain * (2.0 * PI * hz * n as f64 / 48_000.0).sin()) as f32)
                .collect();
            let mut spectrogram = Spectrogram::new(rate, 120, 20.0, 20_000.0);
            let mut levels = Vec::new();
            spectrogram.levels(&sine, &mut levels);
            let (band, level) = levels
                .iter()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(b.1))
                .unwrap();
            let centre = 20.0 * (1000f64.log2() * (band as f64 + 0.5) / 120.0).exp2();
            // Hann's scalloping is at most 1.42 dB; a bin is 23 Hz wide.
            assert!((f64::from(*level) - db).abs() < 1.6, "{hz} Hz: {level} dB");
            assert!(
                (centre - hz).abs() < 24.0 + 0.03 * hz,
                "{hz} Hz stands at {centre} Hz"
            );
            let far = levels
                .iter()
                .enumerate()
                .filter(|(at, _)| at.abs_diff(band) > 30);
            assert!(far.fold(-300.0, |a, (_, b)| f32::max(a, *b)) < *level - 55.0);
        }
    }

    #[test]
    fn silence_has_no_level() {
        let mut spectrogram = Spectrogram::new(SampleRate::HZ_48000, 8, 20.0, 20_000.0);
        let mut levels = Vec::new();
        spectrogram.levels(&[], &mut levels);
        assert!(
            levels.len() == 8 && levels.iter().all(|level| *level < -200.0),
            "{levels:?}"
        );
    }
}
