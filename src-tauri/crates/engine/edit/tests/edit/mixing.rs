//! What a session sounds like.

use std::sync::Arc;

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{
    Chain, Convolution, Delay, EffectSettings, FadeShape, Gain, Reverb, Slot, TruePeakLimiter,
};
use studio_edit::{Edit, Fade, Mixer, Session, Sound, Sources};

use super::{clip, edited, places, session, with_clips};

/// Every source rises by 1/100,000 in each sample, on both sides.
struct Ramps;

impl Sources for Ramps {
    fn open(&mut self, source: &str) -> Option<Box<dyn Sound>> {
        (source == "ramp").then(|| Box::new(Ramp) as Box<dyn Sound>)
    }
}

struct Ramp;

impl Sound for Ramp {
    fn read(&mut self, from: u64, left: &mut [f32], right: &mut [f32]) {
        for (n, (left, right)) in left.iter_mut().zip(right).enumerate() {
            (*left, *right) = (ramp(from + n as u64), ramp(from + n as u64));
        }
    }
}

pub(super) fn ramp(at: u64) -> f32 {
    at as f32 / 100_000.0
}

pub(super) fn mixer(session: &Session) -> Mixer {
    Mixer::new(Arc::new(session.clone()), Box::new(Ramps)).unwrap()
}

/// The left side from the start on.
pub(super) fn rendered(session: &Session, frames: usize) -> Vec<f32> {
    let [left, _] = in_blocks(session, frames, frames);
    left
}

/// Both sides from the start on, rendered in blocks of a size.
pub(super) fn in_blocks(session: &Session, frames: usize, block: usize) -> [Vec<f32>; 2] {
    let (mut left, mut right) = (vec![0.0; frames], vec![0.0; frames]);
    let mut mixer = mixer(session);
    for (left, right) in left.chunks_mut(block).zip(right.chunks_mut(block)) {
        mixer.render(left, right);
    }
    [left, right]
}

fn chain(effects: Vec<EffectSettings>) -> Chain {
    Chain {
        effects: effects.into_iter().map(Slot::new).collect(),
    }
}

/// Two tracks with effects of all kinds of latency, panned, over each other, through a limiter.
fn busy() -> Session {
    let session = session(2);
    let (top, below) = (session.tracks[0].id, session.tracks[1].id);
    let clips = vec![
        clip(top, 0, 0, 9_000),
        clip(top, 7_000, 20_000, 9_000),
        clip(below, 3_000, 50_000, 12_000),
    ];
    let limiter = || EffectSettings::TruePeakLimiter(TruePeakLimiter::default());
    let effects = |track, effects| Edit::SetEffects {
        track,
        effects: chain(effects),
    };
    edited(
        &session,
        vec![
            Edit::AddClips { clips },
            effects(
                Some(top),
                vec![limiter(), EffectSettings::Reverb(Reverb::default())],
            ),
            effects(Some(below), vec![EffectSettings::Delay(Delay::default())]),
            effects(None, vec![limiter()]),
            Edit::SetTrack {
                track: below,
                name: None,
                gain_db: Some(-4.0),
                pan: Some(0.5),
                muted: None,
                soloed: None,
            },
        ],
    )
}

#[test]
fn clips_are_heard_where_they_lie_sample_for_sample() {
    let session = with_clips(&[(10, 500, 20), (40, 7, 5)]);
    let out = rendered(&session, 60);
    for (n, x) in out.iter().enumerate() {
        let wanted = match n as u64 {
            at @ 10..30 => ramp(at - 10 + 500),
            at @ 40..45 => ramp(at - 40 + 7),
            _ => 0.0,
        };
        assert_eq!(*x, wanted, "sample {n}");
    }
}

#[test]
fn any_size_of_block_gives_the_same_samples() {
    let session = busy();
    let total = 24_000;
    let whole = in_blocks(&session, total, total);
    assert!(whole[0].iter().any(|x| x.abs() > 0.1));
    for block in [1, 7, 64, 511, 513, 4_096] {
        assert!(
            in_blocks(&session, total, block) == whole,
            "blocks of {block}"
        );
    }
}

#[test]
fn effects_that_are_late_do_not_move_the_sound() {
    let session = with_clips(&[(1_000, 10_000, 100)]);
    let late = |track| Edit::SetEffects {
        track,
        effects: chain(vec![EffectSettings::TruePeakLimiter(TruePeakLimiter {
            ceiling_db: 0.0,
            ..TruePeakLimiter::default()
        })]),
    };
    let track = session.tracks[0].id;
    let through = edited(&session, vec![late(Some(track)), late(None)]);
    let (dry, wet) = (rendered(&session, 1_200), rendered(&through, 1_200));
    for (n, (dry, wet)) in dry.iter().zip(&wet).enumerate() {
        assert!((dry - wet).abs() < 1e-3, "sample {n}: {dry} became {wet}");
    }
}

#[test]
fn a_seek_plays_what_is_there() {
    let session = with_clips(&[(0, 0, 50_000)]);
    let whole = rendered(&session, 50_000);
    let mut mixer = mixer(&session);
    for at in [30_001, 7, 49_000] {
        mixer.seek(at);
        let (mut left, mut right) = (vec![0.0; 600], vec![0.0; 600]);
        mixer.render(&mut left, &mut right);
        assert_eq!(left, whole[at as usize..at as usize + 600], "from {at}");
    }
}

#[test]
fn neighbours_that_overlap_cross_fade_at_equal_power() {
    let session = with_clips(&[(0, 50_000, 1_000), (600, 50_000, 1_000)]);
    let out = rendered(&session, 1_600);
    assert_eq!(out[599], ramp(50_599));
    assert_eq!(out[1_000], ramp(50_400));
    // In the middle both are at −3 dB, and alike: they add up to √2.
    let middle = out[800] / (0.5 * (ramp(50_800) + ramp(50_200)));
    assert!((middle - std::f32::consts::SQRT_2).abs() < 1e-3, "{middle}");
    // A clip within another is mixed with it.
    let within = rendered(
        &with_clips(&[(0, 50_000, 1_000), (300, 10_000, 100)]),
        1_000,
    );
    assert!((within[350] - ramp(50_350) - ramp(10_050)).abs() < 1e-6);
}

#[test]
fn a_fade_of_ones_own_keeps_its_shape() {
    let session = with_clips(&[(0, 0, 1_000)]);
    let id = session.tracks[0].clips[0].id;
    let fade = Edit::SetClip {
        clip: id,
        name: None,
        gain_db: None,
        fade_in: None,
        fade_out: Some(Fade {
            length: 100,
            shape: FadeShape::Linear,
        }),
        envelope: None,
        muted: None,
    };
    let out = rendered(&edited(&session, vec![fade]), 1_000);
    assert_eq!(out[899], ramp(899));
    assert!((out[949] / ramp(949) - 0.505).abs() < 1e-4);
    assert!((out[999] / ramp(999) - 0.005).abs() < 1e-4);
}

#[test]
fn solo_and_mute_decide_who_is_heard() {
    let session = session(3);
    let ids: Vec<_> = session.tracks.iter().map(|track| track.id).collect();
    let clips = ids.iter().map(|&id| clip(id, 0, 50_000, 10)).collect();
    let session = edited(&session, vec![Edit::AddClips { clips }]);
    let heard = |muted: &[usize], soloed: &[usize]| {
        let set = |at: usize| Edit::SetTrack {
            track: ids[at],
            name: None,
            gain_db: None,
            pan: None,
            muted: Some(muted.contains(&at)),
            soloed: Some(soloed.contains(&at)),
        };
        let out = rendered(&edited(&session, (0..3).map(set).collect()), 1);
        (out[0] / ramp(50_000)).round() as i32
    };
    assert_eq!(heard(&[], &[]), 3);
    assert_eq!(heard(&[0], &[]), 2);
    assert_eq!(heard(&[], &[1]), 1);
    assert_eq!(heard(&[1], &[1, 2]), 1);
}

#[test]
fn an_edit_during_playback_makes_no_click() {
    let session = with_clips(&[(0, 50_000, 40_000)]);
    let track = session.tracks[0].id;
    let level = |gain_db| Edit::SetTrack {
        track,
        name: None,
        gain_db: Some(gain_db),
        pan: None,
        muted: None,
        soloed: None,
    };
    let gain = |gain_db| Edit::SetEffects {
        track: Some(track),
        effects: chain(vec![EffectSettings::Gain(Gain {
            gain_db,
            ..Gain::default()
        })]),
    };
    let mut mixer = mixer(&session);
    let mut out = Vec::new();
    let mut now = session;
    for edit in [level(-20.0), gain(3.0), gain(-6.0), level(0.0)] {
        let (mut left, mut right) = (vec![0.0; 6_000], vec![0.0; 6_000]);
        mixer.render(&mut left, &mut right);
        out.extend(left);
        now = edited(&now, vec![edit]);
        mixer.update(Arc::new(now.clone())).unwrap();
    }
    let step = out.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    assert!(
        step.fold(0.0, f32::max) < 0.01,
        "no step that could be heard"
    );
}

#[test]
fn levels_are_told_as_they_are_heard() {
    let session = with_clips(&[(2_000, 90_000, 1_000)]);
    let mut mixer = mixer(&session);
    let (mut left, mut right) = (vec![0.0; 4_096], vec![0.0; 4_096]);
    mixer.render(&mut left, &mut right);
    let before = mixer.take_levels(1_000).unwrap();
    assert_eq!(before.mix, [0.0, 0.0]);
    let after = mixer.take_levels(3_500).unwrap();
    assert!((after.mix[0] - ramp(90_999)).abs() < 1e-6);
    assert_eq!(after.tracks[0].1, after.mix);
}

#[test]
fn a_source_that_is_gone_is_silent_and_the_others_play() {
    let mut session = session(1);
    let track = session.tracks[0].id;
    session
        .sources
        .insert("gone".to_owned(), session.sources["ramp"]);
    let mut gone = clip(track, 0, 0, 100);
    gone.source = "gone".to_owned();
    let edits = Edit::AddClips {
        clips: vec![gone, clip(track, 200, 5, 10)],
    };
    let session = edited(&session, vec![edits]);
    assert_eq!(places(&session, 0).len(), 2);
    let out = rendered(&session, 300);
    assert!(out[..200].iter().all(|x| *x == 0.0));
    assert_eq!(out[200], ramp(5));
}

/// Ramps, with the impulse response `two`: the sound, and as much again two samples later.
struct Echoing;

impl Sources for Echoing {
    fn open(&mut self, source: &str) -> Option<Box<dyn Sound>> {
        Ramps.open(source)
    }

    fn impulse(&mut self, name: &str) -> Option<Arc<Audio>> {
        (name == "two").then(|| {
            Arc::new(Audio {
                rate: SampleRate::HZ_48000,
                channels: vec![vec![1.0, 0.0, 1.0]],
            })
        })
    }
}

#[test]
fn a_convolution_takes_the_response_that_the_sources_give() {
    let session = with_clips(&[(0, 1_000, 4_000)]);
    let track = session.tracks[0].id;
    let dry = rendered(&session, 4_000);
    let place = |impulse: &str| {
        let effects = Chain {
            effects: vec![Slot {
                wet: Some(1.0),
                ..Slot::new(EffectSettings::Convolution(Convolution {
                    impulse: impulse.to_owned(),
                    ..Convolution::default()
                }))
            }],
        };
        let edit = |track| Edit::SetEffects {
            track,
            effects: effects.clone(),
        };
        [edit(Some(track)), edit(None)].map(|edit| Arc::new(edited(&session, vec![edit])))
    };
    let sound = |mixer: &mut Mixer| {
        let (mut left, mut right) = (vec![0.0; 4_000], vec![0.0; 4_000]);
        mixer.seek(0);
        mixer.render(&mut left, &mut right);
        left
    };
    for (with, without) in place("two").into_iter().zip(place("gone")) {
        let mut mixer = Mixer::new(with.clone(), Box::new(Echoing)).unwrap();
        let wet = sound(&mut mixer);
        // The response has unit energy.
        let share = std::f32::consts::FRAC_1_SQRT_2;
        for n in 2..4_000 {
            let wanted = share * (dry[n] + dry[n - 2]);
            assert!((wet[n] - wanted).abs() < 1e-4, "sample {n}");
        }
        // Without its response it lets the sound pass, until there is one again.
        mixer.update(without).unwrap();
        assert_eq!(sound(&mut mixer), dry);
        mixer.update(with).unwrap();
        let again = sound(&mut mixer);
        let differs = again.iter().zip(&wet).any(|(a, b)| (a - b).abs() > 1e-6);
        assert!(!differs, "the response is found on the way, too");
    }
}
