//! A chain over a whole sound: nothing late, nothing cut off.

use studio_core::units::SampleRate;

use super::chain::Chain;
use super::effect::Impulses;
use super::error::ChainError;
use super::processor::Processor;
use crate::audio::Audio;

/// What happens after the end of the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Echoes and reverberation are heard to their end: the result is longer.
    Kept,
    /// The result is as long as the sound.
    Cut,
}

impl Chain {
    /// Runs the chain over all of `audio`.
    pub fn render(
        &self,
        audio: &Audio,
        tail: Tail,
        impulses: &Impulses,
    ) -> Result<Audio, ChainError> {
        let mut rendering = Rendering::new(self, audio.rate, audio.channel_count(), impulses)?;
        let mut out = Audio::silence(audio.rate, audio.channel_count(), 0);
        rendering.feed(&audio.slices(), &mut out);
        rendering.finish(tail, &mut out);
        Ok(out)
    }
}

/// A chain over a sound that comes in blocks of any length; the latency is taken off.
pub struct Rendering {
    processor: Processor,
    /// Samples that come before the first of the sound.
    skip: usize,
}

/// Samples that are worked on at once.
const CHUNK: usize = 4096;

impl Rendering {
    pub fn new(
        chain: &Chain,
        rate: SampleRate,
        channels: usize,
        impulses: &Impulses,
    ) -> Result<Rendering, ChainError> {
        let processor = chain.prepare(rate, channels, impulses)?;
        Ok(Rendering {
            skip: processor.latency(),
            processor,
        })
    }

    /// Takes a block and appends what is ready to `out`.
    pub fn feed(&mut self, block: &[&[f32]], out: &mut Audio) {
        let frames = block.iter().map(|channel| channel.len()).min().unwrap_or(0);
        let from = out.frames();
        for (to, samples) in out.channels.iter_mut().zip(block) {
            to.extend_from_slice(&samples[..frames]);
        }
        self.process(out, from);
    }

    /// Appends what the effects still hold.
    pub fn finish(mut self, tail: Tail, out: &mut Audio) {
        let mut left = self.processor.latency() as u64;
        if tail == Tail::Kept {
            left += self.processor.tail();
        }
        while left > 0 {
            let frames = left.min(CHUNK as u64) as usize;
            let from = out.frames();
            for channel in &mut out.channels {
                channel.resize(from + frames, 0.0);
            }
            self.process(out, from);
            left -= frames as u64;
        }
    }

    /// Works on what was appended to `out` at `from`, and drops the latency.
    fn process(&mut self, out: &mut Audio, from: usize) {
        let mut fresh: Vec<&mut [f32]> = out.channels.iter_mut().map(|x| &mut x[from..]).collect();
        self.processor.process(&mut fresh);
        let drop = self.skip.min(out.frames() - from);
        self.skip -= drop;
        for channel in &mut out.channels {
            channel.drain(from..from + drop);
        }
    }
}
