//! Peaks between the samples, for meters and limiters: four-fold oversampling (ITU-R BS.1770-5 annex 2).
//!
//! Only magnitudes are wanted, so the filter is skipped wherever its gain cannot lift the samples above
//! a level that the caller does not care about: the result is the same, most music costs a fraction.
//!
//! Real time: nothing here allocates after [`PeakFinder::new`].

use std::f64::consts::PI;

/// Samples that one value between two samples is made of. With 12 or 16, as annex 2 has them, bright
/// noise that a limiter takes for safe reads up to 0.7 dB higher on a meter with a longer filter.
const TAPS: usize = 24;
/// Values looked at between two samples.
const BETWEEN: usize = 3;
/// Samples taken in at a time.
pub(crate) const CHUNK: usize = 64;
/// Values computed side by side, for vector registers.
const LANES: usize = 16;

/// Finds the peaks of one channel.
#[derive(Clone, Debug)]
pub(crate) struct PeakFinder {
    phases: [[f32; TAPS]; BETWEEN],
    /// No value between the samples is larger than this times the largest sample around it.
    most_gain: f32,
    /// The samples before the chunk, then the chunk.
    samples: [f32; TAPS - 1 + CHUNK],
}

impl PeakFinder {
    /// The peak that comes with a sample lies up to this many samples before it.
    pub(crate) const DELAY: usize = TAPS / 2;

    pub(crate) fn new() -> PeakFinder {
        let phases = phases();
        let gain = |phase: &[f32; TAPS]| phase.iter().map(|tap| tap.abs()).sum::<f32>();
        PeakFinder {
            // Rounding of the sums is far below this margin.
            most_gain: 1.0001 * phases.iter().map(gain).fold(1.0, f32::max),
            phases,
            samples: [0.0; TAPS - 1 + CHUNK],
        }
    }

    /// Takes at most [`CHUNK`] samples and writes for each the largest magnitude from the sample
    /// [`DELAY`](Self::DELAY) before it to just before the next one. Where that is surely at most
    /// `floor`, it may write 0 instead.
    pub(crate) fn magnitudes(&mut self, samples: &[f32], floor: f32, out: &mut [f32; CHUNK]) {
        let count = samples.len().min(CHUNK);
        self.samples[TAPS - 1..][..count].copy_from_slice(&samples[..count]);
        if loudest(&self.samples[..TAPS - 1 + count]) * self.most_gain <= floor {
            out[..count].fill(0.0);
        } else {
            self.groups(count, out);
        }
        self.samples.copy_within(count..count + TAPS - 1, 0);
    }

    /// The largest magnitude in `samples`, if it is above `floor`, otherwise something below it.
    pub(crate) fn highest(&mut self, samples: &[f32], floor: f32) -> f32 {
        let mut out = [0.0; CHUNK];
        samples.chunks(CHUNK).fold(floor, |highest, chunk| {
            self.magnitudes(chunk, highest, &mut out);
            out[..chunk.len()].iter().copied().fold(highest, f32::max)
        })
    }

    /// The magnitudes of the first `count` samples of the chunk.
    fn groups(&self, count: usize, out: &mut [f32; CHUNK]) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx") {
            // SAFETY: this processor has AVX.
            unsafe { self.groups_wide(count, out) };
            return;
        }
        self.groups_any(count, out);
    }

    /// The same sums in the same order, so the same bits, in registers twice as wide.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx")]
    fn groups_wide(&self, count: usize, out: &mut [f32; CHUNK]) {
        self.groups_any(count, out);
    }

    #[inline(always)]
    fn groups_any(&self, count: usize, out: &mut [f32; CHUNK]) {
        // Past `count` lies what an earlier chunk left; its values are computed and not used.
        for (group, out) in out.chunks_exact_mut(LANES).enumerate() {
            if group * LANES < count {
                self.group(group * LANES, out);
            }
        }
    }

    /// `LANES` magnitudes from `at` on. Every value is summed in the same order wherever it lies in a
    /// chunk, so that block sizes do not show.
    #[inline(always)]
    fn group(&self, at: usize, out: &mut [f32]) {
        let samples = &self.samples[at..at + TAPS - 1 + LANES];
        let mut highest = [0.0f32; LANES];
        for (highest, x) in highest.iter_mut().zip(&samples[TAPS / 2 - 1..]) {
            *highest = x.abs();
        }
        for phase in &self.phases {
            let mut sums = [0.0f32; LANES];
            for (tap, samples) in phase.iter().zip(samples.windows(LANES)) {
                for (sum, x) in sums.iter_mut().zip(samples) {
                    *sum += tap * x;
                }
            }
            for (highest, sum) in highest.iter_mut().zip(sums) {
                *highest = highest.max(sum.abs());
            }
        }
        out.copy_from_slice(&highest);
    }
}

/// The largest magnitude; lanes let the compiler use vector registers.
pub(crate) fn loudest(samples: &[f32]) -> f32 {
    const LANES: usize = 8;
    let mut lanes = [0.0f32; LANES];
    let chunks = samples.chunks_exact(LANES);
    for (lane, x) in lanes.iter_mut().zip(chunks.remainder()) {
        *lane = lane.max(x.abs());
    }
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = lane.max(x.abs());
        }
    }
    lanes.into_iter().fold(0.0, f32::max)
}

/// A sinc under a Hann window for each quarter between two samples.
fn phases() -> [[f32; TAPS]; BETWEEN] {
    let half = (TAPS / 2) as f64;
    let tap = |p: usize, n: usize| {
        let x = n as f64 - (half - 1.0) - (p + 1) as f64 / (BETWEEN + 1) as f64;
        let sinc = (PI * x).sin() / (PI * x);
        (sinc * (0.5 + 0.5 * (PI * x / half).cos())) as f32
    };
    std::array::from_fn(|p| std::array::from_fn(|n| tap(p, n)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sine of `cycles` per sample that rises to full scale: an abrupt start would overshoot.
    fn sine(cycles: f64, phase: f64) -> Vec<f32> {
        let level = |n: i32| (f64::from(n) / 500.0).min(1.0);
        (0..1000)
            .map(|n| (level(n) * (2.0 * PI * (cycles * f64::from(n) + phase)).sin()) as f32)
            .collect()
    }

    #[test]
    fn the_top_between_two_samples_is_found() {
        for (cycles, phase) in [
            (0.25, 0.125),
            (0.125, 0.0625),
            (1.0 / 6.0, 0.0),
            (0.39, 0.1),
        ] {
            let sine = sine(cycles, phase);
            let found = PeakFinder::new().highest(&sine, 0.0);
            let db = 20.0 * found.log10();
            assert!((-0.4..0.2).contains(&db), "{cycles}: {db} dB");
        }
    }

    #[test]
    fn what_is_skipped_is_below_the_floor() {
        let sine = sine(0.23, 0.1);
        let (mut all, mut some) = (PeakFinder::new(), PeakFinder::new());
        let (mut whole, mut part) = ([0.0; CHUNK], [0.0; CHUNK]);
        let mut skipped = 0;
        for chunk in sine.chunks(50) {
            all.magnitudes(chunk, 0.0, &mut whole);
            some.magnitudes(chunk, 0.6, &mut part);
            for (whole, part) in whole.iter().zip(&part).take(chunk.len()) {
                assert!(
                    part == whole || *part == 0.0 && *whole <= 0.6,
                    "{part} for {whole}"
                );
                skipped += usize::from(part != whole);
            }
        }
        assert!(skipped > 50, "{skipped}");
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn wide_registers_give_the_same_bits() {
        let mut finder = PeakFinder::new();
        let (mut wide, mut narrow) = ([0.0; CHUNK], [0.0; CHUNK]);
        for chunk in sine(0.31, 0.2).chunks(CHUNK) {
            finder.magnitudes(chunk, 0.0, &mut wide);
            finder.groups(CHUNK, &mut wide);
            finder.groups_any(CHUNK, &mut narrow);
            assert_eq!(wide, narrow);
        }
    }
}
