//! Decoding with peaks, and loudness, of an hour of stereo, against `ffmpeg` on the same file.
//!
//! Budgets: peaks in at most half of `ffmpeg`'s time to decode to nowhere, loudness in at most half of
//! its `ebur128` filter with true peak. Compare the medians of one run.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::ops::ControlFlow;
use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::SampleRate;
use studio_dsp::{Audio, Meter};
use studio_media::{AudioFormat, Bits, MediaError, decode_with_peaks, encode, fold};
use studio_testkit::signal;

fn main() {
    divan::main();
}

/// A FLAC file of noise under a sine, made once.
fn flac() -> &'static Utf8Path {
    static FILE: OnceLock<(tempfile::TempDir, Utf8PathBuf)> = OnceLock::new();
    let (_folder, path) = FILE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().join("hour.flac")).expect("UTF-8");
        let frames = 3600 * 48_000;
        let mut left = signal::sine(220.0, 0.3, 48_000, frames);
        for (x, n) in left.iter_mut().zip(signal::noise(1, 0.1, frames)) {
            *x += n;
        }
        let right = left.iter().rev().copied().collect();
        let audio = Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![left, right],
        };
        encode(&path, AudioFormat::Flac(Bits::Int16), &audio).expect("the file");
        (folder, path)
    });
    path
}

fn ffmpeg(arguments: &[&str]) {
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", flac().as_str()])
        .args(arguments)
        .status();
    assert!(status.expect("ffmpeg is installed").success());
}

#[divan::bench(sample_count = 5)]
fn peaks_ours(bencher: divan::Bencher<'_, '_>) {
    let path = flac();
    bencher.bench(|| decode_with_peaks(path, |_| ControlFlow::Continue(())).expect("peaks"));
}

#[divan::bench(sample_count = 5)]
fn peaks_ffmpeg_decode_only(bencher: divan::Bencher<'_, '_>) {
    flac();
    bencher.bench(|| ffmpeg(&["-f", "null", "-"]));
}

#[divan::bench(sample_count = 3)]
fn loudness_ours(bencher: divan::Bencher<'_, '_>) {
    let path = flac();
    bencher.bench(|| {
        let (meter, _) = fold(
            path,
            |spec| Ok::<_, MediaError>(Meter::new(spec.channels, spec.rate).expect("a meter")),
            |meter, block| {
                meter.feed(&block.slices()).expect("two channels");
                Ok(())
            },
            |_| ControlFlow::Continue(()),
        )
        .expect("the file");
        meter.report().expect("a report")
    });
}

#[divan::bench(sample_count = 3)]
fn loudness_ffmpeg(bencher: divan::Bencher<'_, '_>) {
    flac();
    bencher.bench(|| ffmpeg(&["-af", "ebur128=peak=true", "-f", "null", "-"]));
}
