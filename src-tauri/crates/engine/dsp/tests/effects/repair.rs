//! Noise reduction, de-click, de-hum.

use std::f64::consts::TAU;

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, EffectSettings, NoiseProfile, NoiseReduction, Slot};
use studio_testkit::signal;

use crate::{audio, db, gain_db, near, only, render, rms, sine};

fn with_profile(profile: NoiseProfile) -> Chain {
    let settings = NoiseReduction {
        reduction_db: 24.0,
        profile: Some(profile),
        ..NoiseReduction::default()
    };
    Chain {
        effects: vec![Slot::new(EffectSettings::NoiseReduction(settings))],
    }
}

fn hiss(seed: u64, frames: usize) -> Audio {
    audio(vec![signal::noise(seed, 0.02, frames)])
}

fn sum(a: &Audio, b: &Audio) -> Audio {
    let channels = a.channels.iter().zip(&b.channels);
    audio(
        channels
            .map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect())
            .collect(),
    )
}

#[test]
fn learnt_noise_is_taken_off_by_the_reduction() {
    let profile = NoiseProfile::learn(&hiss(1, 48_000)).unwrap();
    let noise = hiss(2, 96_000);
    let out = render(&with_profile(profile), &noise);
    let lost = db(rms(&noise.channels[0][24_000..]) / rms(&out.channels[0][24_000..]));
    near("noise alone", lost, 24.0, 2.0);
}

#[test]
fn a_sound_over_the_noise_stays() {
    let profile = NoiseProfile::learn(&hiss(1, 48_000)).unwrap();
    let voice = sum(&sine(440.0, 0.3, 96_000), &sine(1320.0, 0.1, 96_000));
    let out = render(&with_profile(profile), &sum(&voice, &hiss(3, 96_000)));
    let inside = 24_000..90_000;
    let error: Vec<f32> = inside
        .clone()
        .map(|n| out.channels[0][n] - voice.channels[0][n])
        .collect();
    let before = db(rms(&hiss(3, 96_000).channels[0]));
    let after = db(rms(&error));
    assert!(
        after < before - 12.0,
        "noise of {before:.1} dB became {after:.1} dB"
    );
}

#[test]
fn noise_is_found_on_the_go() {
    let noise = hiss(5, 48_000 * 6);
    let chain = only(r#"{"noise_reduction":{"reduction_db":20}}"#);
    let out = render(&chain, &noise);
    let lost = db(rms(&noise.channels[0][144_000..]) / rms(&out.channels[0][144_000..]));
    near("noise alone", lost, 20.0, 3.0);
    // Speech stays as loud as it was, and its pauses become quieter.
    let speech = audio(vec![signal::speech_like(1, 48_000, 48_000 * 6)]);
    let noisy = sum(&speech, &noise);
    let out = render(&chain, &noisy);
    let level = |sound: &Audio, secs: f64, length: f64| {
        let at = (secs * 48_000.0) as usize;
        db(rms(
            &sound.channels[0][at..at + (length * 48_000.0) as usize]
        ))
    };
    near(
        "speech",
        level(&out, 2.0, 1.75),
        level(&speech, 2.0, 1.75),
        1.0,
    );
    // Every ninth quarter of a second is a pause, the eighth the first.
    let lost = level(&noisy, 4.05, 0.15) - level(&out, 4.05, 0.15);
    assert!(lost > 10.0, "a pause lost {lost} dB");
}

#[test]
fn a_profile_holds_at_another_rate() {
    let profile = NoiseProfile::learn(&hiss(1, 48_000)).unwrap();
    // 0.02 uniform has a variance of 0.02² / 3, over 24 kHz.
    let expected = 10.0 * (0.02f64 * 0.02 / 3.0 / 24_000.0).log10();
    let middle = &profile.levels_db[100..900];
    let mean = middle.iter().sum::<f64>() / middle.len() as f64;
    near("density", mean, expected, 0.5);
    let rate = SampleRate::HZ_44100;
    let mut noise = audio(vec![signal::noise(
        9,
        0.02 * (44.1f32 / 48.0).sqrt(),
        88_200,
    )]);
    noise.rate = rate;
    let out = render(&with_profile(profile), &noise);
    let lost = db(rms(&noise.channels[0][22_050..]) / rms(&out.channels[0][22_050..]));
    near("noise alone", lost, 24.0, 2.0);
}

#[test]
fn noise_shorter_than_a_frame_teaches_nothing() {
    assert_eq!(NoiseProfile::learn(&hiss(1, 100)), None);
    let nothing = audio(Vec::new());
    assert_eq!(NoiseProfile::learn(&nothing), None);
}

#[test]
fn wrong_profiles_are_refused() {
    let check = |profile: &str, message: &str| {
        let json = format!(
            r#"{{"effects":[{{"effect":{{"noise_reduction":{{"profile":{profile}}}}}}}]}}"#
        );
        assert_eq!(Chain::from_json(&json).unwrap_err().to_string(), message);
    };
    check(
        r#"{"step_hz":0,"levels_db":[0,0]}"#,
        "effects[0].noise_reduction.profile.step_hz is 0, but must lie within 1 and 1000",
    );
    check(
        r#"{"step_hz":20,"levels_db":[0]}"#,
        "effects[0].noise_reduction.profile.levels_db has 1 entries, but there must be 2 to 32769",
    );
    check(
        r#"{"step_hz":20,"levels_db":[0,900]}"#,
        "effects[0].noise_reduction.profile.levels_db[1] is 900, but must lie within -300 and 100",
    );
}

/// A chord with vibrato and a little noise: predictable, but not exactly.
fn music(frames: usize) -> Vec<f32> {
    let hiss = signal::noise(3, 0.0005, frames);
    (0..frames)
        .map(|n| {
            let t = n as f64 / 48_000.0;
            let vibrato = 0.3 * (TAU * 5.0 * t).sin();
            let tones = [220.0, 277.2, 329.6, 880.0, 1750.0];
            let sum: f64 = tones.iter().map(|hz| (TAU * hz * t + vibrato).sin()).sum();
            (0.1 * sum) as f32 + hiss[n]
        })
        .collect()
}

#[test]
fn clicks_are_made_good_and_the_rest_is_not_touched() {
    let clean = music(96_000);
    let mut clicked = clean.clone();
    let places: Vec<usize> = (5000..90_000).step_by(3701).collect();
    for (index, at) in places.iter().enumerate() {
        for (n, x) in clicked[*at..*at + 1 + index % 20].iter_mut().enumerate() {
            *x += if n % 2 == 0 { 0.5 } else { -0.3 };
        }
    }
    let chain = only(r#"{"de_click":{}}"#);
    let out = render(&chain, &audio(vec![clicked.clone()]));
    for at in &places {
        let error: Vec<f32> = (*at - 10..*at + 40)
            .map(|n| out.channels[0][n] - clean[n])
            .collect();
        let worst = error.iter().fold(0.0f32, |most, x| most.max(x.abs()));
        assert!(worst < 0.05, "at {at} an error of {worst} is left");
    }
    let touched = (0..96_000)
        .filter(|n| out.channels[0][*n] != clicked[*n])
        .count();
    assert!(
        touched < places.len() * 60,
        "{touched} samples were changed"
    );
}

#[test]
fn what_has_no_clicks_passes_bit_for_bit() {
    let chain = only(r#"{"de_click":{}}"#);
    for (what, sound) in [
        ("music", music(48_000)),
        ("speech", signal::speech_like(2, 48_000, 48_000)),
        ("noise", signal::noise(2, 0.5, 48_000)),
        ("silence", vec![0.0; 5000]),
    ] {
        let sound = audio(vec![sound]);
        let out = render(&chain, &sound);
        let changed: Vec<usize> = (0..sound.frames())
            .filter(|n| sound.channels[0][*n] != out.channels[0][*n])
            .collect();
        assert!(
            changed.is_empty(),
            "{what}: {} from {:?}",
            changed.len(),
            changed.first()
        );
    }
}

#[test]
fn a_hum_and_its_harmonics_go_and_the_rest_stays() {
    let chain = only(r#"{"de_hum":{"frequency_hz":60,"harmonics":6,"width_hz":2}}"#);
    let mut hum = vec![0.0f32; 480_000];
    for n in 1..=6 {
        let harmonic = signal::sine(60.0 * f64::from(n), 0.1, 48_000, 480_000);
        hum.iter_mut().zip(harmonic).for_each(|(x, y)| *x += y);
    }
    let out = render(&chain, &audio(vec![hum.clone()]));
    let left = db(rms(&out.channels[0][240_000..]) / rms(&hum));
    assert!(left < -60.0, "{left} dB are left");
    for hz in [30.0, 90.0, 200.0, 1000.0, 5000.0] {
        near(&format!("{hz} Hz"), gain_db(&chain, hz), 0.0, 0.15);
    }
    // 3 dB deep half a width beside a notch.
    near("the edge", gain_db(&chain, 181.0), -3.01, 0.1);
}

#[test]
fn a_network_takes_noise_from_between_words_at_any_rate() {
    for rate in [48_000, 44_100, 16_000, 96_000] {
        let frames = rate as usize * 4;
        let mut noisy = audio(vec![signal::speech_like(1, rate, frames)]);
        let noise = signal::noise(4, 0.02, frames);
        noisy.channels[0]
            .iter_mut()
            .zip(&noise)
            .for_each(|(x, n)| *x += n);
        noisy.rate = SampleRate::new(rate).unwrap();
        let out = render(&only(r#"{"voice_denoise":{}}"#), &noisy);
        // A pause of a quarter of a second ends each 2.25 s.
        let at = |secs: f64| (secs * f64::from(rate)) as usize;
        let level = |sound: &Audio, from, to| db(rms(&sound.channels[0][at(from)..at(to)]));
        let pause = level(&noisy, 1.85, 1.98) - level(&out, 1.85, 1.98);
        assert!(pause > 10.0, "{pause} dB in a pause at {rate} Hz");
    }
}

#[test]
fn a_network_answers_in_time() {
    let mut voice = audio(vec![signal::speech_like(1, 44_100, 88_200)]);
    voice.rate = SampleRate::HZ_44100;
    let out = render(&only(r#"{"voice_denoise":{}}"#), &voice);
    let likeness = |shift: isize| -> f64 {
        (20_000..60_000)
            .map(|n: isize| {
                let (x, y) = (
                    voice.channels[0][n as usize],
                    out.channels[0][(n + shift) as usize],
                );
                f64::from(x * y)
            })
            .sum()
    };
    let best = (-200..=200).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
    assert!(best.unwrap().abs() <= 2, "it is {best:?} samples off");
}
