//! Renders ambient music to a 32-bit float WAV file and tells how fast: `render SEED PRESET SECONDS FILE [LAYER]`.
//!
//! With `-` as the file nothing is written: a benchmark of one core.

use std::error::Error;
use std::io::{BufWriter, Write};
use std::time::Instant;

use studio_ambient::{Cue, Key, Layer, Mode, Params, Preset, Score};
use studio_core::units::SampleRate;

const RATE: SampleRate = SampleRate::HZ_48000;

#[allow(clippy::print_stdout)] // A program for the terminal.
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [seed, preset, secs, path, layer @ ..] = args.as_slice() else {
        return Err("usage: render SEED focus|meditation|sleep|bright|full SECONDS FILE|- [pad|bell|pluck|drone|air|piano|percussion]".into());
    };
    let params = match preset.as_str() {
        "focus" => Preset::Focus.params(Key::D),
        "meditation" => Preset::Meditation.params(Key::D),
        "sleep" => Preset::Sleep.params(Key::D),
        "bright" => Preset::Bright.params(Key::D),
        "full" => Params::new(Key::D, Mode::Mixolydian, 90.0, 1.0)?,
        other => return Err(format!("no preset `{other}`").into()),
    };
    let layer = match layer.first().map(String::as_str) {
        None => None,
        Some("pad") => Some(Layer::Pad),
        Some("bell") => Some(Layer::Bell),
        Some("pluck") => Some(Layer::Pluck),
        Some("drone") => Some(Layer::Drone),
        Some("air") => Some(Layer::Air),
        Some("piano") => Some(Layer::Piano),
        Some("percussion") => Some(Layer::Percussion),
        Some(other) => return Err(format!("no layer `{other}`").into()),
    };
    let total = RATE.samples_from_secs(secs.parse()?);
    let cues = [Cue {
        at_sample: 0,
        params,
    }];
    let mut score = match layer {
        Some(layer) => Score::solo(layer, seed.parse()?, &cues, total, RATE)?,
        None => Score::new(seed.parse()?, &cues, total, RATE)?,
    };

    let mut file = match path.as_str() {
        "-" => None,
        path => Some(BufWriter::new(std::fs::File::create(path)?)),
    };
    if let Some(file) = &mut file {
        file.write_all(&wav_header(total))?;
    }
    let (mut left, mut right) = ([0.0_f32; 512], [0.0_f32; 512]);
    let (mut spent, mut worst, mut peak) = (0.0, 0.0_f64, 0.0_f32);
    loop {
        let begin = Instant::now();
        let count = score.render(&mut left, &mut right);
        let block_secs = begin.elapsed().as_secs_f64();
        spent += block_secs;
        worst = worst.max(block_secs);
        if count == 0 {
            break;
        }
        for (left, right) in left[..count].iter().zip(&right[..count]) {
            peak = peak.max(left.abs()).max(right.abs());
            if let Some(file) = &mut file {
                file.write_all(&left.to_le_bytes())?;
                file.write_all(&right.to_le_bytes())?;
            }
        }
    }
    let secs = RATE.secs_from_samples(total);
    println!(
        "{secs:.1} s in {spent:.2} s: {:.0} times real time; worst block of 512 took {:.2} ms; peak {peak:.3}",
        secs / spent,
        worst * 1e3
    );
    Ok(())
}

/// RIFF header of two channels of 32-bit float.
fn wav_header(frames: u64) -> Vec<u8> {
    let bytes = (frames * 8) as u32;
    let mut header = Vec::new();
    header.extend(b"RIFF");
    header.extend((36 + bytes).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(3_u16.to_le_bytes());
    header.extend(2_u16.to_le_bytes());
    header.extend(RATE.get().to_le_bytes());
    header.extend((RATE.get() * 8).to_le_bytes());
    header.extend(8_u16.to_le_bytes());
    header.extend(32_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(bytes.to_le_bytes());
    header
}
