//! Which chord sounds, for how long, and in which voicing.
//!
//! [`Harmony`] walks a Markov chain over the degrees of the mode. Eight or sixteen bars make a phrase, which holds one
//! to six chords; a phrase goes on from the last chord of the one before, so nothing restarts on the tonic. A new key
//! or mode enters through a pivot: a chord of both scales, if there is one. Invariants:
//! - a chord on the fifth degree never moves to the tonic, also not across phrases and changes of key;
//! - diminished chords and dominant sevenths do not occur;
//! - the four pad voices move as little as the chord allows, and common tones stay where they are
//!   (unless another tone of the chord would then be out of reach).
//!
//! Not here: how the voices move (see `voicing`), rhythm inside a chord and who plays it (see `form`).

use crate::chance::{Chance, Stream};
use crate::params::Params;
use crate::theory::{Chord, Colour, Mode, Scale};
use crate::voicing::{OPENING, Voicing, is_smooth, lead};

/// Half bars: the grain at which music is composed and a change of parameters is taken.
pub const STEPS_PER_BAR: u32 = 2;
/// Bars in a phrase; some take twice as many.
pub const BARS_PER_PHRASE: u32 = 8;

/// The chord that sounds, the one that follows, and what the next phrase begins with.
#[derive(Clone)]
pub struct Harmony {
    chance: Chance,
    scale: Scale,
    /// The chords of this phrase with their bars; the first `count` are set.
    phrase: [(Voiced, u32); MAX_CHORDS],
    count: usize,
    at: usize,
    steps_left: u32,
    upcoming: Voiced,
    register: f32,
    chords_since_tonic: u32,
    phrases: u32,
    started: bool,
}

/// A chord as the pad sounds it.
#[derive(Clone, Copy)]
struct Voiced {
    chord: Chord,
    voicing: Voicing,
}

/// All chords of a scale, degree by degree and colour by colour, with how likely each is.
type Weights = [[f32; Colour::COUNT]; 7];

const MAX_CHORDS: usize = 6;
/// Probability that a phrase takes sixteen bars.
const LONG: f32 = 0.25;

impl Harmony {
    pub fn new(seed: u64, params: &Params) -> Harmony {
        let scale = params.scale();
        let before = Voiced {
            chord: Chord {
                scale,
                degree: 0,
                colour: Colour::Triad,
            },
            voicing: OPENING,
        };
        let mut harmony = Harmony {
            chance: Chance::new(seed, Stream::Harmony),
            scale,
            phrase: [(before, BARS_PER_PHRASE); MAX_CHORDS],
            count: 0,
            at: 0,
            steps_left: 0,
            upcoming: before,
            register: 0.0,
            chords_since_tonic: 0,
            phrases: 0,
            started: false,
        };
        let mut weights = Weights::default();
        weights[0] = COLOURS[0];
        harmony.upcoming = harmony.draw(weights, before);
        harmony
    }

    /// Goes on by one step; true when a chord begins with it. A new key or mode, or `turn`, begins a phrase now.
    /// `register` is where the long arc draws the voices, in semitones.
    pub fn advance(&mut self, params: &Params, turn: bool, register: f32) -> bool {
        let scale = params.scale();
        self.register = register;
        if scale != self.scale {
            let old = std::mem::replace(&mut self.scale, scale);
            self.upcoming = self.doorway(old);
            self.begin_phrase(params.intensity.get());
        } else if turn && self.started {
            // The chord that was to follow comes now.
            self.upcoming = self.next();
            self.begin_phrase(params.intensity.get());
        } else if self.steps_left > 0 {
            self.steps_left -= 1;
            return false;
        } else if self.at + 1 < self.count {
            self.at += 1;
            self.begin_chord();
        } else {
            self.begin_phrase(params.intensity.get());
        }
        self.steps_left -= 1;
        true
    }

    /// Stays on the tonic, or on what may follow the present chord if that is the fifth degree, for `steps`.
    pub fn close(&mut self, steps: u32) {
        let before = self.phrase[self.at].0;
        let last = if self.started && is_dominant(before.chord, self.scale) {
            self.follow(before)
        } else {
            let mut weights = Weights::default();
            for (weight, colour) in weights[0].iter_mut().zip(Colour::ALL) {
                *weight = match colour {
                    Colour::Add9 => FAVOURED,
                    Colour::Triad => 1.0,
                    _ => 0.0,
                };
            }
            self.draw(weights, before)
        };
        self.phrase[0] = (last, steps.max(1).div_ceil(STEPS_PER_BAR));
        self.count = 1;
        self.at = 0;
        self.upcoming = last;
        self.begin_chord();
        self.steps_left = steps.saturating_sub(1);
    }

    pub fn chord(&self) -> Chord {
        self.phrase[self.at].0.chord
    }

    pub fn next_chord(&self) -> Chord {
        self.next().chord
    }

    pub fn voicing(&self) -> Voicing {
        self.phrase[self.at].0.voicing
    }

    /// Steps that the chord goes on after this one.
    pub fn steps_left(&self) -> u32 {
        self.steps_left
    }

    /// Phrases begun so far.
    pub fn phrases(&self) -> u32 {
        self.phrases
    }

    fn begin_phrase(&mut self, intensity: f32) {
        let patterns = if self.chance.odds(LONG) {
            &LONG_PATTERNS
        } else {
            &BAR_PATTERNS
        };
        let bars = patterns[tier(intensity)];
        let mut next = self.upcoming;
        let drawn = bars[self.chance.below(bars.len())];
        // Only the tonic may stay long: a minute of another chord would be a minute of another key.
        let bars = if next.chord.degree != 0 && drawn[0] > 4 {
            bars[0]
        } else {
            drawn
        };
        for (place, bars) in bars.iter().enumerate().take(MAX_CHORDS) {
            self.phrase[place] = (next, *bars);
            self.chords_since_tonic = if next.chord.degree == 0 {
                0
            } else {
                self.chords_since_tonic + 1
            };
            next = self.follow(next);
        }
        self.upcoming = next;
        self.count = bars.len().min(MAX_CHORDS);
        self.at = 0;
        self.phrases += 1;
        self.begin_chord();
    }

    fn begin_chord(&mut self) {
        self.steps_left = self.phrase[self.at].1 * STEPS_PER_BAR;
        self.started = true;
    }

    fn next(&self) -> Voiced {
        if self.at + 1 < self.count {
            self.phrase[self.at + 1].0
        } else {
            self.upcoming
        }
    }

    fn follow(&mut self, from: Voiced) -> Voiced {
        let mut row =
            transitions(self.scale.mode)[usize::from(from.chord.degree % 7)].map(f32::from);
        // The longer away, the stronger home pulls; a zero stays a zero.
        row[0] *= 1.2 + 2.0 * self.chords_since_tonic as f32;
        let mut weights = COLOURS;
        for (degree, (weights, move_there)) in weights.iter_mut().zip(row).enumerate() {
            for (weight, colour) in weights.iter_mut().zip(Colour::ALL) {
                if !self.on(degree, colour).is_consonant() {
                    *weight = 0.0;
                }
            }
            let all: f32 = weights.iter().sum();
            let scale = if all > 0.0 { move_there / all } else { 0.0 };
            weights.iter_mut().for_each(|weight| *weight *= scale);
        }
        self.draw(weights, from)
    }

    /// The first chord of a new scale: a pivot, whose tones the old scale has too, if there is one, and rather one
    /// that shares tones with the present voicing.
    fn doorway(&mut self, old: Scale) -> Voiced {
        let before = if self.started {
            self.phrase[self.at].0
        } else {
            self.upcoming
        };
        let from_dominant = self.started && is_dominant(before.chord, self.scale);
        let mut weights = COLOURS;
        for (degree, weights) in weights.iter_mut().enumerate() {
            for (weight, colour) in weights.iter_mut().zip(Colour::ALL) {
                let chord = self.on(degree, colour);
                let voices = before.voicing.iter();
                let shared = voices.filter(|pitch| chord.contains(**pitch)).count();
                let home = if degree == 0 { 3.0 } else { 1.0 };
                let pivot = if is_pivot(chord, old) { FAVOURED } else { 1.0 };
                *weight *= home * pivot * (1 + shared * shared) as f32;
                if degree == 4 || (degree == 0 && from_dominant) {
                    *weight = 0.0;
                }
            }
        }
        self.draw(weights, before)
    }

    /// Draws chords by their weights until the voices of `from` can move to one smoothly.
    fn draw(&mut self, mut weights: Weights, from: Voiced) -> Voiced {
        for (degree, weights) in weights.iter_mut().enumerate() {
            for (weight, colour) in weights.iter_mut().zip(Colour::ALL) {
                if !self.on(degree, colour).is_consonant() {
                    *weight = 0.0;
                }
            }
        }
        let mut first = None;
        while let Some(drawn) = self.chance.weighted(weights.as_flattened()) {
            let (degree, colour) = (drawn / Colour::COUNT, drawn % Colour::COUNT);
            let chord = self.on(degree, Colour::ALL[colour]);
            let voicing = lead(from.voicing, chord, self.register);
            let voiced = Voiced { chord, voicing };
            if is_smooth(from.voicing, voicing, chord) {
                return voiced;
            }
            first.get_or_insert(voiced);
            weights[degree][colour] = 0.0;
        }
        first.unwrap_or(from)
    }

    fn on(&self, degree: usize, colour: Colour) -> Chord {
        Chord {
            scale: self.scale,
            degree: degree as u8,
            colour,
        }
    }
}

/// Weight of what is taken whenever it is possible.
const FAVOURED: f32 = 1e4;

/// Whether all tones of the chord lie in the scale that is left.
fn is_pivot(chord: Chord, old: Scale) -> bool {
    chord.pitch_classes().all(|class| old.contains(class))
}

/// Bars of each chord in a phrase, for little, middling and much intensity.
const BAR_PATTERNS: [&[&[u32]]; 3] = [
    &[&[4, 4], &[8], &[5, 3], &[4, 4]],
    &[&[4, 4], &[4, 2, 2], &[2, 2, 4], &[3, 3, 2]],
    &[&[2, 2, 2, 2], &[3, 3, 2], &[2, 4, 2], &[2, 2, 4]],
];

/// As [`BAR_PATTERNS`], for phrases of sixteen bars.
const LONG_PATTERNS: [&[&[u32]]; 3] = [
    &[&[4, 4, 4, 4], &[8, 4, 4], &[6, 4, 6]],
    &[&[4, 4, 4, 4], &[6, 2, 4, 4], &[4, 4, 2, 2, 4]],
    &[&[4, 2, 2, 4, 4], &[2, 2, 4, 2, 2, 4], &[3, 3, 2, 3, 3, 2]],
];

fn tier(intensity: f32) -> usize {
    match intensity {
        low if low < 0.3 => 0,
        middling if middling < 0.65 => 1,
        _ => 2,
    }
}

/// Weights of moving from a degree (row) to another (column). The fifth degree never moves to the tonic, and
/// moves that would tonicise the relative major (its own V–I) weigh little.
fn transitions(mode: Mode) -> [[u8; 7]; 7] {
    match mode {
        Mode::Aeolian => [
            [0, 0, 2, 4, 1, 5, 4],
            [0; 7],
            [1, 0, 0, 3, 1, 4, 3],
            [4, 0, 2, 0, 1, 2, 3],
            [0, 0, 2, 3, 0, 4, 1],
            [4, 0, 2, 3, 0, 0, 4],
            [4, 0, 1, 2, 0, 4, 0],
        ],
        Mode::Dorian => [
            [0, 3, 2, 5, 1, 0, 4],
            [4, 0, 2, 2, 0, 0, 2],
            [2, 3, 0, 3, 0, 0, 2],
            [5, 2, 2, 0, 0, 0, 1],
            [0, 2, 1, 3, 0, 0, 2],
            [0; 7],
            [4, 2, 1, 3, 0, 0, 0],
        ],
        Mode::Lydian => [
            [0, 6, 2, 0, 1, 3, 2],
            [8, 0, 1, 0, 1, 2, 1],
            [5, 3, 0, 0, 0, 2, 1],
            [0; 7],
            [0, 4, 2, 0, 0, 3, 1],
            [5, 5, 1, 0, 1, 0, 0],
            [6, 2, 1, 0, 0, 1, 0],
        ],
        Mode::Phrygian => [
            [0, 5, 1, 3, 0, 3, 4],
            [5, 0, 2, 0, 0, 1, 3],
            [3, 4, 0, 2, 0, 1, 0],
            [4, 2, 0, 0, 0, 2, 3],
            [0; 7],
            [3, 1, 2, 2, 0, 0, 3],
            [5, 3, 0, 1, 0, 2, 0],
        ],
        Mode::Ionian => [
            [0, 2, 3, 5, 1, 4, 0],
            [3, 0, 2, 3, 0, 3, 0],
            [1, 2, 0, 4, 0, 3, 0],
            [5, 2, 2, 0, 1, 3, 0],
            [0, 2, 1, 4, 0, 4, 0],
            [3, 2, 2, 5, 1, 0, 0],
            [0; 7],
        ],
        Mode::Mixolydian => [
            [0, 2, 0, 5, 2, 2, 5],
            [3, 0, 0, 2, 0, 1, 3],
            [0; 7],
            [5, 2, 0, 0, 0, 1, 3],
            [0, 2, 0, 3, 0, 1, 3],
            [2, 2, 0, 3, 0, 0, 3],
            [5, 2, 0, 4, 1, 0, 0],
        ],
    }
}

/// Weights of the colours on each degree, in the order of [`Colour::ALL`]; those that a degree lacks are left out.
const COLOURS: [[f32; Colour::COUNT]; 7] = [
    [2.0, 2.0, 0.7, 4.0, 3.0, 0.3],
    [2.0, 1.0, 1.0, 2.0, 4.0, 1.0],
    [3.0, 1.0, 0.5, 1.0, 3.0, 0.5],
    [1.0, 2.0, 0.5, 4.0, 3.0, 0.3],
    [3.0, 3.0, 1.5, 2.0, 1.0, 0.7],
    [1.0, 1.0, 0.5, 3.0, 4.0, 0.5],
    [2.0, 3.0, 1.0, 3.0, 2.0, 0.5],
];

fn is_dominant(chord: Chord, of: Scale) -> bool {
    chord.root() == (of.key.pitch_class() + 7) % 12
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::Key;
    use crate::voicing::parallels;

    /// Chords and voicings of an hour at 60 BPM.
    fn hour(seed: u64, mode: Mode, intensity: f32) -> Vec<(Chord, Voicing)> {
        let params = Params::new(Key::D, mode, 60.0, intensity).unwrap();
        let mut harmony = Harmony::new(seed, &params);
        let mut chords = Vec::new();
        for _ in 0..1800 {
            if harmony.advance(&params, false, 0.0) {
                chords.push((harmony.chord(), harmony.voicing()));
            }
        }
        chords
    }

    fn each_hour(mut check: impl FnMut(&[(Chord, Voicing)])) {
        for mode in Mode::ALL {
            for seed in 0..4 {
                check(&hour(seed, mode, seed as f32 * 0.33));
            }
        }
    }

    #[test]
    fn the_fifth_degree_never_resolves_to_the_tonic() {
        let mut dominants = 0;
        each_hour(|chords| {
            for pair in chords.windows(2) {
                let tonic = pair[0].0.scale.key.pitch_class();
                let dominant = pair[0].0.root() == (tonic + 7) % 12;
                dominants += usize::from(dominant);
                assert!(
                    !(dominant && pair[1].0.root() == tonic),
                    "{} → {}",
                    pair[0].0,
                    pair[1].0
                );
            }
        });
        assert!(
            dominants > 50,
            "the fifth degree must occur for the test to mean something"
        );
    }

    #[test]
    fn voices_move_little_and_keep_common_tones() {
        let (mut sum, mut moves) = (0.0, 0);
        let (mut common, mut kept) = (0, 0);
        each_hour(|chords| {
            for pair in chords.windows(2) {
                let ((_, from), (chord, to)) = (pair[0], pair[1]);
                for (a, b) in from.into_iter().zip(to) {
                    assert!(a.abs_diff(b) <= 5, "{from:?} → {to:?} for {chord}");
                    sum += f64::from(a.abs_diff(b));
                    moves += 1;
                }
                for class in chord.pitch_classes() {
                    assert!(
                        to.iter().any(|pitch| pitch % 12 == class),
                        "{to:?} lacks a tone of {chord}"
                    );
                    let mut held = from.iter().filter(|pitch| *pitch % 12 == class).peekable();
                    common += usize::from(held.peek().is_some());
                    kept += usize::from(held.any(|pitch| to.contains(pitch)));
                }
            }
        });
        assert!(
            common > 1000 && kept * 100 >= common * 99,
            "{kept} of {common} common tones stay"
        );
        let mean = sum / f64::from(moves);
        assert!(mean <= 2.0, "voices move {mean:.2} semitones in the mean");
    }

    #[test]
    fn no_two_voices_move_in_parallel_fifths_or_octaves() {
        each_hour(|chords| {
            for pair in chords.windows(2) {
                let ((_, from), (chord, to)) = (pair[0], pair[1]);
                assert_eq!(parallels(&from, &to), 0, "{from:?} → {to:?} for {chord}");
            }
        });
    }

    #[test]
    fn the_chain_visits_many_chords_and_comes_home() {
        each_hour(|chords| {
            let home = chords.iter().filter(|(chord, _)| chord.degree == 0).count();
            let share = home as f64 / chords.len() as f64;
            assert!(
                (0.15..0.55).contains(&share),
                "{share:.2} of the chords are the tonic"
            );
            let degrees: std::collections::BTreeSet<u8> =
                chords.iter().map(|(chord, _)| chord.degree).collect();
            assert!(degrees.len() >= 4, "only {degrees:?}");
        });
    }

    #[test]
    fn phrases_last_eight_or_sixteen_bars() {
        for (patterns, bars) in [(BAR_PATTERNS, BARS_PER_PHRASE), (LONG_PATTERNS, 16)] {
            for pattern in patterns.into_iter().flatten() {
                assert_eq!(pattern.iter().sum::<u32>(), bars);
                assert!(pattern.len() <= MAX_CHORDS);
            }
        }
    }

    #[test]
    fn a_new_scale_enters_through_a_chord_of_both() {
        for (seed, mode) in (0..60).zip(Mode::ALL.into_iter().cycle()) {
            let from = Params::new(Key::D, Mode::Dorian, 60.0, 0.5).unwrap();
            // A fifth away five of seven triads are common; a new mode on the same tonic keeps some as well.
            for key in [Key::D, Key::A, Key::G] {
                let to = Params::new(key, mode, 60.0, 0.5).unwrap();
                let mut harmony = Harmony::new(seed, &from);
                for _ in 0..=seed {
                    harmony.advance(&from, false, 0.0);
                }
                let common = (0..7).flat_map(|degree| Colour::ALL.map(|colour| (degree, colour)));
                let exists = common.into_iter().any(|(degree, colour)| {
                    let chord = Chord {
                        scale: to.scale(),
                        degree,
                        colour,
                    };
                    chord.is_consonant()
                        && ![0, 4].contains(&degree)
                        && is_pivot(chord, from.scale())
                });
                harmony.advance(&to, false, 0.0);
                let door = harmony.chord();
                assert_eq!(door.scale, to.scale());
                assert!(
                    !exists || is_pivot(door, from.scale()),
                    "{door} from {from:?}"
                );
            }
        }
    }

    #[test]
    fn a_change_of_key_enters_without_a_cadence() {
        for seed in 0..200 {
            let from = Params::new(Key::G, Mode::Ionian, 60.0, 0.9).unwrap();
            let to = Params::new(Key::C, Mode::Ionian, 60.0, 0.9).unwrap();
            let mut harmony = Harmony::new(seed, &from);
            for _ in 0..=(seed % 40) {
                harmony.advance(&from, false, 0.0);
            }
            let before = harmony.chord();
            assert!(
                harmony.advance(&to, false, 0.0),
                "a new key begins a chord at once"
            );
            assert!(
                !(before.root() == Key::G.pitch_class() && harmony.chord().root() == 0),
                "{before} → {} is V–I of the new key",
                harmony.chord()
            );
        }
    }
}
