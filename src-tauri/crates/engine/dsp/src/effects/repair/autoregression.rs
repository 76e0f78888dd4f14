//! Sound as its own past: linear prediction, and samples that fit best where some are lost.

/// Samples of the past that predict the next.
pub(super) const ORDER: usize = 32;
/// The most samples in a row that are made anew.
pub(super) const LONGEST: usize = 128;
/// Makes silence and pure tones solvable: white noise 90 dB below the sound is taken to be in it.
const REGULAR: f64 = 1e-9;

/// The filter that leaves what cannot be predicted: e[n] = Σ a[k] x[n − k], a[0] = 1.
///
/// The autocorrelation method with the recursion of Levinson (1947) and Durbin (1960), on a windowed
/// frame. `None` for silence.
pub(super) fn whitening(frame: &[f64], window: &[f64]) -> Option<[f64; ORDER + 1]> {
    let mut correlation = [0.0; ORDER + 1];
    for (lag, sum) in correlation.iter_mut().enumerate() {
        let now = frame[lag..].iter().zip(&window[lag..]);
        let past = frame.iter().zip(window);
        *sum = now.zip(past).map(|((x, w), (y, v))| x * w * y * v).sum();
    }
    correlation[0] *= 1.0 + REGULAR;
    let mut error = correlation[0];
    if error < 1e-20 {
        return None;
    }
    let mut a = [0.0; ORDER + 1];
    a[0] = 1.0;
    for order in 1..=ORDER {
        let sum: f64 = (0..order).map(|k| a[k] * correlation[order - k]).sum();
        let reflection = -sum / error;
        let before = a;
        for k in 1..=order {
            a[k] = before[k] + reflection * before[order - k];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.0 {
            return None;
        }
    }
    Some(a)
}

/// Room for [`fill`].
pub(super) struct Gap {
    matrix: Vec<f64>,
    right: [f64; LONGEST],
}

impl Gap {
    pub(super) fn new() -> Gap {
        Gap {
            matrix: vec![0.0; LONGEST * LONGEST],
            right: [0.0; LONGEST],
        }
    }

    /// Makes `samples[from..to]` anew so that what cannot be predicted is least, in the sense of squares
    /// (A. Janssen, R. Veldhuis, L. Vries, "Adaptive Interpolation of Discrete-Time Signals That Can Be
    /// Modeled as Autoregressive Processes", IEEE Trans. ASSP 34 (2), 1986). At least [`ORDER`] samples
    /// are known on either side, and no more than [`LONGEST`] are made.
    pub(super) fn fill(
        &mut self,
        samples: &mut [f64],
        from: usize,
        to: usize,
        a: &[f64; ORDER + 1],
    ) {
        let count = to - from;
        // Correlation of the filter with itself.
        let mut b = [0.0; ORDER + 1];
        for (lag, b) in b.iter_mut().enumerate() {
            *b = a[lag..].iter().zip(a).map(|(x, y)| x * y).sum();
        }
        let weight = |distance: usize| b.get(distance).copied().unwrap_or(0.0);
        for i in 0..count {
            for j in 0..=i {
                self.matrix[i * LONGEST + j] = weight(i - j);
            }
            self.matrix[i * LONGEST + i] *= 1.0 + REGULAR;
            let known = |n: &usize| *n < from || *n >= to;
            let around = (from + i - ORDER..=from + i + ORDER).filter(known);
            self.right[i] = -around
                .map(|n| weight(n.abs_diff(from + i)) * samples[n])
                .sum::<f64>();
        }
        self.solve(count);
        samples[from..to].copy_from_slice(&self.right[..count]);
    }

    /// Solves the symmetric system by Cholesky's decomposition, in place.
    fn solve(&mut self, count: usize) {
        let m = &mut self.matrix;
        for i in 0..count {
            for j in 0..=i {
                let sum: f64 = (0..j)
                    .map(|k| m[i * LONGEST + k] * m[j * LONGEST + k])
                    .sum();
                let left = m[i * LONGEST + j] - sum;
                m[i * LONGEST + j] = match i == j {
                    true => left.max(f64::MIN_POSITIVE).sqrt(),
                    false => left / m[j * LONGEST + j],
                };
            }
        }
        for i in 0..count {
            let sum: f64 = (0..i).map(|k| m[i * LONGEST + k] * self.right[k]).sum();
            self.right[i] = (self.right[i] - sum) / m[i * LONGEST + i];
        }
        for i in (0..count).rev() {
            let sum: f64 = (i + 1..count)
                .map(|k| m[k * LONGEST + i] * self.right[k])
                .sum();
            self.right[i] = (self.right[i] - sum) / m[i * LONGEST + i];
        }
    }
}
