//! What a melody's notes are to the chord under them, and which rules they keep.

use super::{Melody, Part, Piece, Tone};
use crate::form::{STEP_TICKS, TICKS_PER_BEAT};
use crate::theory::{Chord, Scale};

/// What a note is to its chord, judged by the notes around it alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Chord,
    Scale,
    Passing,
    Foreign,
}

/// A note this near to a beat is on it, in ticks: people, and our lines, play late.
const LATE: u64 = TICKS_PER_BEAT / 8;

pub(super) fn melody(piece: &Piece) -> Option<Melody> {
    let of_lines = |tone: &&Tone| matches!(tone.part, Part::Melody(_));
    let tones: Vec<&Tone> = piece.tones.iter().filter(of_lines).collect();
    let mut parts: Vec<Part> = tones.iter().map(|tone| tone.part).collect();
    parts.sort_unstable();
    parts.dedup();
    let (mut counts, mut kept, mut clashes) = ([0; 4], 0, 0);
    for part in parts {
        let line: Vec<&Tone> = tones
            .iter()
            .filter(|tone| tone.part == part)
            .copied()
            .collect();
        for (index, tone) in line.iter().enumerate() {
            let Some(chord) = piece.chord_at(tone.at) else {
                continue;
            };
            let before = index.checked_sub(1).map(|before| line[before]);
            let class = classify(piece, before, tone, line.get(index + 1).copied());
            counts[class as usize] += 1;
            let clash = clashes_with_another(&tones, tone);
            clashes += usize::from(clash);
            let leaps = before.is_some_and(|before| before.pitch.abs_diff(tone.pitch) > 12);
            let fits = match class {
                Class::Chord | Class::Passing => true,
                Class::Scale => !chord.contains(tone.pitch + 11),
                Class::Foreign => false,
            };
            let heard = (20..=100).contains(&tone.velocity);
            kept += usize::from(fits && heard && !clash && !leaps);
        }
    }
    let notes: usize = counts.iter().sum();
    let share = |count: usize| count as f64 / notes as f64;
    let [chord, scale, passing, foreign] = counts.map(share);
    (notes > 0).then(|| Melody {
        notes,
        chord_tones: chord,
        scale_tones: scale,
        passing_tones: passing,
        foreign_tones: foreign,
        within_constraints: share(kept),
        clashes,
    })
}

fn classify(piece: &Piece, before: Option<&Tone>, tone: &Tone, after: Option<&Tone>) -> Class {
    let Some(chord) = piece.chord_at(tone.at) else {
        return Class::Foreign;
    };
    if chord.contains(tone.pitch) {
        return Class::Chord;
    }
    if !chord.scale.contains(tone.pitch) {
        return Class::Foreign;
    }
    let is_weak = tone.at.0 % STEP_TICKS >= LATE;
    match (before, after) {
        (Some(before), Some(after)) if is_weak && passes(piece, chord, before, tone, after) => {
            Class::Passing
        }
        _ => Class::Scale,
    }
}

/// Whether the tone is a step between two chord tones.
fn passes(piece: &Piece, chord: Chord, before: &Tone, tone: &Tone, after: &Tone) -> bool {
    let leads = |from: &Tone| {
        piece
            .chord_at(from.at)
            .is_some_and(|at| at.contains(from.pitch))
    };
    let rises = Scale::step_up(chord.scale, before.pitch) == tone.pitch
        && Scale::step_up(chord.scale, tone.pitch) == after.pitch;
    let falls = Scale::step_down(chord.scale, before.pitch) == tone.pitch
        && Scale::step_down(chord.scale, tone.pitch) == after.pitch;
    (rises || falls) && leads(before) && leads(after)
}

/// Whether a note of another line that sounds when this begins lies a minor second, minor ninth or tritone away.
fn clashes_with_another(tones: &[&Tone], tone: &Tone) -> bool {
    let until = tones.partition_point(|other| other.at <= tone.at);
    // No note of a line is longer than two bars; the search need not go back to the beginning.
    let others = tones[..until]
        .iter()
        .rev()
        .take_while(|other| other.at.0 + 4 * STEP_TICKS >= tone.at.0);
    others
        .filter(|other| other.part != tone.part && other.sounds_at(tone.at))
        .any(|other| matches!(other.pitch.abs_diff(tone.pitch), 1 | 13 | 6 | 18))
}
