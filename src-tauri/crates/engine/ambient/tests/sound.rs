//! What is heard: the same for every block size, without clicks, inside the limits, and changing when asked.

#![allow(clippy::unwrap_used)] // Clippy does not see that helpers of tests are tests.

use std::ops::ControlFlow;

use proptest::prelude::*;
use studio_ambient::measure::{Piece, Tone};
use studio_ambient::score::Stereo;
use studio_ambient::{
    Cue, Engine, Key, Layer, Mode, Params, Preset, Score, ScoreError, TICKS_PER_BEAT, Ticks,
    render_score,
};
use studio_core::units::SampleRate;

const RATE: SampleRate = SampleRate::HZ_48000;

fn params(key: &str, mode: Mode, bpm: f32, intensity: f32) -> Params {
    Params::new(key.parse().unwrap(), mode, bpm, intensity).unwrap()
}

fn render(engine: &mut Engine, frames: usize, block: usize) -> Stereo {
    let mut stereo = Stereo {
        left: vec![9.0; frames],
        right: vec![9.0; frames],
    };
    let blocks = stereo
        .left
        .chunks_mut(block)
        .zip(stereo.right.chunks_mut(block));
    blocks.for_each(|(left, right)| engine.render(left, right));
    stereo
}

fn secs(secs: f64) -> usize {
    RATE.samples_from_secs(secs) as usize
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / samples.len().max(1) as f64)
        .sqrt()
}

/// |x[n+1] − 2 x[n] + x[n−1]|: large where a wave has a corner or a jump.
fn bends(samples: &[f32]) -> Vec<f32> {
    samples
        .windows(3)
        .map(|w| (w[2] - 2.0 * w[1] + w[0]).abs())
        .collect()
}

#[test]
fn the_block_size_changes_nothing() {
    let params = Preset::Bright.params(Key::D);
    let whole = render(&mut Engine::new(11, params, RATE), secs(8.0), secs(8.0));
    for block in [1, 32, 63, 64, 100, 441, 512, 1024, 4096] {
        let blocks = render(&mut Engine::new(11, params, RATE), secs(8.0), block);
        assert!(blocks == whole, "blocks of {block}");
    }
}

#[test]
fn a_seed_repeats_and_another_differs() {
    let params = Preset::Focus.params(Key::C);
    let play = |seed| render(&mut Engine::new(seed, params, RATE), secs(6.0), 512);
    assert!(play(5) == play(5));
    assert!(play(5) != play(6));
}

/// Only IEEE-exact arithmetic decides the samples, so every machine and every build must find the same number. It
/// changes when the sound is changed on purpose, and only then.
#[test]
fn a_seed_has_the_same_bits_everywhere() {
    let mut engine = Engine::new(
        42,
        params("Eb", Mode::Lydian, 66.0, 0.7),
        SampleRate::HZ_44100,
    );
    let stereo = render(&mut engine, 44_100 * 12, 512);
    // FNV-1a over the bits of both channels.
    let digest = [stereo.left, stereo.right]
        .iter()
        .flatten()
        .fold(0xCBF2_9CE4_8422_2325_u64, |digest, sample| {
            (digest ^ u64::from(sample.to_bits())).wrapping_mul(0x0100_0000_01B3)
        });
    assert_eq!(format!("{digest:016x}"), "a721e4e5a456be8a");
}

#[test]
fn what_is_ahead_is_what_comes() {
    let params = Preset::Bright.params(Key::D);
    let mut engine = Engine::new(4, params, RATE);
    assert_eq!(engine.ahead(1).piece.chords[0].at, Ticks(0));
    let step = Ticks(2 * TICKS_PER_BEAT);
    // Half bars at 70 beats a minute: 8 s lie in the fifth.
    render(&mut engine, secs(8.0), 512);
    let ahead = engine.ahead(4);
    let beats = 8.0 * 70.0 / 60.0;
    let heard = ahead.at.0 as f64 / TICKS_PER_BEAT as f64;
    assert!((heard - beats).abs() < 0.01, "{heard} {beats}");
    let whole = Piece::composed(4, &params, 60.0);
    let begin = Ticks(4 * step.0);
    let end = ahead.piece.end;
    assert_eq!(end, Ticks(begin.0 + 9 * step.0));
    let within = |tone: &&Tone| (begin..end).contains(&tone.at);
    let expected: Vec<(Ticks, u8)> = whole
        .tones
        .iter()
        .filter(within)
        .map(|tone| (tone.at, tone.pitch))
        .collect();
    let found: Vec<(Ticks, u8)> = ahead
        .piece
        .tones
        .iter()
        .map(|tone| (tone.at, tone.pitch))
        .collect();
    assert_eq!(found, expected);
    assert!(found.len() > 20);
}

#[test]
fn nothing_and_uneven_slices_are_fine() {
    let params = Preset::Sleep.params(Key::C);
    let mut engine = Engine::new(1, params, RATE);
    engine.render(&mut [], &mut []);
    assert_eq!(engine.now().elapsed_samples, 0);
    let (mut left, mut right) = ([7.0; 10], [7.0; 4]);
    engine.render(&mut left, &mut right);
    assert_eq!(engine.now().elapsed_samples, 4);
    assert_eq!(left[4..], [0.0; 6]);
}

#[test]
fn sound_begins_within_a_second_and_from_silence() {
    for preset in Preset::ALL {
        let stereo = render(
            &mut Engine::new(3, preset.params(Key::A), RATE),
            secs(2.0),
            480,
        );
        assert!(stereo.left[0].abs() < 1e-4);
        assert!(
            rms(&stereo.left[secs(0.7)..secs(1.2)]) > 0.003,
            "{preset:?}"
        );
    }
}

#[test]
fn sustained_layers_have_no_seam_between_chords() {
    // A step at 75 BPM lasts 1.6 s: chords and phrases begin on multiples of it.
    let params = params("C", Mode::Dorian, 75.0, 0.8);
    let step = secs(1.6);
    for layer in [Layer::Pad, Layer::Drone] {
        let stereo = render(&mut Engine::solo(layer, 2, params, RATE), step * 48, 4096);
        let bends = bends(&stereo.left);
        let near = |n: usize| n % step < 160 || n % step > step - 160;
        let max = |at_seam: bool| {
            let chosen = bends
                .iter()
                .enumerate()
                .skip(step)
                .filter(|(n, _)| near(*n) == at_seam);
            chosen.fold(0.0_f32, |max, (_, bend)| max.max(*bend))
        };
        assert!(
            max(true) <= max(false) * 1.02,
            "{layer:?}: {} at seams, {} inside",
            max(true),
            max(false)
        );
    }
}

#[test]
fn a_change_makes_no_click() {
    // Sustained layers only: the onset of a plucked string is meant to be sudden.
    for layer in [Layer::Pad, Layer::Drone, Layer::Air] {
        let calm = params("C", Mode::Aeolian, 60.0, 0.5);
        let mut engine = Engine::solo(layer, 4, calm, RATE);
        let mut left = render(&mut engine, secs(10.0), 512).left;
        for change in [
            params("E", Mode::Lydian, 90.0, 0.5),
            params("Bb", Mode::Phrygian, 40.0, 0.5),
            calm,
        ] {
            engine.set(change);
            left.extend(render(&mut engine, secs(10.0), 512).left);
        }
        // A change takes place within 3 s of its wish; the 7 s around are steady.
        let bends = bends(&left);
        let max = |changing: bool| {
            let chosen = bends.iter().enumerate().skip(secs(3.0));
            let chosen = chosen.filter(|(n, _)| (n % secs(10.0) < secs(3.0)) == changing);
            chosen.fold(0.0_f32, |max, (_, bend)| max.max(*bend))
        };
        assert!(
            max(true) < max(false) * 1.5,
            "{layer:?}: {} while changing, {} elsewhere",
            max(true),
            max(false)
        );
    }
}

#[test]
fn a_change_is_heard_within_five_seconds_and_not_before_its_boundary() {
    let before = params("C", Mode::Aeolian, 40.0, 0.4);
    let changes = [
        params("E", Mode::Aeolian, 40.0, 0.4),
        params("C", Mode::Lydian, 40.0, 0.4),
        params("C", Mode::Aeolian, 90.0, 0.4),
        params("C", Mode::Aeolian, 40.0, 1.0),
    ];
    for after in changes {
        for at in [4.0, 12.1, 17.9] {
            let (mut steady, mut changed) =
                (Engine::new(8, before, RATE), Engine::new(8, before, RATE));
            assert!(render(&mut steady, secs(at), 480) == render(&mut changed, secs(at), 480));
            changed.set(after);
            assert_eq!(
                changed.now().params,
                before,
                "a change waits for its boundary"
            );
            let (a, b) = (
                render(&mut steady, secs(5.0), 480),
                render(&mut changed, secs(5.0), 480),
            );
            let difference: Vec<f32> = a.left.iter().zip(&b.left).map(|(a, b)| a - b).collect();
            assert!(
                rms(&difference) > 0.1 * rms(&a.left),
                "{after:?} at {at} s is not heard"
            );
            assert_eq!(changed.now().params, after);
            assert_eq!(changed.now().chord.scale, after.scale());
        }
    }
}

#[test]
fn layers_alone_add_up_to_the_whole() {
    let params = params("G", Mode::Mixolydian, 70.0, 0.7);
    let whole = render(&mut Engine::new(21, params, RATE), secs(30.0), 1024);
    let peak = whole
        .left
        .iter()
        .chain(&whole.right)
        .fold(0.0_f32, |peak, s| peak.max(s.abs()));
    assert!(
        peak < 0.8,
        "the limiter must not work for this to hold: {peak}"
    );
    let mut sum = vec![0.0_f32; secs(30.0)];
    for layer in Layer::ALL {
        let solo = render(&mut Engine::solo(layer, 21, params, RATE), secs(30.0), 1024);
        assert!(rms(&solo.left) > 1e-4, "{layer:?} is silent");
        sum.iter_mut()
            .zip(&solo.left)
            .for_each(|(sum, s)| *sum += s);
    }
    let off = sum
        .iter()
        .zip(&whole.left)
        .fold(0.0_f32, |off, (a, b)| off.max((a - b).abs()));
    assert!(off < 1e-4, "{off}");
}

#[test]
fn there_is_no_offset_and_both_ears_get_their_share() {
    for preset in Preset::ALL {
        let stereo = render(
            &mut Engine::new(1, preset.params(Key::D), RATE),
            secs(40.0),
            4096,
        );
        for channel in [&stereo.left, &stereo.right] {
            let mean = channel.iter().map(|s| f64::from(*s)).sum::<f64>() / channel.len() as f64;
            assert!(mean.abs() < 1e-4, "{preset:?}: offset {mean}");
        }
        let balance_db = 20.0 * (rms(&stereo.left) / rms(&stereo.right)).log10();
        assert!(balance_db.abs() < 1.5, "{preset:?}: {balance_db} dB");
        let side: Vec<f32> = stereo
            .left
            .iter()
            .zip(&stereo.right)
            .map(|(l, r)| 0.5 * (l - r))
            .collect();
        let mid: Vec<f32> = stereo
            .left
            .iter()
            .zip(&stereo.right)
            .map(|(l, r)| 0.5 * (l + r))
            .collect();
        let width = rms(&side) / rms(&mid);
        assert!((0.2..0.9).contains(&width), "{preset:?}: width {width}");
    }
}

fn film(total_secs: f64) -> (Vec<Cue>, u64) {
    let cue = |at: f64, params| Cue {
        at_sample: RATE.samples_from_secs(at),
        params,
    };
    let cues = vec![
        cue(0.0, params("D", Mode::Aeolian, 55.0, 0.3)),
        cue(total_secs * 0.3, params("D", Mode::Dorian, 65.0, 0.8)),
        cue(total_secs * 0.7, params("F", Mode::Lydian, 60.0, 0.4)),
    ];
    (cues, RATE.samples_from_secs(total_secs))
}

#[test]
fn a_score_has_its_exact_length_and_a_real_ending() {
    for total_secs in [0.05, 1.0, 5.0, 30.0] {
        let (cues, total) = film(total_secs);
        let stereo = render_score(3, &cues, total, RATE, |_, _| ControlFlow::Continue(())).unwrap();
        assert_eq!(
            (stereo.left.len() as u64, stereo.right.len() as u64),
            (total, total)
        );
        assert_eq!(
            (stereo.left.last(), stereo.right.last()),
            (Some(&0.0), Some(&0.0))
        );
        if total_secs >= 5.0 {
            let tail = &stereo.left[secs(total_secs * 0.95)..];
            let middle = &stereo.left[secs(total_secs * 0.4)..secs(total_secs * 0.6)];
            assert!(
                rms(tail) < 0.1 * rms(middle) && rms(middle) > 0.01,
                "{total_secs} s"
            );
            let steepest = bends(&stereo.left[secs(total_secs * 0.9)..])
                .into_iter()
                .fold(0.0, f32::max);
            assert!(steepest < 0.01, "the ending is cut: {steepest}");
        }
    }
    assert_eq!(
        render_score(1, &film(1.0).0[..1], 0, RATE, |_, _| ControlFlow::Continue(
            ()
        )),
        Ok(Stereo::default())
    );
}

#[test]
fn a_streamed_score_is_the_collected_one_and_follows_its_cues() {
    let (cues, total) = film(40.0);
    let whole = render_score(9, &cues, total, RATE, |_, _| ControlFlow::Continue(())).unwrap();
    for block in [37, 2048] {
        let mut score = Score::new(9, &cues, total, RATE).unwrap();
        let (mut left, mut right) = (vec![0.0; block], vec![0.0; block]);
        let mut streamed = Stereo::default();
        loop {
            let count = score.render(&mut left, &mut right);
            if count == 0 {
                break;
            }
            streamed.left.extend_from_slice(&left[..count]);
            streamed.right.extend_from_slice(&right[..count]);
            let at = score.now().elapsed_samples;
            let cue = cues.iter().rfind(|cue| cue.at_sample <= at).unwrap();
            if at + 4096 < total && cues.iter().all(|cue| cue.at_sample.abs_diff(at) > 4096) {
                assert_eq!(score.now().params, cue.params, "at sample {at}");
            }
        }
        assert!(streamed == whole, "blocks of {block}");
    }
}

#[test]
fn a_score_can_be_cancelled() {
    let (cues, total) = film(20.0);
    let mut told = Vec::new();
    let result = render_score(1, &cues, total, RATE, |done, of| {
        told.push((done, of));
        if done > total / 2 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert!(matches!(result, Err(ScoreError::Cancelled { .. })));
    assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0) && told.last().unwrap().0 < total);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn output_is_bounded_and_finite(
        seed: u64,
        mode in prop::sample::select(Mode::ALL.to_vec()),
        other in prop::sample::select(Mode::ALL.to_vec()),
        bpm in 40.0_f32..=90.0,
        intensity in 0.0_f32..=1.0,
        hz in prop::sample::select(vec![1_u32, 50, 8_000, 22_050, 44_100, 48_000, 96_000, 192_000]),
    ) {
        let rate = SampleRate::new(hz).unwrap();
        let mut engine = Engine::new(seed, params("C", mode, bpm, intensity), rate);
        let stereo = render(&mut engine, 120_000, 777);
        engine.set(params("Gb", other, 130.0 - bpm, 1.0 - intensity));
        let changed = render(&mut engine, 120_000, 777);
        for sample in [stereo.left, stereo.right, changed.left, changed.right].iter().flatten() {
            prop_assert!(sample.is_finite() && sample.abs() <= 1.0, "{sample}");
        }
    }
}
