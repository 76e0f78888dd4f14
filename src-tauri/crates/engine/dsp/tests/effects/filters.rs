//! Filters against closed forms of their analogue prototypes.

use std::f64::consts::PI;

use crate::{audio, gain_db, near, only, render, rms, sine};

/// Frequency of the analogue prototype, 1 at the corner, that the bilinear transform puts at `hz`.
fn prototype(hz: f64, corner_hz: f64) -> f64 {
    (PI * hz / 48_000.0).tan() / (PI * corner_hz / 48_000.0).tan()
}

/// |numerator| / |denominator| in dB, each a s² + b s + c at s = jw.
fn ratio_db(w: f64, numerator: [f64; 3], denominator: [f64; 3]) -> f64 {
    let square = |[a, b, c]: [f64; 3]| (c - a * w * w).powi(2) + (b * w).powi(2);
    10.0 * (square(numerator) / square(denominator)).log10()
}

fn band(shape: &str, hz: f64, q: f64, gain_db: f64) -> String {
    format!(
        r#"{{"equalizer":{{"bands":[{{"shape":"{shape}","frequency_hz":{hz},"q":{q},"gain_db":{gain_db}}}]}}}}"#
    )
}

#[test]
fn bands_have_the_response_of_their_prototypes() {
    // Bristow-Johnson's prototypes, at the corner s = 1.
    for (corner, q, gain) in [
        (1000.0, 0.71, 6.0),
        (200.0, 4.0, -12.0),
        (8000.0, 1.3, 18.0),
    ] {
        let a = 10f64.powf(gain / 40.0);
        let r = a.sqrt() / q;
        let resonance = [1.0, 1.0 / q, 1.0];
        let shapes = [
            ("peak", [1.0, a / q, 1.0], [1.0, 1.0 / (a * q), 1.0]),
            ("low_shelf", [a, a * r, a * a], [a, r, 1.0]),
            ("high_shelf", [a * a, a * r, a], [1.0, r, a]),
            ("low_pass", [0.0, 0.0, 1.0], resonance),
            ("high_pass", [1.0, 0.0, 0.0], resonance),
            ("band_pass", [0.0, 1.0 / q, 0.0], resonance),
            ("notch", [1.0, 0.0, 1.0], resonance),
        ];
        for (shape, numerator, denominator) in shapes {
            let chain = only(&band(shape, corner, q, gain));
            for hz in [50.0, 190.0, 900.0, 1500.0, 7000.0, 15_000.0] {
                let expected = ratio_db(prototype(hz, corner), numerator, denominator);
                if expected > -70.0 {
                    let what = format!("{shape} of {corner} Hz at {hz} Hz");
                    near(&what, gain_db(&chain, hz), expected, 0.02);
                }
            }
        }
        let notch = gain_db(&only(&band("notch", corner, q, 0.0)), corner);
        assert!(notch < -80.0, "a notch leaves {notch} dB");
    }
}

#[test]
fn passes_have_the_response_of_butterworth() {
    // |H|² = 1 / (1 + w^2n).
    for order in [1, 2, 3, 4, 5, 8, 13, 16] {
        for (pass, sign) in [("low", 1.0), ("high", -1.0)] {
            let chain = only(&format!(
                r#"{{"pass_filter":{{"pass":"{pass}","order":{order},"frequency_hz":2000}}}}"#
            ));
            for hz in [300.0, 1000.0, 1900.0, 2000.0, 2200.0, 4000.0] {
                let w = prototype(hz, 2000.0).powf(sign);
                let expected = -10.0 * (1.0 + w.powi(2 * order)).log10();
                if expected > -80.0 {
                    let what = format!("{pass} of order {order} at {hz} Hz");
                    near(&what, gain_db(&chain, hz), expected, 0.02);
                }
            }
        }
    }
}

#[test]
fn a_low_shelf_lifts_a_step_to_its_gain() {
    let step = audio(vec![vec![0.1; 48_000]]);
    let out = render(&only(&band("low_shelf", 300.0, 0.71, 6.0)), &step);
    let last = f64::from(out.channels[0][47_999]);
    near("the step", last, 0.1 * 10f64.powf(6.0 / 20.0), 1e-5);
}

#[test]
fn many_bands_are_the_sum_of_their_decibels() {
    let bands: Vec<String> = (0..7)
        .map(|n| {
            let (hz, gain) = (80 << n, f64::from(n) - 3.0);
            format!(r#"{{"frequency_hz":{hz},"gain_db":{gain},"q":1}}"#)
        })
        .collect();
    let all = only(&format!(
        r#"{{"equalizer":{{"bands":[{}]}}}}"#,
        bands.join(",")
    ));
    let each = |hz| -> f64 {
        let alone = |band| only(&format!(r#"{{"equalizer":{{"bands":[{band}]}}}}"#));
        bands.iter().map(|band| gain_db(&alone(band), hz)).sum()
    };
    for hz in [100.0, 1000.0, 6000.0] {
        near("seven bands", gain_db(&all, hz), each(hz), 0.01);
    }
}

/// The ladder's response where nothing saturates.
#[track_caller]
fn ladder(mode: &str, resonance: f64, hz: f64, expected: f64) {
    let chain = only(&format!(
        r#"{{"ladder":{{"mode":"{mode}","cutoff_hz":1000,"resonance":{resonance},"drive_db":-24}}}}"#
    ));
    let tone = sine(hz, 0.01, 48_000);
    let out = render(&chain, &tone);
    let found = 20.0 * (rms(&out.channels[0][24_000..]) / rms(&tone.channels[0][24_000..])).log10();
    near(
        &format!("{mode} {resonance} at {hz} Hz"),
        found,
        expected,
        0.1,
    );
}

#[test]
fn a_ladder_has_four_poles() {
    for hz in [100.0, 500.0, 1000.0, 3000.0] {
        let w = prototype(hz, 1000.0);
        let pole = -10.0 * (1.0 + w * w).log10();
        let zero = pole + 20.0 * w.log10();
        ladder("low_pass24", 0.0, hz, 4.0 * pole);
        ladder("low_pass12", 0.0, hz, 2.0 * pole);
        ladder("high_pass24", 0.0, hz, 4.0 * zero);
        ladder("high_pass12", 0.0, hz, 2.0 * zero);
        ladder("band_pass24", 0.0, hz, 2.0 * (pole + zero) + 12.04);
        ladder("band_pass12", 0.0, hz, pole + zero + 6.02);
    }
    // At the corner four stages turn the phase by 180° and leave a quarter: 1/4 / (1 − k/4).
    ladder("low_pass24", 0.5, 1000.0, 20.0 * (0.25f64 / 0.5).log10());
    // Far below it, 1 / (1 + k).
    ladder("low_pass24", 0.5, 20.0, 20.0 * (1.0f64 / 3.0).log10());
}
