//! Fades, reversal, pauses taken out.

use studio_dsp::effects::{FadeShape, SilenceRemoval, fade_in, fade_out, remove_silence, reverse};

use crate::{audio, near, noise, sine};

#[test]
fn fades_have_their_shapes() {
    for (shape, middle) in [
        (FadeShape::Linear, 0.5),
        (FadeShape::EqualPower, 0.5f64.sqrt()),
        (FadeShape::Smooth, 0.5),
        (FadeShape::Decibels, 10f64.powf(-1.5)),
    ] {
        let mut sound = audio(vec![vec![1.0; 1000]; 2]);
        fade_in(&mut sound, 100, shape);
        fade_out(&mut sound, 200, shape);
        let at = |n: usize| f64::from(sound.channels[1][n]);
        assert_eq!(
            (at(0), at(100), at(799), at(999)),
            (0.0, 1.0, 1.0, 0.0),
            "{shape:?}"
        );
        near("half in", at(50), middle, 1e-6);
        near("half out", at(899), middle, 1e-6);
        assert!(sound.channels[0][..100].is_sorted(), "{shape:?}");
    }
    let power = |done| FadeShape::EqualPower.gain(done).powi(2);
    near("power", power(0.3) + power(0.7), 1.0, 1e-12);
}

#[test]
fn fades_longer_than_the_sound_are_cut() {
    let mut sound = audio(vec![vec![1.0; 10]]);
    fade_in(&mut sound, 100, FadeShape::Linear);
    fade_out(&mut sound, 100, FadeShape::Linear);
    fade_in(&mut sound, 0, FadeShape::Linear);
    assert!(sound.channels[0].iter().all(|x| x.is_finite()));
}

#[test]
fn twice_backwards_is_forwards() {
    let sound = noise(0.5, 777);
    let mut turned = sound.clone();
    reverse(&mut turned);
    assert_eq!(turned.channels[1][0], sound.channels[1][776]);
    reverse(&mut turned);
    assert!(turned == sound);
}

#[test]
fn long_pauses_are_shortened_and_short_ones_stay() {
    // 1 s tone, 0.3 s pause, 1 s tone, 2 s pause, 1 s tone.
    let mut sound = sine(440.0, 0.5, 48_000 * 53 / 10);
    for (from, to) in [(48_000, 62_400), (110_400, 206_400)] {
        sound.channels[0][from..to].fill(0.0);
    }
    let removal = SilenceRemoval::default();
    let (out, spans) = remove_silence(&sound, &removal);
    assert_eq!(spans.len(), 2);
    let secs = out.frames() as f64 / 48_000.0;
    near("seconds left", secs, 5.3 - 2.0 + 0.3, 0.01);
    let total: usize = spans.iter().map(ExactSizeIterator::len).sum();
    assert_eq!(total, out.frames());
    let step = out.channels[0]
        .windows(2)
        .map(|two| (two[1] - two[0]).abs());
    assert!(step.fold(0.0, f32::max) < 0.04, "no click at the joint");
}

#[test]
fn a_sound_without_pauses_stays_and_silence_goes() {
    let sound = sine(440.0, 0.5, 48_000);
    let (out, spans) = remove_silence(&sound, &SilenceRemoval::default());
    assert!(out == sound && spans.len() == 1);
    let silent = audio(vec![vec![0.0; 48_000]; 2]);
    let (out, spans) = remove_silence(&silent, &SilenceRemoval::default());
    assert!(out.frames() == 0 && spans.is_empty());
}
