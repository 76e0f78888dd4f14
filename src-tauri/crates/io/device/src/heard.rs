//! Loudness of what is heard of an output, as the meter on a desk shows it.

use parking_lot::Mutex;
use studio_core::HeardLoudness;
use studio_dsp::Meter;
use studio_dsp::loudness::LoudnessError;

use crate::output::Output;

/// The meter goes on through pauses and seeks until it is reset, as EBU Tech 3341 §2.3 has it.
///
/// Fed by whoever asks it, never by the device's own thread. The volume of the output is the listener's and does not
/// count. Its output's source must be measured ([`Source::is_measured`](crate::Source::is_measured)).
pub struct HeardMeter(Mutex<Running>);

struct Running {
    meter: Meter,
    channels: usize,
    /// Samples between two readings that are told, and those since the last.
    every: usize,
    untold: usize,
}

impl HeardMeter {
    /// A meter for a sound of so many channels. One is measured as one, as in its file, though both speakers give it;
    /// of more, the two that are played.
    pub fn new(output: &Output, channels: usize) -> Result<HeardMeter, LoudnessError> {
        let rate = output.rate();
        let channels = channels.clamp(1, 2);
        Ok(HeardMeter(Mutex::new(Running {
            meter: Meter::live(channels, rate)?,
            channels,
            // Tech 3341 §2.2: live meters update at 10 Hz or more.
            every: (rate.get() / 10).max(1) as usize,
            untold: 0,
        })))
    }

    /// A reading each 100 ms of what is heard, and one where the sound stops.
    pub fn due(&self, output: &Output) -> Option<HeardLoudness> {
        let state = output.state();
        let mut running = self.0.lock();
        running.feed(output);
        let stands = state.paused || state.ended;
        if running.untold < running.every && (running.untold == 0 || !stands) {
            return None;
        }
        running.untold = match stands {
            true => 0,
            false => running.untold % running.every,
        };
        Some(running.reading())
    }

    pub fn reading(&self, output: &Output) -> HeardLoudness {
        let mut running = self.0.lock();
        running.feed(output);
        running.reading()
    }

    /// Forgets what was heard.
    pub fn reset(&self, output: &Output) {
        let mut running = self.0.lock();
        running.feed(output);
        match Meter::live(running.channels, running.meter.rate()) {
            Ok(meter) => (running.meter, running.untold) = (meter, 0),
            Err(error) => tracing::warn!(%error, "the loudness meter was not reset"),
        }
    }
}

impl Running {
    fn feed(&mut self, output: &Output) {
        let heard = output.take_heard();
        self.untold += heard[0].len();
        let channels: Vec<&[f32]> = heard
            .iter()
            .take(self.channels)
            .map(Vec::as_slice)
            .collect();
        if let Err(error) = self.meter.feed(&channels) {
            tracing::warn!(%error, "the loudness of what is heard is not measured");
        }
    }

    fn reading(&self) -> HeardLoudness {
        self.meter.reading().unwrap_or_else(|error| {
            tracing::warn!(%error, "the loudness of what is heard cannot be told");
            HeardLoudness::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use studio_core::units::SampleRate;
    use studio_dsp::Audio;
    use studio_dsp::loudness::measure;
    use studio_testkit::signal;

    use super::*;
    use crate::output::Source;

    const RATE: SampleRate = SampleRate::HZ_48000;

    /// Samples, from a place on.
    struct Take(Vec<f32>, usize);

    impl Source for Take {
        fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
            let rest = &self.0[self.1..];
            let count = rest.len().min(left.len());
            left[..count].copy_from_slice(&rest[..count]);
            right[..count].copy_from_slice(&rest[..count]);
            self.1 += count;
            count
        }

        fn seek(&mut self, at: u64) {
            self.1 = at as usize;
        }

        fn is_measured(&self) -> bool {
            true
        }
    }

    fn output(samples: &[f32]) -> Output {
        Output::silent(RATE, |_| Box::new(Take(samples.to_vec(), 0))).unwrap()
    }

    /// Plays to the end, or until so many samples were heard; the readings that were told.
    fn played(output: &Output, meter: &HeardMeter, until: u64) -> Vec<HeardLoudness> {
        let (begun, mut told) = (Instant::now(), Vec::new());
        output.resume();
        while !output.state().ended && output.state().position < until {
            assert!(begun.elapsed() < Duration::from_secs(20), "it plays");
            std::thread::sleep(Duration::from_millis(5));
            told.extend(meter.due(output));
        }
        output.pause();
        std::thread::sleep(Duration::from_millis(60));
        told.extend(meter.due(output));
        told
    }

    #[track_caller]
    fn check(heard: HeardLoudness, channels: &[&[f32]]) {
        let channels = channels.iter().map(|channel| channel.to_vec()).collect();
        let measured = measure(&Audio {
            rate: RATE,
            channels,
        })
        .unwrap();
        for (heard, measured) in [
            (heard.integrated_lufs, measured.integrated_lufs),
            (Some(heard.range_lu), Some(measured.range_lu)),
            (heard.true_peak_dbtp, measured.true_peak_dbtp),
        ] {
            let (heard, measured) = (heard.unwrap(), measured.unwrap());
            assert!((heard - measured).abs() < 0.1, "{heard} against {measured}");
        }
    }

    #[test]
    fn what_was_heard_reads_as_it_is_measured_afterwards_ten_times_a_second() {
        let sound = signal::noise(3, 0.2, 96_000);
        let output = output(&sound);
        let (stereo, mono) = (
            HeardMeter::new(&output, 6).unwrap(),
            HeardMeter::new(&output, 1).unwrap(),
        );
        assert_eq!(stereo.reading(&output), HeardLoudness::default());
        let told = played(&output, &stereo, u64::MAX);
        assert!((10..=21).contains(&told.len()), "{} readings", told.len());
        check(*told.last().unwrap(), &[&sound, &sound]);
        assert_eq!(
            stereo.due(&output),
            None,
            "nothing is told where nothing sounds"
        );

        output.seek(0);
        played(&output, &mono, u64::MAX);
        check(mono.reading(&output), &[&sound]);
    }

    #[test]
    fn what_was_rendered_ahead_or_heard_before_a_reset_is_not_in_it() {
        // From there on it is loud.
        const LOUD: usize = 48_000;
        let mut sound = signal::noise(5, 0.01, LOUD);
        sound.extend(signal::noise(5, 0.9, LOUD));
        let output = output(&sound);
        let meter = HeardMeter::new(&output, 2).unwrap();
        // Sought so that, while it plays, what is loud is rendered ahead.
        output.seek(LOUD as u64 - 30_000);
        played(&output, &meter, LOUD as u64 - 4_000);
        let heard = &sound[LOUD - 30_000..output.state().position as usize];
        check(meter.reading(&output), &[heard, heard]);

        meter.reset(&output);
        assert_eq!(meter.reading(&output), HeardLoudness::default());
        let from = output.state().position as usize;
        played(&output, &meter, u64::MAX);
        check(meter.reading(&output), &[&sound[from..], &sound[from..]]);
    }
}
