//! Higher or lower in the same time: stretched by the vocoder, then read faster or slower.

use super::vocoder::{OVERLAP, Vocoder, frame_length};
use crate::effects::block::Block;
use crate::effects::delay_line::DelayLine;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::settings::{Settings, own_numbers, settings};
use crate::effects::sinc::{HALF, Sinc};

settings! {
    /// Moves all pitches alike.
    PitchShift {
        /// 12 are an octave.
        semitones: "semitones", -12.0..=12.0, 0.0;
    }
}

impl Settings for PitchShift {
    type Running = Running;
    own_numbers!();
}

impl PitchShift {
    /// New frequency over old.
    fn ratio(&self) -> f64 {
        (self.semitones / 12.0).exp2()
    }
}

/// The lowest ratio: it takes the most input for the same output, and so decides about the latency.
const LOWEST: f64 = 0.5;
/// Ratios of past frames that are remembered: more than lie between the newest and where is read.
const RATIOS: usize = 64;
/// Frames that are centred before the start: those that reach into it, and one that they continue.
const AHEAD: u64 = OVERLAP as u64 / 2;

pub(crate) struct Running {
    vocoder: Vocoder,
    sinc: Sinc,
    inputs: Vec<DelayLine>,
    /// Stretched sound: rings that frames are added up in.
    stretched: Vec<Vec<f32>>,
    length: usize,
    latency: usize,
    ratio: f64,
    /// Samples taken in.
    taken: u64,
    /// Number of the next frame, its centre in the input, and the ratio of each frame.
    frame: u64,
    centre: f64,
    ratios: [f64; RATIOS],
    /// Where is read, in stretched samples: whole and part.
    reading: (u64, f64),
}

impl Running {
    /// Synthesises every frame whose input is complete.
    fn synthesise(&mut self) {
        let half = self.length as i64 / 2;
        // Samples between the end of the frame and the newest, once it is complete.
        while let Ok(behind) =
            usize::try_from(self.taken as i64 - self.centre.round() as i64 - half)
        {
            let ratio = self.ratio;
            let hop = self.vocoder.hop();
            let mask = self.stretched.first().map_or(0, |ring| ring.len() - 1);
            let inputs = &self.inputs;
            let fetch = |channel: usize, before: usize, frame: &mut [f32]| {
                inputs[channel].read(behind + before, frame);
            };
            let at = self.frame as usize * hop;
            let (stretched, length) = (&mut self.stretched, self.length);
            let add = |channel: usize, frame: &[f32]| {
                let ring = &mut stretched[channel];
                // The last hop is heard for the first time; what was there is long read.
                for n in length - hop..length {
                    ring[(at + n) & mask] = 0.0;
                }
                for (n, x) in frame.iter().enumerate() {
                    ring[(at + n) & mask] += x;
                }
            };
            self.vocoder.step(0.5 / ratio.max(1.0), fetch, add);
            self.ratios[(self.frame % RATIOS as u64) as usize] = ratio;
            self.centre += hop as f64 / ratio;
            self.frame += 1;
        }
    }

    /// Reads the next sample of every channel into `out(channel)`.
    fn read(&mut self, mut out: impl FnMut(usize, f32)) {
        let (whole, part) = self.reading;
        // The first frame begins half a frame and its own half before the start.
        let first = whole as usize + self.length - (HALF - 1);
        for (channel, ring) in self.stretched.iter().enumerate() {
            let around = std::array::from_fn(|n| ring[(first + n) & (ring.len() - 1)]);
            out(channel, self.sinc.between(&around, part));
        }
        let hop = self.vocoder.hop() as u64;
        let next = part + self.ratios[((whole / hop + AHEAD) % RATIOS as u64) as usize];
        self.reading = (whole + next as u64, next.fract());
    }
}

impl Effect for Running {
    type Settings = PitchShift;

    fn prepare(settings: &PitchShift, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let length = frame_length(stream.rate);
        let vocoder = Vocoder::new(length, stream.channels);
        // A sample is read once the frames over it are complete: half a frame, a hop and the sinc's half
        // beyond it in stretched time, and half a frame of input.
        let beyond = length / 2 + vocoder.hop() + HALF + 1;
        let latency = length / 2 + (beyond as f64 / LOWEST).ceil() as usize + 1;
        // Of the input, a frame and a hop before those that wait; of the stretched sound, twice what
        // the latency lasts.
        let ring = (2 * latency + 2 * length).next_power_of_two();
        let mut running = Running {
            sinc: Sinc::new(),
            inputs: vec![DelayLine::new(4 * length); stream.channels],
            stretched: vec![vec![0.0; ring]; stream.channels],
            vocoder,
            length,
            latency,
            ratio: settings.ratio(),
            taken: 0,
            frame: 0,
            centre: 0.0,
            ratios: [1.0; RATIOS],
            reading: (0, 0.0),
        };
        running.reset();
        Ok(running)
    }

    fn turn(&mut self, settings: &PitchShift) {
        self.ratio = settings.ratio();
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        let frames = block.frames();
        for (input, samples) in self.inputs.iter_mut().zip(block.channels()) {
            input.write(samples);
        }
        let before = self.taken;
        self.taken += frames as u64;
        self.synthesise();
        let silent = (self.latency as u64)
            .saturating_sub(before)
            .min(frames as u64) as usize;
        for samples in block.channels() {
            samples[..silent].fill(0.0);
        }
        let (channels, span) = block.parts();
        for n in span.start + silent..span.end {
            self.read(|channel, x| {
                if let Some(samples) = channels.get_mut(channel) {
                    samples[n] = x;
                }
            });
        }
    }

    fn reset(&mut self) {
        self.vocoder.reset();
        self.inputs.iter_mut().for_each(DelayLine::clear);
        self.stretched.iter_mut().for_each(|ring| ring.fill(0.0));
        self.taken = 0;
        self.frame = 0;
        self.centre = -((AHEAD as usize * self.vocoder.hop()) as f64) / self.ratio;
        self.ratios = [self.ratio; RATIOS];
        self.reading = (0, 0.0);
    }

    fn latency(&self) -> usize {
        self.latency
    }

    fn tail(&self) -> u64 {
        // A frame spreads what lies at its edge.
        self.length as u64
    }
}
