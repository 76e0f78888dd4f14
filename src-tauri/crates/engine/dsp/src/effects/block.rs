//! The stretch of planar samples that an effect works on.

use std::ops::Range;

use super::effect::CONTROL;

/// At most [`CONTROL`] samples of every channel, which no line of the control grid parts.
pub(crate) struct Block<'a, 'b> {
    channels: &'a mut [&'b mut [f32]],
    span: Range<usize>,
}

impl<'a, 'b> Block<'a, 'b> {
    /// `span` lies within every channel.
    pub(crate) fn new(channels: &'a mut [&'b mut [f32]], span: Range<usize>) -> Block<'a, 'b> {
        Block { channels, span }
    }

    pub(crate) fn frames(&self) -> usize {
        self.span.len()
    }

    pub(crate) fn channels(&mut self) -> impl Iterator<Item = &mut [f32]> {
        let span = self.span.clone();
        self.channels
            .iter_mut()
            .map(move |channel| &mut channel[span.clone()])
    }

    /// The channels two by two; the last may be alone.
    pub(crate) fn pairs(&mut self) -> impl Iterator<Item = Pair<'_>> {
        let span = self.span.clone();
        self.channels.chunks_mut(2).map(move |two| {
            let mut two = two.iter_mut();
            let mut next = || two.next().map(|channel| &mut channel[span.clone()]);
            Pair {
                first: next().unwrap_or_default(),
                second: next(),
            }
        })
    }

    /// All channels in full, and where the block lies in them.
    pub(crate) fn parts(&mut self) -> (&mut [&'b mut [f32]], Range<usize>) {
        (self.channels, self.span.clone())
    }

    /// The highest magnitude of any channel at each sample.
    pub(crate) fn peaks(&mut self) -> [f32; CONTROL] {
        let mut peaks = [0.0f32; CONTROL];
        for channel in self.channels() {
            for (peak, x) in peaks.iter_mut().zip(channel) {
                *peak = peak.max(x.abs());
            }
        }
        peaks
    }

    /// Multiplies every channel with the same gains.
    pub(crate) fn scale(&mut self, gains: &[f32; CONTROL]) {
        for channel in self.channels() {
            for (x, gain) in channel.iter_mut().zip(gains) {
                *x *= gain;
            }
        }
    }
}

/// Two channels that are worked on side by side, for vector registers.
pub(crate) struct Pair<'a> {
    pub(crate) first: &'a mut [f32],
    pub(crate) second: Option<&'a mut [f32]>,
}

impl Pair<'_> {
    /// Both channels' samples next to each other; a missing second channel is silent.
    pub(crate) fn read(&self) -> [[f64; 2]; CONTROL] {
        let mut lanes = [[0.0; 2]; CONTROL];
        for (lane, x) in lanes.iter_mut().zip(self.first.iter()) {
            lane[0] = f64::from(*x);
        }
        for (lane, x) in lanes
            .iter_mut()
            .zip(self.second.iter().flat_map(|x| x.iter()))
        {
            lane[1] = f64::from(*x);
        }
        lanes
    }

    pub(crate) fn write(&mut self, lanes: &[[f64; 2]; CONTROL]) {
        for (x, lane) in self.first.iter_mut().zip(lanes) {
            *x = lane[0] as f32;
        }
        for (x, lane) in self.second.iter_mut().flat_map(|x| x.iter_mut()).zip(lanes) {
            *x = lane[1] as f32;
        }
    }
}
