//! Joining clips, sound, captions and chapters into a film, against one `ffmpeg` command that does the
//! same from the same files.
//!
//! Budget: at most 1.1 times `ffmpeg`'s time. Compare the medians of one run.

// A bench that cannot run must stop.
#![allow(clippy::expect_used)]

use std::fmt::Write;
use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::{FrameRate, SampleRate};
use studio_dsp::Audio;
use studio_media::{AudioFormat, Bits, Chapter, ClipWriter, Subtitle, assemble, decode, encode};
use studio_testkit::signal;

const SHOTS: usize = 6;
const SECS_PER_SHOT: u64 = 10;
const FPS: u32 = 24;
const SIZE: (u32, u32) = (1280, 720);

fn main() {
    divan::main();
}

/// What a render hands to the assembly: a minute at 1280 × 720.
struct Parts {
    _folder: tempfile::TempDir,
    folder: Utf8PathBuf,
    clips: Vec<Utf8PathBuf>,
    sound: Utf8PathBuf,
}

fn parts() -> &'static Parts {
    static PARTS: OnceLock<Parts> = OnceLock::new();
    PARTS.get_or_init(|| {
        let temporary = tempfile::tempdir().expect("a folder");
        let folder = Utf8PathBuf::from_path_buf(temporary.path().to_owned()).expect("UTF-8");
        let clips = (0..SHOTS).map(|n| clip(&folder, n)).collect();
        let sound = folder.join("sound.wav");
        let frames = SHOTS * SECS_PER_SHOT as usize * 48_000;
        let audio = Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![
                signal::sine(220.0, 0.3, 48_000, frames),
                signal::noise(1, 0.1, frames),
            ],
        };
        encode(&sound, AudioFormat::Wav(Bits::Float32), &audio).expect("the sound");
        let (mut list, mut srt, mut chapters) = (
            String::new(),
            String::new(),
            ";FFMETADATA1\ntitle=Film\n".to_owned(),
        );
        for n in 0..SHOTS as u64 {
            let (from, to) = (n * SECS_PER_SHOT, (n + 1) * SECS_PER_SHOT);
            writeln!(list, "file '{n}.mp4'").expect("text");
            write!(
                srt,
                "{}\n00:00:{from:02},000 --> 00:00:{:02},000\nLine {n}\n\n",
                n + 1,
                to - 1
            )
            .expect("text");
            let (from, to) = (from * 1000, to * 1000);
            writeln!(
                chapters,
                "[CHAPTER]\nTIMEBASE=1/1000\nSTART={from}\nEND={to}\ntitle=Shot {n}"
            )
            .expect("text");
        }
        for (name, text) in [
            ("list.txt", list),
            ("film.srt", srt),
            ("chapters.txt", chapters),
        ] {
            std::fs::write(folder.join(name), text).expect("a file");
        }
        Parts {
            _folder: temporary,
            folder,
            clips,
            sound,
        }
    })
}

fn clip(folder: &Utf8Path, n: usize) -> Utf8PathBuf {
    let path = folder.join(format!("{n}.mp4"));
    let (width, height) = SIZE;
    let rate = FrameRate::whole(FPS).expect("frames per second");
    let mut writer = ClipWriter::create(&path, width, height, rate).expect("an encoder");
    let mut frame = vec![0_u8; (width * height * 4) as usize];
    for number in 0..SECS_PER_SHOT as usize * FPS as usize {
        for (at, value) in frame.iter_mut().enumerate() {
            // A gradient that moves: some detail in every block, as a painted sky has.
            *value = (at / 97 + number * 3 + n * 40) as u8;
        }
        writer.push(&frame).expect("a frame");
    }
    writer.finish().expect("the clip");
    path
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn assembly_ours(bencher: divan::Bencher<'_, '_>) {
    let parts = parts();
    let times = |n: u64| (n * SECS_PER_SHOT * 1000, (n + 1) * SECS_PER_SHOT * 1000);
    let subtitles: Vec<Subtitle> = (0..SHOTS as u64)
        .map(|n| Subtitle {
            start_ms: times(n).0,
            end_ms: times(n).1 - 1000,
            text: format!("Line {n}"),
        })
        .collect();
    let chapters: Vec<Chapter> = (0..SHOTS as u64)
        .map(|n| Chapter {
            start_ms: times(n).0,
            end_ms: times(n).1,
            title: format!("Shot {n}"),
        })
        .collect();
    bencher.bench(|| {
        let (sound, _) = decode(&parts.sound, u64::MAX).expect("the sound");
        let film = parts.folder.join("ours.mp4");
        assemble(&parts.clips, &sound, &subtitles, &chapters, "Film", &film).expect("the film");
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn assembly_ffmpeg(bencher: divan::Bencher<'_, '_>) {
    let parts = parts();
    bencher.bench(|| {
        let status = Command::new("ffmpeg")
            .current_dir(&parts.folder)
            .args(["-v", "error", "-nostdin", "-y"])
            .args(["-f", "concat", "-i", "list.txt", "-i", "sound.wav"])
            .args(["-i", "film.srt", "-i", "chapters.txt"])
            .args([
                "-map",
                "0:v",
                "-map",
                "1:a",
                "-map",
                "2",
                "-map_metadata",
                "3",
            ])
            .args([
                "-c:v", "copy", "-c:a", "aac", "-b:a", "256k", "-c:s", "mov_text",
            ])
            .args(["-movflags", "+faststart", "ffmpeg.mp4"])
            .status();
        assert!(status.expect("ffmpeg is installed").success());
    });
}
