//! The levels that publishers of audiobooks ask for: ACX, "Audio Submission Requirements".
//!
//! RMS and noise floor are those of Audacity's "ACX Check", which narrators hand in by: RMS over all samples of all
//! channels, and that of the quietest half second.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::SampleRate;

/// RMS of the whole, in dBFS, from and to.
pub const RMS_DBFS: (f64, f64) = (-23.0, -18.0);
/// Highest peak, in dBFS.
pub const PEAK_DBFS: f64 = -3.0;
/// Highest noise floor, in dBFS.
pub const NOISE_FLOOR_DBFS: f64 = -60.0;

/// Windows of the noise floor, and how far they move.
const STEPS: usize = 10;
const STEP_MS: u32 = 50;

/// What ACX looks at. `None` is digital silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Narration {
    /// RMS of the whole, in dBFS: −23 to −18 is asked for.
    pub rms_dbfs: Option<f64>,
    /// Highest sample, in dBFS: at most −3.
    pub peak_dbfs: Option<f64>,
    /// RMS of the quietest half second, in dBFS: at most −60.
    pub noise_floor_dbfs: Option<f64>,
    /// What is not as it is asked for, in words. Empty: it is.
    pub faults: Vec<String>,
}

/// Fed with planar blocks, asked at any time.
pub struct NarrationMeter {
    step: usize,
    until_step: usize,
    /// Power of the last steps, summed over samples and channels.
    steps: [f64; STEPS],
    at: usize,
    filled: usize,
    quietest: f64,
    power: f64,
    samples: u64,
    channels: usize,
    peak: f32,
}

impl NarrationMeter {
    pub fn new(channels: usize, rate: SampleRate) -> NarrationMeter {
        let step = (u64::from(rate.get()) * u64::from(STEP_MS) / 1000).max(1) as usize;
        NarrationMeter {
            step,
            until_step: step,
            steps: [0.0; STEPS],
            at: 0,
            filled: 0,
            quietest: f64::INFINITY,
            power: 0.0,
            samples: 0,
            channels,
            peak: 0.0,
        }
    }

    /// Adds a block: one slice per channel, all of the same length.
    pub fn feed(&mut self, block: &[&[f32]]) {
        let frames = block.first().map_or(0, |channel| channel.len());
        let mut at = 0;
        while at < frames {
            let count = self.until_step.min(frames - at);
            let mut power = 0.0;
            for channel in block {
                for &sample in &channel[at..at + count] {
                    power += f64::from(sample) * f64::from(sample);
                    self.peak = self.peak.max(sample.abs());
                }
            }
            self.steps[self.at] += power;
            self.power += power;
            at += count;
            self.until_step -= count;
            if self.until_step == 0 {
                self.end_step();
            }
        }
        self.samples += (frames * block.len()) as u64;
    }

    fn end_step(&mut self) {
        self.until_step = self.step;
        self.filled = (self.filled + 1).min(STEPS);
        if self.filled == STEPS {
            self.quietest = self.quietest.min(self.steps.iter().sum());
        }
        self.at = (self.at + 1) % STEPS;
        self.steps[self.at] = 0.0;
    }

    /// What was measured so far. The noise floor of less than half a second is its RMS.
    pub fn report(&self) -> Narration {
        let db = |power: f64| (power > 0.0).then(|| 10.0 * power.log10());
        let rms = db(self.power / self.samples.max(1) as f64);
        let peak = db(f64::from(self.peak) * f64::from(self.peak));
        let window = (self.step * STEPS * self.channels).max(1) as f64;
        let floor = match self.quietest.is_finite() {
            true => db(self.quietest / window),
            false => rms,
        };
        let mut faults = Vec::new();
        match rms {
            None => faults.push("it is silent".to_owned()),
            Some(rms) if rms < RMS_DBFS.0 => {
                faults.push(format!("its RMS is {rms:.1} dBFS, below {}", RMS_DBFS.0));
            }
            Some(rms) if rms > RMS_DBFS.1 => {
                faults.push(format!("its RMS is {rms:.1} dBFS, above {}", RMS_DBFS.1));
            }
            Some(_) => {}
        }
        if let Some(peak) = peak.filter(|&peak| peak > PEAK_DBFS) {
            faults.push(format!("its peak is {peak:.1} dBFS, above {PEAK_DBFS}"));
        }
        if let Some(floor) = floor.filter(|&floor| floor > NOISE_FLOOR_DBFS) {
            faults.push(format!(
                "its noise floor is {floor:.1} dBFS, above {NOISE_FLOOR_DBFS}: reduce the noise first"
            ));
        }
        Narration {
            rms_dbfs: rms,
            peak_dbfs: peak,
            noise_floor_dbfs: floor,
            faults,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_44100;

    fn sine(secs: f64, amplitude: f32) -> Vec<f32> {
        let frames = RATE.samples_from_secs(secs);
        let turn = std::f32::consts::TAU * 441.0 / 44_100.0;
        (0..frames)
            .map(|n| amplitude * (turn * (n % 44_100) as f32).sin())
            .collect()
    }

    fn report(samples: &[f32], block: usize) -> Narration {
        let mut meter = NarrationMeter::new(2, RATE);
        for part in samples.chunks(block) {
            meter.feed(&[part, part]);
        }
        meter.report()
    }

    fn near(value: Option<f64>, wanted: f64) {
        let value = value.expect("a level");
        assert!((value - wanted).abs() < 0.05, "{value} instead of {wanted}");
    }

    #[test]
    fn levels_of_a_sine_with_a_pause_are_those_of_arithmetic() {
        let mut samples = sine(4.0, 0.15);
        samples.extend(sine(1.0, 0.0005));
        samples.extend(sine(3.0, 0.15));
        let told = report(&samples, 997);
        // 0.15² / 2 over 7 of 8 seconds.
        near(told.rms_dbfs, 10.0 * (0.011_25_f64 * 7.0 / 8.0).log10());
        near(told.peak_dbfs, 20.0 * 0.15_f64.log10());
        near(told.noise_floor_dbfs, 20.0 * 0.0005_f64.log10() - 3.01);
        assert_eq!(told.faults, [""; 0]);
        near(report(&samples, 64).rms_dbfs, told.rms_dbfs.unwrap());
    }

    #[test]
    fn each_fault_is_named() {
        let loud = report(&sine(2.0, 0.9), 512);
        assert_eq!(loud.faults.len(), 3, "{loud:?}");
        assert!(loud.faults[2].contains("noise floor"), "{loud:?}");
        let quiet = report(&sine(2.0, 0.01), 512);
        assert!(quiet.faults[0].contains("below -23"), "{quiet:?}");
        let silent = report(&[0.0; 44_100], 512);
        assert_eq!(silent.faults, ["it is silent"]);
        let short = report(&sine(0.1, 0.2), 512);
        assert_eq!(short.noise_floor_dbfs, short.rms_dbfs);
    }
}
