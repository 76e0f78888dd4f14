//! Loudness of what is heard of a session, as the meter on a desk shows it.

use studio_core::HeardLoudness;
use studio_core::units::SampleRate;
use studio_dsp::Meter;
use studio_dsp::loudness::LoudnessError;

/// The meter goes on through pauses and seeks until it is reset, as EBU Tech 3341 §2.3 has it.
pub(crate) struct HeardMeter {
    meter: Meter,
    /// Samples until the next reading is told.
    until_told: usize,
    every: usize,
}

impl HeardMeter {
    pub(crate) fn new(rate: SampleRate) -> Result<HeardMeter, LoudnessError> {
        // Tech 3341 §2.2: live meters update at 10 Hz or more.
        let every = (rate.get() / 10) as usize;
        Ok(HeardMeter {
            meter: Meter::live(2, rate)?,
            until_told: every,
            every,
        })
    }

    /// Takes what was heard; whether a reading is due.
    pub(crate) fn feed(&mut self, heard: &[Vec<f32>; 2]) -> Result<bool, LoudnessError> {
        self.meter.feed(&[&heard[0], &heard[1]])?;
        let frames = heard[0].len();
        let due = frames >= self.until_told;
        self.until_told = match due {
            true => self.every,
            false => self.until_told - frames,
        };
        Ok(due)
    }

    pub(crate) fn reset(&mut self) -> Result<(), LoudnessError> {
        *self = HeardMeter::new(self.meter.rate())?;
        Ok(())
    }

    pub(crate) fn reading(&self) -> Result<HeardLoudness, LoudnessError> {
        let reading = self.meter.reading()?;
        Ok(HeardLoudness {
            momentary_lufs: reading.momentary_lufs,
            short_term_lufs: reading.short_term_lufs,
            integrated_lufs: reading.integrated_lufs,
            range_lu: reading.range_lu,
            true_peak_dbtp: reading.true_peak_dbtp,
        })
    }
}
