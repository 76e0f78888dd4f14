//! Chains that change while they run.

use serde_json::json;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, Change, Impulses, RunningChain, Tail};
use studio_testkit::heap_calls;

use crate::{RATE, audio, chain, db, noise, only, render, rms, sine};

const LIMITER: &str = r#"{"limiter": {"lookahead_ms": 3}}"#;

fn running(chain: &Chain, channels: usize) -> RunningChain {
    RunningChain::new(chain, SampleRate::HZ_48000, channels, &Impulses::new()).unwrap()
}

/// Plays a sound through a running chain, from wherever it is asked to begin.
struct Play<'a> {
    sound: &'a Audio,
    asked: usize,
}

impl<'a> Play<'a> {
    fn new(sound: &'a Audio) -> Play<'a> {
        Play { sound, asked: 0 }
    }

    /// The next samples of every channel.
    fn next(&mut self, running: &mut RunningChain, frames: usize) -> Vec<Vec<f32>> {
        let mut out = vec![vec![9.0; frames]; self.sound.channel_count()];
        let mut parts: Vec<&mut [f32]> = out.iter_mut().map(Vec::as_mut_slice).collect();
        running.render(&mut parts, |block| self.give(block));
        out
    }

    fn give(&mut self, block: &mut [&mut [f32]]) {
        let frames = block[0].len();
        for (to, from) in block.iter_mut().zip(&self.sound.channels) {
            let from = &from[self.asked.min(from.len())..];
            let count = frames.min(from.len());
            to[..count].copy_from_slice(&from[..count]);
        }
        self.asked += frames;
    }
}

/// The largest change of slope between samples: what a click is.
fn sharpest(samples: &[f32]) -> f32 {
    let bends = samples.windows(3).map(|x| (x[2] - 2.0 * x[1] + x[0]).abs());
    bends.fold(0.0, f32::max)
}

#[test]
fn what_is_heard_is_what_is_rendered() {
    let sound = noise(0.5, 20_000);
    let chain = chain(&[
        r#"{"equalizer": {"bands": [{"gain_db": 6}]}}"#,
        r#"{"noise_reduction": {}}"#,
        r#"{"delay": {}}"#,
        LIMITER,
    ]);
    let whole = chain.render(&sound, Tail::Kept, &Impulses::new()).unwrap();
    for block in [1, 63, 441, 512, 5000] {
        let mut running = running(&chain, 2);
        let mut play = Play::new(&sound);
        for at in (0..whole.frames()).step_by(block) {
            let frames = block.min(whole.frames() - at);
            let heard = play.next(&mut running, frames);
            for (heard, whole) in heard.iter().zip(&whole.channels) {
                assert!(heard[..] == whole[at..at + frames], "{block} at {at}");
            }
        }
    }
}

#[test]
fn knobs_are_turned_where_they_can_be() {
    let check = |before: &str, after: &str, keeps: bool| {
        let slot = |slot: &str| -> Chain {
            serde_json::from_value(json!({ "effects": [
                serde_json::from_str::<serde_json::Value>(slot).unwrap(),
            ] }))
            .unwrap()
        };
        let found = slot(before).turns_into(&slot(after));
        assert_eq!(found, keeps, "{before} to {after}");
    };
    let gain = r#"{"effect": {"gain": {}}}"#;
    check(gain, r#"{"effect": {"gain": {"gain_db": -3}}}"#, true);
    check(gain, r#"{"effect": {"gain": {}}, "wet": 0.5}"#, true);
    check(gain, r#"{"effect": {"gain": {}}, "bypass": true}"#, true);
    let moving = r#"{"effect": {"gain": {}}, "automation": [
        {"parameter": "gain_db", "points": [{"at_secs": 0, "value": -6}]}]}"#;
    check(gain, moving, true);
    check(moving, gain, true);
    check(
        gain,
        r#"{"effect": {"gain": {"polarity": "inverted"}}}"#,
        false,
    );
    check(gain, r#"{"effect": {"width": {}}}"#, false);
    let compressor = r#"{"effect": {"compressor": {}}}"#;
    check(
        compressor,
        r#"{"effect": {"compressor": {"ratio": 9}}}"#,
        true,
    );
    let late = r#"{"effect": {"compressor": {"lookahead_ms": 4}}}"#;
    check(compressor, late, false);
    let band = r#"{"effect": {"equalizer": {"bands": [{}]}}}"#;
    let other = r#"{"effect": {"equalizer": {"bands": [{"q": 3, "gain_db": 2}]}}}"#;
    check(band, other, true);
    check(
        band,
        r#"{"effect": {"equalizer": {"bands": [{}, {}]}}}"#,
        false,
    );
    check(
        band,
        r#"{"effect": {"equalizer": {"bands": [{"shape": "notch"}]}}}"#,
        false,
    );
    let two = chain(&[r#"{"gain": {}}"#, LIMITER]);
    assert!(
        !two.turns_into(&chain(&[LIMITER, r#"{"gain": {}}"#])),
        "another order"
    );
    assert!(!two.turns_into(&chain(&[r#"{"gain": {}}"#])), "one less");
}

#[test]
fn a_turned_knob_leaves_the_echo_of_before() {
    let mut sound = audio(vec![vec![0.0; 48_000]]);
    sound.channels[0][100] = 1.0;
    let echo = |feedback: f64| only(&format!(r#"{{"delay": {{"feedback": {feedback}}}}}"#));
    let mut running = running(&echo(0.5), 1);
    let mut play = Play::new(&sound);
    play.next(&mut running, 1000);
    assert!(running.update(&echo(0.6), &Impulses::new()).unwrap());
    assert_eq!(*running.chain(), echo(0.6));
    let after = play.next(&mut running, 47_000);
    assert!(after[0].iter().any(|x| x.abs() > 0.1), "the echo is gone");

    let automated: Chain = serde_json::from_value(json!({ "effects": [{
        "effect": { "gain": {} },
        "automation": [{ "parameter": "gain_db", "curve": "hold", "points": [
            { "at_secs": 0, "value": 0 }, { "at_secs": 0.5, "value": -20 },
        ] }],
    }] }))
    .unwrap();
    let ones = audio(vec![vec![1.0; 48_000]]);
    let mut running = self::running(&only(r#"{"gain": {}}"#), 1);
    let mut play = Play::new(&ones);
    play.next(&mut running, 10_000);
    assert!(running.update(&automated, &Impulses::new()).unwrap());
    let heard = play.next(&mut running, 30_000);
    assert_eq!(heard[0][12_000], 1.0);
    assert!(
        (heard[0][20_000] - 0.1).abs() < 1e-4,
        "{}",
        heard[0][20_000]
    );
}

#[test]
fn a_new_chain_comes_in_without_a_click_and_in_time() {
    // At rest all of these are a wait, each another: the sound goes on as if nothing had happened.
    let sound = sine(200.0, 0.3, 48_000);
    let rests = [
        chain(&[]),
        chain(&[LIMITER]),
        chain(&[
            r#"{"compressor": {"threshold_db": 0, "lookahead_ms": 20}}"#,
            LIMITER,
        ]),
        chain(&[r#"{"gate": {"threshold_db": -100, "ratio": 1, "lookahead_ms": 1}}"#]),
        chain(&[]),
    ];
    let mut running = running(&rests[0], 1);
    let mut play = Play::new(&sound);
    let mut heard = play.next(&mut running, 5003).remove(0);
    for rest in &rests[1..] {
        assert!(!running.update(rest, &Impulses::new()).unwrap());
        heard.extend(play.next(&mut running, 9001).remove(0));
    }
    for (n, (heard, sound)) in heard.iter().zip(&sound.channels[0]).enumerate() {
        assert!(
            (heard - sound).abs() < 1e-6,
            "sample {n}: {heard}, not {sound}"
        );
    }

    // A chain that is 12 dB quieter, and upside down.
    let quiet = chain(&[
        r#"{"gain": {"gain_db": -12, "polarity": "inverted"}}"#,
        LIMITER,
    ]);
    assert!(!running.update(&quiet, &Impulses::new()).unwrap());
    play.asked = 0;
    running.seek(0);
    running.update(&rests[0], &Impulses::new()).unwrap();
    play.next(&mut running, 1000);
    running.update(&quiet, &Impulses::new()).unwrap();
    let heard = play.next(&mut running, 20_000).remove(0);
    let (natural, found) = (sharpest(&sound.channels[0]), sharpest(&heard));
    assert!(
        found < 1.5 * natural,
        "a bend of {found}, {natural} in the sound"
    );
    let end = render(&quiet, &sound).channels.remove(0);
    assert!(
        heard[10_000..] == end[11_000..21_000],
        "the new chain alone"
    );
}

#[test]
fn bypass_compares_at_the_same_time() {
    let sound = sine(300.0, 0.3, 48_000);
    let mut running = running(&chain(&[r#"{"gain": {"gain_db": -20}}"#, LIMITER]), 1);
    let mut play = Play::new(&sound);
    let mut heard = play.next(&mut running, 2000).remove(0);
    running.bypass(true);
    heard.extend(play.next(&mut running, 4000).remove(0));
    assert!(
        heard[3000..6000] == sound.channels[0][3000..6000],
        "what came in"
    );
    running.bypass(false);
    heard.extend(play.next(&mut running, 4000).remove(0));
    let wet = render(running.chain(), &sound).channels.remove(0);
    assert!(heard[..2000] == wet[..2000] && heard[7000..] == wet[7000..10_000]);
    assert!(sharpest(&heard) < 1.5 * sharpest(&sound.channels[0]));
}

#[test]
fn a_new_room_sounds_as_if_it_had_been_there() {
    let sound = noise(0.3, 96_000);
    let room = only(r#"{"reverb": {"decay_secs": 0.4}}"#);
    let mut running = running(&chain(&[]), 2);
    let mut play = Play::new(&sound);
    play.next(&mut running, 48_000);
    running.update(&room, &Impulses::new()).unwrap();
    // It has caught up after a third of what it hears first.
    play.next(&mut running, 12_000);
    let heard = play.next(&mut running, 4800);
    let whole = render(&room, &sound);
    let level = db(rms(&heard[0]) / rms(&whole.channels[0][60_000..64_800]));
    assert!(level.abs() < 1.0, "{level} dB");
}

#[test]
fn of_quick_changes_the_last_stays() {
    let sound = noise(0.3, 96_000);
    let last = chain(&[LIMITER, r#"{"gain": {"gain_db": -9}}"#]);
    let mut running = running(&chain(&[]), 2);
    let mut play = Play::new(&sound);
    play.next(&mut running, 1000);
    for change in [
        &chain(&[LIMITER]),
        &chain(&[r#"{"width": {}}"#]),
        &last,
        &chain(&[LIMITER]),
        &last,
    ] {
        running.update(change, &Impulses::new()).unwrap();
        play.next(&mut running, 700);
    }
    play.next(&mut running, 40_000);
    let heard = play.next(&mut running, 1000);
    let whole = render(&last, &sound);
    assert!(heard[0][..] == whole.channels[0][44_500..45_500]);

    // Turned before it is heard.
    let quieter = chain(&[r#"{"gain": {"gain_db": -30}}"#, LIMITER]);
    let louder = chain(&[r#"{"gain": {"gain_db": -9}}"#, LIMITER]);
    assert!(!running.update(&quieter, &Impulses::new()).unwrap());
    assert!(running.update(&louder, &Impulses::new()).unwrap());
    play.next(&mut running, 40_000);
    let heard = play.next(&mut running, 1000);
    let whole = render(&louder, &sound);
    for (heard, whole) in heard[0].iter().zip(&whole.channels[0][85_500..]) {
        assert!((heard - whole).abs() < 1e-6);
    }
}

#[test]
fn before_anything_is_heard_a_change_is_there_at_once() {
    let sound = noise(0.3, 10_000);
    let late = chain(&[LIMITER]);
    let quiet = chain(&[LIMITER, r#"{"gain": {"gain_db": -9}}"#]);
    let whole = render(&quiet, &sound);
    let mut running = running(&late, 2);
    running.update(&quiet, &Impulses::new()).unwrap();
    let mut play = Play::new(&sound);
    assert!(play.next(&mut running, 3000)[0][..] == whole.channels[0][..3000]);
    running.update(&late, &Impulses::new()).unwrap();
    play.next(&mut running, 100);
    running.seek(5000);
    play.asked = 5000;
    assert!(play.next(&mut running, 2000)[1][..] == sound.channels[1][5000..7000]);
}

#[test]
fn automation_knows_where_the_sound_was_sought() {
    let held: Chain = serde_json::from_value(json!({ "effects": [
        { "effect": { "limiter": {} } },
        { "effect": { "gain": {} }, "automation": [{ "parameter": "gain_db", "curve": "hold", "points": [
            { "at_secs": 0, "value": 0 }, { "at_secs": 0.5, "value": -20 },
        ] }] },
    ] }))
    .unwrap();
    let sound = audio(vec![vec![0.5; 48_000]]);
    let mut running = running(&held, 1);
    let mut play = Play::new(&sound);
    play.next(&mut running, 100);
    running.seek(30_001);
    play.asked = 30_001;
    let heard = play.next(&mut running, 1000).remove(0);
    assert!(
        heard.iter().all(|x| (x - 0.05).abs() < 1e-6),
        "{}",
        heard[0]
    );
}

#[test]
fn nothing_is_allocated_while_a_running_chain_renders() {
    let sound = noise(0.3, 96_000);
    let mut running = running(&chain(&[LIMITER]), 2);
    let mut out = vec![vec![0.0; 1000]; 2];
    let mut play = Play::new(&sound);
    let mut calls = 0;
    let afters = [
        chain(&[r#"{"noise_reduction": {}}"#]),
        chain(&[]),
        chain(&[r#"{"delay": {}}"#]),
    ];
    for (turn, after) in afters.iter().enumerate() {
        let change = Change::prepare(
            running.chain(),
            after,
            SampleRate::new(RATE).unwrap(),
            2,
            &Impulses::new(),
        );
        running.apply(change.unwrap());
        let [left, right] = &mut out[..] else {
            unreachable!()
        };
        calls += heap_calls(|| {
            for _ in 0..24 {
                running.render(&mut [left, right], |block| play.give(block));
            }
            running.bypass(turn == 0);
        });
    }
    assert_eq!(calls, 0);
}
