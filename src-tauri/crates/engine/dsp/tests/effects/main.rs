//! Effects and chains of them: laws that hold for every effect, and each against what is known of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod delays;
mod distortion;
mod dynamics;
mod filters;
mod frame;
mod hostile;
mod laws;
mod offline;
mod pitch;
mod presets;
mod repair;
mod running_chain;
mod space;

use std::f64::consts::TAU;

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, EffectSettings, Impulses, Slot, Tail};
use studio_testkit::{CountingHeap, signal};

#[global_allocator]
static HEAP: CountingHeap = CountingHeap;

const RATE: u32 = 48_000;

/// A chain of effects, each as JSON: `{"gain": {"gain_db": 6}}`.
fn chain(effects: &[&str]) -> Chain {
    let effects = effects
        .iter()
        .map(|effect| Slot::new(serde_json::from_str::<EffectSettings>(effect).unwrap()));
    Chain {
        effects: effects.collect(),
    }
}

/// One effect, nothing but it in the mix.
fn only(effect: &str) -> Chain {
    let mut chain = chain(&[effect]);
    chain.effects[0].wet = Some(1.0);
    chain
}

fn audio(channels: Vec<Vec<f32>>) -> Audio {
    Audio {
        rate: SampleRate::new(RATE).unwrap(),
        channels,
    }
}

/// Two channels of noise that differ.
fn noise(amplitude: f32, frames: usize) -> Audio {
    let channel = |seed| signal::noise(seed, amplitude, frames);
    audio(vec![channel(1), channel(2)])
}

fn sine(hz: f64, amplitude: f64, frames: usize) -> Audio {
    audio(vec![signal::sine(hz, amplitude, RATE, frames)])
}

fn render(chain: &Chain, input: &Audio) -> Audio {
    chain.render(input, Tail::Cut, &Impulses::new()).unwrap()
}

/// What comes out in blocks of `block`, late as it is, of `frames` samples; silence follows the input.
fn blocks(chain: &Chain, input: &Audio, block: usize, frames: usize) -> Vec<Vec<f32>> {
    let channels = input.channel_count();
    let mut processor = chain
        .prepare(input.rate, channels, &Impulses::new())
        .unwrap();
    let mut out = input.channels.clone();
    for channel in &mut out {
        channel.resize(frames, 0.0);
    }
    for at in (0..frames).step_by(block) {
        let end = frames.min(at + block);
        let mut parts: Vec<&mut [f32]> = out.iter_mut().map(|c| &mut c[at..end]).collect();
        processor.process(&mut parts);
    }
    out
}

/// The gain of a chain at `hz`, from its answer to an impulse, in dB.
fn gain_db(chain: &Chain, hz: f64) -> f64 {
    let mut impulse = vec![0.0; 65_536];
    // Late enough for what linear-phase filters answer before it.
    impulse[1000] = 1.0;
    let answer = render(chain, &audio(vec![impulse]));
    let step = TAU * hz / f64::from(RATE);
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in answer.channels[0].iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        re += f64::from(*x) * cos;
        im += f64::from(*x) * sin;
    }
    10.0 * (re * re + im * im).log10()
}

fn rms(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|x| f64::from(*x).powi(2)).sum();
    (sum / samples.len() as f64).sqrt()
}

fn db(ratio: f64) -> f64 {
    20.0 * ratio.log10()
}

#[track_caller]
fn near(what: &str, found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{what}: {found}, expected {expected} ± {tolerance}"
    );
}
