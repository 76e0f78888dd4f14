//! Chunks of a room as Opus packets.

use studio_core::Error;
use studio_dsp::{Audio, Resampler};
use studio_media::OpusStream;

use crate::rooms::{Chunk, STREAM_RATE};

/// One listener's encoder: packets of 20 ms at 48 kHz, which come up to 100 ms later than their chunk.
pub struct Opus {
    resampler: Resampler,
    stream: OpusStream,
}

impl Opus {
    pub fn new() -> Result<Opus, Error> {
        let resampler = Resampler::new(STREAM_RATE, OpusStream::RATE, OpusStream::CHANNELS)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(Opus {
            resampler,
            stream: OpusStream::new()?,
        })
    }

    pub fn encode(&mut self, chunk: &Chunk) -> Result<Vec<Vec<u8>>, Error> {
        let frames = chunk.samples.as_chunks::<2>().0;
        let plane = |channel: usize| -> Vec<f32> {
            let samples = frames.iter().map(|frame| f32::from(frame[channel]));
            samples.map(|sample| sample / 32_768.0).collect()
        };
        let (left, right) = (plane(0), plane(1));
        let mut ready = Audio::silence(OpusStream::RATE, OpusStream::CHANNELS, 0);
        self.resampler
            .feed(&[&left, &right], &mut ready)
            .map_err(|error| Error::internal(error.to_string()))?;
        Ok(self.stream.push(&ready.channels)?)
    }
}
