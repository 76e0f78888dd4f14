//! Chapters go through every pair of formats that has them. The witness is `ffprobe`, which knows nothing of us.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{
    AudioFormat, AudioReader, AudioWriter, Bits, Chapter, Loud, Mark, Marks, Origin, Quality,
    Written, decode, probe,
};
use studio_testkit::{TempFolder, signal};

const SECOND: &str = "Of wolves";

const KEEPERS: [AudioFormat; 7] = [
    AudioFormat::Wav(Bits::Int16),
    AudioFormat::Aiff(Bits::Int16),
    AudioFormat::M4a(Quality::Medium),
    AudioFormat::Mp3(Quality::Medium),
    AudioFormat::Flac(Bits::Int16),
    AudioFormat::Ogg(Quality::Medium),
    AudioFormat::Opus(Quality::Medium),
];

/// Three seconds with tags, a cover and chapters, by FFmpeg.
fn book(folder: &TempFolder, name: &str, second: &str) -> Utf8PathBuf {
    let (facts, cover, book) = (
        folder.file("facts.txt"),
        folder.file("cover.png"),
        folder.file(name),
    );
    let mut text = ";FFMETADATA1\ntitle=A book\nartist=Somebody\n".to_owned();
    for (start, end, title) in [
        (0, 1499, "title=Über Gänse"),
        (1499, 2250, second),
        (2250, 3000, "title=The\\; end"),
    ] {
        text += &format!("[CHAPTER]\nTIMEBASE=1/1000\nSTART={start}\nEND={end}\n{title}\n");
    }
    std::fs::write(&facts, text).unwrap();
    std::fs::write(&cover, studio_media::png(&[200; 16], 2, 2).unwrap()).unwrap();
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-f", "lavfi"])
        .args(["-i", "sine=frequency=440:sample_rate=48000:duration=3"])
        .args(["-i", facts.as_str(), "-i", cover.as_str()])
        .args([
            "-map",
            "0",
            "-map",
            "2",
            "-map_metadata",
            "1",
            "-map_chapters",
            "1",
        ])
        .args([
            "-c:a",
            "aac",
            "-c:v",
            "copy",
            "-disposition:v",
            "attached_pic",
            book.as_str(),
        ])
        .status();
    assert!(status.expect("ffmpeg is installed").success());
    book
}

fn converted(from: &Utf8Path, to: &Utf8Path, format: AudioFormat) -> Written {
    let spec = AudioReader::open(from).unwrap().spec();
    let (sound, _) = decode(from, 10 * 48_000).unwrap();
    let origin = Origin {
        path: from,
        loud: Loud::AsBefore,
    };
    let mut writer =
        AudioWriter::create_from(to, format, spec.rate, spec.channels, origin).unwrap();
    writer.write(&sound).unwrap();
    writer.finish().unwrap()
}

fn by_ffprobe(path: &Utf8Path) -> Vec<Chapter> {
    let told = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_chapters",
            "-of",
            "json",
            path.as_str(),
        ])
        .output()
        .expect("ffprobe is installed");
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let ms = |value: &Value| {
        let secs: f64 = value.as_str().unwrap().parse().unwrap();
        (secs * 1000.0).round() as u64
    };
    let chapters = told["chapters"].as_array().unwrap();
    chapters
        .iter()
        .map(|chapter| Chapter {
            start_ms: ms(&chapter["start_time"]),
            end_ms: ms(&chapter["end_time"]),
            title: chapter["tags"]["title"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        })
        .collect()
}

fn check(label: &str, second: &str, chapters: &[Chapter]) {
    let told: Vec<(u64, &str)> = chapters
        .iter()
        .map(|chapter| (chapter.start_ms, chapter.title.as_str()))
        .collect();
    let meant = [(0, "Über Gänse"), (1499, second), (2250, "The; end")];
    assert_eq!(told, meant, "{label}");
    for (chapter, end) in chapters.iter().zip([1499, 2250, 3000]) {
        // Comments hold no ends: the last is that of the file.
        let off = chapter.end_ms.abs_diff(end);
        assert!(off == 0 || end == 3000 && off < 100, "{label}: {chapter:?}");
    }
}

#[test]
fn chapters_survive_every_pair_of_formats_that_has_them() {
    let folder = TempFolder::new();
    let book = book(&folder, "book.m4a", &format!("title={SECOND}"));
    check("the book", SECOND, &probe(&book).unwrap().chapters);
    for first in KEEPERS {
        let one = folder.file(&format!("one.{}", first.container().extension()));
        assert_eq!(converted(&book, &one, first).warnings, []);
        for second in KEEPERS {
            let label = format!("{:?} to {:?}", first.container(), second.container());
            let two = folder.file(&format!("two.{}", second.container().extension()));
            assert_eq!(converted(&one, &two, second).warnings, [], "{label}");
            // It does not look for markers of AIFF.
            if !matches!(second, AudioFormat::Aiff(_)) {
                check(&label, SECOND, &by_ffprobe(&two));
            }
            let info = probe(&two).unwrap();
            check(&label, SECOND, &info.chapters);
            assert_eq!(info.tags["title"], "A book", "{label}");
            assert!(info.cover_art, "{label}");
        }
    }
}

/// Two seconds at 48 kHz with a stretch, a place in it and a place at its end.
fn marked(path: &Utf8Path, format: AudioFormat) {
    let mark = |at, length, name: &str| Mark {
        at,
        length,
        name: name.to_owned(),
    };
    let rate = SampleRate::HZ_48000;
    let marks = Marks {
        rate,
        end: 96_000,
        list: vec![
            mark(12_345, 48_000, "Vers, Größe"),
            mark(24_001, 0, "Odd"),
            mark(60_345, 0, "Even"),
        ],
    };
    let sound = Audio {
        rate,
        channels: vec![signal::sine(440.0, 0.5, 48_000, 96_000)],
    };
    let rate = SampleRate::new(format.fitting_rate_hz(48_000)).unwrap();
    let mut writer = AudioWriter::create_marked(path, format, rate, 1, &marks).unwrap();
    writer.write(&sound).unwrap();
    assert_eq!(writer.finish().unwrap().warnings, []);
}

#[test]
fn wav_keeps_places_and_stretches_to_the_sample() {
    let folder = TempFolder::new();
    let (one, two) = (folder.file("one.wav"), folder.file("two.wav"));
    for bits in [Bits::Int16, Bits::Int24, Bits::Float32] {
        marked(&one, AudioFormat::Wav(bits));
        let told = |chapters: Vec<Chapter>| -> Vec<(u64, u64, String)> {
            let told = chapters.into_iter();
            told.map(|chapter| (chapter.start_ms, chapter.end_ms, chapter.title))
                .collect()
        };
        let meant = [
            (257, 1257, "Vers, Größe"),
            (500, 1257, "Odd"),
            (1257, 2000, "Even"),
        ];
        let meant = meant.map(|(from, to, name)| (from, to, name.to_owned()));
        assert_eq!(told(probe(&one).unwrap().chapters), meant);
        // FFmpeg does not read lengths: each ends where the next begins.
        let mut starts = meant;
        starts[0].1 = 500;
        assert_eq!(told(by_ffprobe(&one)), starts);
        // Others read the sound as before.
        let sox = Command::new("sox")
            .args([one.as_str(), "-n", "stat"])
            .output()
            .expect("sox is installed");
        let said = String::from_utf8_lossy(&sox.stderr);
        // It misses a part of every header for floats that FFmpeg writes.
        let complains = said.contains("WARN") && bits != Bits::Float32;
        assert!(sox.status.success() && !complains, "{said}");
        assert!(said.contains("96000"), "{said}");
        // A copy has the same chunks.
        converted(&one, &two, AudioFormat::Wav(bits));
        let cues = |path: &Utf8Path| {
            let bytes = std::fs::read(path).unwrap();
            let at = bytes.windows(4).rposition(|four| four == b"cue ").unwrap();
            assert_eq!(
                u32::from_le_bytes(*bytes[4..].first_chunk().unwrap()) as usize,
                bytes.len() - 8
            );
            bytes[at..].to_vec()
        };
        assert_eq!(cues(&one), cues(&two));
    }
}

#[test]
fn aiff_keeps_places() {
    let folder = TempFolder::new();
    let path = folder.file("one.aiff");
    marked(&path, AudioFormat::Aiff(Bits::Int24));
    let chapters = probe(&path).unwrap().chapters;
    let told: Vec<(u64, u64, &str)> = chapters
        .iter()
        .map(|chapter| (chapter.start_ms, chapter.end_ms, chapter.title.as_str()))
        .collect();
    let meant = [
        (257, 500, "Vers, Größe"),
        (500, 1257, "Odd"),
        (1257, 2000, "Even"),
    ];
    assert_eq!(told, meant);
    assert_eq!(decode(&path, 100_000).unwrap().0.frames(), 96_000);
}

#[test]
fn formats_with_chapters_get_marks_as_chapters() {
    let folder = TempFolder::new();
    for format in KEEPERS {
        let path = folder.file(&format!("a.{}", format.container().extension()));
        marked(&path, format);
        let chapters = probe(&path).unwrap().chapters;
        let told: Vec<(u64, &str)> = chapters
            .iter()
            .map(|chapter| (chapter.start_ms, chapter.title.as_str()))
            .collect();
        // In MP4 the first chapter begins with the sound.
        let before = told.strip_prefix(&[(0, "Chapter 1")]);
        assert_eq!(before.is_some(), matches!(format, AudioFormat::M4a(_)));
        assert_eq!(
            before.unwrap_or(&told),
            [(257, "Vers, Größe"), (500, "Odd"), (1257, "Even")],
            "{format:?}"
        );
    }
}

#[test]
fn tags_are_written_beside_marks() {
    let folder = TempFolder::new();
    for format in [
        AudioFormat::Wav(Bits::Int16),
        AudioFormat::Aiff(Bits::Int16),
    ] {
        let path = folder.file(&format!("a.{}", format.container().extension()));
        marked(&path, format);
        let before = probe(&path).unwrap();
        let level = studio_media::gain::Level {
            lufs: -20.0,
            peak: 0.5,
        };
        studio_media::gain::write_replay_gain(&path, level, None).unwrap();
        let after = probe(&path).unwrap();
        assert_eq!(after.chapters, before.chapters, "{format:?}");
        assert_eq!(after.audio, before.audio, "{format:?}");
        assert!(after.tags.len() > before.tags.len(), "{format:?}");
    }
}

#[test]
fn a_chapter_without_a_title_is_named_by_its_number() {
    let folder = TempFolder::new();
    let book = book(&folder, "book.mka", "");
    check("Matroska", "Chapter 2", &probe(&book).unwrap().chapters);
    let path = folder.file("a.m4a");
    converted(&book, &path, AudioFormat::M4a(Quality::Medium));
    check("M4A", "Chapter 2", &by_ffprobe(&path));
}
