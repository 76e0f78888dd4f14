//! Decibels of many samples at once, to within 0.001 dB, in operations that vector registers have.

use crate::effects::math::{exp2, log2};

/// Decibels per doubling of an amplitude: 20 · log10(2).
const DB_PER_OCTAVE: f32 = 6.020_6;
/// The quietest level that is told from silence, as an amplitude: −200 dBFS.
const QUIETEST: f32 = 1e-10;

/// The level of each magnitude in dBFS; silence is −200.
#[inline]
pub(super) fn levels<const N: usize>(magnitudes: &[f32; N]) -> [f32; N] {
    magnitudes.map(|x| DB_PER_OCTAVE * log2(x.max(QUIETEST)))
}

/// The factor of each gain in dB, from −700 to 700.
#[inline]
pub(super) fn ratios<const N: usize>(gains_db: &[f32; N]) -> [f32; N] {
    gains_db.map(|db| exp2(db / DB_PER_OCTAVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_gains_are_exact_to_a_thousandth_of_a_decibel() {
        for n in -1990..=400 {
            let db = n as f32 / 10.0;
            let ratio = 10f64.powf(f64::from(db) / 20.0);
            let [gain] = ratios(&[db]);
            let off = 20.0 * (f64::from(gain) / ratio).log10();
            assert!(off.abs() < 1e-3, "{db} dB became {gain}, off by {off} dB");
            let [level] = levels(&[ratio as f32]);
            assert!((level - db).abs() < 1e-3, "{ratio} became {level} dB");
        }
        assert_eq!(ratios(&[0.0]), [1.0]);
        let [silence] = levels(&[0.0]);
        assert!((silence + 200.0).abs() < 1e-2, "{silence}");
    }
}
