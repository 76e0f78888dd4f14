//! The test cases of EBU Tech 3341 and Tech 3342 (2023), with signals made here. Cases 7 and 8, and 5
//! and 6 of Tech 3342, are recordings and not among them.
#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;

use studio_core::HeardLoudness;
use studio_core::units::SampleRate;
use studio_dsp::loudness::{Loudness, measure};
use studio_dsp::{Audio, Meter};

const RATE: f64 = 48_000.0;
const SILENT: f64 = f64::NEG_INFINITY;

/// A 1 kHz sine in both channels: seconds and peak level in dBFS of each stretch.
fn tones(stretches: &[(f64, f64)]) -> Audio {
    let mut channel = Vec::new();
    for (secs, dbfs) in stretches {
        let amplitude = 10f64.powf(dbfs / 20.0);
        for _ in 0..(secs * RATE).round() as usize {
            let phase = TAU * 1000.0 / RATE * channel.len() as f64;
            channel.push((amplitude * phase.sin()) as f32);
        }
    }
    Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![channel.clone(), channel],
    }
}

#[track_caller]
fn near(what: &str, measured: Option<f64>, expected: f64, below: f64, above: f64) {
    let measured = measured.unwrap_or(SILENT);
    assert!(
        (expected - below..=expected + above).contains(&measured),
        "{what}: {measured:.3}, expected {expected} −{below} +{above}"
    );
}

#[track_caller]
fn integrated(case: &str, audio: &Audio, expected: f64) -> Loudness {
    let loudness = measure(audio).unwrap();
    near(
        &format!("{case}, integrated"),
        loudness.integrated_lufs,
        expected,
        0.1,
        0.1,
    );
    loudness
}

#[test]
fn steady_tones_read_their_level_in_all_windows() {
    for (case, level) in [("1", -23.0), ("2", -33.0)] {
        let loudness = integrated(case, &tones(&[(20.0, level)]), level);
        near(case, loudness.momentary_max_lufs, level, 0.1, 0.1);
        near(case, loudness.short_term_max_lufs, level, 0.1, 0.1);
    }
}

#[test]
fn quiet_stretches_are_gated() {
    integrated(
        "3",
        &tones(&[(10.0, -36.0), (60.0, -23.0), (10.0, -36.0)]),
        -23.0,
    );
    let four = [
        (10.0, -72.0),
        (10.0, -36.0),
        (60.0, -23.0),
        (10.0, -36.0),
        (10.0, -72.0),
    ];
    integrated("4", &tones(&four), -23.0);
    integrated(
        "5",
        &tones(&[(20.0, -26.0), (20.1, -20.0), (20.0, -26.0)]),
        -23.0,
    );
}

#[test]
fn surround_channels_have_their_weights() {
    let level = |dbfs: f64| tones(&[(20.0, dbfs)]).channels.remove(0);
    let (front, centre, side) = (level(-28.0), level(-24.0), level(-30.0));
    let five = vec![
        front.clone(),
        front.clone(),
        centre.clone(),
        side.clone(),
        side.clone(),
    ];
    let audio = |channels| Audio {
        rate: SampleRate::HZ_48000,
        channels,
    };
    integrated("6", &audio(five.clone()), -23.0);
    // 5.1: the same with a roaring low-frequency channel, which does not count.
    let mut six = five.clone();
    six.insert(3, level(0.0));
    integrated("6 with low frequencies", &audio(six), -23.0);
    // 7.1: the sides come last, the back is silent.
    let back = level(SILENT);
    let mut eight = five;
    eight.insert(3, level(0.0));
    eight.splice(4..4, [back.clone(), back]);
    integrated("6 as 7.1", &audio(eight), -23.0);
}

/// The level of one of the sliding windows at each step of 50 ms from `from_secs` on.
fn sliding(audio: &Audio, from_secs: f64, window_secs: f64) -> Vec<f64> {
    let at = |secs: f64| (secs * RATE).round() as usize;
    let mut levels = Vec::new();
    let mut end = at(from_secs);
    while end <= audio.frames() {
        // A meter that only heard this window.
        let mut meter = Meter::new(2, audio.rate).unwrap();
        let part: Vec<&[f32]> = audio
            .slices()
            .iter()
            .map(|c| &c[end - at(window_secs)..end])
            .collect();
        meter.feed(&part).unwrap();
        let report = meter.report().unwrap();
        let level = if window_secs > 1.0 {
            report.short_term_max_lufs
        } else {
            report.momentary_max_lufs
        };
        levels.push(level.unwrap());
        end += at(0.05);
    }
    levels
}

#[test]
fn windows_hold_a_level_that_alternates_within_them() {
    let nine: Vec<_> = std::iter::repeat_n([(1.34, -20.0), (1.66, -30.0)], 5)
        .flatten()
        .collect();
    let twelve: Vec<_> = std::iter::repeat_n([(0.18, -20.0), (0.22, -30.0)], 25)
        .flatten()
        .collect();
    for (case, stretches, secs) in [("9", nine, 3.0), ("12", twelve, 0.4)] {
        let audio = tones(&stretches);
        for level in sliding(&audio, f64::max(secs, 1.0), secs) {
            near(case, Some(level), -23.0, 0.1, 0.1);
        }
        let loudness = measure(&audio).unwrap();
        let max = if secs > 1.0 {
            loudness.short_term_max_lufs
        } else {
            loudness.momentary_max_lufs
        };
        near(case, max, -23.0, 0.1, 0.1);
    }
}

#[test]
fn short_events_are_met_wherever_they_begin() {
    for i in 0..20 {
        let n = f64::from(i);
        let short_term =
            |stretches: &[(f64, f64)]| measure(&tones(stretches)).unwrap().short_term_max_lufs;
        let momentary =
            |stretches: &[(f64, f64)]| measure(&tones(stretches)).unwrap().momentary_max_lufs;
        let ten = [(n * 0.15, SILENT), (3.0, -23.0), (1.0, SILENT)];
        near(&format!("10.{i}"), short_term(&ten), -23.0, 0.1, 0.1);
        let eleven = [
            (n * 0.15, SILENT),
            (3.0, -38.0 + n),
            (3.0 - n * 0.15, SILENT),
        ];
        near(&format!("11.{i}"), short_term(&eleven), -38.0 + n, 0.1, 0.1);
        let thirteen = [(n * 0.02, SILENT), (0.4, -23.0), (1.0, SILENT)];
        near(&format!("13.{i}"), momentary(&thirteen), -23.0, 0.1, 0.1);
        let fourteen = [
            (n * 0.02, SILENT),
            (0.4, -38.0 + n),
            (0.4 - n * 0.02, SILENT),
        ];
        near(
            &format!("14.{i}"),
            momentary(&fourteen),
            -38.0 + n,
            0.1,
            0.1,
        );
    }
}

/// 0.5 s of a sine of `cycles` per sample, faded over 10 ms at both ends.
fn faded_sine(cycles: f64, amplitude: f64, phase_degrees: f64) -> Vec<f32> {
    let (frames, fade) = (24_000, 480.0);
    (0..frames)
        .map(|n| {
            let edge = f64::from(n.min(frames - 1 - n)) / fade;
            let phase = TAU * (cycles * f64::from(n) + phase_degrees / 360.0);
            (amplitude * edge.min(1.0) * phase.sin()) as f32
        })
        .collect()
}

#[track_caller]
fn true_peak(case: &str, channel: Vec<f32>, expected: f64) {
    let channels = vec![channel.clone(), channel];
    let loudness = measure(&Audio {
        rate: SampleRate::HZ_48000,
        channels,
    })
    .unwrap();
    near(case, loudness.true_peak_dbtp, expected, 0.4, 0.2);
}

#[test]
fn true_peaks_of_tones_between_the_samples() {
    true_peak("15", faded_sine(0.25, 0.5, 0.0), -6.0);
    true_peak("16", faded_sine(0.25, 0.5, 45.0), -6.0);
    true_peak("17", faded_sine(1.0 / 6.0, 0.5, 60.0), -6.0);
    true_peak("18", faded_sine(0.125, 0.5, 67.5), -6.0);
    true_peak("19", faded_sine(0.25, 1.41, 45.0), 3.0);
}

#[test]
fn true_peak_of_one_loud_period() {
    // At four times the rate: fs/6 at 0.5, one period of fs/4 at 1.0 in its middle, phase-continuous.
    let oversampled: Vec<f64> = {
        let mut phase = 0.0f64;
        let before = 24 * 500;
        (0..2 * before + 16)
            .map(|n| {
                let loud = (before..before + 16).contains(&n);
                let value = if loud { phase.sin() } else { 0.5 * phase.sin() };
                phase += TAU / if loud { 16.0 } else { 24.0 };
                value
            })
            .collect()
    };
    // Low-pass at half the final rate: a Blackman-windowed sinc of 64 final samples.
    let half = 128i32;
    let tap = |n: i32| {
        let x = f64::from(n) / 4.0;
        let sinc = if n == 0 {
            1.0
        } else {
            (TAU / 2.0 * x).sin() / (TAU / 2.0 * x)
        };
        let w = TAU / 2.0 * f64::from(n) / f64::from(half);
        sinc * (0.42 + 0.5 * w.cos() + 0.08 * (2.0 * w).cos()) / 4.0
    };
    let filter: Vec<f64> = (-half..=half).map(tap).collect();
    let filtered: Vec<f64> = oversampled
        .windows(filter.len())
        .map(|window| window.iter().zip(&filter).map(|(x, tap)| x * tap).sum())
        .collect();
    for offset in 0..4 {
        let mut channel: Vec<f32> = filtered
            .iter()
            .skip(offset)
            .step_by(4)
            .map(|x| *x as f32)
            .collect();
        let frames = channel.len();
        for n in 0..480 {
            channel[n] *= n as f32 / 480.0;
            channel[frames - 1 - n] *= n as f32 / 480.0;
        }
        true_peak(&format!("{}", 20 + offset), channel, 0.0);
    }
}

#[test]
fn loudness_ranges_of_tech_3342() {
    for (case, levels, expected) in [
        (1, &[-20.0, -30.0][..], 10.0),
        (2, &[-20.0, -15.0], 5.0),
        (3, &[-40.0, -20.0], 20.0),
        (4, &[-50.0, -35.0, -20.0, -35.0, -50.0], 15.0),
    ] {
        let stretches: Vec<_> = levels.iter().map(|level| (20.0, *level)).collect();
        let range = measure(&tones(&stretches)).unwrap().range_lu;
        near(
            &format!("Tech 3342 case {case}"),
            Some(range),
            expected,
            1.0,
            1.0,
        );
    }
}

#[test]
fn other_rates_read_the_same() {
    for rate in [8_000, 22_050, 44_100, 96_000, 192_000] {
        let amplitude = 10f64.powf(-23.0 / 20.0);
        let step = TAU * 1000.0 / f64::from(rate);
        let channel: Vec<f32> = (0..5 * rate)
            .map(|n| (amplitude * (step * f64::from(n)).sin()) as f32)
            .collect();
        let rate = SampleRate::new(rate).unwrap();
        let loudness = measure(&Audio {
            rate,
            channels: vec![channel.clone(), channel],
        })
        .unwrap();
        for value in [
            loudness.integrated_lufs,
            loudness.momentary_max_lufs,
            loudness.short_term_max_lufs,
        ] {
            near(&rate.to_string(), value, -23.0, 0.1, 0.1);
        }
    }
}

#[test]
fn silence_has_no_loudness() {
    let loudness = measure(&tones(&[(5.0, SILENT)])).unwrap();
    let values = [
        loudness.integrated_lufs,
        loudness.momentary_max_lufs,
        loudness.short_term_max_lufs,
        loudness.true_peak_dbtp,
        loudness.sample_peak_dbfs,
    ];
    assert_eq!(
        (values, loudness.range_lu, loudness.duration_secs),
        ([None; 5], 0.0, 5.0)
    );
}

#[test]
fn blocks_of_any_size_read_the_same() {
    let mut audio = tones(&[(2.0, -20.0), (1.5, -33.0), (0.7, -12.0)]);
    audio.channels[1].iter_mut().for_each(|x| *x *= 0.7);
    let whole = measure(&audio).unwrap();
    for block in [1, 61, 480, 4096, 70_000] {
        let mut meter = Meter::new(2, audio.rate).unwrap();
        for (left, right) in audio.channels[0]
            .chunks(block)
            .zip(audio.channels[1].chunks(block))
        {
            meter.feed(&[left, right]).unwrap();
        }
        assert_eq!(meter.report().unwrap(), whole, "block of {block}");
    }
}

#[test]
fn a_live_meter_reads_what_is_measured_afterwards() {
    let mut audio = tones(&[(4.0, -31.0), (6.0, -18.0), (5.0, -26.0), (1.0, -80.0)]);
    audio.channels[1].iter_mut().for_each(|x| *x *= 0.6);
    let mut meter = Meter::live(2, audio.rate).unwrap();
    assert_eq!(meter.reading().unwrap(), HeardLoudness::default());
    let seconds = audio.channels[0]
        .chunks(48_000)
        .zip(audio.channels[1].chunks(48_000));
    for (second, (left, right)) in (1..).zip(seconds) {
        meter.feed(&[left, right]).unwrap();
        let mut so_far = audio.clone();
        so_far
            .channels
            .iter_mut()
            .for_each(|channel| channel.truncate(second * 48_000));
        let (reading, whole) = (meter.reading().unwrap(), measure(&so_far).unwrap());
        let label = format!("after {second} s");
        near(
            &label,
            reading.integrated_lufs,
            whole.integrated_lufs.unwrap(),
            0.06,
            0.06,
        );
        near(&label, Some(reading.range_lu), whole.range_lu, 0.1, 0.1);
        near(
            &label,
            reading.true_peak_dbtp,
            whole.true_peak_dbtp.unwrap(),
            0.01,
            0.01,
        );
    }
    // The last second is quiet; of the last three, the two before it are not.
    let reading = meter.reading().unwrap();
    let both = |dbfs: f64| dbfs + 10.0 * ((1.0 + 0.36) / 2.0f64).log10();
    near("momentary", reading.momentary_lufs, both(-80.0), 0.1, 0.1);
    let two_of_three = both(-26.0) + 10.0 * (2.0f64 / 3.0).log10();
    near(
        "short-term",
        reading.short_term_lufs,
        two_of_three,
        0.1,
        0.1,
    );
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    assert!(Meter::new(0, SampleRate::HZ_48000).is_err());
    assert!(Meter::new(100, SampleRate::HZ_48000).is_err());
    assert!(Meter::new(2, SampleRate::new(1).unwrap()).is_err());
}
