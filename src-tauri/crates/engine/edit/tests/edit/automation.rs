//! Levels and places that follow curves.

use std::sync::Arc;

use proptest::prelude::*;
use studio_core::units::Db;
use studio_dsp::effects::{
    Automation, Chain, Curve, EffectSettings, Gain, Point, Slot, TruePeakLimiter,
};
use studio_edit::{Change, Edit, Session, TrackId};

use super::mixing::{in_blocks, mixer, ramp, rendered};
use super::{clip, edited, session, with_clips};

const RATE: f64 = 48_000.0;
/// Samples in which a step is taken.
const MOVE: usize = 480;

fn curve(parameter: &str, curve: Curve, points: &[(u64, f64)]) -> Automation {
    let point = |&(at, value): &(u64, f64)| Point {
        at_secs: at as f64 / RATE,
        value,
    };
    Automation {
        parameter: parameter.to_owned(),
        curve,
        points: points.iter().map(point).collect(),
        bypass: false,
    }
}

fn line(parameter: &str, points: &[(u64, f64)]) -> Automation {
    curve(parameter, Curve::Linear, points)
}

fn on(track: Option<TrackId>, automation: Vec<Automation>) -> Edit {
    Edit::SetAutomation { track, automation }
}

/// A track with one long clip from sample 10,000 of the source on, so that it is never silent.
fn automated(automation: Vec<Automation>) -> Session {
    let session = with_clips(&[(0, 10_000, 60_000)]);
    let track = session.tracks[0].id;
    edited(&session, vec![on(Some(track), automation)])
}

/// Curves as people draw them: of level and place, with no two points within 10 ms.
pub(super) fn curves() -> impl Strategy<Value = Vec<Automation>> {
    let points = |least, most| {
        prop::collection::btree_map(0..30u64, least..most, 1..8).prop_map(|points| {
            let points = points.into_iter().map(|(at, value)| (at * 1_001, value));
            points.collect::<Vec<(u64, f64)>>()
        })
    };
    let way = || prop::sample::select(vec![Curve::Linear, Curve::Hold]);
    let gain =
        (way(), points(-40.0, 6.0), prop::bool::weighted(0.1)).prop_map(|(way, points, bypass)| {
            Automation {
                bypass,
                ..curve("gain_db", way, &points)
            }
        });
    let pan = (way(), points(-1.0, 1.0)).prop_map(|(way, points)| curve("pan", way, &points));
    (prop::option::of(gain), prop::option::of(pan))
        .prop_map(|(gain, pan)| gain.into_iter().chain(pan).collect())
}

#[test]
fn a_line_of_gain_is_heard_at_each_sample() {
    let session = automated(vec![line("gain_db", &[(5_000, 0.0), (29_000, -48.0)])]);
    for (n, x) in rendered(&session, 40_000).iter().enumerate() {
        let gain_db = match n as f64 {
            n if n < 5_000.0 => 0.0,
            n if n < 29_000.0 => -48.0 * (n - 5_000.0) / 24_000.0,
            _ => -48.0,
        };
        let wanted = f64::from(ramp(10_000 + n as u64)) * Db(gain_db).ratio();
        let error = f64::from(*x) / wanted - 1.0;
        assert!(error.abs() < 1e-6, "sample {n}: {x} for {wanted}");
    }
}

#[test]
fn a_line_of_pan_turns_the_far_side_down() {
    let session = automated(vec![line("pan", &[(0, -1.0), (40_000, 1.0)])]);
    let [left, right] = in_blocks(&session, 40_000, 512);
    for n in (0..40_000).step_by(997) {
        let angle = n as f64 / 40_000.0 * std::f64::consts::FRAC_PI_2;
        let near = |share: f64| (share * std::f64::consts::SQRT_2).min(1.0);
        let sound = f64::from(ramp(10_000 + n as u64));
        for (x, share) in [(left[n], angle.cos()), (right[n], angle.sin())] {
            let wanted = sound * near(share);
            assert!(
                (f64::from(x) - wanted).abs() < 1e-6,
                "sample {n}: {x} for {wanted}"
            );
        }
    }
}

#[test]
fn automation_takes_the_place_of_what_is_set_until_it_is_switched_off() {
    let mut quiet = line("gain_db", &[(0, -20.0)]);
    let session = automated(vec![quiet.clone()]);
    let track = session.tracks[0].id;
    let louder = Edit::SetTrack {
        track,
        name: None,
        gain_db: Some(6.0),
        pan: None,
        muted: None,
        soloed: None,
    };
    let session = edited(&session, vec![louder]);
    assert!((rendered(&session, 1)[0] / ramp(10_000) - 0.1).abs() < 1e-6);
    quiet.bypass = true;
    let off = edited(&session, vec![on(Some(track), vec![quiet])]);
    let wanted = Db(6.0).ratio() as f32;
    assert!((rendered(&off, 1)[0] / ramp(10_000) - wanted).abs() < 1e-6);
}

#[test]
fn the_mix_is_automated_behind_effects_that_are_late() {
    let session = with_clips(&[(0, 10_000, 60_000)]);
    let limiter = EffectSettings::TruePeakLimiter(TruePeakLimiter {
        ceiling_db: 0.0,
        ..TruePeakLimiter::default()
    });
    let effects = Chain {
        effects: vec![Slot::new(limiter)],
    };
    let points = [(10_000, 0.0), (20_000, -40.0)];
    let edits = vec![
        Edit::SetEffects {
            track: None,
            effects,
        },
        on(None, vec![line("gain_db", &points)]),
    ];
    let out = rendered(&edited(&session, edits), 30_000);
    for (n, gain_db) in [(9_999, 0.0), (15_000, -20.0), (25_000, -40.0)] {
        let wanted = f64::from(ramp(10_000 + n as u64)) * Db(gain_db).ratio();
        assert!(
            (f64::from(out[n]) - wanted).abs() < 1e-4,
            "sample {n}: {} for {wanted}",
            out[n]
        );
    }
}

#[test]
fn a_seek_and_a_loop_find_the_value_that_is_there() {
    let session = automated(vec![
        line("gain_db", &[(1_000, -30.0), (20_000, 0.0), (45_000, -12.0)]),
        curve("pan", Curve::Hold, &[(0, 0.3), (30_000, -0.4)]),
    ]);
    let whole = rendered(&session, 60_000);
    let mut mixer = mixer(&session);
    for at in [44_000, 2_000, 30_000, 2_000, 2_000] {
        mixer.seek(at);
        let (mut left, mut right) = (vec![0.0; 700], vec![0.0; 700]);
        mixer.render(&mut left, &mut right);
        // A step just before the place is behind it.
        let begun = if at == 30_000 { MOVE } else { 0 };
        let from = at as usize + begun;
        assert_eq!(left[begun..], whole[from..from + 700 - begun], "from {at}");
    }
}

#[test]
fn a_step_is_taken_without_a_click() {
    let session = automated(vec![curve(
        "gain_db",
        Curve::Hold,
        &[(0, 0.0), (20_000, -40.0), (30_000, 0.0)],
    )]);
    let out = rendered(&session, 40_000);
    assert_eq!(out[19_999], ramp(29_999), "nothing moves before the step");
    let low = Db(-40.0).ratio() as f32;
    assert!((out[20_000 + MOVE] / ramp(30_000 + MOVE as u64) - low).abs() < 1e-6);
    let steps = out.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let largest = steps.fold(0.0, f32::max);
    assert!(largest < 2.0 * 0.4 / MOVE as f32, "a step of {largest}");
}

#[test]
fn curves_are_changed_during_playback_without_a_click() {
    let session = automated(Vec::new());
    let track = session.tracks[0].id;
    let mut off = line("gain_db", &[(0, -6.0)]);
    off.bypass = true;
    let mut mixer = mixer(&session);
    let (mut out, mut now) = (Vec::new(), session);
    for automation in [
        vec![line("gain_db", &[(0, -40.0), (20_000, 0.0)])],
        vec![line("gain_db", &[(0, 0.0), (20_000, -40.0)])],
        vec![line("pan", &[(0, 1.0)])],
        vec![off],
        vec![],
    ] {
        let (mut left, mut right) = (vec![0.0; 4_000], vec![0.0; 4_000]);
        mixer.render(&mut left, &mut right);
        out.extend(left);
        now = edited(&now, vec![on(Some(track), automation)]);
        mixer.update(Arc::new(now.clone())).unwrap();
    }
    let steps = out.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    assert!(
        steps.fold(0.0, f32::max) < 0.002,
        "no step that could be heard"
    );
}

#[test]
fn what_cannot_be_followed_is_refused_with_its_place() {
    let session = with_clips(&[(0, 0, 10)]);
    let track = session.tracks[0].id;
    let gain = || line("gain_db", &[(0, 0.0)]);
    let mut late = line("gain_db", &[(100, 0.0), (50, 0.0)]);
    let cases = [
        (
            Some(track),
            vec![line("width", &[(0, 0.0)])],
            "gain_db, pan",
        ),
        (None, vec![line("pan", &[(0, 0.0)])], "there are gain_db"),
        (
            Some(track),
            vec![line("pan", &[(0, 1.5)])],
            "Track 1.automation[0].points[0].value is 1.5",
        ),
        (Some(track), vec![gain(), gain()], "automated twice"),
        (Some(track), vec![line("gain_db", &[])], "has 0 entries"),
        (
            Some(track),
            vec![late.clone()],
            "before the one ahead of it",
        ),
    ];
    for (track, automation, words) in cases {
        let change = Change {
            edits: vec![on(track, automation)],
            ..Change::default()
        };
        let error = session.apply(&change).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    late.points.swap(0, 1);
    assert!(
        edited(&session, vec![on(Some(track), vec![late])])
            .check()
            .is_ok()
    );
}

#[test]
fn sessions_from_before_there_was_automation_are_read() {
    let session = with_clips(&[(0, 0, 10)]);
    let text = serde_json::to_string(&session).unwrap();
    assert!(
        !text.contains("automation"),
        "nothing is kept where there is none: {text}"
    );
    assert_eq!(serde_json::from_str::<Session>(&text).unwrap(), session);
}

/// The curves of a session: those of its track's level and of the effect on it.
fn both(session: &Session) -> [&Automation; 2] {
    let track = &session.tracks[0];
    [
        &track.automation[0],
        &track.effects.effects[0].automation[0],
    ]
}

fn with_both(moving: &Automation) -> Session {
    let session = automated(vec![moving.clone()]);
    let mut slot = Slot::new(EffectSettings::Gain(Gain::default()));
    slot.automation = vec![moving.clone()];
    let set = Edit::SetEffects {
        track: Some(session.tracks[0].id),
        effects: Chain {
            effects: vec![slot],
        },
    };
    edited(&session, vec![set])
}

#[test]
fn a_cut_takes_curves_along() {
    let moving = line("gain_db", &[(0, 0.0), (750, -10.0), (2_250, -30.0)]);
    let session = with_both(&moving);
    let cut = |from, to| Edit::CutRange {
        from,
        to,
        tracks: Vec::new(),
        ripple: true,
    };
    let after = edited(&session, vec![cut(375, 1_500)]);
    let wanted = line(
        "gain_db",
        &[(0, 0.0), (375, -5.0), (375, -20.0), (1_125, -30.0)],
    );
    assert_eq!(both(&after), [&wanted, &wanted]);
    let behind = edited(&session, vec![cut(4_000, 5_000)]);
    assert_eq!(both(&behind), [&moving, &moving]);
}

#[test]
fn the_first_value_holds_before_a_cut_through_the_first_point() {
    let moving = line("gain_db", &[(750, -10.0), (2_250, -30.0)]);
    let cut = Edit::CutRange {
        from: 375,
        to: 1_500,
        tracks: Vec::new(),
        ripple: true,
    };
    let after = edited(&with_both(&moving), vec![cut]);
    let wanted = line("gain_db", &[(375, -10.0), (375, -20.0), (1_125, -30.0)]);
    assert_eq!(both(&after), [&wanted, &wanted]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_size_of_block_gives_the_same_samples(
        tracks in prop::collection::vec(curves(), 1..4),
        mix in curves(),
        block in 1..700usize,
    ) {
        let plain = session(tracks.len());
        let mut edits = vec![on(None, mix.into_iter().filter(|curve| curve.parameter == "gain_db").collect())];
        for (track, automation) in plain.tracks.iter().zip(tracks) {
            edits.push(Edit::AddClips { clips: vec![clip(track.id, 100, 20_000, 20_000)] });
            edits.push(on(Some(track.id), automation));
        }
        let session = edited(&plain, edits);
        let whole = in_blocks(&session, 21_000, 21_000);
        prop_assert!(in_blocks(&session, 21_000, block) == whole, "blocks of {}", block);
    }

    #[test]
    fn a_seek_gives_the_same_samples(automation in curves(), at in 0..20_000u64) {
        let session = automated(automation);
        let whole = in_blocks(&session, 24_000, 512);
        let mut mixer = mixer(&session);
        mixer.seek(at);
        let (mut left, mut right) = (vec![0.0; 2_000], vec![0.0; 2_000]);
        mixer.render(&mut left, &mut right);
        // Steps before the place are behind it, so the first 10 ms may differ.
        let from = at as usize + MOVE;
        prop_assert_eq!(&left[MOVE..], &whole[0][from..at as usize + 2_000]);
        prop_assert_eq!(&right[MOVE..], &whole[1][from..at as usize + 2_000]);
    }

    #[test]
    fn curves_stay_on_the_sound_when_time_is_cut_or_opened(
        points in prop::collection::btree_map(0..30_000u64, -40.0..6.0f64, 1..8),
        hold in any::<bool>(),
        at in 0..30_000u64,
        length in 1..5_000u64,
    ) {
        let way = if hold { Curve::Hold } else { Curve::Linear };
        let points: Vec<(u64, f64)> = points.into_iter().collect();
        let moving = curve("gain_db", way, &points);
        let session = with_both(&moving);
        let cut = Edit::CutRange { from: at, to: at + length, tracks: Vec::new(), ripple: true };
        let gap = Edit::InsertSilence { at, length, tracks: Vec::new() };
        let (cut, opened) = (edited(&session, vec![cut]), edited(&session, vec![gap]));
        // Between two samples, so that it does not matter on which side of a point a sample lies.
        let value = |curve: &Automation, at: u64| curve.value((at as f64 + 0.5) / RATE);
        for sample in (0..36_000).step_by(500).chain([at, at + length]) {
            let before = value(&moving, sample);
            for curve in both(&cut) {
                let now = match sample {
                    sample if sample < at => value(curve, sample),
                    sample if sample >= at + length => value(curve, sample - length),
                    _ => continue,
                };
                prop_assert!((now - before).abs() < 1e-6, "cut: {} at {}, not {}", now, sample, before);
            }
            for curve in both(&opened) {
                let now = value(curve, if sample < at { sample } else { sample + length });
                prop_assert!((now - before).abs() < 1e-6, "opened: {} at {}, not {}", now, sample, before);
            }
        }
    }
}
