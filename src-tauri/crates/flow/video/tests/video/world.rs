//! A studio with nothing but the film operations, and films whose pictures tell their number.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use studio_core::units::{FrameRate, MicroUsd, SampleRate};
use studio_core::{
    Cancel, Error, Events, Host, JobContext, LogLevel, Output, Registry, Reservation,
};
use studio_dsp::Audio;
use studio_media::{ClipWriter, PictureReader, assemble};
use studio_store::{Home, Projects};
use studio_testkit::{TempFolder, signal};

pub(crate) const FPS: u32 = 24;
pub(crate) const RATE: u32 = 48_000;
const BITS: u32 = 12;
pub(crate) const WIDTH: u32 = 16 * BITS;
pub(crate) const HEIGHT: u32 = 108;

pub(crate) struct World {
    pub(crate) folder: TempFolder,
    pub(crate) projects: Arc<Projects>,
    registry: Registry,
}

struct Quiet {
    scratch: Utf8PathBuf,
    /// Raised when this many reports of progress came.
    stop: Option<(u64, Cancel)>,
    reports: AtomicU64,
}

impl Host for Quiet {
    fn progress(&self, _stage: &str, fraction: f64) {
        assert!((0.0..=1.0).contains(&fraction), "{fraction} is no share");
        let reports = self.reports.fetch_add(1, Ordering::Relaxed);
        if let Some((after, cancel)) = &self.stop
            && reports >= *after
        {
            cancel.raise();
        }
    }
    fn log(&self, _level: LogLevel, _text: &str) {}
    fn scratch(&self) -> Result<Utf8PathBuf, Error> {
        std::fs::create_dir_all(&self.scratch).unwrap();
        Ok(self.scratch.clone())
    }
    fn reserve(&self, _purpose: &str, _amount: MicroUsd) -> Result<Reservation, Error> {
        Err(Error::internal("nothing is bought here"))
    }
    fn job(&self) -> Option<&str> {
        None
    }
}

impl World {
    pub(crate) fn new() -> World {
        let folder = TempFolder::new();
        let home = Arc::new(Home::open(&folder.file("home")).unwrap());
        let projects = Arc::new(Projects::new(home, folder.file("projects")));
        let registry = Registry::new(studio_video::operations(&projects)).unwrap();
        World {
            folder,
            projects,
            registry,
        }
    }

    pub(crate) fn file(&self, name: &str) -> Utf8PathBuf {
        self.folder.file(name)
    }

    pub(crate) fn run(&self, name: &str, input: Value) -> Result<Value, Error> {
        self.run_until(name, input, None)
    }

    /// What an operation answers that answers bytes.
    pub(crate) fn bytes(&self, name: &str, input: Value) -> Vec<u8> {
        match self.answer(name, input, None).unwrap() {
            Output::Blob(blob) => blob.bytes,
            Output::Json(value) => panic!("{value} is no blob"),
        }
    }

    /// Cancels after `stop` reports of progress.
    pub(crate) fn run_until(
        &self,
        name: &str,
        input: Value,
        stop: Option<u64>,
    ) -> Result<Value, Error> {
        self.answer(name, input, stop).map(Output::into_json)
    }

    fn answer(&self, name: &str, input: Value, stop: Option<u64>) -> Result<Output, Error> {
        let cancel = Cancel::new();
        let host = Quiet {
            scratch: self.file("scratch"),
            stop: stop.map(|after| (after, cancel.clone())),
            reports: AtomicU64::new(0),
        };
        let cx = JobContext::new(Arc::new(host), cancel, Events::new());
        let operation = self.registry.check(name, &input)?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(operation.run(cx, input))
    }

    /// A film of `frames` numbered pictures, a key frame each second, under a tone of 440 Hz.
    pub(crate) fn film(&self, name: &str, frames: u64) -> Utf8PathBuf {
        let clip = self.clip("clip.mp4", frames, numbered);
        let path = self.file(name);
        let samples = (frames * u64::from(RATE) / u64::from(FPS)) as usize;
        let tone = signal::sine(440.0, 0.5, RATE, samples);
        let sound = Audio {
            rate: SampleRate::new(RATE).unwrap(),
            channels: vec![tone.clone(), tone],
        };
        assemble(&[clip], &sound, &[], &[], "Numbered", &path).unwrap();
        path
    }

    /// A silent film of what `paint` answers for each frame.
    pub(crate) fn clip(
        &self,
        name: &str,
        frames: u64,
        paint: impl Fn(u64) -> Vec<u8>,
    ) -> Utf8PathBuf {
        let path = self.file(name);
        let rate = FrameRate::whole(FPS).unwrap();
        let mut writer = ClipWriter::create(&path, WIDTH, HEIGHT, rate).unwrap();
        for frame in 0..frames {
            writer.push(&paint(frame)).unwrap();
        }
        writer.finish().unwrap();
        path
    }
}

/// The picture's number as twelve black or white bars.
pub(crate) fn numbered(number: u64) -> Vec<u8> {
    let pixel = |at: u32| {
        let value = if number >> (at % WIDTH / 16) & 1 == 1 {
            235
        } else {
            20
        };
        [value, value, value, 255]
    };
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

/// The numbers of all of a film's pictures, in order.
pub(crate) fn numbers(path: &Utf8Path) -> Vec<u64> {
    let mut reader = PictureReader::open(path, None).unwrap();
    let mut numbers = Vec::new();
    while reader.advance().unwrap().is_some() {
        let picture = reader.picture().unwrap();
        numbers.push(number_of(picture.width, picture.height, &picture.rgba));
    }
    numbers
}

pub(crate) fn number_of(width: u32, height: u32, rgba: &[u8]) -> u64 {
    let bar = |bar: u32| {
        let x = (bar * 2 + 1) * width / (BITS * 2);
        let at = ((height / 2) * width + x) * 4;
        u64::from(rgba[at as usize] > 128) << bar
    };
    (0..BITS).map(bar).sum()
}

/// All samples of the first channel, and the rate.
pub(crate) fn sound(path: &Utf8Path) -> (Vec<f32>, u32) {
    let (audio, warnings) = studio_media::decode(path, 1 << 26).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    (audio.channels[0].clone(), audio.rate.get())
}

/// The frequency of a tone by its zero crossings, in Hz.
pub(crate) fn pitch_hz(samples: &[f32], rate: u32) -> f64 {
    let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
    let crossings = middle
        .windows(2)
        .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0);
    crossings.count() as f64 * f64::from(rate) / middle.len() as f64
}

/// Runs FFmpeg's own program, which knows nothing of us.
pub(crate) fn ffmpeg(arguments: &[&str]) {
    let done = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg is installed");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {told}");
}

/// What `ffprobe` tells of a file's streams, pictures first.
pub(crate) fn streams(path: &Utf8Path) -> Vec<Value> {
    let told = Command::new("ffprobe")
        .args(["-v", "error", "-show_streams", "-of", "json"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    told["streams"].as_array().unwrap().clone()
}

/// When a film's pictures are shown, in seconds, in the order of decoding, as `ffprobe` lists its packets.
pub(crate) fn packets(path: &Utf8Path) -> Vec<f64> {
    let told = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v:0", "-of", "json"])
        .args(["-show_entries", "packet=pts_time"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let packets = told["packets"].as_array().unwrap();
    packets.iter().map(|it| secs(&it["pts_time"])).collect()
}

/// A number of seconds as `ffprobe` writes it.
pub(crate) fn secs(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}
