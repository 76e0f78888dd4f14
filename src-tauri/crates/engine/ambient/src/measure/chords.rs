//! What the chords do: how long they stay on which degree, how they follow one another, how their voices move.

use super::{Part, Piece, Tone, VoiceLeading};
use crate::form::{STEP_TICKS, Ticks};
use crate::voicing::parallels;

/// What sounds in the middle of each half bar: by then, late entries have come and no note of it has ended.
pub(super) struct Sonority {
    /// Pitches of the harmony, ascending, none twice.
    pub harmony: Vec<u8>,
    /// Pitch and velocity of everything.
    pub all: Vec<(u8, u8)>,
}

pub(super) fn sonorities(piece: &Piece) -> Vec<Sonority> {
    let mut sounding: Vec<&Tone> = Vec::new();
    let mut tones = piece.tones.iter().peekable();
    (0..piece.end.0 / STEP_TICKS)
        .map(|step| {
            let at = Ticks(step * STEP_TICKS + STEP_TICKS / 2);
            while let Some(tone) = tones.next_if(|tone| tone.at <= at) {
                sounding.push(tone);
            }
            sounding.retain(|tone| tone.end() > at);
            let of_harmony = sounding.iter().filter(|tone| tone.part == Part::Harmony);
            let mut harmony: Vec<u8> = of_harmony.map(|tone| tone.pitch).collect();
            harmony.sort_unstable();
            harmony.dedup();
            let all = sounding.iter().map(|tone| (tone.pitch, tone.velocity));
            Sonority {
                harmony,
                all: all.collect(),
            }
        })
        .collect()
}

pub(super) fn degrees(piece: &Piece) -> [f64; 7] {
    let mut ticks = [0; 7];
    for (index, placed) in piece.chords.iter().enumerate() {
        let until = piece
            .chords
            .get(index + 1)
            .map_or(piece.end, |next| next.at);
        ticks[usize::from(placed.chord.degree % 7)] += until.0.saturating_sub(placed.at.0);
    }
    let all: u64 = ticks.iter().sum();
    ticks.map(|ticks| ticks as f64 / all.max(1) as f64)
}

pub(super) fn cadences(piece: &Piece) -> usize {
    let falls = |pair: &&[super::Placed]| {
        let (from, to) = (pair[0].chord, pair[1].chord);
        let tonic = to.scale.key.pitch_class();
        from.root() == (tonic + 7) % 12 && to.root() == tonic
    };
    piece.chords.windows(2).filter(falls).count()
}

pub(super) fn consistency(piece: &Piece) -> Option<f64> {
    let fits = |tone: &Tone| {
        piece
            .scale_at(tone.at)
            .map(|scale| scale.contains(tone.pitch))
    };
    let judged: Vec<bool> = piece.tones.iter().filter_map(fits).collect();
    let fitting = judged.iter().filter(|fits| **fits).count();
    (!judged.is_empty()).then(|| fitting as f64 / judged.len() as f64)
}

/// Voices are matched in order of pitch, which is the assignment of least motion in one dimension. A change in the
/// number of voices cannot be matched and is left out.
pub(super) fn voice_leading(sonorities: &[Sonority]) -> Option<VoiceLeading> {
    let (mut changes, mut voices, mut motion, mut widest, mut parallel) = (0, 0, 0, 0, 0);
    for pair in sonorities.windows(2) {
        let (from, to) = (&pair[0].harmony, &pair[1].harmony);
        if from.len() != to.len() || from.len() < 2 || from == to {
            continue;
        }
        changes += 1;
        parallel += parallels(from, to);
        for (from, to) in from.iter().zip(to) {
            voices += 1;
            motion += usize::from(from.abs_diff(*to));
            widest = widest.max(from.abs_diff(*to));
        }
    }
    (changes > 0).then(|| VoiceLeading {
        changes,
        mean: motion as f64 / f64::from(voices),
        widest,
        parallels: parallel,
    })
}
