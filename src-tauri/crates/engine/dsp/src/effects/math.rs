//! Logarithms and exponentials of many samples at once, to about 1e-7 of their value, in operations
//! that vector registers have.

use std::f32::consts::{LN_2, LOG2_E};

/// Of a positive normal number. The mantissa m lies within √½ and √2; there
/// ln m = 2 artanh((m − 1) / (m + 1)), whose series is cut after the seventh power.
#[inline]
pub(crate) fn log2(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3F35_04F3;
    let bits = x.to_bits().wrapping_sub(SQRT_HALF_BITS);
    let exponent = (bits as i32) >> 23;
    let m = f32::from_bits((bits & 0x007F_FFFF) + SQRT_HALF_BITS);
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    let artanh = t * (1.0 + t2 * (1.0 / 3.0 + t2 * (1.0 / 5.0 + t2 * (1.0 / 7.0))));
    exponent as f32 + artanh * (2.0 * LOG2_E)
}

/// 2^x for x within ±126. The fraction f lies within ±½; there 2^f = e^(f ln 2), whose series is cut
/// after the sixth power.
#[inline]
pub(crate) fn exp2(x: f32) -> f32 {
    let x = x.clamp(-126.0, 126.0);
    // Adding and taking off 1.5 · 2^23 rounds to a whole number.
    let whole = (x + 12_582_912.0) - 12_582_912.0;
    let f = (x - whole) * LN_2;
    let series = 1.0 / 24.0 + f * (1.0 / 120.0 + f * (1.0 / 720.0));
    let fraction = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * series)));
    f32::from_bits(((whole as i32 + 127) << 23) as u32) * fraction
}

/// tanh x = 1 − 2 / (e^2x + 1). Past ±9 it is ±1 in single precision.
#[inline]
pub(crate) fn tanh(x: f32) -> f32 {
    let e = exp2(2.0 * LOG2_E * x.clamp(-9.1, 9.1));
    1.0 - 2.0 / (e + 1.0)
}

/// What is too small to be heard or computed fast becomes nothing.
#[inline]
pub(crate) fn settled(x: f32) -> f32 {
    if x.abs() < 1e-20 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_logarithms_and_tanh_are_those_of_the_library() {
        for n in -4000..4000 {
            let x = n as f32 / 100.0;
            let power = exp2(x);
            assert!((power / x.exp2() - 1.0).abs() < 4e-7, "2^{x} = {power}");
            let back = log2(x.exp2());
            assert!((back - x).abs() < 1e-6 * x.abs().max(1.0), "{x} is {back}");
            assert!((tanh(x) - x.tanh()).abs() < 4e-7, "tanh {x} = {}", tanh(x));
        }
        assert_eq!((exp2(0.0), log2(1.0), tanh(0.0)), (1.0, 0.0, 0.0));
    }
}
