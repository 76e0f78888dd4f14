//! Echoes, chorus, flanger, phaser.

use std::f64::consts::PI;

use studio_dsp::effects::{Impulses, Tail};

use crate::{audio, blocks, db, gain_db, near, only, render, rms, sine};

fn impulse(frames: usize) -> Vec<f32> {
    let mut impulse = vec![0.0; frames];
    impulse[0] = 1.0;
    impulse
}

#[test]
fn echoes_come_in_time_and_fall_by_the_feedback() {
    let chain = only(r#"{"delay":{"time_ms":100,"feedback":0.5,"damping_hz":20000}}"#);
    let out = render(&chain, &audio(vec![impulse(24_000)]));
    let out = &out.channels[0];
    assert_eq!(out.iter().position(|x| *x != 0.0), Some(4800));
    assert_eq!(out[4800], 1.0);
    // The low pass spreads an echo, but keeps its sum.
    for (echo, level) in [(2, 0.5), (3, 0.25), (4, 0.125)] {
        let sum: f32 = out[4800 * echo..4800 * echo + 400].iter().sum();
        assert!((sum - level).abs() < 1e-4, "echo {echo}: {sum}");
        assert_eq!(out[4800 * echo - 1], 0.0);
    }
}

#[test]
fn a_ping_pong_goes_from_side_to_side() {
    let chain =
        only(r#"{"delay":{"time_ms":50,"feedback":0.5,"damping_hz":20000,"routing":"ping_pong"}}"#);
    let out = render(&chain, &audio(vec![impulse(12_000), impulse(12_000)]));
    let at = |channel: usize, n: usize| -> f32 { out.channels[channel][n..n + 300].iter().sum() };
    assert_eq!((at(0, 2400), at(1, 2400)), (1.0, 0.0));
    assert_eq!(at(0, 4800), 0.0);
    assert!((at(1, 4800) - 0.5).abs() < 1e-3);
    assert!((at(0, 7200) - 0.25).abs() < 1e-3);
}

#[test]
fn an_echo_is_heard_to_its_end() {
    let chain = only(r#"{"delay":{"time_ms":200,"feedback":0.5}}"#);
    let input = audio(vec![impulse(10)]);
    let out = chain.render(&input, Tail::Kept, &Impulses::new()).unwrap();
    let processor = chain.prepare(input.rate, 1, &Impulses::new()).unwrap();
    let longer = blocks(&chain, &input, 512, 400_000);
    let past = &longer[0][10 + processor.tail() as usize..];
    assert!(past.iter().all(|x| x.abs() < 1.1e-3), "nothing loud is cut");
    assert!(out.channels[0].iter().any(|x| *x > 1e-3 && *x < 0.01));
}

#[test]
fn a_turned_time_bends_the_pitch_and_does_not_click() {
    let chain = only(r#"{"delay":{"time_ms":100,"feedback":0}}"#);
    let tone = sine(200.0, 0.5, 96_000);
    let mut processor = chain.prepare(tone.rate, 1, &Impulses::new()).unwrap();
    let knob = processor.knob(0, "time_ms").unwrap();
    let mut sound = tone.channels[0].clone();
    let (before, after) = sound.split_at_mut(48_000);
    processor.process(&mut [before]);
    processor.turn(knob, 150.0);
    processor.process(&mut [after]);
    let step = sound
        .windows(2)
        .skip(5000)
        .map(|two| (two[1] - two[0]).abs());
    let largest = step.fold(0.0, f32::max);
    // A steady tone has 0.013 at most; the bent one a few times that.
    assert!(largest < 0.08, "a step of {largest}");
}

#[test]
fn a_comb_has_the_teeth_of_its_delay() {
    // Without motion and feedback: the sound and itself 1 ms later.
    let mut chain =
        only(r#"{"flanger":{"depth_ms":0.05,"delay_ms":1,"feedback":0,"rate_hz":0.02}}"#);
    chain.effects[0].wet = Some(0.5);
    // In the answer to an impulse the oscillator stands still; its middle is at 1.025 ms.
    let delay = 1.025e-3;
    for hz in [200.0, 700.0, 950.0, 1400.0] {
        let expected = db((PI * hz * delay).cos().abs());
        near(&format!("{hz} Hz"), gain_db(&chain, hz), expected, 0.2);
    }
}

#[test]
fn a_chorus_moves_the_pitch_by_its_rate_and_depth() {
    let chain = only(r#"{"chorus":{"rate_hz":1,"depth_ms":4,"delay_ms":10,"spread":0}}"#);
    let out = render(&chain, &sine(1000.0, 0.5, 96_000));
    // Δf / f = π · rate · depth: 1.26 %. Counted in zero crossings of 50 ms.
    let crossings = |from: usize| {
        let part = &out.channels[0][from..from + 2400];
        part.windows(2)
            .filter(|two| two[0] <= 0.0 && two[1] > 0.0)
            .count()
    };
    let counts: Vec<usize> = (4800..90_000).step_by(600).map(crossings).collect();
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(
        most - least >= 1 && most - least <= 3,
        "{least} to {most} in 50 ms"
    );
    near(
        "level",
        rms(&out.channels[0][4800..]),
        0.5 / 2f64.sqrt(),
        0.01,
    );
}

#[test]
fn a_phaser_at_rest_has_notches_where_its_phase_is_opposed() {
    let mut chain =
        only(r#"{"phaser":{"depth_octaves":0,"feedback":0,"centre_hz":1000,"stages":4}}"#);
    // All-pass by itself.
    for hz in [100.0, 1000.0, 9000.0] {
        near("all-pass", gain_db(&chain, hz), 0.0, 0.01);
    }
    chain.effects[0].wet = Some(0.5);
    // Each section turns by 2 atan(w); with four, half the sum has |cos(4 atan w)|.
    for hz in [100.0, 300.0, 800.0, 1000.0, 3000.0] {
        let w = (PI * hz / 48_000.0).tan() / (PI * 1000.0 / 48_000.0).tan();
        let expected = db((4.0 * w.atan()).cos().abs());
        near(&format!("{hz} Hz"), gain_db(&chain, hz), expected, 0.05);
    }
    // The notches are where 4 · 2 atan(w) is 180° and 540°.
    let notch = 48_000.0 / PI * ((PI / 8.0).tan() * (PI * 1000.0 / 48_000.0).tan()).atan();
    assert!(gain_db(&chain, notch) < -60.0);
}
