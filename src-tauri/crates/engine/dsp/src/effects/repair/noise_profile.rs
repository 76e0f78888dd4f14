//! What noise alone sounds like.

use realfft::RealFftPlanner;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

use crate::audio::Audio;
use crate::effects::error::{ChainError, counted, within};
use crate::effects::stft::{OVERLAP, frame_length, root_hann};

/// The spectrum of noise, learnt where nothing else sounds. It holds at any sample rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoiseProfile {
    /// Distance of the levels in frequency, from 0 Hz on.
    #[schemars(range(min = 1.0, max = 1000.0), extend("unit" = "Hz"))]
    pub step_hz: f64,
    /// Power per Hz, in dB relative to the square of full scale.
    #[schemars(length(min = 2, max = 32_769), extend("unit" = "dB"))]
    pub levels_db: Vec<f64>,
}

const MOST_LEVELS: usize = 32_769;
/// The quietest level that is stored.
const QUIETEST_DB: f64 = -300.0;

impl NoiseProfile {
    /// Learns from a stretch of noise: the mean of its frames and channels. `None` if it is shorter
    /// than one frame, 64 ms at most.
    pub fn learn(noise: &Audio) -> Option<NoiseProfile> {
        let length = frame_length(noise.rate);
        let window = root_hann(length);
        let forward = RealFftPlanner::<f32>::new().plan_fft_forward(length);
        let (mut frame, mut bins) = (forward.make_input_vec(), forward.make_output_vec());
        let mut scratch = forward.make_scratch_vec();
        let mut powers = vec![0.0f64; length / 2 + 1];
        let mut count = 0;
        for samples in &noise.channels {
            for part in samples.windows(length).step_by(length / OVERLAP) {
                for (to, (x, window)) in frame.iter_mut().zip(part.iter().zip(&window)) {
                    *to = x * window;
                }
                // All lengths are the planner's own, so it cannot fail.
                let _ = forward.process_with_scratch(&mut frame, &mut bins, &mut scratch);
                for (power, bin) in powers.iter_mut().zip(&bins) {
                    *power += f64::from(bin.norm_sqr());
                }
                count += 1;
            }
        }
        let density = per_hz(length, noise.rate) / f64::from(count);
        let level = |power: f64| (10.0 * (power * density).log10()).max(QUIETEST_DB);
        (count > 0).then(|| NoiseProfile {
            step_hz: f64::from(noise.rate.get()) / length as f64,
            levels_db: powers.into_iter().map(level).collect(),
        })
    }

    /// Expected power of each bin of a frame, as its transform has it.
    pub(super) fn powers(&self, length: usize, rate: SampleRate) -> Vec<f32> {
        let bin_hz = f64::from(rate.get()) / length as f64;
        let power = |bin: usize| {
            let place = bin as f64 * bin_hz / self.step_hz;
            let index = place as usize;
            let last = self.levels_db.last().copied().unwrap_or(QUIETEST_DB);
            let level = |index: usize| self.levels_db.get(index).copied().unwrap_or(last);
            let part = place - index as f64;
            let db = level(index) + (level(index + 1) - level(index)) * part;
            (10f64.powf(db / 10.0) / per_hz(length, rate)) as f32
        };
        (0..=length / 2).map(power).collect()
    }

    pub(super) fn check(&self, place: &str) -> Result<(), ChainError> {
        within(|| format!("{place}.step_hz"), self.step_hz, 1.0, 1000.0)?;
        let levels = &self.levels_db;
        counted(
            || format!("{place}.levels_db"),
            levels.len(),
            2,
            MOST_LEVELS,
        )?;
        for (index, level) in levels.iter().enumerate() {
            within(
                || format!("{place}.levels_db[{index}]"),
                *level,
                QUIETEST_DB,
                100.0,
            )?;
        }
        Ok(())
    }
}

/// Power per Hz of a bin of power 1: both halves of the spectrum over the energy of the window, which
/// is half its length, and the width that the rate gives.
fn per_hz(length: usize, rate: SampleRate) -> f64 {
    2.0 / (length as f64 / 2.0 * f64::from(rate.get()))
}
