//! Width, reverb and convolution.

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{ChainError, Impulses, Tail};
use studio_testkit::signal;

use crate::{audio, blocks, db, near, noise, only, render, rms, sine};

#[test]
fn width_weighs_the_sides_against_the_middle() {
    let input = noise(0.5, 2000);
    assert!(
        render(&only(r#"{"width":{}}"#), &input) == input,
        "1 is as it came"
    );
    let mono = render(&only(r#"{"width":{"width":0}}"#), &input);
    assert!(mono.channels[0] == mono.channels[1]);
    let wide = render(&only(r#"{"width":{"width":2}}"#), &input);
    for n in 0..2000 {
        let side = |audio: &Audio| audio.channels[0][n] - audio.channels[1][n];
        let middle = |audio: &Audio| audio.channels[0][n] + audio.channels[1][n];
        assert!((side(&wide) - 2.0 * side(&input)).abs() < 1e-6);
        assert!((middle(&wide) - middle(&input)).abs() < 1e-6);
    }
    let one = audio(vec![signal::noise(1, 0.5, 500)]);
    assert!(
        render(&only(r#"{"width":{"width":0}}"#), &one) == one,
        "a lone channel"
    );
}

#[test]
fn bass_can_be_made_mono() {
    let chain = only(r#"{"width":{"mono_below_hz":200}}"#);
    let left_only = |hz| {
        let left = sine(hz, 0.5, 48_000).channels.remove(0);
        let silent = vec![0.0; left.len()];
        let out = render(&chain, &audio(vec![left, silent]));
        db(rms(&out.channels[1][24_000..]) / rms(&out.channels[0][24_000..]))
    };
    assert!(left_only(30.0) > -1.0 && left_only(5000.0) < -30.0);
}

/// Level of an answer around a moment, in dB.
fn level(samples: &[f32], secs: f64) -> f64 {
    let at = (secs * 48_000.0) as usize;
    db(rms(&samples[at - 2400..at + 2400]))
}

#[test]
fn a_reverb_falls_by_60_db_in_its_time() {
    for decay in [0.5, 1.5, 4.0] {
        let chain = only(&format!(
            r#"{{"reverb":{{"decay_secs":{decay},"high_decay":1,"pre_delay_ms":0}}}}"#
        ));
        let mut impulse = audio(vec![vec![0.0; 48_000 * 5]; 2]);
        impulse.channels[0][0] = 1.0;
        let out = render(&chain, &impulse);
        for channel in &out.channels {
            let fall = level(channel, decay * 0.2) - level(channel, decay * 0.8);
            near(&format!("{decay} s"), fall, 36.0, 2.0);
        }
    }
}

#[test]
fn high_frequencies_die_first() {
    let chain = only(r#"{"reverb":{"decay_secs":2,"high_decay":0.2}}"#);
    let tail = |hz| {
        let mut tone = sine(hz, 0.5, 96_000);
        tone.channels[0][48_000..].fill(0.0);
        level(&render(&chain, &tone).channels[0], 1.6)
    };
    assert!(tail(200.0) > tail(10_000.0) + 15.0);
}

#[test]
fn a_reverb_is_as_loud_as_the_sound_whatever_its_time() {
    for decay in [0.3, 2.0, 10.0] {
        let chain = only(&format!(
            r#"{{"reverb":{{"decay_secs":{decay},"high_decay":1}}}}"#
        ));
        let input = noise(0.5, 48_000 * 12);
        let out = render(&chain, &input);
        let gain = db(rms(&out.channels[1][480_000..]) / rms(&input.channels[1]));
        near(&format!("{decay} s"), gain, 0.0, 2.5);
    }
}

#[test]
fn a_reverb_is_dense_and_differs_between_the_sides() {
    let chain = only(r#"{"reverb":{"decay_secs":2,"high_decay":1,"pre_delay_ms":0}}"#);
    let mut impulse = audio(vec![vec![0.0; 48_000]; 2]);
    impulse.channels[0][0] = 1.0;
    impulse.channels[1][0] = 1.0;
    let out = render(&chain, &impulse);
    let (left, right) = (
        &out.channels[0][14_400..24_000],
        &out.channels[1][14_400..24_000],
    );
    let heard = left.iter().filter(|x| x.abs() > 1e-6).count();
    assert!(heard > 9000, "{heard} of 9600 samples");
    let product: f64 = left.iter().zip(right).map(|(a, b)| f64::from(a * b)).sum();
    let alike = product / (rms(left) * rms(right) * 9600.0);
    assert!(alike.abs() < 0.3, "correlation of {alike}");
    let mono = only(r#"{"reverb":{"width":0}}"#);
    let out = render(&mono, &impulse);
    assert!(out.channels[0] == out.channels[1]);
}

fn impulses(name: &str, channels: Vec<Vec<f32>>) -> Impulses {
    Impulses::from([(name.to_owned(), audio(channels))])
}

#[test]
fn a_convolution_is_the_sum_of_its_definition() {
    // Long enough for parts of every age, and of unit energy, so that it is not scaled.
    let mut response = signal::noise(9, 1.0, 3000);
    let energy = rms(&response) * 3000f64.sqrt();
    response.iter_mut().for_each(|x| *x /= energy as f32);
    let input = audio(vec![signal::noise(5, 0.5, 5000)]);
    let impulses = impulses("mine", vec![response.clone()]);
    let chain = only(r#"{"convolution":{"impulse":"mine"}}"#);
    let out = chain.render(&input, Tail::Kept, &impulses).unwrap();
    assert_eq!(out.frames(), 5000 + 3000 - 1);
    for n in (0..out.frames()).step_by(7) {
        let first = n.saturating_sub(4999);
        let sum: f64 = (first..=n.min(2999))
            .map(|k| f64::from(response[k]) * f64::from(input.channels[0][n - k]))
            .sum();
        let found = f64::from(out.channels[0][n]);
        assert!((found - sum).abs() < 1e-5, "sample {n}: {found}, not {sum}");
    }
}

#[test]
fn a_response_is_brought_to_the_stream_s_rate_and_to_unit_energy() {
    let mut click = vec![0.0; 441];
    click[0] = 0.01;
    let mut impulses = impulses("click", vec![click]);
    impulses.get_mut("click").unwrap().rate = SampleRate::HZ_44100;
    let input = sine(1000.0, 0.5, 24_000);
    let chain = only(r#"{"convolution":{"impulse":"click"}}"#);
    let out = chain.render(&input, Tail::Cut, &impulses).unwrap();
    near(
        "level",
        rms(&out.channels[0][4800..20_000]),
        0.5 / 2f64.sqrt(),
        0.02,
    );
}

#[test]
fn every_room_of_ours_answers() {
    for name in ["room", "plate", "hall", "church"] {
        let chain = only(&format!(r#"{{"convolution":{{"impulse":"{name}"}}}}"#));
        let mut impulse = audio(vec![vec![0.0; 12_000]; 2]);
        impulse.channels[0][0] = 1.0;
        impulse.channels[1][0] = 1.0;
        let whole = blocks(&chain, &impulse, 4096, 20_000);
        assert!(rms(&whole[0]) > 1e-4 && whole[0] != whole[1], "{name}");
    }
}

#[test]
fn a_response_that_is_not_there_or_empty_is_named() {
    let chain = only(r#"{"convolution":{"impulse":"cave"}}"#);
    let prepare = |impulses: &Impulses| {
        let error = chain
            .prepare(SampleRate::HZ_48000, 2, impulses)
            .err()
            .unwrap();
        assert!(matches!(error, ChainError::Impulse { .. }));
        error.to_string()
    };
    assert_eq!(
        prepare(&Impulses::new()),
        "the impulse response \"cave\" cannot be used: there are room, plate, hall, church"
    );
    for silent in [
        vec![],
        vec![vec![]],
        vec![vec![0.0; 10]],
        vec![vec![f32::NAN; 10]],
    ] {
        let told = prepare(&impulses("cave", silent));
        assert!(
            told.ends_with("it is silent, or not all of it are numbers"),
            "{told}"
        );
    }
}
