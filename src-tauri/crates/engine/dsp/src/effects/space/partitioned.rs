//! Convolution with a long response, by transforms of equal parts of it.
//!
//! Uniformly partitioned overlap-save with a delay line of spectra (F. Wefers, "Partitioned convolution
//! algorithms for real-time auralization", 2015, chapter 5): every block of input is transformed once,
//! multiplied with every part's spectrum at the block that is due, and summed before one transform back.

use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Spectra, real and imaginary parts apart, for vector registers.
#[derive(Clone)]
struct Spectrum {
    re: Vec<f32>,
    im: Vec<f32>,
}

impl Spectrum {
    fn silent(bins: usize) -> Spectrum {
        Spectrum {
            re: vec![0.0; bins],
            im: vec![0.0; bins],
        }
    }

    fn set(&mut self, from: &[Complex<f32>]) {
        for ((re, im), x) in self.re.iter_mut().zip(&mut self.im).zip(from) {
            (*re, *im) = (x.re, x.im);
        }
    }

    /// Adds a · b.
    fn add_product(&mut self, a: &Spectrum, b: &Spectrum) {
        let bins = self.re.len();
        let (ar, ai) = (&a.re[..bins], &a.im[..bins]);
        let (br, bi) = (&b.re[..bins], &b.im[..bins]);
        let (re, im) = (&mut self.re[..bins], &mut self.im[..bins]);
        for k in 0..bins {
            re[k] += ar[k] * br[k] - ai[k] * bi[k];
            im[k] += ar[k] * bi[k] + ai[k] * br[k];
        }
    }
}

/// A response, ready to be convolved with; channels share it.
pub(super) struct Response {
    part: usize,
    parts: Vec<Spectrum>,
    forward: Arc<dyn RealToComplex<f32>>,
    back: Arc<dyn ComplexToReal<f32>>,
}

impl Response {
    /// Cuts `samples` into parts of `part` samples.
    pub(super) fn new(samples: &[f32], part: usize) -> Response {
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(2 * part);
        let mut scratch = forward.make_scratch_vec();
        let mut bins = forward.make_output_vec();
        let transformed = |samples: &[f32]| {
            let mut padded = vec![0.0; 2 * part];
            // Scaled for a transform back that does not.
            for (to, x) in padded.iter_mut().zip(samples) {
                *to = x / (2 * part) as f32;
            }
            let mut spectrum = Spectrum::silent(part + 1);
            // All lengths are the planner's own, so it cannot fail.
            let _ = forward.process_with_scratch(&mut padded, &mut bins, &mut scratch);
            spectrum.set(&bins);
            spectrum
        };
        Response {
            part,
            parts: samples.chunks(part).map(transformed).collect(),
            back: planner.plan_fft_inverse(2 * part),
            forward,
        }
    }
}

/// One channel's convolution. The output is one part late.
pub(super) struct Convolver {
    response: Arc<Response>,
    /// The last part of input and the one at hand.
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples of the part at hand.
    filled: usize,
    /// Spectra of the latest parts; `newest` goes round backwards.
    past: Vec<Spectrum>,
    newest: usize,
    sum: Spectrum,
    time: Vec<f32>,
    bins: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl Convolver {
    pub(super) fn new(response: Arc<Response>) -> Convolver {
        let part = response.part;
        let scratch = response
            .forward
            .get_scratch_len()
            .max(response.back.get_scratch_len());
        Convolver {
            input: vec![0.0; 2 * part],
            output: vec![0.0; part],
            filled: 0,
            past: vec![Spectrum::silent(part + 1); response.parts.len()],
            newest: 0,
            sum: Spectrum::silent(part + 1),
            time: vec![0.0; 2 * part],
            bins: vec![Complex::default(); part + 1],
            scratch: vec![Complex::default(); scratch],
            response,
        }
    }

    pub(super) fn process(&mut self, mut samples: &mut [f32]) {
        let part = self.response.part;
        while !samples.is_empty() {
            let count = samples.len().min(part - self.filled);
            let (now, later) = samples.split_at_mut(count);
            let span = self.filled..self.filled + count;
            self.input[part..][span.clone()].copy_from_slice(now);
            now.copy_from_slice(&self.output[span]);
            self.filled += count;
            if self.filled == part {
                self.filled = 0;
                self.transform();
            }
            samples = later;
        }
    }

    fn transform(&mut self) {
        let Response {
            part,
            parts,
            forward,
            back,
        } = &*self.response;
        self.newest = self.newest.checked_sub(1).unwrap_or(parts.len() - 1);
        self.time.copy_from_slice(&self.input);
        self.input.copy_within(*part.., 0);
        // All lengths are the planner's own, so neither transform can fail.
        let _ = forward.process_with_scratch(&mut self.time, &mut self.bins, &mut self.scratch);
        self.past[self.newest].set(&self.bins);
        self.sum.re.fill(0.0);
        self.sum.im.fill(0.0);
        let (recent, older) = (&self.past[self.newest..], &self.past[..self.newest]);
        for (past, part) in recent.iter().chain(older).zip(parts) {
            self.sum.add_product(past, part);
        }
        for (bin, (re, im)) in self
            .bins
            .iter_mut()
            .zip(self.sum.re.iter().zip(&self.sum.im))
        {
            *bin = Complex::new(*re, *im);
        }
        // What a real signal's spectrum has not, and rounding may have left.
        self.bins[0].im = 0.0;
        self.bins[*part].im = 0.0;
        let _ = back.process_with_scratch(&mut self.bins, &mut self.time, &mut self.scratch);
        self.output.copy_from_slice(&self.time[*part..]);
    }

    pub(super) fn reset(&mut self) {
        self.input.fill(0.0);
        self.output.fill(0.0);
        self.filled = 0;
        for past in &mut self.past {
            past.re.fill(0.0);
            past.im.fill(0.0);
        }
        self.newest = 0;
    }
}
