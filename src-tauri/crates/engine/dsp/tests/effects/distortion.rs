//! Saturation and bit crusher.

use std::f64::consts::TAU;

use studio_testkit::signal;

use crate::{RATE, audio, db, gain_db, near, noise, only, render, sine};

/// Amplitude of the part of `samples` at `hz`; as many samples as whole periods.
fn part(samples: &[f32], hz: f64) -> f64 {
    let step = TAU * hz / f64::from(RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += f64::from(*x) * cos;
        im += f64::from(*x) * sin;
    }
    2.0 * (re * re + im * im).sqrt() / samples.len() as f64
}

#[test]
fn curves_are_those_of_their_formulas() {
    let input = noise(1.0, 4000);
    let drive = 10f64.powf(6.0 / 20.0);
    type Case = (&'static str, fn(f64) -> f64);
    let cases: [Case; 4] = [
        ("soft", f64::tanh),
        ("cubic", |x| {
            let x = x.clamp(-1.5, 1.5);
            x - 4.0 * x.powi(3) / 27.0
        }),
        ("hard", |x| x.clamp(-1.0, 1.0)),
        ("fold", f64::sin),
    ];
    for (bend, formula) in cases {
        let chain = only(&format!(
            r#"{{"saturation":{{"bend":"{bend}","drive_db":6,"oversampling":"off"}}}}"#
        ));
        let out = render(&chain, &input);
        for (x, y) in input.channels[0].iter().zip(&out.channels[0]) {
            let expected = formula(f64::from(*x) * drive);
            assert!(
                (f64::from(*y) - expected).abs() < 1e-6,
                "{bend} of {x}: {y}"
            );
        }
    }
}

#[test]
fn oversampling_passes_the_band_and_is_in_time() {
    for times in ["twice", "four_times"] {
        let chain = only(&format!(
            r#"{{"saturation":{{"bend":"hard","drive_db":-12,"output_db":12,"oversampling":"{times}"}}}}"#
        ));
        for hz in [20.0, 1000.0, 10_000.0, 19_000.0] {
            near(
                &format!("{times} at {hz} Hz"),
                gain_db(&chain, hz),
                0.0,
                0.02,
            );
        }
        // Band-limited sound comes out where and as it went in.
        let tone = sine(3000.0, 0.5, 9600);
        let out = render(&chain, &tone);
        for n in 1000..8000 {
            let (x, y) = (tone.channels[0][n], out.channels[0][n]);
            assert!((x - y).abs() < 2e-4, "{times}, sample {n}: {y} for {x}");
        }
    }
}

#[test]
fn oversampling_keeps_overtones_from_folding_back() {
    let folded = |times: &str| {
        let chain = only(&format!(
            r#"{{"saturation":{{"bend":"soft","drive_db":12,"oversampling":"{times}"}}}}"#
        ));
        // The fifth overtone of 7 kHz, 35 kHz, folds to 13 kHz.
        let out = render(&chain, &sine(7000.0, 0.5, 96_000));
        let inside = &out.channels[0][24_000..72_000];
        db(part(inside, 13_000.0) / part(inside, 7000.0))
    };
    let (plain, four) = (folded("off"), folded("four_times"));
    assert!(plain > -30.0 && four < -70.0, "{plain} dB and {four} dB");
}

#[test]
fn a_bias_adds_even_overtones_and_no_offset() {
    let with = |bias: f64| {
        let chain = only(&format!(
            r#"{{"saturation":{{"drive_db":6,"bias":{bias}}}}}"#
        ));
        let out = render(&chain, &sine(1000.0, 0.5, 96_000));
        let inside = out.channels[0][48_000..].to_vec();
        let offset = inside.iter().sum::<f32>() / inside.len() as f32;
        (db(part(&inside, 2000.0) / part(&inside, 1000.0)), offset)
    };
    assert!(with(0.0).0 < -100.0);
    let (second, offset) = with(0.3);
    assert!(
        second > -25.0 && offset.abs() < 1e-3,
        "{second} dB, {offset}"
    );
}

#[test]
fn fewer_bits_are_fewer_steps() {
    let input = audio(vec![signal::noise(4, 0.9, 5000)]);
    let out = render(&only(r#"{"bit_crusher":{"bits":4}}"#), &input);
    for (x, y) in input.channels[0].iter().zip(&out.channels[0]) {
        assert!(
            (y * 8.0).fract() == 0.0 && (x - y).abs() <= 1.0 / 16.0,
            "{x} became {y}"
        );
    }
}

#[test]
fn fewer_samples_are_held() {
    let input = audio(vec![signal::noise(4, 0.9, 5000)]);
    let out = render(
        &only(r#"{"bit_crusher":{"bits":24,"rate_hz":12000}}"#),
        &input,
    );
    for (n, y) in out.channels[0].iter().enumerate() {
        assert!(
            (y - input.channels[0][n - n % 4]).abs() < 1e-6,
            "sample {n}"
        );
    }
}
