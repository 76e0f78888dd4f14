//! Pitch shift and time stretch.

use studio_core::units::SampleRate;
use studio_dsp::effects::time_stretch;
use studio_testkit::signal;

use crate::{RATE, audio, db, near, noise, only, render, rms, sine};

/// Frequency by zero crossings, between the first and the last.
fn pitch(samples: &[f32]) -> f64 {
    let place = |n: usize| {
        let (a, b) = (f64::from(samples[n]), f64::from(samples[n + 1]));
        n as f64 + a / (a - b)
    };
    let crossings: Vec<usize> = (0..samples.len() - 1)
        .filter(|n| samples[*n] <= 0.0 && samples[*n + 1] > 0.0)
        .collect();
    let (first, last) = (crossings[0], crossings[crossings.len() - 1]);
    (crossings.len() - 1) as f64 * f64::from(RATE) / (place(last) - place(first))
}

/// Level of what is not a steady sine, against it, by a fit of sine and cosine.
fn impurity_db(samples: &[f32], hz: f64) -> f64 {
    let step = std::f64::consts::TAU * hz / f64::from(RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += f64::from(*x) * cos;
        im += f64::from(*x) * sin;
    }
    let scale = 2.0 / samples.len() as f64;
    let rest: Vec<f32> = samples
        .iter()
        .enumerate()
        .map(|(n, x)| {
            let (sin, cos) = (step * n as f64).sin_cos();
            x - (scale * (re * cos + im * sin)) as f32
        })
        .collect();
    db(rms(&rest) / rms(samples))
}

#[test]
fn a_stretch_is_as_long_as_asked_for_and_keeps_the_pitch() {
    let tone = sine(440.0, 0.5, 96_000);
    for factor in [0.5, 0.8, 1.25, 2.0, 3.7] {
        let out = time_stretch(&tone, factor).unwrap();
        assert_eq!(out.frames(), (96_000.0 * factor).round() as usize);
        let inside = &out.channels[0][9600..out.frames() - 9600];
        near(&format!("pitch at {factor}"), pitch(inside), 440.0, 0.1);
        near(
            &format!("level at {factor}"),
            rms(inside),
            0.5 / 2f64.sqrt(),
            0.02,
        );
        let cut = &inside[..inside.len() / 1200 * 1200];
        let impurity = impurity_db(cut, 440.0);
        assert!(impurity < -40.0, "{impurity} dB at {factor}");
    }
}

#[test]
fn once_as_long_is_the_same() {
    let sound = noise(0.5, 30_000);
    let out = time_stretch(&sound, 1.0).unwrap();
    for (x, y) in sound
        .channels
        .iter()
        .flatten()
        .zip(out.channels.iter().flatten())
    {
        assert!((x - y).abs() < 1e-5);
    }
}

#[test]
fn attacks_stay_sharp_and_in_their_place() {
    // A click every half second over a tone.
    let frames = 96_000;
    let mut clicks = signal::clicks(24_000, 0.9, frames);
    let tone = signal::sine(330.0, 0.005, RATE, frames);
    clicks.iter_mut().zip(tone).for_each(|(x, y)| *x += y);
    for factor in [0.75, 1.5] {
        let out = time_stretch(&audio(vec![clicks.clone()]), factor).unwrap();
        for click in 1..3 {
            let place = (f64::from(click) * 24_000.0 * factor) as usize;
            let around = &out.channels[0][place - 4000..place + 4000];
            let loudest = (0..8000).max_by(|a, b| around[*a].abs().total_cmp(&around[*b].abs()));
            let off = loudest.unwrap().abs_diff(4000);
            assert!(off < 400, "click {click} is {off} samples off at {factor}");
            // Most of its energy lies within 10 ms.
            let peak = rms(&around[3760..4240]) * 480f64.sqrt();
            let all = rms(around) * 8000f64.sqrt();
            assert!(peak / all > 0.8, "{} at {factor}", peak / all);
        }
    }
}

#[test]
fn both_channels_stretch_alike() {
    let left = signal::speech_like(1, RATE, 48_000);
    let right: Vec<f32> = left.iter().map(|x| -0.5 * x).collect();
    let out = time_stretch(&audio(vec![left, right]), 1.3).unwrap();
    for (left, right) in out.channels[0].iter().zip(&out.channels[1]) {
        assert!((left * -0.5 - right).abs() < 1e-5);
    }
}

#[test]
fn stretches_that_make_no_sense_are_refused() {
    let sound = noise(0.5, 100);
    for factor in [0.0, -1.0, 0.05, 20.0, f64::NAN, f64::INFINITY] {
        assert!(time_stretch(&sound, factor).is_err(), "{factor}");
    }
    let empty = audio(vec![Vec::new()]);
    assert_eq!(time_stretch(&empty, 2.0).unwrap().frames(), 0);
    assert_eq!(time_stretch(&audio(Vec::new()), 2.0).unwrap().frames(), 0);
    let one = audio(vec![vec![0.5]]);
    assert_eq!(time_stretch(&one, 2.0).unwrap().frames(), 2);
}

#[test]
fn a_shift_moves_the_pitch_and_keeps_the_time() {
    let tone = sine(440.0, 0.5, 96_000);
    for semitones in [-12.0f64, -5.0, 3.0, 7.0, 12.0] {
        let chain = only(&format!(r#"{{"pitch_shift":{{"semitones":{semitones}}}}}"#));
        let out = render(&chain, &tone);
        let inside = &out.channels[0][12_000..84_000];
        let expected = 440.0 * (semitones / 12.0).exp2();
        near(
            &format!("{semitones} semitones"),
            pitch(inside),
            expected,
            0.2,
        );
        near("level", rms(inside), 0.5 / 2f64.sqrt(), 0.02);
    }
}

#[test]
fn no_shift_is_the_same_in_time() {
    let sound = noise(0.5, 20_000);
    let out = render(&only(r#"{"pitch_shift":{}}"#), &sound);
    for (n, (x, y)) in sound.channels[0].iter().zip(&out.channels[0]).enumerate() {
        assert!((x - y).abs() < 1e-5, "sample {n}: {x} became {y}");
    }
}

#[test]
fn a_shifted_burst_is_where_it_was() {
    let mut sound = audio(vec![vec![0.0; 96_000]]);
    sound.channels[0][48_000..52_800].copy_from_slice(&signal::noise(1, 0.5, 4800));
    for semitones in [-12, -4, 5, 12] {
        let chain = only(&format!(r#"{{"pitch_shift":{{"semitones":{semitones}}}}}"#));
        let out = render(&chain, &sound);
        let (mut moment, mut energy) = (0.0, 0.0);
        for (n, x) in out.channels[0].iter().enumerate() {
            let square = f64::from(*x).powi(2);
            moment += n as f64 * square;
            energy += square;
        }
        near(
            &format!("{semitones} semitones"),
            moment / energy,
            50_400.0,
            480.0,
        );
    }
}

#[test]
fn what_would_fold_back_is_left_out() {
    let chain = only(r#"{"pitch_shift":{"semitones":12}}"#);
    let out = render(&chain, &sine(15_000.0, 0.5, 48_000));
    let left = rms(&out.channels[0][12_000..36_000]);
    assert!(left < 1e-3, "{left}");
}

#[test]
fn other_rates_shift_alike() {
    let rate = SampleRate::new(96_000).unwrap();
    let mut tone = audio(vec![signal::sine(440.0, 0.5, 96_000, 192_000)]);
    tone.rate = rate;
    let out = render(&only(r#"{"pitch_shift":{"semitones":12}}"#), &tone);
    // `pitch` counts at 48 kHz.
    near(
        "pitch",
        pitch(&out.channels[0][48_000..144_000]) * 2.0,
        880.0,
        0.4,
    );
}
