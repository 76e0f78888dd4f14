//! Which key is heard, by Krumhansl and Schmuckler: durations of the twelve pitch classes are correlated with the
//! profiles that listeners gave to major and minor (C. Krumhansl, E. Kessler, "Tracing the dynamic changes in
//! perceived tonal organization in a spatial representation of musical keys", Psychological Review 89, 1982).
//!
//! A church mode has no profile of its own. What a listener can be asked for is its tonic, so a window is clear when
//! the best of the 24 keys has that tonic.

use super::{KeyClarity, Piece};
use crate::form::Ticks;

/// How well each pitch class fits, from the tonic up, as published.
const MAJOR: [f64; 12] = [
    6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88,
];
const MINOR: [f64; 12] = [
    6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17,
];
const WINDOW_SECS: f64 = 60.0;

/// The key that fits best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeyEstimate {
    /// Pitch class of the tonic.
    pub tonic: u8,
    pub minor: bool,
    /// Pearson's r, −1..=1.
    pub correlation: f64,
}

/// Finds the key of pitch classes that last as long as `durations` say (any unit). `None` when all are equal.
pub fn estimate_key(durations: &[f64; 12]) -> Option<KeyEstimate> {
    let mut best: Option<KeyEstimate> = None;
    for tonic in 0..12_u8 {
        let turned: [f64; 12] =
            std::array::from_fn(|class| durations[(class + usize::from(tonic)) % 12]);
        for (profile, minor) in [(&MAJOR, false), (&MINOR, true)] {
            let correlation = pearson(&turned, profile)?;
            if best.is_none_or(|best| correlation > best.correlation) {
                best = Some(KeyEstimate {
                    tonic,
                    minor,
                    correlation,
                });
            }
        }
    }
    best
}

pub(super) fn clarity(piece: &Piece) -> Option<KeyClarity> {
    let windows = windows(piece);
    let (mut judged, mut clear, mut correlation) = (0, 0, 0.0);
    for (from, until, durations) in windows {
        let (Some(first), Some(last)) = (piece.scale_at(from), piece.scale_at(Ticks(until.0 - 1)))
        else {
            continue;
        };
        let Some(estimate) = estimate_key(&durations).filter(|_| first == last) else {
            continue;
        };
        judged += 1;
        clear += usize::from(estimate.tonic == first.key.pitch_class());
        correlation += estimate.correlation;
    }
    (judged > 0).then(|| KeyClarity {
        windows: judged,
        clear: clear as f64 / judged as f64,
        correlation: correlation / judged as f64,
    })
}

/// Whole minutes: from, until, and how many ticks each pitch class sounds.
pub(super) fn windows(piece: &Piece) -> Vec<(Ticks, Ticks, [f64; 12])> {
    let mut windows: Vec<(Ticks, Ticks, [f64; 12])> = Vec::new();
    let mut from = 0;
    // A beat is the grain: boundaries need no more.
    let beats = (0..=piece.end.0).step_by(crate::form::TICKS_PER_BEAT as usize);
    for at in beats {
        if piece.secs_at(Ticks(at)) - piece.secs_at(Ticks(from)) >= WINDOW_SECS {
            windows.push((Ticks(from), Ticks(at), [0.0; 12]));
            from = at;
        }
    }
    for tone in &piece.tones {
        let first = windows.partition_point(|(_, until, _)| *until <= tone.at);
        for (from, until, durations) in windows[first..]
            .iter_mut()
            .take_while(|(from, _, _)| *from < tone.end())
        {
            let ticks = tone.end().min(*until).0 - tone.at.max(*from).0;
            durations[usize::from(tone.pitch % 12)] += ticks as f64;
        }
    }
    windows
}

/// `None` when one of the two does not vary.
fn pearson(a: &[f64; 12], b: &[f64; 12]) -> Option<f64> {
    let mean = |values: &[f64; 12]| values.iter().sum::<f64>() / 12.0;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    let scale = (aa * bb).sqrt();
    (scale > 0.0).then(|| ab / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(classes: &[(usize, f64)]) -> KeyEstimate {
        let mut durations = [0.0; 12];
        for (class, duration) in classes {
            durations[*class] += duration;
        }
        estimate_key(&durations).unwrap()
    }

    #[test]
    fn a_scale_with_its_tonic_triad_is_heard_in_its_key() {
        let c_major = [0, 2, 4, 5, 7, 9, 11].map(|class| (class, 1.0));
        let estimate = heard(&[&c_major[..], &[(0, 1.5), (4, 0.5), (7, 1.0)]].concat());
        assert_eq!((estimate.tonic, estimate.minor), (0, false));
        let estimate = heard(&[&c_major[..], &[(9, 2.0), (0, 1.0), (4, 1.0)]].concat());
        assert_eq!((estimate.tonic, estimate.minor), (9, true));
    }

    #[test]
    fn a_profile_is_its_own_key_and_silence_has_none() {
        let estimate = estimate_key(&MINOR).unwrap();
        assert_eq!((estimate.tonic, estimate.minor), (0, true));
        assert!((estimate.correlation - 1.0).abs() < 1e-12);
        assert_eq!(estimate_key(&[0.0; 12]), None);
        assert_eq!(estimate_key(&[1.0; 12]), None);
    }
}
