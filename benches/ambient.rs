//! The ambient engine on one core: how much faster than time it renders, what a phrase costs, and its slowest blocks.
//!
//! Budgets: 150 times real time for Focus, 50 at full intensity, 48 kHz stereo with reverb; a phrase of eight bars
//! composed within 100 ms (Auralis' own target); 99.9 % of blocks of 10 ms within 1 ms; 50 times real time too with 32
//! voices and more, which no composer asks for. The peer is FluidSynth
//! (Debian: `fluidsynth`, `timgm6mb-soundfont`) with the same notes, its reverb and chorus on; absent, it is left out.
//! `TORCHSYNTH` names a Python that has torchsynth, which is then compared by the voice: its own are in mono and dry.

// A bench that cannot run must stop; what divan cannot measure is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use divan::black_box;
use studio_ambient::measure::Piece;
use studio_ambient::synth::{Bus, CHUNK, Synth};
use studio_ambient::{Engine, Intensity, Key, Layer, Params, Preset, midi};
use studio_core::units::SampleRate;

const RATE: SampleRate = SampleRate::HZ_48000;
const SECS: usize = 60;
const SOUND_FONT: &str = "/usr/share/sounds/sf2/TimGM6mb.sf2";

fn main() {
    print_blocks();
    print_crowd();
    print_voices();
    divan::main();
}

fn focus() -> Params {
    Preset::Focus.params(Key::D)
}

fn fullest() -> Params {
    let Params { key, mode, .. } = focus();
    Params::new(key, mode, 90.0, 1.0).expect("within the ranges")
}

/// Ten minutes in blocks of 10 ms, as a device would ask for them.
fn print_blocks() {
    const BLOCK: usize = 480;
    for (name, params) in [("Focus", focus()), ("the fullest music", fullest())] {
        let mut engine = Engine::new(1, params, RATE);
        let (mut left, mut right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let mut micros: Vec<f64> = (0..60_000)
            .map(|_| {
                let begun = Instant::now();
                engine.render(&mut left, &mut right);
                begun.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        micros.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| micros[((micros.len() - 1) as f64 * share) as usize];
        println!(
            "a block of 10 ms of {name}: median {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs (budget 1000 µs), slowest {:.0} µs",
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0)
        );
    }
}

/// The synthesizer at intensity 1 with more notes than a composer writes: every second a chord on each instrument
/// that sustains or rings.
fn print_crowd() {
    const CHORD: [u8; 8] = [50, 57, 62, 64, 66, 69, 73, 76];
    const BETWEEN: usize = 48_000 / CHUNK;
    let full = Intensity::new(Intensity::MAX).expect("within the range");
    let mut synth = Synth::new(1, full, RATE, None);
    let mut bus = Bus::SILENCE;
    let chunks = SECS * 48_000 / CHUNK;
    let mut voices = Vec::with_capacity(chunks);
    let begun = Instant::now();
    for chunk in 0..chunks {
        if chunk % BETWEEN == 0 {
            for (n, pitch) in CHORD.into_iter().enumerate() {
                for layer in [Layer::Pad, Layer::Bell, Layer::Pluck, Layer::Piano] {
                    synth.strike(layer, pitch, 80, 3 * 48_000);
                }
                if n < 4 {
                    synth.strike(Layer::Drone, pitch - 12, 80, 3 * 48_000);
                }
            }
        }
        voices.push(synth.chunk(black_box(&mut bus)));
    }
    let took = begun.elapsed().as_secs_f64();
    let mean = voices.iter().sum::<usize>() as f64 / chunks as f64;
    println!(
        "{mean:.1} voices at once ({} at least): {:.0} ms for a minute, {:.0} times real time (budget 50)",
        voices.iter().min().copied().unwrap_or_default(),
        took * 1e3,
        SECS as f64 / took
    );
}

/// Seconds of one voice that a second of one core makes, here and in torchsynth.
fn print_voices() {
    let Ok(python) = std::env::var("TORCHSYNTH") else {
        println!("TORCHSYNTH names no Python to compare with");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/torchsynth_voices.py");
    let told = Command::new(python)
        .arg(script)
        .stderr(Stdio::null())
        .output();
    let told = String::from_utf8(told.expect("torchsynth's Python").stdout).expect("a number");
    let theirs: f64 = told.trim().parse().expect("torchsynth tells a number");
    for (name, params) in [("Focus", focus()), ("the fullest music", fullest())] {
        let piece = Piece::composed(1, &params, SECS as f64);
        let sounding: u64 = piece.tones.iter().map(|tone| tone.length.0).sum();
        let voices = sounding as f64 / piece.end.0 as f64;
        let begun = Instant::now();
        minute(params);
        let ours = voices * SECS as f64 / begun.elapsed().as_secs_f64();
        println!(
            "{name}: {voices:.1} voices at once, {ours:.0} seconds of a voice in a second; torchsynth {theirs:.0} ({:.2} of its time)",
            theirs / ours
        );
    }
}

/// A minute in blocks of 10 ms.
fn minute(params: Params) -> f32 {
    let (mut left, mut right) = ([0.0; 480], [0.0; 480]);
    let mut engine = Engine::new(1, params, RATE);
    for _ in 0..SECS * 100 {
        engine.render(&mut left, &mut right);
    }
    left[0]
}

fn render(bencher: divan::Bencher<'_, '_>, params: Params) {
    bencher.bench_local(|| black_box(minute(params)));
}

/// Budget: 0.4 s, 150 times real time.
#[divan::bench(sample_count = 5)]
fn minute_of_focus(bencher: divan::Bencher<'_, '_>) {
    render(bencher, focus());
}

/// Budget: 1.2 s, 50 times real time.
#[divan::bench(sample_count = 5)]
fn minute_of_the_fullest(bencher: divan::Bencher<'_, '_>) {
    render(bencher, fullest());
}

fn fluidsynth(bencher: divan::Bencher<'_, '_>, params: Params) {
    if !Path::new(SOUND_FONT).exists() {
        println!("left out: {SOUND_FONT} is not there");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (notes, sound) = (folder.path().join("a.mid"), folder.path().join("a.wav"));
    let bytes = midi::export(1, params, RATE.samples_from_secs(SECS as f64), RATE);
    std::fs::write(&notes, bytes.expect("a MIDI file")).expect("the MIDI file");
    bencher.bench_local(|| {
        let status = Command::new("fluidsynth")
            .args(["-n", "-i", "-q", "-r", "48000", "-F"])
            .args([sound.as_path(), Path::new(SOUND_FONT), notes.as_path()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("fluidsynth starts").success());
    });
}

#[divan::bench(sample_count = 5)]
fn minute_of_focus_by_fluidsynth(bencher: divan::Bencher<'_, '_>) {
    fluidsynth(bencher, focus());
}

#[divan::bench(sample_count = 5)]
fn minute_of_the_fullest_by_fluidsynth(bencher: divan::Bencher<'_, '_>) {
    fluidsynth(bencher, fullest());
}

/// Eight bars at 60 beats a minute. Budget: 100 ms.
#[divan::bench(sample_count = 100)]
fn phrase_composed() -> Piece {
    Piece::composed(1, &focus(), 32.0)
}
