//! What is composed, judged as a listener or a MIDI player would: by the events alone.

#![allow(clippy::unwrap_used)] // Clippy does not see that helpers of tests are tests.

mod statistics;

use midly::{MetaMessage, MidiMessage, Smf, TrackEventKind};
use studio_ambient::form::{Composer, Direction, Event, STEP_TICKS, Step};
use studio_ambient::{Cue, Key, Layer, Mode, Params, Preset, midi};
use studio_core::units::SampleRate;

const RATE: SampleRate = SampleRate::HZ_48000;

fn params(key: &str, mode: Mode, bpm: f32, intensity: f32) -> Params {
    Params::new(key.parse().unwrap(), mode, bpm, intensity).unwrap()
}

/// Composes `steps` half bars and looks at each.
fn compose(seed: u64, params: &Params, steps: u32, mut look: impl FnMut(&Step)) {
    let mut composer = Composer::new(seed, params);
    let mut step = Step::new(params);
    for _ in 0..steps {
        composer.step(params, Direction::Continue, &mut step);
        look(&step);
    }
}

fn events(seed: u64, params: &Params, steps: u32) -> Vec<Event> {
    let mut events = Vec::new();
    compose(seed, params, steps, |step| {
        events.extend_from_slice(&step.events)
    });
    events
}

#[test]
fn every_note_of_an_hour_lies_in_the_mode() {
    for (seed, mode) in Mode::ALL.into_iter().enumerate() {
        let params = params("F#", mode, 60.0, 0.2 + 0.15 * seed as f32);
        let scale = params.scale();
        let events = events(seed as u64, &params, 1800);
        for event in &events {
            assert!(
                event.layer == Layer::Percussion || scale.contains(event.pitch),
                "{event:?} is not in F# {mode:?}"
            );
            assert!((20..=100).contains(&event.velocity), "{event:?}");
        }
        for layer in Layer::ALL {
            assert!(
                events.iter().any(|event| event.layer == layer),
                "{layer:?} never plays"
            );
        }
    }
}

#[test]
fn events_lie_in_their_step_and_in_order() {
    compose(9, &Preset::Bright.params(Key::G), 2000, |step| {
        let begin = step.index * STEP_TICKS;
        assert!(
            step.events
                .iter()
                .all(|event| (begin..begin + STEP_TICKS).contains(&event.at.0))
        );
        assert!(step.events.windows(2).all(|pair| pair[0].at <= pair[1].at));
        assert!(
            step.events.len() <= 50,
            "more events than memory was made for"
        );
    });
}

#[test]
fn the_dominant_never_falls_to_the_tonic_in_an_hour_of_many_seeds() {
    for seed in 0..12 {
        let params = params(
            "C",
            Mode::ALL[seed as usize % 6],
            60.0,
            0.1 * seed as f32 % 1.0,
        );
        let mut before = None;
        compose(seed, &params, 1800, |step| {
            if let Some(before) = before
                && before != step.chord
            {
                let cadence =
                    studio_ambient::theory::Chord::root(before) == 7 && step.chord.root() == 0;
                assert!(!cadence, "{before} → {} with seed {seed}", step.chord);
            }
            before = Some(step.chord);
        });
    }
}

#[test]
fn the_announced_chord_comes() {
    let params = Preset::Focus.params(Key::C);
    let mut announced = None;
    let mut before = None;
    let mut changes = 0;
    compose(4, &params, 600, |step| {
        if before.is_some_and(|before| before != step.chord) {
            assert_eq!(announced, Some(step.chord));
            changes += 1;
        }
        (before, announced) = (Some(step.chord), Some(step.next_chord));
    });
    assert!(changes > 30);
}

#[test]
fn seeds_differ_and_repeat() {
    let params = Preset::Meditation.params(Key::E);
    assert_eq!(events(1, &params, 400), events(1, &params, 400));
    assert_ne!(events(1, &params, 400), events(2, &params, 400));
}

#[test]
fn intensity_brings_notes() {
    let count = |intensity| {
        let events = events(5, &params("C", Mode::Dorian, 60.0, intensity), 1800);
        events
            .iter()
            .filter(|event| matches!(event.layer, Layer::Bell | Layer::Pluck))
            .count()
    };
    let (still, middle, full) = (count(0.0), count(0.5), count(1.0));
    assert!(
        still > 300 && still * 3 / 2 < middle && middle * 3 / 2 < full,
        "{still} {middle} {full}"
    );
}

#[test]
fn a_midi_file_holds_what_was_composed() {
    let params = params("D", Mode::Lydian, 75.0, 0.7);
    // 100 half bars at 75 BPM last 160 s.
    let bytes = midi::export(7, params, RATE.samples_from_secs(160.0), RATE).unwrap();
    let smf = Smf::parse(&bytes).unwrap();
    let composed = events(7, &params, 100);
    assert_eq!(smf.tracks.len(), 7);
    let mut tempos = smf.tracks[0].iter().filter_map(|event| match event.kind {
        TrackEventKind::Meta(MetaMessage::Tempo(micros)) => Some(micros.as_int()),
        _ => None,
    });
    assert_eq!((tempos.next(), tempos.next()), (Some(800_000), None));
    let layers = [
        Layer::Pad,
        Layer::Bell,
        Layer::Pluck,
        Layer::Drone,
        Layer::Piano,
        Layer::Percussion,
    ];
    for (track, layer) in smf.tracks[1..].iter().zip(layers) {
        let mut at = 0;
        let (mut found, mut sounding) = (Vec::new(), 0);
        for event in track {
            at += u64::from(event.delta.as_int());
            if let TrackEventKind::Midi { message, .. } = event.kind {
                match message {
                    MidiMessage::NoteOn { key, vel } => {
                        found.push((at, key.as_int(), vel.as_int()));
                        sounding += 1;
                    }
                    MidiMessage::NoteOff { .. } => sounding -= 1,
                    _ => {}
                }
            }
        }
        let mut wanted: Vec<_> = composed
            .iter()
            .filter(|event| event.layer == layer)
            .map(|event| (event.at.0, event.pitch, event.velocity))
            .collect();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{layer:?}");
        assert_eq!(sounding, 0, "{layer:?}: every note ends");
        assert_eq!(
            at,
            100 * STEP_TICKS,
            "{layer:?}: the track lasts as long as the music"
        );
    }
}

#[test]
fn a_score_as_midi_changes_its_tempo_at_the_cues() {
    let cues = [
        Cue {
            at_sample: 0,
            params: params("C", Mode::Aeolian, 50.0, 0.3),
        },
        Cue {
            at_sample: RATE.samples_from_secs(20.0),
            params: params("C", Mode::Lydian, 80.0, 0.8),
        },
    ];
    let bytes = midi::export_score(1, &cues, RATE.samples_from_secs(45.0), RATE).unwrap();
    let smf = Smf::parse(&bytes).unwrap();
    let tempos = smf.tracks[0]
        .iter()
        .filter(|event| matches!(event.kind, TrackEventKind::Meta(MetaMessage::Tempo(_))))
        .count();
    assert!(tempos >= 2, "{tempos}");
    assert!(midi::export_score(1, &[], 100, RATE).is_err());
    assert!(
        Smf::parse(&midi::export(1, cues[0].params, 0, RATE).unwrap()).is_ok(),
        "no music is a valid file"
    );
}

#[test]
fn params_are_checked_when_they_are_read() {
    let read = |text: &str| serde_json::from_str::<Params>(text);
    let good = r#"{"key":"C#","mode":"phrygian","bpm":72.5,"intensity":0.25}"#;
    let params = read(good).unwrap();
    assert_eq!(serde_json::to_string(&params).unwrap(), good);
    for bad in [
        r#"{"key":"H","mode":"phrygian","bpm":72,"intensity":0.2}"#,
        r#"{"key":"C","mode":"locrian","bpm":72,"intensity":0.2}"#,
        r#"{"key":"C","mode":"dorian","bpm":39,"intensity":0.2}"#,
        r#"{"key":"C","mode":"dorian","bpm":72,"intensity":1.2}"#,
        r#"{"key":"C","mode":"dorian","bpm":72,"intensity":0.2,"volume":1}"#,
        r#"{"key":"C","mode":"dorian","bpm":72}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
