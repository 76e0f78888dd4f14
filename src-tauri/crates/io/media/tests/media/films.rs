//! Films: each frame is where it belongs, pictures and sound together, the same bytes each time.
//!
//! Each frame carries its number as twelve black or white bars, wide enough to survive the encoder.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::{FrameRate, SampleRate};
use studio_dsp::Audio;
use studio_media::{
    Chapter, ClipWriter, FrameReader, MediaError, StillFormat, Subtitle, assemble, decode, probe,
    write_still,
};
use studio_testkit::TempFolder;

const BITS: u32 = 12;
const WIDTH: u32 = 16 * BITS;
const HEIGHT: u32 = 108;
const FPS: u32 = 24;
const RATE: SampleRate = SampleRate::HZ_48000;

fn rate() -> FrameRate {
    FrameRate::whole(FPS).unwrap()
}

fn numbered(number: u64) -> Vec<u8> {
    let pixel = |at: u32| {
        let bar = at % WIDTH / 16;
        let value = if number >> bar & 1 == 1 { 235 } else { 20 };
        [value, value, value, 255]
    };
    (0..WIDTH * HEIGHT).flat_map(pixel).collect()
}

/// The number in a decoded picture, from the middle of each bar.
fn number_of(width: u32, height: u32, rgba: &[u8]) -> u64 {
    (0..BITS)
        .map(|bar| {
            let x = (u64::from(bar) * 2 + 1) * u64::from(width) / u64::from(BITS * 2);
            let at = (u64::from(height / 2) * u64::from(width) + x) * 4;
            u64::from(rgba[at as usize] > 128) << bar
        })
        .sum()
}

/// A clip of frames that carry the numbers `from..to`.
fn clip(path: &Utf8Path, from: u64, to: u64) -> Utf8PathBuf {
    let mut writer = ClipWriter::create(path, WIDTH, HEIGHT, rate()).unwrap();
    for number in from..to {
        writer.push(&numbered(number)).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), to - from);
    path.to_owned()
}

fn silence(frames: u64) -> Audio {
    Audio::silence(RATE, 2, (frames * 48_000 / u64::from(FPS)) as usize)
}

#[test]
fn every_frame_is_found_from_anywhere() {
    let folder = TempFolder::new();
    let path = clip(&folder.file("a.mp4"), 0, 150);
    let mut reader = FrameReader::open(&path).unwrap();
    assert_eq!((reader.frames(), reader.size()), (150, (WIDTH, HEIGHT)));
    assert_eq!(reader.frame_rate(), rate());
    let on = 0..150;
    let back = (0..150).rev().step_by(7);
    // 89 and 150 have no common factor: each frame comes once, far from the one before.
    let jumps = (0..150).map(|n| n * 89 % 150);
    for index in on.chain(back).chain(jumps) {
        let frame = reader.frame(index, WIDTH).unwrap();
        assert_eq!(
            (frame.width, frame.height, frame.index),
            (WIDTH, HEIGHT, index)
        );
        assert_eq!(number_of(WIDTH, HEIGHT, &frame.rgba), index);
    }
    let half = reader.frame(77, WIDTH / 2).unwrap();
    assert_eq!((half.width, half.height), (WIDTH / 2, HEIGHT / 2));
    assert_eq!(number_of(half.width, half.height, &half.rgba), 77);
    let past = reader.frame(150, WIDTH).unwrap_err();
    assert!(
        matches!(
            past,
            MediaError::OutOfRange {
                asked: 150,
                end: 150,
                ..
            }
        ),
        "{past}"
    );
}

#[test]
fn clips_join_without_a_lost_or_doubled_frame() {
    let folder = TempFolder::new();
    let cuts = [0, 24, 25, 62, 110];
    let clips: Vec<_> = cuts
        .windows(2)
        .map(|cut| clip(&folder.file(&format!("{}.mp4", cut[0])), cut[0], cut[1]))
        .collect();
    let film = folder.file("film.mp4");
    assemble(&clips, &silence(110), &[], &[], "Joined", &film).unwrap();
    let info = probe(&film).unwrap();
    let video = info.video.unwrap();
    assert_eq!((video.frames, video.frame_rate), (110, rate()));
    assert_eq!(info.audio.unwrap().frames, 110 * 2000);
    assert_eq!(info.tags["title"], "Joined");
    let mut reader = FrameReader::open(&film).unwrap();
    for index in 0..110 {
        let frame = reader.frame(index, WIDTH).unwrap();
        assert_eq!(number_of(WIDTH, HEIGHT, &frame.rgba), index);
    }
}

#[test]
fn picture_and_sound_change_at_the_same_instant() {
    let folder = TempFolder::new();
    // All bars are black up to frame 40, white from there on, and the tone begins with them.
    const CHANGE: u64 = 40;
    let path = folder.file("flash.mp4");
    let mut writer = ClipWriter::create(&path, WIDTH, HEIGHT, rate()).unwrap();
    for number in 0..72 {
        let white = (1 << BITS) - 1;
        let picture = numbered(if number < CHANGE { 0 } else { white });
        writer.push(&picture).unwrap();
    }
    writer.finish().unwrap();
    let mut sound = silence(72);
    let begins = CHANGE as usize * 2000;
    for channel in &mut sound.channels {
        for (n, x) in channel[begins..].iter_mut().enumerate() {
            *x = 0.5 * (n as f32 * 0.13).sin();
        }
    }
    let film = folder.file("film.mp4");
    assemble(&[path], &sound, &[], &[], "Flash", &film).unwrap();

    let mut reader = FrameReader::open(&film).unwrap();
    let is_white = |reader: &mut FrameReader, index| {
        number_of(WIDTH, HEIGHT, &reader.frame(index, WIDTH).unwrap().rgba) > 0
    };
    let white = (0..72).find(|index| is_white(&mut reader, *index));
    assert_eq!(white, Some(CHANGE));
    let (heard, _) = decode(&film, u64::MAX).unwrap();
    assert_eq!(
        heard.frames(),
        72 * 2000,
        "the encoder's delay is taken away"
    );
    let onset = heard.channels[0]
        .iter()
        .position(|x| x.abs() > 0.25)
        .unwrap();
    assert!(
        onset.abs_diff(begins) < 48,
        "the tone begins at {onset}, not {begins}"
    );
}

#[test]
fn a_film_is_the_same_bytes_twice_with_its_index_in_front() {
    let folder = TempFolder::new();
    let clips = [
        clip(&folder.file("a.mp4"), 0, 30),
        clip(&folder.file("b.mp4"), 30, 60),
    ];
    let again = clip(&folder.file("c.mp4"), 0, 30);
    assert_eq!(
        std::fs::read(&clips[0]).unwrap(),
        std::fs::read(again).unwrap()
    );
    let (subtitles, chapters) = words();
    let (one, two) = (folder.file("one.mp4"), folder.file("two.mp4"));
    for film in [&one, &two] {
        assemble(&clips, &silence(60), &subtitles, &chapters, "Twice", film).unwrap();
    }
    let bytes = std::fs::read(&one).unwrap();
    assert_eq!(bytes, std::fs::read(&two).unwrap());
    let at = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
    assert!(
        at(b"moov") < at(b"mdat"),
        "a player need not load all of it to begin"
    );
}

fn words() -> (Vec<Subtitle>, Vec<Chapter>) {
    let subtitles = vec![Subtitle {
        start_ms: 500,
        end_ms: 1500,
        text: "“Grüße”, she said.\nAnd left.".to_owned(),
    }];
    let chapters = vec![
        Chapter {
            start_ms: 0,
            end_ms: 1250,
            title: "Before".to_owned(),
        },
        Chapter {
            start_ms: 1250,
            end_ms: 2500,
            title: "After".to_owned(),
        },
    ];
    (subtitles, chapters)
}

/// The witness is `ffprobe`, which knows nothing of us.
#[test]
fn captions_and_chapters_are_where_others_look_for_them() {
    let folder = TempFolder::new();
    let clips = [clip(&folder.file("a.mp4"), 0, 60)];
    let film = folder.file("film.mp4");
    let (subtitles, chapters) = words();
    assemble(&clips, &silence(60), &subtitles, &chapters, "Words", &film).unwrap();
    let told = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_streams",
            "-show_chapters",
            "-of",
            "json",
        ])
        .arg(&film)
        .output()
        .expect("ffprobe is installed");
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    let streams = told["streams"].as_array().unwrap();
    let kinds: Vec<&str> = streams
        .iter()
        .map(|stream| stream["codec_name"].as_str().unwrap())
        .collect();
    // MP4 keeps the titles of chapters in a track of their own.
    assert_eq!(kinds, ["h264", "aac", "mov_text", "bin_data"]);
    assert_eq!(streams[0]["nb_frames"], "60");
    assert_eq!(streams[0]["color_space"], "bt709");
    assert_eq!(streams[2]["tags"]["language"], "eng");
    let titles: Vec<(&str, &str)> = told["chapters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chapter| {
            let title = chapter["tags"]["title"].as_str().unwrap();
            (chapter["start_time"].as_str().unwrap(), title)
        })
        .collect();
    assert_eq!(titles, [("0.000000", "Before"), ("1.250000", "After")]);
    let srt = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i", film.as_str()])
        .args(["-map", "0:s", "-f", "srt", "-"])
        .output()
        .expect("ffmpeg is installed");
    let srt = String::from_utf8(srt.stdout).unwrap();
    let words = [
        "00:00:00,500 --> 00:00:01,500",
        "“Grüße”, she said.",
        "And left.",
    ];
    assert!(words.iter().all(|part| srt.contains(part)), "{srt}");
}

#[test]
fn what_fails_leaves_nothing_and_harms_nothing() {
    let folder = TempFolder::new();
    let film = folder.file("film.mp4");
    std::fs::write(&film, "precious").unwrap();
    let whole = clip(&folder.file("a.mp4"), 0, 10);
    let broken = folder.file("broken.mp4");
    std::fs::write(&broken, "no film").unwrap();
    let other = folder.file("other.mp4");
    let mut writer =
        ClipWriter::create(&other, WIDTH, HEIGHT, FrameRate::whole(30).unwrap()).unwrap();
    writer.push(&numbered(0)).unwrap();
    writer.finish().unwrap();
    for clips in [
        vec![],
        vec![folder.file("missing.mp4")],
        vec![whole.clone(), broken.clone()],
        vec![whole.clone(), other.clone()],
    ] {
        assemble(&clips, &silence(20), &[], &[], "Broken", &film).unwrap_err();
        assert_eq!(std::fs::read(&film).unwrap(), b"precious");
    }
    let mut unfinished =
        ClipWriter::create(folder.file("half.mp4"), WIDTH, HEIGHT, rate()).unwrap();
    unfinished.push(&numbered(0)).unwrap();
    let wrong = unfinished.push(&[0; 7]).unwrap_err();
    assert!(wrong.to_string().contains("7 bytes"), "{wrong}");
    drop(unfinished);
    assert_eq!(
        folder.names(),
        ["a.mp4", "broken.mp4", "film.mp4", "other.mp4"]
    );
}

#[test]
fn single_pictures_are_known_for_what_they_are() {
    let folder = TempFolder::new();
    // Noise, so that the file is longer than what is looked at to guess its format.
    let noise = studio_testkit::signal::noise(5, 1.0, 640 * 480 * 4);
    let rgba: Vec<u8> = noise.iter().map(|x| (x * 127.0 + 128.0) as u8).collect();
    for format in [StillFormat::Jpeg, StillFormat::Png] {
        let path = folder.file(&format!("still.{}", format.extension()));
        write_still(&path, format, &rgba, 640, 480).unwrap();
        let info = probe(&path).unwrap();
        let size = info.video.map(|video| (video.width, video.height));
        assert_eq!(
            (info.is_image, size),
            (true, Some((640, 480))),
            "{format:?}"
        );
    }
}
