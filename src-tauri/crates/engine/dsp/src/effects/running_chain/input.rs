//! What came in, kept for those that have yet to hear it.

use std::collections::VecDeque;

use crate::effects::chain::MOST_CHANNELS;
use crate::effects::running::bound;

/// Samples that are worked on at once.
pub(super) const CHUNK: usize = 512;

/// What came in: from a while before what is given, as far as it was asked for.
pub(super) struct Input {
    pub(super) lines: Vec<VecDeque<f32>>,
    /// The sample of the stream that the lines begin with.
    pub(super) begin: u64,
    block: Vec<Vec<f32>>,
}

impl Input {
    pub(super) fn new(channels: usize) -> Input {
        Input {
            lines: vec![VecDeque::new(); channels],
            begin: 0,
            block: vec![vec![0.0; CHUNK]; channels],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.first().map_or(0, VecDeque::len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn reserve(&mut self, frames: usize) {
        for line in &mut self.lines {
            line.reserve(frames.saturating_sub(line.len()));
        }
    }

    pub(super) fn restart(&mut self, begin: u64) {
        self.lines.iter_mut().for_each(VecDeque::clear);
        self.begin = begin;
    }

    /// Asks for samples as far as `end`.
    pub(super) fn reach(&mut self, end: u64, ask: &mut dyn FnMut(&mut [&mut [f32]])) {
        loop {
            let had = self.begin + self.len() as u64;
            let count = end.saturating_sub(had).min(CHUNK as u64) as usize;
            if count == 0 {
                return;
            }
            with_parts(&mut self.block, count, |parts| {
                parts.iter_mut().for_each(|part| part.fill(0.0));
                ask(parts);
                parts.iter_mut().for_each(|part| bound(part));
            });
            for (line, samples) in self.lines.iter_mut().zip(&self.block) {
                line.extend(&samples[..count]);
            }
        }
    }

    /// Puts the `frames` samples from `from` on, which it has, into `out`.
    pub(super) fn copy(&self, from: u64, frames: usize, out: &mut [Vec<f32>]) {
        let from = (from - self.begin) as usize;
        for (line, out) in self.lines.iter().zip(out) {
            for (to, x) in out.iter_mut().zip(line.range(from..from + frames)) {
                *to = *x;
            }
        }
    }

    pub(super) fn forget(&mut self, before: u64) {
        let count = before.saturating_sub(self.begin);
        for line in &mut self.lines {
            line.drain(..count as usize);
        }
        self.begin += count;
    }
}

/// Calls `work` with the first `frames` samples of every channel.
pub(super) fn with_parts(
    channels: &mut [Vec<f32>],
    frames: usize,
    work: impl FnOnce(&mut [&mut [f32]]),
) {
    let count = channels.len();
    let mut parts: [&mut [f32]; MOST_CHANNELS] = std::array::from_fn(|_| &mut [][..]);
    for (part, channel) in parts.iter_mut().zip(channels) {
        *part = &mut channel[..frames];
    }
    work(&mut parts[..count.min(MOST_CHANNELS)]);
}
