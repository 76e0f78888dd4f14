//! The workshop's operations on ten minutes of stereo, as whole programs beside those that people use for the same:
//! loudness beside pyloudnorm, normalising beside ffmpeg-normalize, conversion beside `ffmpeg`, another sample rate beside
//! `sox`.
//!
//! Budget: no more than the peer's time. `PEERS` names the folder with the programs of a Python that has them
//! (`pip install pyloudnorm soundfile ffmpeg-normalize`); what is not there is left out.

// A bench that cannot run must stop; what it measures is printed.
#![allow(clippy::expect_used, clippy::print_stdout)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{AudioFormat, Bits, encode};
use studio_testkit::signal;
use studio_tests::App;

const SECS: usize = 600;
const RATE: usize = 44_100;
const TIMES: usize = 3;

fn main() {
    let app = App::new();
    let (wav, out) = (app.folder().join("ten.wav"), app.folder().join("out"));
    std::fs::create_dir_all(&out).expect("a folder");
    write(&wav);
    let ours = |operation: &str, input: Value| best(|| drop(app.call(operation, input.clone())));
    let file = |name: &str| out.join(name);
    let ffmpeg = |arguments: &[&str], name: &str| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y", "-i", wav.as_str()]);
        command.args(arguments).arg(file(name));
        command
    };

    let mono = "import sys, soundfile, pyloudnorm as p; x, r = soundfile.read(sys.argv[1]); print(p.Meter(r).integrated_loudness(x))";
    let mut pyloudnorm = python("python");
    pyloudnorm.args(["-c", mono, wav.as_str()]);
    compare(
        "loudness",
        ours("audio.loudness", json!({ "path": wav })),
        "pyloudnorm (no true peak, no range)",
        &mut pyloudnorm,
    );

    let mut ffmpeg_normalize = python("ffmpeg-normalize");
    ffmpeg_normalize.args([wav.as_str(), "-t", "-23", "-c:a", "pcm_s24le", "-f", "-o"]);
    ffmpeg_normalize.arg(file("theirs.wav"));
    let goal = json!({ "path": wav, "delivery": "ebu_r128", "output": file("ours.wav") });
    compare(
        "normalising to EBU R 128",
        ours("audio.normalize", goal),
        "ffmpeg-normalize (the result not measured)",
        &mut ffmpeg_normalize,
    );

    for (format, codec) in [
        ("flac", &["-c:a", "flac"][..]),
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "256k"]),
        ("m4a", &["-c:a", "aac", "-b:a", "256k"]),
        ("ogg", &["-c:a", "libvorbis", "-q:a", "7"]),
    ] {
        let input =
            json!({ "path": wav, "format": format, "output": file(&format!("ours.{format}")) });
        compare(
            &format!("conversion to {format}"),
            ours("audio.convert", input),
            "ffmpeg",
            &mut ffmpeg(codec, &format!("theirs.{format}")),
        );
    }

    let input = json!({
        "path": wav, "format": "wav", "quality": "lossless", "sample_rate": 48_000, "output": file("48.wav"),
    });
    let took = ours("audio.convert", input);
    for quality in ["-h", "-v"] {
        let mut sox = Command::new("sox");
        sox.args([
            wav.as_str(),
            file("sox.wav").as_str(),
            "rate",
            quality,
            "48000",
        ]);
        compare(
            "44.1 to 48 kHz",
            took,
            &format!("sox rate {quality}"),
            &mut sox,
        );
    }
}

/// Noise under a sine, in 16 bits.
fn write(path: &Utf8Path) {
    let frames = SECS * RATE;
    let mut left = signal::sine(220.0, 0.2, 44_100, frames);
    for (x, n) in left.iter_mut().zip(signal::noise(1, 0.05, frames)) {
        *x += n;
    }
    let right = left.iter().rev().copied().collect();
    let audio = Audio {
        rate: SampleRate::HZ_44100,
        channels: vec![left, right],
    };
    encode(path, AudioFormat::Wav(Bits::Int16), &audio).expect("the file");
}

fn python(program: &str) -> Command {
    let folder = std::env::var("PEERS").map(Utf8PathBuf::from);
    Command::new(folder.unwrap_or_default().join(program))
}

fn compare(what: &str, ours: Duration, peer: &str, command: &mut Command) {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut works = || command.status().is_ok_and(|status| status.success());
    if !works() {
        println!("{what}: {:.2} s; {peer} is not there", ours.as_secs_f64());
        return;
    }
    let theirs = best(|| assert!(works(), "{peer} failed"));
    println!(
        "{what}: {:.2} s, {peer} {:.2} s ({:.2})",
        ours.as_secs_f64(),
        theirs.as_secs_f64(),
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
}

fn best(mut run: impl FnMut()) -> Duration {
    let times = (0..TIMES).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    times.min().unwrap_or_default()
}
