//! Another sample rate beside soxr, another length beside Rubber Band: the time, and for rates the quality too, since
//! any resampler is fast that lets aliases through.
//!
//! `PEERS` names the folder with the programs of a Python that has soxr (`pip install soxr`); Rubber Band's program is
//! Debian's `rubberband-cli`. What is not there is left out. Each time is the best of [`TIMES`] runs, on one thread.
//!
//! Goal: no worse than soxr's VHQ in every tone and no slower; faster than Rubber Band's finer engine.

// A bench that cannot run must stop; what is measured is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::f64::consts::TAU;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_dsp::effects::time_stretch;
use studio_dsp::resample::resample;
use studio_media::{AudioFormat, Bits, decode, encode};
use studio_testkit::{TempFolder, signal};

const TIMES: usize = 3;
const SECS: usize = 600;
/// Of the sound that is stretched.
const STRETCH_SECS: usize = 60;
const STRETCH: f64 = 1.25;
/// Tones by their share of what the lower rate can hold: what is kept, and what must not come back as an alias.
const KEPT: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.9];
const ALIASES: [f64; 2] = [1.1, 1.5];

const THEIRS: &str = r#"
import sys, time
import numpy, soxr

folder, rate, to, quality, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5])
read = lambda name, channels: numpy.ascontiguousarray(
    numpy.fromfile(folder + "/" + name, dtype=numpy.float32).reshape(channels, -1).T
)
sound, tones = read("sound", 2), read("tones", int(sys.argv[6]))
soxr.resample(tones, rate, to, quality=quality).T.astype(numpy.float32).tofile(folder + "/answer")
took = []
for _ in range(times):
    begun = time.perf_counter()
    soxr.resample(sound, rate, to, quality=quality)
    took.append(time.perf_counter() - begun)
print(min(took))
"#;

fn main() {
    for (from, to) in [
        (44_100, 48_000),
        (48_000, 44_100),
        (96_000, 44_100),
        (48_000, 16_000),
    ] {
        rates(from, to);
    }
    stretching();
}

fn rates(from: u32, to: u32) {
    let rate = |hz| SampleRate::new(hz).expect("a rate");
    let lower = f64::from(from.min(to)) / 2.0;
    let mut shares = KEPT.to_vec();
    shares.extend(
        ALIASES
            .iter()
            .filter(|share| *share * lower < f64::from(from) / 2.0),
    );
    let tone = |share: &f64| signal::sine(share * lower, 0.5, from, 2 * from as usize);
    let tones = Audio {
        rate: rate(from),
        channels: shares.iter().map(tone).collect(),
    };
    let frames = SECS * from as usize;
    let sound = Audio {
        rate: rate(from),
        channels: vec![signal::noise(1, 0.5, frames), signal::noise(2, 0.5, frames)],
    };
    println!("{from} to {to} Hz, {SECS} s of stereo");
    let ours = best(|| drop(resample(&sound, rate(to)).expect("a rate")));
    let answer = resample(&tones, rate(to)).expect("a rate");
    tell(
        "ours",
        ours,
        None,
        &Quality::of(&answer.channels, &shares, lower, to),
    );

    let folder = TempFolder::new();
    write(&folder.file("sound"), &sound);
    write(&folder.file("tones"), &tones);
    let peers = std::env::var("PEERS").unwrap_or_default();
    for quality in ["VHQ", "HQ"] {
        let told = Command::new(Utf8PathBuf::from(&peers).join("python"))
            .args(["-c", THEIRS, folder.path().as_str()])
            .args([&from.to_string(), &to.to_string(), quality])
            .args([TIMES.to_string(), shares.len().to_string()])
            .output();
        let Some(told) = told.ok().filter(|told| told.status.success()) else {
            println!("  soxr is not there");
            return;
        };
        let secs: f64 = String::from_utf8_lossy(&told.stdout)
            .trim()
            .parse()
            .expect("a figure");
        let answer = read(&folder.file("answer"), shares.len());
        let quality_of = Quality::of(&answer, &shares, lower, to);
        let theirs = Duration::from_secs_f64(secs);
        tell(&format!("soxr {quality}"), theirs, Some(ours), &quality_of);
    }
}

/// The worst of all tones.
struct Quality {
    /// Of what is kept: the tone over all else, in dB.
    snr_db: f64,
    /// How far its level is off, in dB.
    ripple_db: f64,
    /// What is left of tones that the lower rate cannot hold, in dB below them.
    alias_db: Option<f64>,
}

impl Quality {
    fn of(answer: &[Vec<f32>], shares: &[f64], lower: f64, to: u32) -> Quality {
        let mut quality = Quality {
            snr_db: f64::INFINITY,
            ripple_db: 0.0,
            alias_db: None,
        };
        for (samples, share) in answer.iter().zip(shares) {
            // Begin and end are steps, which no filter passes.
            let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
            let power =
                middle.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / middle.len() as f64;
            if *share > 1.0 {
                let left = -db(power / 0.125);
                quality.alias_db = Some(quality.alias_db.map_or(left, |least| least.min(left)));
                continue;
            }
            let (tone, rest) = split(middle, TAU * share * lower / f64::from(to));
            quality.snr_db = quality.snr_db.min(db(tone / rest));
            quality.ripple_db = quality.ripple_db.max(db(tone / 0.125).abs());
        }
        quality
    }
}

fn db(power: f64) -> f64 {
    10.0 * power.log10()
}

/// Power of the sine at `step` radians a sample that fits best, and of what it leaves.
fn split(samples: &[f32], step: f64) -> (f64, f64) {
    let (mut cc, mut cs, mut ss, mut xc, mut xs) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, x) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        (cc, cs, ss) = (cc + cos * cos, cs + cos * sin, ss + sin * sin);
        (xc, xs) = (xc + f64::from(*x) * cos, xs + f64::from(*x) * sin);
    }
    let determinant = cc * ss - cs * cs;
    let (a, b) = (
        (xc * ss - xs * cs) / determinant,
        (xs * cc - xc * cs) / determinant,
    );
    let (mut tone, mut rest) = (0.0, 0.0);
    for (n, x) in samples.iter().enumerate() {
        let (sin, cos) = (step * n as f64).sin_cos();
        let fitted = a * cos + b * sin;
        tone += fitted * fitted;
        rest += (f64::from(*x) - fitted).powi(2);
    }
    let count = samples.len() as f64;
    (tone / count, rest / count)
}

fn tell(who: &str, took: Duration, ours: Option<Duration>, quality: &Quality) {
    let alias = quality.alias_db.map_or(String::new(), |alias| {
        format!(", aliases {alias:.0} dB down")
    });
    let ratio = ours.map_or(String::new(), |ours| {
        format!(
            " (ours {:.2} of it)",
            ours.as_secs_f64() / took.as_secs_f64()
        )
    });
    println!(
        "  {who:<10} {:.2} s{ratio}; noise {:.0} dB down, level within {:.4} dB{alias}",
        took.as_secs_f64(),
        quality.snr_db,
        quality.ripple_db,
    );
}

/// From file to file, as the program does it.
fn stretching() {
    let folder = TempFolder::new();
    let (wav, out) = (folder.file("sound.wav"), folder.file("out.wav"));
    let frames = STRETCH_SECS * 48_000;
    let sound = Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![
            signal::speech_like(1, 48_000, frames),
            signal::speech_like(2, 48_000, frames),
        ],
    };
    let format = AudioFormat::Wav(Bits::Float32);
    encode(&wav, format, &sound).expect("the file");
    let ours = best(|| {
        let (sound, _) = decode(&wav, u64::MAX).expect("the file");
        let stretched = time_stretch(&sound, STRETCH).expect("a stretch");
        encode(&out, format, &stretched).expect("the file");
    });
    println!(
        "{STRETCH_SECS} s of stereo made {STRETCH} times as long, from file to file: {:.2} s",
        ours.as_secs_f64()
    );
    for (engine, name) in [("-2", "faster"), ("-3", "finer")] {
        let run = || {
            Command::new("rubberband")
                .args([
                    engine,
                    "-q",
                    "-t",
                    &STRETCH.to_string(),
                    wav.as_str(),
                    out.as_str(),
                ])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        };
        if !run() {
            println!("  rubberband {engine} is not there");
            continue;
        }
        let theirs = best(|| assert!(run(), "rubberband fails"));
        println!(
            "  rubberband {engine} (its {name} engine) {:.2} s (ours {:.2} of it)",
            theirs.as_secs_f64(),
            ours.as_secs_f64() / theirs.as_secs_f64()
        );
    }
}

fn best(mut run: impl FnMut()) -> Duration {
    let times = (0..TIMES).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}

fn write(path: &Utf8Path, sound: &Audio) {
    let samples = sound.channels.iter().flatten();
    let bytes: Vec<u8> = samples.flat_map(|x| x.to_le_bytes()).collect();
    std::fs::write(path, bytes).expect("a file");
}

fn read(path: &Utf8Path, channels: usize) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path).expect("the answer");
    let samples: Vec<f32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|x| f32::from_le_bytes(*x))
        .collect();
    let frames = samples.len() / channels;
    samples.chunks(frames.max(1)).map(<[f32]>::to_vec).collect()
}
