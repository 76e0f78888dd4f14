//! Noise reduction for speech by a small recurrent network: RNNoise (J.-M. Valin, "A Hybrid DSP/Deep
//! Learning Approach to Real-Time Full-Band Speech Enhancement", MMSP 2018), as `nnnoiseless` has it with
//! its weights. It knows speech and 48 kHz only; other rates are converted there and back.
//!
//! Real time, with one exception: the library plans its transforms at the first frame of each thread, which
//! allocates. A live engine lets a prepared chain run over 20 ms of silence on its audio thread first.

use nnnoiseless::DenoiseState;

use crate::effects::block::Block;
use crate::effects::effect::{Effect, Stream};
use crate::effects::error::ChainError;
use crate::effects::filter::biquad::Cascade;
use crate::effects::filter::{Pass, pass_sections};
use crate::effects::settings::{Settings, own_numbers, settings};
use crate::effects::sinc::{HALF, Sinc};

settings! {
    /// Leaves speech and takes the rest: fans, keyboards, streets. Music suffers. Of rates above 48 kHz
    /// only what is below 20 kHz passes.
    VoiceDenoise {
    }
}

impl Settings for VoiceDenoise {
    type Running = Running;
    own_numbers!();
}

/// The network's rate and frame, and the frames by which its answer is late.
const RATE_HZ: u64 = 48_000;
const FRAME: usize = DenoiseState::FRAME_SIZE;
const FRAMES_LATE: usize = 1;
/// Frames that it may sound on for.
const FRAMES_AFTER: u64 = 4;
/// Full scale as the network knows it, that of 16-bit samples.
const SCALE: f32 = 32_768.0;
/// Where faster streams are filtered before samples are left out, and how steeply.
const HIGHEST_HZ: f64 = 20_000.0;
const ORDER: u8 = 16;

struct Channel {
    denoiser: Box<DenoiseState<'static>>,
    /// Rings of the input, and of the answer at the network's rate.
    input: Vec<f32>,
    answer: Vec<f32>,
    question: [f32; FRAME],
}

pub(crate) struct Running {
    channels: Vec<Channel>,
    sinc: Sinc,
    /// For streams above the network's rate.
    filter: Option<Cascade>,
    rate_hz: u64,
    latency: u64,
    taken: u64,
    /// Samples asked at the network's rate.
    asked: u64,
}

impl Effect for Running {
    type Settings = VoiceDenoise;

    fn prepare(_settings: &VoiceDenoise, stream: &Stream<'_>) -> Result<Running, ChainError> {
        let rate_hz = u64::from(stream.rate.get());
        // A sample needs those around it at the network's rate, they need its frames, and those the
        // samples around them at the stream's.
        let late = (FRAMES_LATE + 1) * FRAME + HALF + 1;
        let latency = (late as u64 * rate_hz).div_ceil(RATE_HZ) + HALF as u64 + 2;
        let ring = (2 * latency as usize + 2 * HALF).next_power_of_two();
        let channel = || Channel {
            denoiser: DenoiseState::new(),
            input: vec![0.0; ring],
            answer: vec![0.0; (4 * late).next_power_of_two()],
            question: [0.0; FRAME],
        };
        let filter = || {
            let sections = pass_sections(Pass::Low, ORDER, HIGHEST_HZ, stream.hz());
            Cascade::new(sections.collect(), stream.channels)
        };
        Ok(Running {
            channels: (0..stream.channels).map(|_| channel()).collect(),
            sinc: Sinc::new(),
            filter: (rate_hz > RATE_HZ).then(filter),
            rate_hz,
            latency,
            taken: 0,
            asked: 0,
        })
    }

    fn turn(&mut self, _settings: &VoiceDenoise) {}

    fn tick(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.settle();
        }
    }

    fn process(&mut self, block: &mut Block<'_, '_>) {
        if let Some(filter) = &mut self.filter {
            filter.process(block);
        }
        let (start, asked) = (self.taken, self.asked);
        for (samples, channel) in block.channels().zip(&mut self.channels) {
            (self.taken, self.asked) = (start, asked);
            for x in samples {
                put(&mut channel.input, self.taken, *x);
                self.taken += 1;
                // Ask for all that lies before the newest samples.
                loop {
                    let (whole, part) = place(self.asked, self.rate_hz, RATE_HZ);
                    if whole + HALF as u64 >= self.taken {
                        break;
                    }
                    let sample = self.sinc.between(&around(&channel.input, whole), part);
                    channel.ask(self.asked, sample);
                    self.asked += 1;
                }
                *x = match (self.taken - 1).checked_sub(self.latency) {
                    None => 0.0,
                    Some(n) => {
                        let (whole, part) = place(n, RATE_HZ, self.rate_hz);
                        self.sinc.between(&around(&channel.answer, whole), part)
                    }
                };
            }
        }
    }

    fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.denoiser = DenoiseState::new();
            channel.input.fill(0.0);
            channel.answer.fill(0.0);
        }
        if let Some(filter) = &mut self.filter {
            filter.reset();
        }
        (self.taken, self.asked) = (0, 0);
    }

    fn latency(&self) -> usize {
        self.latency as usize
    }

    fn tail(&self) -> u64 {
        // The network spreads over its frames, and adds what was heard a period of a voice before.
        (FRAMES_AFTER * FRAME as u64 * self.rate_hz).div_ceil(RATE_HZ)
    }
}

impl Channel {
    /// Takes a sample at the network's rate.
    fn ask(&mut self, number: u64, sample: f32) {
        let at = (number % FRAME as u64) as usize;
        self.question[at] = sample * SCALE;
        if at + 1 < FRAME {
            return;
        }
        let mut answer = [0.0; FRAME];
        self.denoiser.process_frame(&mut answer, &self.question);
        // The answer to this frame is the one before it.
        let Some(first) = (number + 1).checked_sub(((FRAMES_LATE + 1) * FRAME) as u64) else {
            return;
        };
        for (n, x) in (first..).zip(answer) {
            put(&mut self.answer, n, x / SCALE);
        }
    }
}

/// Sample `n` of one rate in samples of another: whole ones, and the part of the next.
fn place(n: u64, to_hz: u64, from_hz: u64) -> (u64, f64) {
    let product = n * to_hz;
    (
        product / from_hz,
        (product % from_hz) as f64 / from_hz as f64,
    )
}

fn put(ring: &mut [f32], n: u64, x: f32) {
    let mask = ring.len() as u64 - 1;
    ring[(n & mask) as usize] = x;
}

/// The samples around the place after sample `whole`; those before the start are silent.
fn around(ring: &[f32], whole: u64) -> [f32; 2 * HALF] {
    let mask = ring.len() - 1;
    std::array::from_fn(|n| match whole as usize + 1 + n {
        at if at < HALF => 0.0,
        at => ring[(at - HALF) & mask],
    })
}
