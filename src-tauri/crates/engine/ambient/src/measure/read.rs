//! MIDI files as pieces. What the file does not say is found from its notes: the scale of each minute, the chord of
//! each half bar.

use std::collections::HashMap;

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use super::key::{estimate_key, windows};
use super::{Part, Piece, Placed, Tempo, Tone};
use crate::form::{STEP_TICKS, TICKS_PER_BEAT, Ticks};
use crate::midi::TRACKS;
use crate::theory::{Chord, Colour, Key, Mode, Scale};

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("not a MIDI file that can be read: {0}")]
    Malformed(#[from] midly::Error),
    #[error("the MIDI file holds no notes besides drums")]
    NoNotes,
    #[error("the MIDI file lasts {hours:.0} hours; at most {limit} are judged")]
    TooLong { hours: f64, limit: u32 },
}

const MOST_HOURS: u32 = 24;
/// As many ticks as a day at 300 beats a minute.
const MOST_TICKS: u64 = MOST_HOURS as u64 * 60 * 300 * TICKS_PER_BEAT;
/// General MIDI's channel of drums, from 0.
const DRUMS: u8 = 9;

impl Piece {
    /// Reads a Standard MIDI File of any format.
    ///
    /// Tracks that bear the names we write are what they are; else programmes decide: basses (33 to 40) are bass,
    /// organs, strings, choirs and pads (17 to 24, 41 to 56, 89 to 96) harmony, all others are lines, one a channel.
    pub fn from_midi(bytes: &[u8]) -> Result<Piece, ReadError> {
        let smf = Smf::parse(bytes)?;
        let (ticks_per_beat, fixed_tempo) = match smf.header.timing {
            Timing::Metrical(ticks) => (u64::from(ticks.as_int()).max(1), None),
            // No beats: half a second is one.
            Timing::Timecode(fps, parts) => {
                let ticks = f64::from(fps.as_f32()) * f64::from(parts) / 2.0;
                ((ticks.round() as u64).max(1), Some(500_000))
            }
        };
        let scaled = |tick: u64| Ticks(tick.saturating_mul(TICKS_PER_BEAT) / ticks_per_beat);
        let (mut tones, mut tempos) = (Vec::new(), Vec::new());
        for track in &smf.tracks {
            read_track(track, &scaled, &mut tones, &mut tempos);
        }
        let end = tones
            .iter()
            .map(Tone::end)
            .max()
            .ok_or(ReadError::NoNotes)?;
        tones.sort_by_key(|tone| (tone.at, tone.part, tone.pitch));
        tempos.sort_by_key(|tempo| tempo.at);
        if let Some(micros_per_beat) = fixed_tempo {
            tempos = vec![Tempo {
                at: Ticks(0),
                micros_per_beat,
            }];
        } else if tempos.first().is_none_or(|first| first.at > Ticks(0)) {
            // The standard's default: 120 beats a minute.
            let first = Tempo {
                at: Ticks(0),
                micros_per_beat: 500_000,
            };
            tempos.insert(0, first);
        }
        let mut piece = Piece {
            tones,
            chords: Vec::new(),
            tempos,
            end,
        };
        let hours = piece.secs_at(end) / 3600.0;
        if end.0 > MOST_TICKS || hours > f64::from(MOST_HOURS) {
            let limit = MOST_HOURS;
            return Err(ReadError::TooLong { hours, limit });
        }
        piece.chords = find_chords(&piece);
        Ok(piece)
    }
}

fn read_track(
    track: &[midly::TrackEvent<'_>],
    scaled: &impl Fn(u64) -> Ticks,
    tones: &mut Vec<Tone>,
    tempos: &mut Vec<Tempo>,
) {
    let mut named = None;
    let mut programmes = [0_u8; 16];
    let mut open: HashMap<(u8, u8), (u64, u8)> = HashMap::new();
    let mut tick = 0_u64;
    let close = |(channel, pitch), (begin, velocity), end: u64, named, programmes: &[u8; 16]| {
        let part = part_of(named, channel, programmes[usize::from(channel)])?;
        let (at, until) = (scaled(begin), scaled(end));
        Some(Tone {
            at,
            length: Ticks((until.0 - at.0).max(1)),
            pitch,
            velocity,
            part,
        })
    };
    for event in track {
        tick += u64::from(event.delta.as_int());
        match event.kind {
            TrackEventKind::Meta(MetaMessage::TrackName(name)) => {
                named = TRACKS.iter().find(|known| known.0.as_bytes() == name);
            }
            TrackEventKind::Meta(MetaMessage::Tempo(micros)) => tempos.push(Tempo {
                at: scaled(tick),
                micros_per_beat: micros.as_int(),
            }),
            TrackEventKind::Midi { channel, message } => {
                let channel = channel.as_int();
                let (pitch, velocity) = match message {
                    MidiMessage::ProgramChange { program } => {
                        programmes[usize::from(channel)] = program.as_int();
                        continue;
                    }
                    MidiMessage::NoteOn { key, vel } => (key.as_int(), vel.as_int()),
                    MidiMessage::NoteOff { key, .. } => (key.as_int(), 0),
                    _ => continue,
                };
                if let Some(begun) = open.remove(&(channel, pitch)) {
                    tones.extend(close((channel, pitch), begun, tick, named, &programmes));
                }
                if velocity > 0 {
                    open.insert((channel, pitch), (tick, velocity));
                }
            }
            _ => {}
        }
    }
    // Notes that nobody ended last until the track ends; sorted later, so the map's order does not matter.
    for (key, begun) in open {
        tones.extend(close(key, begun, tick, named, &programmes));
    }
}

fn part_of(
    named: Option<&(&str, crate::form::Layer, u8, u8)>,
    channel: u8,
    programme: u8,
) -> Option<Part> {
    match (named, channel, programme) {
        (Some((_, layer, _, _)), _, _) => Part::of(*layer),
        (None, DRUMS, _) => None,
        (None, _, 32..=39) => Some(Part::Bass),
        (None, _, 16..=23 | 40..=55 | 88..=95) => Some(Part::Harmony),
        (None, channel, _) => Some(Part::Melody(channel)),
    }
}

/// The chord of each half bar, where it differs from the one before.
fn find_chords(piece: &Piece) -> Vec<Placed> {
    let scales = find_scales(piece);
    let carries = |tone: &&Tone| matches!(tone.part, Part::Harmony);
    let harmony: Vec<&Tone> = piece.tones.iter().filter(carries).collect();
    // Music of lines alone has its harmony in them.
    let tones = if harmony.is_empty() {
        piece.tones.iter().collect()
    } else {
        harmony
    };
    let mut chords: Vec<Placed> = Vec::new();
    let mut sounding: Vec<&Tone> = Vec::new();
    let mut tones = tones.into_iter().peekable();
    for begin in (0..piece.end.0).step_by(STEP_TICKS as usize) {
        let end = begin + STEP_TICKS;
        while let Some(tone) = tones.next_if(|tone| tone.at.0 < end) {
            sounding.push(tone);
        }
        sounding.retain(|tone| tone.end().0 > begin);
        let mut weights = [0.0; 12];
        let mut lowest = u8::MAX;
        for tone in &sounding {
            let ticks = tone.end().0.min(end) - tone.at.0.max(begin);
            weights[usize::from(tone.pitch % 12)] += ticks as f64;
            lowest = lowest.min(tone.pitch);
        }
        let after = scales.partition_point(|(at, _)| at.0 <= begin);
        let scale = scales[..after].last().or(scales.first());
        let Some((_, scale)) = scale else { continue };
        let Some(chord) = find_chord(*scale, &weights, lowest % 12) else {
            continue;
        };
        if chords.last().is_none_or(|last| last.chord != chord) {
            chords.push(Placed {
                at: Ticks(begin),
                chord,
            });
        }
    }
    chords
}

/// The chord of the scale that covers most of what sounds with fewest tones missing; of equals, the one over the bass.
fn find_chord(scale: Scale, weights: &[f64; 12], bass: u8) -> Option<Chord> {
    const MISSING: f64 = 0.15;
    const OVER_BASS: f64 = 0.05;
    let all: f64 = weights.iter().sum();
    if all <= 0.0 {
        return None;
    }
    let candidates = (0..7).flat_map(|degree| {
        Colour::ALL.map(|colour| Chord {
            scale,
            degree,
            colour,
        })
    });
    let score = |chord: &Chord| {
        let weight = |class: u8| weights[usize::from(class)];
        let covered: f64 = chord.pitch_classes().map(weight).sum();
        let missing = chord.pitch_classes().filter(|class| weight(*class) == 0.0);
        let over_bass = if chord.root() == bass { OVER_BASS } else { 0.0 };
        covered / all - MISSING * missing.count() as f64 + over_bass
    };
    candidates
        .filter(|chord| chord.is_consonant())
        .max_by(|a, b| score(a).total_cmp(&score(b)))
}

/// The scale of each minute, where it differs from the one before; of a shorter piece, that of all of it.
fn find_scales(piece: &Piece) -> Vec<(Ticks, Scale)> {
    /// A new scale must hold this much more of the notes than the old one.
    const BETTER: f64 = 0.03;
    let mut windows = windows(piece);
    if windows.is_empty() {
        let mut durations = [0.0; 12];
        for tone in &piece.tones {
            durations[usize::from(tone.pitch % 12)] += tone.length.0 as f64;
        }
        windows.push((Ticks(0), piece.end, durations));
    }
    let mut scales: Vec<(Ticks, Scale)> = Vec::new();
    for (from, _, durations) in windows {
        let Some(found) = find_scale(&durations) else {
            continue;
        };
        let stays = scales
            .last()
            .is_some_and(|(_, old)| held(*old, &durations) + BETTER >= held(found, &durations));
        if !stays {
            scales.push((from, found));
        }
    }
    scales
}

/// The tonic by Krumhansl's profiles, and the mode on it with a third of that kind that holds most of the notes.
fn find_scale(durations: &[f64; 12]) -> Option<Scale> {
    let estimate = estimate_key(durations)?;
    let modes = if estimate.minor {
        [Mode::Aeolian, Mode::Dorian, Mode::Phrygian]
    } else {
        [Mode::Ionian, Mode::Lydian, Mode::Mixolydian]
    };
    let key = KEYS[usize::from(estimate.tonic % 12)]
        .parse()
        .unwrap_or(Key::C);
    let mut best = Scale {
        key,
        mode: modes[0],
    };
    for mode in modes {
        let scale = Scale { key, mode };
        if held(scale, durations) > held(best, durations) {
            best = scale;
        }
    }
    Some(best)
}

/// The twelve tonics as they are usually spelt.
const KEYS: [&str; 12] = [
    "C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B",
];

/// Share of the time that lies in the scale.
fn held(scale: Scale, durations: &[f64; 12]) -> f64 {
    let inside: f64 = (0..7)
        .map(|degree| durations[usize::from(scale.pitch_class(degree))])
        .sum();
    let all: f64 = durations.iter().sum();
    if all > 0.0 { inside / all } else { 0.0 }
}
