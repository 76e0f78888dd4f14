//! Chapters go through every pair of formats that has them. The witness is `ffprobe`, which knows nothing of us.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use studio_media::{
    AudioFormat, AudioReader, AudioWriter, Bits, Chapter, Loud, Origin, Quality, Written, decode,
    probe,
};
use studio_testkit::TempFolder;

const SECOND: &str = "Of wolves";

const KEEPERS: [AudioFormat; 5] = [
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
            check(&label, SECOND, &by_ffprobe(&two));
            let info = probe(&two).unwrap();
            check(&label, SECOND, &info.chapters);
            assert_eq!(info.tags["title"], "A book", "{label}");
            assert!(info.cover_art, "{label}");
        }
    }
}

#[test]
fn formats_without_chapters_say_so() {
    let folder = TempFolder::new();
    let book = book(&folder, "book.m4a", &format!("title={SECOND}"));
    for format in [
        AudioFormat::Wav(Bits::Int16),
        AudioFormat::Aiff(Bits::Int16),
    ] {
        let path = folder.file(&format!("a.{}", format.container().extension()));
        let warnings = converted(&book, &path, format).warnings;
        let told = warnings.iter().any(|warning| {
            warning.to_string() == "3 chapters could not be kept: the format has no place for more"
        });
        assert!(told, "{warnings:?}");
        assert_eq!(probe(&path).unwrap().chapters, []);
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
