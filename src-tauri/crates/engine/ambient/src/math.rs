//! The few functions that libm computes differently from one system to the next.
//!
//! Only IEEE-exact operations (+ − × ÷ √) are used, so a seed gives the same bits on every machine.

/// 2^x. Relative error below 1e-6 for |x| < 120.
pub(crate) fn exp2(x: f32) -> f32 {
    let whole = x.clamp(-125.0, 126.0).round();
    // Taylor series of e^(t ln 2) for |t| <= 0.5.
    let t = f64::from(x.clamp(-125.0, 126.0) - whole) * std::f64::consts::LN_2;
    let fraction = 1.0
        + t * (1.0
            + t / 2.0 * (1.0 + t / 3.0 * (1.0 + t / 4.0 * (1.0 + t / 5.0 * (1.0 + t / 6.0)))));
    let scale = f32::from_bits(((whole as i32 + 127) as u32) << 23);
    fraction as f32 * scale
}

/// sin(2π · phase / 2^32): a phase accumulator wraps for free and never drifts. Error below 1e-5.
#[inline(always)]
pub(crate) fn sine(phase: u32) -> f32 {
    // Half turns in [-1, 1); the least-squares polynomial keeps the zeros at 0 and ±1 exact.
    let x = phase as i32 as f32 * (1.0 / 2_147_483_648.0);
    let u = x * x;
    let q = 3.141_521_3 + u * (-2.024_777 + u * (0.517_508_04 - u * 0.063_707_05));
    x * (1.0 - u) * q
}

/// tan(π x) for 0 <= x < 0.5.
pub(crate) fn tan_pi(x: f32) -> f32 {
    let phase = (f64::from(x.clamp(0.0, 0.499)) * 2_147_483_648.0) as u32;
    sine(phase) / sine(phase.wrapping_add(1 << 30))
}

/// The coefficient that closes 1 − 1/e of a distance in `secs`, when applied `per_sec` times a second.
pub(crate) fn approach(secs: f32, per_sec: f32) -> f32 {
    1.0 - exp2(-std::f32::consts::LOG2_E / (secs * per_sec).max(1e-3))
}

/// Phase increment of a frequency, kept below the Nyquist frequency.
pub(crate) fn increment(hz: f32, sample_rate: f32) -> u32 {
    let turns = (f64::from(hz) / f64::from(sample_rate)).clamp(0.0, 0.5);
    (turns * 4_294_967_296.0) as u32
}

/// A straight line over `count` samples that ends at `to` and leaves out `from`, its predecessor.
#[derive(Clone, Copy)]
pub(crate) struct Ramp {
    pub from: f32,
    pub step: f32,
}

impl Ramp {
    pub(crate) fn new(from: f32, to: f32, count: usize) -> Ramp {
        Ramp {
            from,
            step: (to - from) / count as f32,
        }
    }

    #[inline(always)]
    pub(crate) fn at(self, n: usize) -> f32 {
        self.from + self.step * (n + 1) as f32
    }
}

/// White noise in [-1, 1) from a linear congruential generator (Numerical Recipes, 3rd ed., §7.1).
#[derive(Clone, Copy)]
pub(crate) struct Noise(pub u32);

impl Noise {
    /// A phase to begin from. The generator's low bits are poor, so the high ones are folded in.
    pub(crate) fn bits(&mut self) -> u32 {
        self.next();
        self.0 ^ (self.0 >> 15)
    }

    #[inline(always)]
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 as i32 as f32 * (1.0 / 2_147_483_648.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_follow_libm() {
        for i in -4000..4000 {
            let x = i as f32 * 0.01;
            assert!((exp2(x) / x.exp2() - 1.0).abs() < 2e-6, "2^{x}");
        }
        for i in 0..4096_u32 {
            let phase = i << 20;
            let exact = (f64::from(i) / 4096.0 * std::f64::consts::TAU).sin() as f32;
            assert!((sine(phase) - exact).abs() < 1e-5, "sine at {i}/4096 turns");
        }
        for i in 0..450 {
            let x = i as f32 * 0.001;
            let exact = (x * std::f32::consts::PI).tan();
            assert!(
                (tan_pi(x) - exact).abs() < 1e-4 * (1.0 + exact * exact),
                "tan of {x}"
            );
        }
    }
}
