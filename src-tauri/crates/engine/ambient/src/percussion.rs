//! Soft percussion: a heartbeat, a shaker and a wooden knock, sparse, and silent where the music is calm.
//!
//! Each drum spreads a few strokes as evenly as a grid of eighths allows (G. Toussaint, "The Euclidean algorithm
//! generates traditional musical rhythms", BRIDGES 2005), leaves some of them out, and draws a new pattern for each
//! phrase. Some phrases have none at all.

use crate::chance::{Chance, Stream};
use crate::form::{STEP_TICKS, Ticks};

/// General MIDI's percussion keys: bass drum 1, maracas, high wood block.
pub const HEART: u8 = 36;
pub const SHAKER: u8 = 70;
pub const WOOD: u8 = 76;

/// A stroke within a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stroke {
    /// After the step's begin, below [`STEP_TICKS`].
    pub at: Ticks,
    pub drum: u8,
    pub velocity: f32,
}

/// The most strokes of a step.
pub(crate) const MAX_STROKES: usize = DRUMS.len() * SLOTS_PER_STEP as usize;

/// Percussion with its patterns.
#[derive(Clone)]
pub(crate) struct Rhythm {
    chance: Chance,
    /// Onsets in a cycle and how far each pattern is turned; no onsets: the drum rests.
    patterns: [(u32, u32); DRUMS.len()],
    phrase: u32,
}

struct Drum {
    pitch: u8,
    /// Below this intensity the drum is silent.
    from: f32,
    /// Onsets in two bars at `from` and at intensity 1.
    onsets: (f32, f32),
    velocity: f32,
    /// Whether it may begin anywhere in the bar.
    floats: bool,
}

const DRUMS: [Drum; 3] = [
    Drum {
        pitch: HEART,
        from: 0.25,
        onsets: (1.0, 3.0),
        velocity: 44.0,
        floats: false,
    },
    Drum {
        pitch: SHAKER,
        from: 0.35,
        onsets: (2.0, 7.0),
        velocity: 32.0,
        floats: true,
    },
    Drum {
        pitch: WOOD,
        from: 0.55,
        onsets: (1.0, 3.0),
        velocity: 30.0,
        floats: true,
    },
];
const SLOTS_PER_STEP: u32 = 4;
const SLOT_TICKS: u64 = STEP_TICKS / SLOTS_PER_STEP as u64;
/// Two bars.
const CYCLE: u32 = 16;

impl Rhythm {
    pub(crate) fn new(seed: u64) -> Rhythm {
        Rhythm {
            chance: Chance::new(seed, Stream::Percussion),
            patterns: [(0, 0); DRUMS.len()],
            phrase: 0,
        }
    }

    /// Composes step `index` of phrase `phrase` (counted from 1).
    pub(crate) fn step(
        &mut self,
        index: u64,
        phrase: u32,
        intensity: f32,
        mut play: impl FnMut(Stroke),
    ) {
        if phrase != self.phrase {
            self.phrase = phrase;
            self.patterns = DRUMS.map(|drum| self.pattern(&drum, intensity));
        }
        let first = (index % u64::from(CYCLE / SLOTS_PER_STEP)) as u32 * SLOTS_PER_STEP;
        for (drum, (onsets, turn)) in DRUMS.iter().zip(self.patterns) {
            for slot in 0..SLOTS_PER_STEP {
                let struck = (first + slot + turn) * onsets % CYCLE < onsets;
                if intensity < drum.from || !struck || !self.chance.odds(0.5 + 0.3 * intensity) {
                    continue;
                }
                let accent = if slot == 0 { 6.0 } else { 0.0 };
                play(Stroke {
                    at: Ticks(u64::from(slot) * SLOT_TICKS + self.chance.below(16) as u64),
                    drum: drum.pitch,
                    velocity: drum.velocity + accent + self.chance.between(-7.0, 7.0),
                });
            }
        }
    }

    fn pattern(&mut self, drum: &Drum, intensity: f32) -> (u32, u32) {
        let presence = ((intensity - drum.from) / (1.0 - drum.from)).clamp(0.0, 1.0);
        let (few, many) = drum.onsets;
        let onsets = few + (many - few) * presence + self.chance.between(-0.5, 0.5);
        let turn = self.chance.below(CYCLE as usize) as u32;
        let rests = !self.chance.odds(0.4 + 0.5 * presence);
        (
            if rests { 0 } else { onsets.round() as u32 },
            if drum.floats { turn } else { 0 },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Strokes of an hour at 60 BPM, phrases of eight bars.
    fn hour(intensity: f32) -> Vec<(u64, Stroke)> {
        let mut rhythm = Rhythm::new(3);
        let mut strokes = Vec::new();
        for index in 0..1800 {
            rhythm.step(index, 1 + index as u32 / 16, intensity, |stroke| {
                strokes.push((index, stroke))
            });
        }
        strokes
    }

    #[test]
    fn calm_music_has_none_and_full_music_stays_sparse() {
        assert!(hour(0.2).is_empty());
        let (some, many) = (hour(0.5).len(), hour(1.0).len());
        assert!(100 < some && some * 2 < many, "{some} {many}");
        assert!(many < 3 * 3600 / 2, "{many} strokes in 3600 beats");
    }

    #[test]
    fn the_heart_beats_on_the_bar_and_some_phrases_have_no_drum() {
        let strokes = hour(0.6);
        let hearts = || strokes.iter().filter(|(_, stroke)| stroke.drum == HEART);
        let on_one = hearts().filter(|(index, stroke)| index % 4 == 0 && stroke.at.0 < 16);
        assert!(on_one.count() * 4 > hearts().count());
        let phrases: std::collections::BTreeSet<u64> =
            strokes.iter().map(|(index, _)| index / 16).collect();
        assert!(
            (60..112).contains(&phrases.len()),
            "{} of 112",
            phrases.len()
        );
    }
}
