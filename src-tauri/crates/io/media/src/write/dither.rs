//! From `f32` to 16 bits with TPDF dither.
//!
//! Two independent uniform variables of one step each, summed: the error's mean and variance no longer
//! depend on the signal (Lipshitz, Wannamaker, Vanderkooy, "Quantization and Dither", JAES 40 (5), 1992).
//! Samples that lie on the 16-bit grid already pass unchanged, so that 16-bit material survives a
//! conversion bit for bit and digital silence stays silent.

const FULL_SCALE: f32 = 32_768.0;

/// One generator for all channels; the same samples give the same bytes, whatever the block sizes.
pub(crate) struct Dither {
    state: u64,
}

impl Dither {
    pub(crate) fn new() -> Dither {
        Dither {
            state: 0x9E37_79B9_7F4A_7C15,
        }
    }

    pub(crate) fn quantize(&mut self, sample: f32) -> i16 {
        let random = self.next();
        let scaled = sample * FULL_SCALE;
        // `as` saturates, and turns NaN into 0. What lies on the grid is not rounded: that is a slow call.
        let whole = scaled as i16;
        match f32::from(whole) == scaled {
            true => whole,
            false => (scaled + triangular(random)).round() as i16,
        }
    }

    /// SplitMix64 (Steele, Lea, Flood, 2014).
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Triangular in ±1 from 48 random bits.
fn triangular(random: u64) -> f32 {
    const UNIT: f32 = 1.0 / 16_777_216.0;
    let a = (random & 0xFF_FFFF) as f32 * UNIT;
    let b = ((random >> 24) & 0xFF_FFFF) as f32 * UNIT;
    a - b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bit_samples_pass_unchanged() {
        let mut dither = Dither::new();
        for sample in i16::MIN..=i16::MAX {
            assert_eq!(dither.quantize(f32::from(sample) / FULL_SCALE), sample);
        }
    }

    #[test]
    fn the_mean_of_the_error_is_zero_between_steps() {
        let mut dither = Dither::new();
        for level in [0.1f32, 0.25, 0.5, 0.9] {
            let n = 200_000;
            let sum: i64 = (0..n)
                .map(|_| i64::from(dither.quantize(level / FULL_SCALE)))
                .sum();
            let mean = sum as f32 / n as f32;
            assert!(
                (mean - level).abs() < 0.01,
                "a level of {level} steps must come out as {level} in the mean, not {mean}"
            );
        }
    }

    #[test]
    fn too_loud_and_invalid_samples_stay_in_range() {
        let mut dither = Dither::new();
        assert_eq!(dither.quantize(7.0), i16::MAX);
        assert_eq!(dither.quantize(-7.0), i16::MIN);
        assert_eq!(dither.quantize(f32::NAN), 0);
    }
}
