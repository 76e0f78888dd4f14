//! What was heard a while ago.

/// A ring of samples; its length is a power of two, so that going round is a mask.
#[derive(Clone, Debug)]
pub(crate) struct DelayLine {
    ring: Vec<f32>,
    /// Where the next sample goes.
    at: usize,
}

impl DelayLine {
    /// Remembers at least `longest` samples before the latest.
    pub(crate) fn new(longest: usize) -> DelayLine {
        DelayLine {
            ring: vec![0.0; (longest + 1).next_power_of_two()],
            at: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.ring.fill(0.0);
    }

    #[inline]
    pub(crate) fn push(&mut self, sample: f32) {
        self.ring[self.at] = sample;
        self.at = (self.at + 1) & (self.ring.len() - 1);
    }

    /// The sample `delay` before the latest; 0 is the latest.
    #[inline]
    pub(crate) fn get(&self, delay: usize) -> f32 {
        self.ring[self.at.wrapping_sub(delay).wrapping_sub(1) & (self.ring.len() - 1)]
    }

    /// The value `delay`, at least 1, before the latest, on a cubic through the four samples around it
    /// (Catmull and Rom, 1974). At whole delays it is the sample itself.
    #[inline]
    pub(crate) fn between(&self, delay: f64) -> f32 {
        let whole = delay as usize;
        let t = (delay - whole as f64) as f32;
        let [y0, y1, y2, y3] =
            [whole.wrapping_sub(1), whole, whole + 1, whole + 2].map(|n| self.get(n));
        let slope = 0.5 * (y2 - y0);
        let square = y0 - 2.5 * y1 + 2.0 * y2 - 0.5 * y3;
        let cube = 0.5 * (y3 - y0) + 1.5 * (y1 - y2);
        y1 + t * (slope + t * (square + t * cube))
    }

    /// Takes all of `samples`, which are no more than it remembers.
    pub(crate) fn write(&mut self, samples: &[f32]) {
        let first = samples.len().min(self.ring.len() - self.at);
        let (head, rest) = samples.split_at(first);
        self.ring[self.at..self.at + first].copy_from_slice(head);
        self.ring[..rest.len()].copy_from_slice(rest);
        self.at = (self.at + samples.len()) & (self.ring.len() - 1);
    }

    /// Fills `out` so that its last sample is the one `delay` before the latest.
    pub(crate) fn read(&self, delay: usize, out: &mut [f32]) {
        let from = self.at.wrapping_sub(delay + out.len()) & (self.ring.len() - 1);
        let first = out.len().min(self.ring.len() - from);
        let (head, rest) = out.split_at_mut(first);
        head.copy_from_slice(&self.ring[from..from + first]);
        rest.copy_from_slice(&self.ring[..rest.len()]);
    }
}
