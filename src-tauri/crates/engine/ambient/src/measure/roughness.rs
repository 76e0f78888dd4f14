//! Sensory roughness: how much the partials of what sounds beat within the ear's critical bands.
//!
//! The curve of two pure tones is that of R. Plomp and W. Levelt ("Tonal consonance and critical bandwidth", JASA 38,
//! 1965) as W. Sethares fitted it ("Local consonance and the relationship between timbre and scale", JASA 94, 1993).
//! The sum is divided by the partials' power, after W. Hutchinson and L. Knopoff ("The acoustic component of western
//! consonance", Interface 7, 1978), so that level does not matter.

use super::RoughnessReport;
use super::chords::Sonority;
use crate::theory::hz;

/// Sethares' constants, as published.
const A1: f64 = -3.51;
const A2: f64 = -5.75;
const C: f64 = 5.0;
const D_STAR: f64 = 0.24;
const S1: f64 = 0.0207;
const S2: f64 = 18.96;
/// Partials of a note and how much weaker each is than the one before.
const PARTIALS: u32 = 6;
const ROLL_OFF: f64 = 0.88;

/// A pure tone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partial {
    pub hz: f64,
    /// Linear, any unit.
    pub amplitude: f64,
}

/// Roughness of tones that sound together, from 0 for silence or a single pure tone.
pub fn roughness(partials: &[Partial]) -> f64 {
    let power: f64 = partials.iter().map(|p| p.amplitude * p.amplitude).sum();
    let mut sum = 0.0;
    for (index, a) in partials.iter().enumerate() {
        for b in &partials[index + 1..] {
            let scale = D_STAR / (S1 * a.hz.min(b.hz) + S2);
            let apart = scale * (a.hz - b.hz).abs();
            // Beyond it the curve is below 1e-4 of its peak.
            if apart < 3.5 {
                sum += a.amplitude * b.amplitude * C * ((A1 * apart).exp() - (A2 * apart).exp());
            }
        }
    }
    if power > 0.0 { sum / power } else { 0.0 }
}

/// Roughness of notes of six harmonic partials; pitches with their velocities.
pub fn roughness_of_pitches(notes: &[(u8, u8)]) -> f64 {
    let partials: Vec<Partial> = notes
        .iter()
        .flat_map(|(pitch, velocity)| {
            let (base, loud) = (f64::from(hz(*pitch)), f64::from(*velocity) / 127.0);
            (0..PARTIALS).map(move |n| Partial {
                hz: base * f64::from(n + 1),
                amplitude: loud * ROLL_OFF.powi(n as i32),
            })
        })
        .collect();
    roughness(&partials)
}

pub(super) fn of_piece(sonorities: &[Sonority]) -> Option<RoughnessReport> {
    let sounding = sonorities
        .iter()
        .filter(|sonority| !sonority.all.is_empty());
    let values: Vec<f64> = sounding
        .map(|sonority| roughness_of_pitches(&sonority.all))
        .collect();
    (!values.is_empty()).then(|| RoughnessReport {
        mean: values.iter().sum::<f64>() / values.len() as f64,
        highest: values.iter().copied().fold(0.0, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pitches: &[u8]) -> f64 {
        let notes: Vec<(u8, u8)> = pitches.iter().map(|pitch| (*pitch, 80)).collect();
        roughness_of_pitches(&notes)
    }

    #[test]
    fn intervals_are_rough_in_the_order_that_listeners_give() {
        // Octave, fifth, fourth, major third, tritone, major second, minor second above middle C.
        let order = [12, 7, 5, 4, 6, 2, 1].map(|interval| of(&[60, 60 + interval]));
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "{order:?}");
        assert!(of(&[60, 64, 67]) < of(&[60, 61, 67]));
    }

    #[test]
    fn low_thirds_are_rougher_than_high_ones_and_level_does_not_matter() {
        assert!(of(&[40, 44]) > of(&[64, 68]));
        let soft = roughness_of_pitches(&[(60, 20), (64, 20)]);
        assert!((soft - of(&[60, 64])).abs() < 1e-9);
        assert_eq!(of(&[]), 0.0);
    }

    #[test]
    fn two_pure_tones_are_roughest_a_quarter_of_a_critical_band_apart() {
        let pair = |apart: f64| {
            let tone = |hz| Partial { hz, amplitude: 1.0 };
            roughness(&[tone(500.0), tone(500.0 + apart)])
        };
        let roughest = (1..200).max_by(|a, b| pair(f64::from(*a)).total_cmp(&pair(f64::from(*b))));
        // Maximum of the curve: ln(A2 / A1) / (A1 − A2) / s = 0.2203 / s.
        let expected = 0.2203 * (S1 * 500.0 + S2) / D_STAR;
        assert!((f64::from(roughest.unwrap()) - expected).abs() < 1.0);
    }
}
