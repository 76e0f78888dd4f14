//! Hours of composition for a hundred seeds, judged by `measure`; and the measures themselves, judged by music that is
//! bad on purpose. `cargo run --release --example statistics` prints every figure.

use studio_ambient::form::Ticks;
use studio_ambient::measure::{Part, Piece, Placed, Report, Tempo, Tone, measure};
use studio_ambient::theory::{Chord, Colour, Scale};
use studio_ambient::{Key, Mode, Params, Preset, midi};

use super::RATE;

/// Presets, modes, keys, tempos and intensities all take their turn.
fn params_of(seed: u64) -> Params {
    const KEYS: [&str; 12] = [
        "C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F",
    ];
    let key = KEYS[(seed % 12) as usize].parse().unwrap();
    if seed.is_multiple_of(2) {
        return Preset::ALL[(seed / 2 % 4) as usize].params(key);
    }
    let mode = Mode::ALL[(seed / 2 % 6) as usize];
    let intensity = (seed / 2 * 7 % 11) as f32 / 10.0;
    Params::new(key, mode, 40.0 + (seed % 51) as f32, intensity).unwrap()
}

fn within(what: &str, found: f64, low: f64, high: f64, seed: u64) {
    assert!(
        (low..=high).contains(&found),
        "{what} is {found:.3}, not within {low} and {high}, for seed {seed}"
    );
}

#[test]
fn an_hour_of_a_hundred_seeds_keeps_every_rule() {
    let (mut clear, mut windows, mut degrees) = (0.0, 0, [0.0; 7]);
    for seed in 0..100 {
        let report = measure(&Piece::composed(seed, &params_of(seed), 3600.0));
        assert_eq!(report.cadences, 0, "V–I with seed {seed}");
        assert_eq!(report.repeated_bars, 0, "a bar came again with seed {seed}");
        assert_eq!(
            report.consistency,
            Some(1.0),
            "a note left its scale with seed {seed}"
        );
        let melody = report.melody.unwrap();
        within("chord tones", melody.chord_tones, 0.65, 0.75, seed);
        within("scale tones", melody.scale_tones, 0.20, 0.30, seed);
        within("passing tones", melody.passing_tones, 0.0, 0.10, seed);
        within("kept rules", melody.within_constraints, 0.95, 1.0, seed);
        let voices = report.voice_leading.unwrap();
        assert_eq!(voices.parallels, 0, "parallels with seed {seed}");
        within("motion of a voice", voices.mean, 0.5, 2.0, seed);
        assert!(
            voices.widest <= 5,
            "a voice leapt by {} with seed {seed}",
            voices.widest
        );
        let key = report.key_clarity.unwrap();
        within("windows of clear key", key.clear, 0.80, 1.0, seed);
        clear += key.clear * key.windows as f64;
        windows += key.windows;
        for (sum, share) in degrees.iter_mut().zip(report.degrees) {
            *sum += share;
        }
        within("roughness", report.roughness.unwrap().mean, 0.5, 1.3, seed);
    }
    let clear = clear / windows as f64;
    assert!(
        clear >= 0.95,
        "the key is clear in {clear:.3} of {windows} minutes"
    );
    // Home most of all; every other degree now and then, the fifth seldom.
    let [home, others @ ..] = degrees;
    assert!((30.0..50.0).contains(&home), "{degrees:.1?}");
    assert!(
        others.iter().all(|share| (1.0..20.0).contains(share)),
        "{degrees:.1?}"
    );
}

#[test]
fn a_midi_file_is_judged_as_what_was_composed() {
    let params = Preset::Focus.params(Key::D);
    let composed = measure(&Piece::composed(5, &params, 600.0));
    let bytes = midi::export(5, params, RATE.samples_from_secs(600.0), RATE).unwrap();
    let read = measure(&Piece::from_midi(&bytes).unwrap());
    assert!((read.secs - 600.0).abs() < 0.1, "{}", read.secs);
    assert_eq!((read.notes, read.bars), (composed.notes, composed.bars));
    assert_eq!(read.voice_leading, composed.voice_leading);
    let rough = |report: &Report| report.roughness.as_ref().unwrap().mean;
    assert!((rough(&read) - rough(&composed)).abs() < 1e-3);
    // The chords are found again from their notes; a few have two names.
    assert!(read.consistency.unwrap() > 0.99, "{:?}", read.consistency);
    let (found, meant) = (read.melody.unwrap(), composed.melody.unwrap());
    assert!(
        (found.chord_tones - meant.chord_tones).abs() < 0.05,
        "{found:?} {meant:?}"
    );
}

#[test]
fn what_is_no_music_is_refused() {
    assert!(Piece::from_midi(b"no").is_err());
    let silent = midi::export(1, Params::default(), 0, RATE).unwrap();
    assert!(Piece::from_midi(&silent).is_err(), "a file without notes");
}

/// Two bars of a chord of C major, and a line over it, an eighth a note.
fn bad(chords: &[(u8, [u8; 4])], line: &[u8]) -> Report {
    const BARS: u64 = 2 * 1920;
    let scale = Scale {
        key: Key::C,
        mode: Mode::Ionian,
    };
    let mut piece = Piece {
        tones: Vec::new(),
        chords: Vec::new(),
        tempos: vec![Tempo {
            at: Ticks(0),
            micros_per_beat: 1_000_000,
        }],
        end: Ticks(chords.len() as u64 * BARS),
    };
    for (index, (degree, pitches)) in chords.iter().enumerate() {
        let at = Ticks(index as u64 * BARS);
        let chord = Chord {
            scale,
            degree: *degree,
            colour: Colour::Triad,
        };
        piece.chords.push(Placed { at, chord });
        piece.tones.extend(pitches.map(|pitch| Tone {
            at,
            length: Ticks(BARS),
            pitch,
            velocity: 60,
            part: Part::Harmony,
        }));
        piece
            .tones
            .extend(line.iter().enumerate().map(|(n, pitch)| Tone {
                at: Ticks(at.0 + n as u64 * 240),
                length: Ticks(240),
                pitch: *pitch,
                velocity: 60,
                part: Part::Melody(0),
            }));
    }
    piece.tones.sort_by_key(|tone| tone.at);
    measure(&piece)
}

const TONIC: (u8, [u8; 4]) = (0, [48, 55, 60, 64]);
const DOMINANT: (u8, [u8; 4]) = (4, [55, 62, 67, 71]);

#[test]
fn a_cadence_and_parallels_are_found() {
    let report = bad(&[TONIC, DOMINANT, TONIC], &[]);
    assert_eq!(report.cadences, 1);
    assert_eq!(
        report.degrees.map(|share| (share * 3.0).round()),
        [2.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    );
    let voices = report.voice_leading.unwrap();
    assert!(voices.parallels == 4 && voices.widest == 7, "{voices:?}");
}

#[test]
fn bad_notes_are_found() {
    // C, C sharp (foreign), F (rubs against E), and D between C and E.
    let melody = bad(&[TONIC], &[72, 73, 77, 72, 74, 76]).melody.unwrap();
    let count = |share: f64| (share * 6.0).round() as u32;
    assert_eq!(count(melody.foreign_tones), 1);
    // F, and D too: the fifth eighth is the third beat, which is strong.
    assert_eq!(count(melody.scale_tones), 2);
    assert_eq!(count(melody.passing_tones), 0);
    assert_eq!(count(melody.within_constraints), 4);
    let melody = bad(&[TONIC], &[76, 72, 74, 76]).melody.unwrap();
    assert_eq!((melody.passing_tones * 4.0).round() as u32, 1);
}

#[test]
fn a_loop_is_found() {
    let report = bad(&[TONIC; 4], &[72, 76]);
    assert_eq!((report.bars, report.repeated_bars), (4, 3));
}
