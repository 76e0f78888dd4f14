//! How four voices go from chord to chord.
//!
//! [`lead`] weighs every voicing within reach. Invariants (proven over hours in `harmony`): all tones of the chord
//! sound, no voice moves more than five semitones, and no two voices move in parallel fifths or octaves.

use crate::theory::Chord;

/// Pitches of the four pad voices, ascending.
pub type Voicing = [u8; 4];

/// Where the voices come from when nothing sounded before.
pub(crate) const OPENING: Voicing = [50, 57, 62, 66];

/// Pad register: G2 to G5; the cost of drifting keeps most of it within D3 and E5.
const LOWEST: u8 = 43;
const HIGHEST: u8 = 79;
const CENTRE: f32 = 60.0;
/// No voice moves farther in one change of chord. In semitones.
const REACH: u8 = 5;

/// The voicing of `chord` that is nearest to `from`, each voice within [`REACH`], and [smooth](is_smooth) if that is
/// possible. `register` moves the centre that the voices are drawn to, in semitones.
///
/// Costs beside the distance: what is not smooth, a common tone given up, outer voices that leap alike, seconds in the low register,
/// semitone clusters, gaps above an octave, drift from the centre.
pub fn lead(from: Voicing, chord: Chord, register: f32) -> Voicing {
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
                    let rough = if is_smooth(from, to, chord) { 0.0 } else { 1e3 };
                    let cost = rough + cost(from, to, chord, CENTRE + register);
                    if cost < best.0 {
                        best = (cost, to);
                    }
                }
            }
        }
    }
    best.1
}

/// Whether all tones of the chord sound and no voices move in [`parallels`].
pub fn is_smooth(from: Voicing, to: Voicing, chord: Chord) -> bool {
    let sounds = |class| to.iter().any(|pitch| pitch % 12 == class);
    parallels(&from, &to) == 0 && chord.pitch_classes().all(sounds)
}

fn cost(from: Voicing, to: Voicing, chord: Chord, centre: f32) -> f32 {
    let mut cost = 0.0;
    for (a, b) in from.into_iter().zip(to) {
        let distance = f32::from(a.abs_diff(b));
        cost += distance + 0.08 * distance * distance;
    }
    for class in chord.pitch_classes() {
        let mut common = from.iter().filter(|pitch| *pitch % 12 == class).peekable();
        if common.peek().is_some() && !common.any(|pitch| to.contains(pitch)) {
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
    let leap = |voice: usize| i16::from(to[voice]) - i16::from(from[voice]);
    if leap(0).signum() == leap(3).signum() && leap(0).abs() > 2 && leap(3).abs() > 2 {
        cost += 8.0;
    }
    let mean = to.into_iter().map(f32::from).sum::<f32>() / 4.0;
    cost + (mean - centre).abs() * 0.5
}

/// Pairs of voices that keep a fifth, an octave or a unison (or these and octaves more) while both move in one
/// direction: what counterpoint forbids since Fux, because two voices sound like one.
pub fn parallels(from: &[u8], to: &[u8]) -> usize {
    let moves = |voice: usize| i16::from(to[voice]) - i16::from(from[voice]);
    let voices = from.len().min(to.len());
    (0..voices)
        .flat_map(|low| (low + 1..voices).map(move |high| (low, high)))
        .filter(|(low, high)| {
            let (before, after) = (
                from[*high].abs_diff(from[*low]),
                to[*high].abs_diff(to[*low]),
            );
            before % 12 == after % 12
                && matches!(after % 12, 0 | 7)
                && moves(*low) * moves(*high) > 0
        })
        .count()
}
