//! Decibels of many samples at once, to within 0.001 dB, in operations that vector registers have.

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

/// Of a positive normal number. The mantissa m lies within √½ and √2; there
/// ln m = 2 artanh((m − 1) / (m + 1)), whose series is cut after the seventh power.
#[inline]
fn log2(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3F35_04F3;
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (bits as i32) >> 23;
    let m = f32::from_bits((bits & 0x007F_FFFF) + SQRT_HALF_BITS);
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    let artanh = t * (1.0 + t2 * (1.0 / 3.0 + t2 * (1.0 / 5.0 + t2 * (1.0 / 7.0))));
    exponent as f32 + artanh * (2.0 * std::f32::consts::LOG2_E)
}

/// The fraction f lies within ±½; there 2^f = e^(f ln 2), whose series is cut after the sixth power.
#[inline]
fn exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 126.0);
    // Adding and taking off 1.5 · 2^23 rounds to a whole number.
    let whole = (x + 12_582_912.0) - 12_582_912.0;
    let f = (x - whole) * std::f32::consts::LN_2;
    let series = 1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0));
    let fraction = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * series)));
    f32::from_bits(((whole as i32 + 127) << 23) as u32) * fraction
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
