//! Which chord sounds, for how long, and in which voicing.
//!
//! [`Harmony`] walks a Markov chain over the degrees of the mode. Eight bars make a phrase, which holds one to four
//! chords; a phrase goes on from the last chord of the one before, so nothing restarts on the tonic. Invariants:
//! - a chord on the fifth degree never moves to the tonic, also not across phrases and changes of key;
//! - diminished chords and dominant sevenths do not occur;
//! - the four pad voices move as little as the chord allows, and common tones stay where they are
//!   (unless another tone of the chord would then be out of reach).
//!
//! Not here: rhythm inside a chord and who plays it (see `form`).

use crate::chance::{Chance, Stream};
use crate::params::Params;
use crate::theory::{Chord, Colour, Mode, Scale};

/// Half bars: the grain at which music is composed and a change of parameters is taken.
pub const STEPS_PER_BAR: u32 = 2;
/// Bars in a phrase.
pub const BARS_PER_PHRASE: u32 = 8;

/// Pitches of the four pad voices, ascending.
pub type Voicing = [u8; 4];

/// The chord that sounds, the one that follows, and what the next phrase begins with.
#[derive(Clone)]
pub struct Harmony {
    chance: Chance,
    scale: Scale,
    /// The chords of this phrase with their bars; the first `count` are set.
    phrase: [(Chord, u32); MAX_CHORDS],
    count: usize,
    at: usize,
    steps_left: u32,
    upcoming: Chord,
    voicing: Voicing,
    chords_since_tonic: u32,
    phrases: u32,
    started: bool,
}

const MAX_CHORDS: usize = 4;
/// Pad register: G2 to G5; the cost of drifting keeps most of it within D3 and E5.
const LOWEST: u8 = 43;
const HIGHEST: u8 = 79;
const CENTRE: f32 = 60.0;
/// No voice moves farther in one change of chord. In semitones.
const REACH: u8 = 5;
const OPENING: Voicing = [50, 57, 62, 66];

impl Harmony {
    pub fn new(seed: u64, params: &Params) -> Harmony {
        let mut chance = Chance::new(seed, Stream::Harmony);
        let scale = params.scale();
        let tonic = colour(&mut chance, scale, 0);
        Harmony {
            chance,
            scale,
            phrase: [(tonic, BARS_PER_PHRASE); MAX_CHORDS],
            count: 0,
            at: 0,
            steps_left: 0,
            upcoming: tonic,
            voicing: OPENING,
            chords_since_tonic: 0,
            phrases: 0,
            started: false,
        }
    }

    /// Goes on by one step; true when a chord begins with it. A new key or mode, or `turn`, begins a phrase now.
    pub fn advance(&mut self, params: &Params, turn: bool) -> bool {
        let scale = params.scale();
        if scale != self.scale {
            self.scale = scale;
            self.upcoming = self.doorway();
            self.begin_phrase(params.intensity.get());
        } else if turn && self.started {
            // The chord that was to follow comes now.
            self.upcoming = self.next_chord();
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
        let tonic = Chord {
            scale: self.scale,
            degree: 0,
            colour: Colour::Add9,
        };
        let tonic = if tonic.is_consonant() {
            tonic
        } else {
            Chord {
                colour: Colour::Triad,
                ..tonic
            }
        };
        let last = if self.started && is_dominant(self.chord(), self.scale) {
            self.follow(self.chord())
        } else {
            tonic
        };
        self.phrase[0] = (last, steps.max(1).div_ceil(STEPS_PER_BAR));
        self.count = 1;
        self.at = 0;
        self.upcoming = last;
        self.begin_chord();
        self.steps_left = steps.saturating_sub(1);
    }

    pub fn chord(&self) -> Chord {
        self.phrase[self.at].0
    }

    pub fn next_chord(&self) -> Chord {
        if self.at + 1 < self.count {
            self.phrase[self.at + 1].0
        } else {
            self.upcoming
        }
    }

    pub fn voicing(&self) -> Voicing {
        self.voicing
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
        let bars = BAR_PATTERNS[tier(intensity)];
        let bars = bars[self.chance.below(bars.len())];
        let mut chord = self.upcoming;
        for (place, bars) in self.phrase.iter_mut().zip(bars) {
            *place = (chord, *bars);
            self.chords_since_tonic = if chord.degree == 0 {
                0
            } else {
                self.chords_since_tonic + 1
            };
            chord = follow(&mut self.chance, self.scale, chord, self.chords_since_tonic);
        }
        self.upcoming = chord;
        self.count = bars.len().min(MAX_CHORDS);
        self.at = 0;
        self.phrases += 1;
        self.begin_chord();
    }

    fn begin_chord(&mut self) {
        let (chord, bars) = self.phrase[self.at];
        self.voicing = lead(self.voicing, chord);
        self.steps_left = bars * STEPS_PER_BAR;
        self.started = true;
    }

    fn follow(&mut self, chord: Chord) -> Chord {
        follow(&mut self.chance, self.scale, chord, self.chords_since_tonic)
    }

    /// The first chord of a new scale: one that shares tones with the present voicing.
    fn doorway(&mut self) -> Chord {
        let mut weights = [0.0; 7];
        for (degree, weight) in (0..7).zip(&mut weights) {
            let chord = Chord {
                scale: self.scale,
                degree,
                colour: Colour::Triad,
            };
            let shared = self
                .voicing
                .iter()
                .filter(|pitch| chord.contains(**pitch))
                .count();
            let home = if degree == 0 { 3.0 } else { 1.0 };
            let cadence = degree == 0 && self.started && is_dominant(self.chord(), self.scale);
            if chord.is_consonant() && degree != 4 && !cadence {
                *weight = home * (1 + shared * shared) as f32;
            }
        }
        let degree = self.chance.weighted(&weights).unwrap_or(3);
        colour(&mut self.chance, self.scale, degree as u8)
    }
}

/// Bars of each chord in a phrase, for little, middling and much intensity.
const BAR_PATTERNS: [&[&[u32]]; 3] = [
    &[&[4, 4], &[8], &[5, 3], &[4, 4]],
    &[&[4, 4], &[4, 2, 2], &[2, 2, 4], &[3, 3, 2]],
    &[&[2, 2, 2, 2], &[3, 3, 2], &[2, 4, 2], &[2, 2, 4]],
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
            [0, 6, 2, 0, 2, 2, 3],
            [5, 0, 2, 0, 1, 3, 2],
            [2, 4, 0, 0, 0, 2, 3],
            [0; 7],
            [0, 4, 2, 0, 0, 2, 2],
            [2, 5, 2, 0, 1, 0, 0],
            [4, 3, 2, 0, 0, 1, 0],
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

/// Weights of triad, sus2, add9 and seventh on each degree; colours that a degree lacks are left out.
const COLOURS: [[f32; 4]; 7] = [
    [2.0, 2.0, 4.0, 3.0],
    [2.0, 1.0, 2.0, 4.0],
    [3.0, 1.0, 1.0, 3.0],
    [1.0, 2.0, 4.0, 3.0],
    [3.0, 3.0, 2.0, 1.0],
    [1.0, 1.0, 3.0, 4.0],
    [2.0, 3.0, 3.0, 2.0],
];

fn follow(chance: &mut Chance, scale: Scale, from: Chord, chords_since_tonic: u32) -> Chord {
    let row = transitions(scale.mode)[usize::from(from.degree % 7)];
    let mut weights = row.map(f32::from);
    // The longer away, the stronger home pulls; a zero stays a zero.
    weights[0] *= 1.0 + 0.6 * chords_since_tonic as f32;
    // A scale with no way on does not exist; the fourth degree is consonant in five modes, the tonic in all.
    let degree = chance.weighted(&weights).unwrap_or(0);
    colour(chance, scale, degree as u8)
}

fn colour(chance: &mut Chance, scale: Scale, degree: u8) -> Chord {
    let with = |colour| Chord {
        scale,
        degree,
        colour,
    };
    let mut weights = COLOURS[usize::from(degree % 7)];
    for (weight, colour) in weights.iter_mut().zip(Colour::ALL) {
        if !with(colour).is_consonant() {
            *weight = 0.0;
        }
    }
    let drawn = chance.weighted(&weights).unwrap_or(0);
    with(Colour::ALL[drawn])
}

fn is_dominant(chord: Chord, of: Scale) -> bool {
    chord.root() == (of.key.pitch_class() + 7) % 12
}

/// The voicing of `chord` that is nearest to `from`, found among all within [`REACH`].
///
/// Costs beside the distance: a missing chord tone, a common tone given up, seconds in the low register,
/// semitone clusters, gaps above an octave, parallel fifths or octaves of the outer voices, drift from the centre.
pub fn lead(from: Voicing, chord: Chord) -> Voicing {
    let candidates = from.map(|pitch| {
        (pitch.saturating_sub(REACH).max(LOWEST)..=(pitch + REACH).min(HIGHEST))
            .filter(move |to| chord.contains(*to))
    });
    let [first, second, third, fourth] = candidates;
    let mut best = (f32::INFINITY, from);
    for a in first {
        for b in second.clone().filter(|b| *b > a) {
            for c in third.clone().filter(|c| *c > b) {
                for d in fourth.clone().filter(|d| *d > c) {
                    let to = [a, b, c, d];
                    let cost = cost(from, to, chord);
                    if cost < best.0 {
                        best = (cost, to);
                    }
                }
            }
        }
    }
    best.1
}

fn cost(from: Voicing, to: Voicing, chord: Chord) -> f32 {
    let mut cost = 0.0;
    for (a, b) in from.into_iter().zip(to) {
        let distance = f32::from(a.abs_diff(b));
        cost += distance + 0.08 * distance * distance;
    }
    for class in chord.pitch_classes() {
        if to.iter().all(|pitch| pitch % 12 != class) {
            cost += 40.0;
        }
        let held = |voicing: Voicing, pitch: u8| voicing.contains(&pitch);
        let common = from.iter().any(|pitch| pitch % 12 == class);
        let kept = from
            .iter()
            .any(|pitch| pitch % 12 == class && held(to, *pitch));
        if common && !kept {
            cost += 25.0;
        }
    }
    for (low, high) in to.into_iter().zip(to.into_iter().skip(1)) {
        let gap = high - low;
        if gap < 3 && low < 55 {
            cost += 6.0;
        }
        if gap == 1 {
            cost += 3.0;
        }
        if gap > 12 {
            cost += f32::from(gap - 12) * 2.0;
        }
    }
    let interval = |voicing: Voicing| (voicing[3] - voicing[0]) % 12;
    let parallel = interval(from) == interval(to)
        && matches!(interval(to), 0 | 7)
        && from[0] != to[0]
        && (from[0] < to[0]) == (from[3] < to[3]);
    if parallel {
        cost += 8.0;
    }
    let mean = to.into_iter().map(f32::from).sum::<f32>() / 4.0;
    cost + (mean - CENTRE).abs() * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theory::Key;

    /// Chords and voicings of an hour at 60 BPM.
    fn hour(seed: u64, mode: Mode, intensity: f32) -> Vec<(Chord, Voicing)> {
        let params = Params::new(Key::D, mode, 60.0, intensity).unwrap();
        let mut harmony = Harmony::new(seed, &params);
        let mut chords = Vec::new();
        for _ in 0..1800 {
            if harmony.advance(&params, false) {
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
    fn outer_voices_seldom_move_in_parallel_perfect_intervals() {
        let (mut parallels, mut changes) = (0, 0);
        each_hour(|chords| {
            for pair in chords.windows(2) {
                let (from, to) = (pair[0].1, pair[1].1);
                let (before, after) = ((from[3] - from[0]) % 12, (to[3] - to[0]) % 12);
                changes += 1;
                if before == after && matches!(after, 0 | 7) && from[0] != to[0] {
                    parallels += 1;
                }
            }
        });
        assert!(parallels * 50 <= changes, "{parallels} of {changes}");
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
    fn phrases_last_eight_bars() {
        for intensity in [0.0, 0.5, 1.0] {
            for pattern in BAR_PATTERNS[tier(intensity)] {
                assert_eq!(pattern.iter().sum::<u32>(), BARS_PER_PHRASE);
                assert!(pattern.len() <= MAX_CHORDS);
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
                harmony.advance(&from, false);
            }
            let before = harmony.chord();
            assert!(
                harmony.advance(&to, false),
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
