//! A score on its way into a file: levelled, limited, measured, written.

use camino::Utf8Path;
use studio_ambient::Score;
use studio_core::Error;
use studio_core::units::Db;
use studio_dsp::{Audio, Limiter, Loudness, Meter};
use studio_media::{AudioFormat, AudioWriter};

use super::{RATE, internal};

const BLOCK: usize = 8192;
/// True peaks of the result stay below, in dBTP; a lossy encoder moves them by up to a decibel.
const CEILING: Db = Db(-1.0);

/// A score, block by block.
pub(super) struct Blocks {
    score: Score,
    block: Audio,
    done: u64,
}

impl Blocks {
    pub(super) fn new(score: Score) -> Blocks {
        Blocks {
            score,
            block: Audio::silence(RATE, 2, 0),
            done: 0,
        }
    }

    /// `None` at the end.
    pub(super) fn next(&mut self) -> Option<&mut Audio> {
        let [left, right] = self.block.channels.as_mut_slice() else {
            return None;
        };
        left.resize(BLOCK, 0.0);
        right.resize(BLOCK, 0.0);
        let count = self.score.render(left, right);
        left.truncate(count);
        right.truncate(count);
        self.done += count as u64;
        (count > 0).then_some(&mut self.block)
    }

    /// Share that is done.
    pub(super) fn share(&self) -> f64 {
        self.done as f64 / self.score.total().max(1) as f64
    }
}

pub(super) struct Track {
    blocks: Blocks,
    end: End,
}

impl Track {
    pub(super) fn create(
        score: Score,
        gain: Db,
        path: &Utf8Path,
        format: AudioFormat,
    ) -> Result<Track, Error> {
        let limiter = Limiter::new(CEILING, 2, RATE);
        Ok(Track {
            blocks: Blocks::new(score),
            end: End {
                gain: gain.ratio() as f32,
                late: limiter.latency(),
                limiter,
                meter: Meter::new(2, RATE).map_err(internal)?,
                writer: AudioWriter::create(path, format, RATE, 2)?,
            },
        })
    }

    /// Writes the next block. False at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        match self.blocks.next() {
            Some(block) => self.end.take(block).map(|()| true),
            None => Ok(false),
        }
    }

    pub(super) fn share(&self) -> f64 {
        self.blocks.share()
    }

    /// Completes the file; its length in seconds and its loudness.
    pub(super) fn finish(mut self) -> Result<(f64, Loudness), Error> {
        // The delayed end is still inside the limiter.
        let mut tail = Audio::silence(RATE, 2, self.end.limiter.latency());
        self.end.take(&mut tail)?;
        let loudness = self.end.meter.report().map_err(internal)?;
        let frames = self.end.writer.finish()?.frames;
        Ok((RATE.secs_from_samples(frames), loudness))
    }
}

struct End {
    gain: f32,
    limiter: Limiter,
    /// Samples that still come out of the limiter before the music.
    late: usize,
    meter: Meter,
    writer: AudioWriter,
}

impl End {
    fn take(&mut self, block: &mut Audio) -> Result<(), Error> {
        for channel in &mut block.channels {
            channel.iter_mut().for_each(|x| *x *= self.gain);
        }
        let mut slices: Vec<&mut [f32]> =
            block.channels.iter_mut().map(Vec::as_mut_slice).collect();
        self.limiter.process(&mut slices);
        let skipped = self.late.min(block.frames());
        self.late -= skipped;
        for channel in &mut block.channels {
            channel.drain(..skipped);
        }
        self.meter.feed(&block.slices()).map_err(internal)?;
        self.writer.write(block)?;
        Ok(())
    }
}
