//! Effects beside pedalboard in Python, on stereo at 48 kHz: seconds of sound per second of work.
//!
//! `PYTHON` names an interpreter that has it (`pip install pedalboard`); without it there is nobody to
//! compare with, and ours alone are printed. Where ours does more (true peaks, oversampling), the line
//! says so. Each figure is the best of [`TIMES`] runs over the same sound, on one thread.
//!
//! Goal: faster than pedalboard in every effect.

// A bench that cannot run must stop; what is measured is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::process::Command;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use serde_json::Value;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, EffectSettings, Impulses, Slot, time_stretch};
use studio_testkit::{TempFolder, signal};

const RATE: u32 = 48_000;
/// Of most effects, and of those that take their time.
const SECS: usize = 600;
const SLOW_SECS: usize = 60;
const TIMES: usize = 3;
/// Samples at once, as pedalboard has it.
const BLOCK: usize = 8192;

/// One effect, its peer in Python, and how long the sound is.
struct Case {
    name: &'static str,
    ours: &'static str,
    theirs: Option<&'static str>,
    secs: usize,
}

const fn case(name: &'static str, ours: &'static str, theirs: &'static str) -> Case {
    Case {
        name,
        ours,
        theirs: Some(theirs),
        secs: SECS,
    }
}

const fn slow(name: &'static str, ours: &'static str, theirs: &'static str) -> Case {
    Case {
        secs: SLOW_SECS,
        ..case(name, ours, theirs)
    }
}

const fn alone(name: &'static str, ours: &'static str) -> Case {
    Case {
        name,
        ours,
        theirs: None,
        secs: SLOW_SECS,
    }
}

const CASES: &[Case] = &[
    case("gain", r#"{"gain":{"gain_db":-6}}"#, "Gain(-6)"),
    case(
        "peak filter",
        r#"{"equalizer":{"bands":[{"frequency_hz":440,"gain_db":6}]}}"#,
        "PeakFilter(440, 6, 0.71)",
    ),
    case(
        "eight bands",
        r#"{"equalizer":{"bands":[{"gain_db":1},{"gain_db":2},{"gain_db":3},{"gain_db":-1},{"gain_db":-2},{"gain_db":-3},{"shape":"low_shelf","gain_db":2},{"shape":"high_shelf","gain_db":2}]}}"#,
        "Pedalboard([PeakFilter(1000, g, 0.71) for g in (1, 2, 3, -1, -2, -3)] + [LowShelfFilter(1000, 2, 0.71), HighShelfFilter(1000, 2, 0.71)])",
    ),
    case(
        "high pass, 6 dB",
        r#"{"pass_filter":{"frequency_hz":100,"order":1}}"#,
        "HighpassFilter(100)",
    ),
    case(
        "ladder",
        r#"{"ladder":{"cutoff_hz":1000,"resonance":0.3}}"#,
        "LadderFilter(LadderFilter.Mode.LPF24, 1000, 0.3)",
    ),
    case(
        "compressor",
        r#"{"compressor":{"threshold_db":-20,"ratio":4,"attack_ms":1}}"#,
        "Compressor(-20, 4, 1, 100)",
    ),
    case(
        "limiter, true peak",
        r#"{"limiter":{"ceiling_db":-10}}"#,
        "Limiter(-10, 100)",
    ),
    case(
        "gate",
        r#"{"gate":{"threshold_db":-20}}"#,
        "NoiseGate(-20, 10, 1, 100)",
    ),
    case(
        "delay",
        r#"{"delay":{"time_ms":500,"feedback":0.3}}"#,
        "Delay(0.5, 0.3, 0.5)",
    ),
    case("chorus", r#"{"chorus":{}}"#, "Chorus()"),
    case("phaser", r#"{"phaser":{}}"#, "Phaser()"),
    case(
        "distortion, plain",
        r#"{"saturation":{"drive_db":25,"oversampling":"off"}}"#,
        "Distortion(25)",
    ),
    case(
        "distortion, ours 4 times oversampled",
        r#"{"saturation":{"drive_db":25}}"#,
        "Distortion(25)",
    ),
    case(
        "clipping",
        r#"{"saturation":{"bend":"hard","drive_db":6,"oversampling":"off"}}"#,
        "Clipping(-6)",
    ),
    case(
        "bit crusher",
        r#"{"bit_crusher":{"bits":8}}"#,
        "Bitcrush(8)",
    ),
    case("reverb", r#"{"reverb":{}}"#, "Reverb()"),
    slow(
        "convolution, 2 s",
        r#"{"convolution":{"impulse":"noise"}}"#,
        "Convolution(impulse, 0.3, RATE)",
    ),
    slow(
        "pitch shift",
        r#"{"pitch_shift":{"semitones":4}}"#,
        "PitchShift(4)",
    ),
    alone("flanger", r#"{"flanger":{}}"#),
    alone("width", r#"{"width":{"width":1.5}}"#),
    alone("de-esser", r#"{"de_esser":{}}"#),
    alone("de-hum", r#"{"de_hum":{}}"#),
    alone("de-click", r#"{"de_click":{}}"#),
    alone("noise reduction", r#"{"noise_reduction":{}}"#),
    alone("voice denoise", r#"{"voice_denoise":{}}"#),
];

const STRETCH: f64 = 1.25;

const THEIRS: &str = r#"
import json, sys, time
import numpy
from pedalboard import *

folder, times = sys.argv[1], int(sys.argv[2])
RATE = 48000
sound = numpy.fromfile(folder + "/sound", dtype=numpy.float32).reshape(2, -1)
impulse = numpy.fromfile(folder + "/impulse", dtype=numpy.float32)

def best(run):
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        took.append(time.perf_counter() - begun)
    return min(took)

answers = []
for source, secs in json.loads(sys.argv[3]):
    part = numpy.ascontiguousarray(sound[:, : secs * RATE])
    if source == "stretch":
        answers.append(best(lambda: time_stretch(part, RATE, 1 / float(sys.argv[4]))))
    elif source is None:
        answers.append(None)
    else:
        effect = eval(source)
        answers.append(best(lambda: effect(part, RATE)))
print(json.dumps(answers))
"#;

fn main() {
    let mut filters = std::env::args().skip(1).filter(|it| !it.starts_with("--"));
    if filters
        .next()
        .is_some_and(|filter| !"effects::real_time".contains(&filter))
    {
        return;
    }
    let sound = sound();
    let impulse = impulse();
    let theirs = theirs(&sound, &impulse);
    println!("seconds of stereo at {RATE} Hz per second of work, best of {TIMES}");
    let impulses = Impulses::from([("noise".to_owned(), impulse)]);
    for (case, theirs) in CASES
        .iter()
        .zip(theirs.iter().chain(std::iter::repeat(&None)))
    {
        let secs = ours(case, &sound, &impulses).as_secs_f64();
        print(case.name, case.secs, secs, *theirs);
    }
    let part = cut(&sound, SLOW_SECS);
    let stretched = best(|| {
        let begun = Instant::now();
        time_stretch(&part, STRETCH).expect("a stretch");
        begun.elapsed()
    });
    let theirs = theirs.last().copied().flatten();
    print("time stretch", SLOW_SECS, stretched.as_secs_f64(), theirs);
}

/// Noise whose level goes up and down four times a second, so that what follows levels has work.
fn sound() -> Audio {
    let channel = |seed| {
        let mut samples = signal::noise(seed, 0.8, SECS * RATE as usize);
        for (n, x) in samples.iter_mut().enumerate() {
            let place = (n % 12_000) as f32 / 12_000.0;
            *x *= 1.0 - place;
        }
        samples
    };
    Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![channel(1), channel(2)],
    }
}

/// Two seconds of noise that dies away.
fn impulse() -> Audio {
    let mut samples = signal::noise(3, 0.1, 2 * RATE as usize);
    for (n, x) in samples.iter_mut().enumerate() {
        *x *= (-(n as f32) / 14_000.0).exp();
    }
    Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![samples],
    }
}

fn cut(sound: &Audio, secs: usize) -> Audio {
    let frames = secs * RATE as usize;
    let part = |channel: &Vec<f32>| channel[..frames].to_vec();
    Audio {
        rate: sound.rate,
        channels: sound.channels.iter().map(part).collect(),
    }
}

fn ours(case: &Case, sound: &Audio, impulses: &Impulses) -> Duration {
    let effect: EffectSettings = serde_json::from_str(case.ours).expect("an effect");
    let chain = Chain {
        effects: vec![Slot::new(effect)],
    };
    best(|| {
        let mut sound = cut(sound, case.secs);
        let mut processor = chain.prepare(sound.rate, 2, impulses).expect("a chain");
        let [left, right] = &mut sound.channels[..] else {
            return Duration::MAX;
        };
        let begun = Instant::now();
        for (left, right) in left.chunks_mut(BLOCK).zip(right.chunks_mut(BLOCK)) {
            processor.process(&mut [left, right]);
        }
        begun.elapsed()
    })
}

fn best(mut run: impl FnMut() -> Duration) -> Duration {
    (0..TIMES).map(|_| run()).min().unwrap_or_default()
}

/// What Python needed for each case, and for the stretch at the end; nothing without it.
fn theirs(sound: &Audio, impulse: &Audio) -> Vec<Option<f64>> {
    let Ok(python) = std::env::var("PYTHON") else {
        return Vec::new();
    };
    let folder = TempFolder::new();
    write(&folder.file("sound"), sound);
    write(&folder.file("impulse"), impulse);
    let mut cases: Vec<(Option<&str>, usize)> =
        CASES.iter().map(|case| (case.theirs, case.secs)).collect();
    cases.push((Some("stretch"), SLOW_SECS));
    let told = Command::new(python)
        .args(["-c", THEIRS, folder.path().as_str(), &TIMES.to_string()])
        .args([
            Value::from_iter(cases.iter().map(json)).to_string(),
            STRETCH.to_string(),
        ])
        .output()
        .expect("Python");
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    serde_json::from_slice(&told.stdout).expect("figures")
}

fn json((source, secs): &(Option<&str>, usize)) -> Value {
    Value::from_iter([Value::from(*source), Value::from(*secs)])
}

fn write(path: &Utf8Path, sound: &Audio) {
    let samples = sound.channels.iter().flatten();
    let bytes: Vec<u8> = samples.flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(path, bytes).expect("a file");
}

fn print(name: &str, sound_secs: usize, ours: f64, theirs: Option<f64>) {
    let factor = |secs: f64| sound_secs as f64 / secs;
    match theirs {
        Some(theirs) => println!(
            "  {name:<38} {:>7.0}; pedalboard {:>7.0} ({:.2} of its time)",
            factor(ours),
            factor(theirs),
            ours / theirs
        ),
        None => println!("  {name:<38} {:>7.0}", factor(ours)),
    }
}
