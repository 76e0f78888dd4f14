//! Files that are damaged, cut, or something else than they say: an error or what can be saved, never
//! a panic, a hang, or memory without bounds.

use camino::Utf8PathBuf;
use studio_core::ErrorCode;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{
    AudioFormat, AudioReader, Bits, FrameReader, MAX_CHANNELS, Quality, decode, encode, probe,
};
use studio_testkit::{TempFolder, signal};

use crate::damage::{damaged, mend_ogg};
use crate::specimens::{FRAMES, MOST_FRAMES, read_all, specimens};

#[test]
fn damaged_and_cut_files_are_survived() {
    let folder = TempFolder::new();
    for specimen in specimens() {
        let path = folder.file(&format!("a.{}", specimen.extension));
        for case in 0..40 {
            std::fs::write(&path, damaged(specimen, 0, case)).unwrap();
            read_all(&path);
        }
    }
}

/// What the fuzzer has found: format, seed, case. They panicked, or did not come to an end.
const FOUND: &[(&str, u64, u64)] = &[
    ("ogg", 7, 67_351),
    ("opus", 7, 2322),
    ("opus", 1_000_010, 5071),
    ("opus", 2_000_013, 303),
    ("mp4", 7, 13_546),
    ("mp4", 1_000_010, 2278),
    ("mp4", 2_000_013, 2475),
];

#[test]
fn what_was_found_once_is_survived() {
    let folder = TempFolder::new();
    for (name, seed, case) in FOUND {
        let mut kinds = specimens().iter();
        let specimen = kinds.find(|specimen| specimen.name == *name).unwrap();
        let path = folder.file(&format!("{case}.{}", specimen.extension));
        std::fs::write(&path, damaged(specimen, *seed, *case)).unwrap();
        read_all(&path);
    }
}

#[test]
fn an_ogg_file_that_claims_to_last_for_ever_ends() {
    let folder = TempFolder::new();
    let path = folder.file("a.ogg");
    for specimen in specimens() {
        let mut bytes = specimen.bytes.clone();
        let Some(last) = bytes.windows(4).rposition(|word| word == b"OggS") else {
            continue;
        };
        for position in [1_u64 << 40, 1 << 60, 1 << 62, 1 << 63, u64::MAX] {
            bytes[last + 6..last + 14].copy_from_slice(&position.to_le_bytes());
            mend_ogg(&mut bytes);
            std::fs::write(&path, &bytes).unwrap();
            read_all(&path);
            // What is there is read by Symphonia; FFmpeg, which reads Opus, throws it away.
            if specimen.name == "ogg" && i64::try_from(position).is_ok() {
                let (sound, _) = decode(&path, MOST_FRAMES).unwrap();
                assert!(sound.frames() >= FRAMES - 1024, "{}", sound.frames());
            }
        }
    }
}

#[test]
fn every_cut_of_a_header_is_survived() {
    let folder = TempFolder::new();
    for specimen in specimens() {
        let path = folder.file(&format!("cut.{}", specimen.extension));
        for length in (0..200.min(specimen.bytes.len())).step_by(3) {
            std::fs::write(&path, &specimen.bytes[..length]).unwrap();
            read_all(&path);
        }
    }
}

#[test]
fn a_wrong_ending_does_not_matter() {
    let folder = TempFolder::new();
    for specimen in specimens() {
        let frames = |extension: &str| {
            let path = folder.file(&format!("a-{}.{extension}", specimen.name));
            std::fs::write(&path, &specimen.bytes).unwrap();
            let sound = decode(&path, MOST_FRAMES).unwrap_or_else(|error| panic!("{error}"));
            sound.0.frames()
        };
        let right = frames(specimen.extension);
        // Matroska says of AAC where it begins, not where it ends.
        assert!(
            right >= FRAMES && right - FRAMES < 1024,
            "{right} of {}",
            specimen.name
        );
        for wrong in ["wav", "mp3", "txt", "mp4"] {
            assert_eq!(frames(wrong), right, "{} as {wrong}", specimen.name);
        }
    }
}

#[test]
fn what_is_no_media_is_called_what_it_is() {
    let folder = TempFolder::new();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.file(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let fifo = folder.file("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()));
    let check = |path: &Utf8PathBuf, code: ErrorCode, words: &str| {
        let error = AudioReader::open(path).err().expect("no sound is in it");
        assert_eq!(
            (error.code(), error.to_string().contains(words)),
            (code, true),
            "{error}"
        );
        assert!(probe(path).is_err() && FrameReader::open(path).is_err());
    };
    check(&file("empty.wav", b""), ErrorCode::BadInput, "is empty");
    check(&file("one.wav", b"R"), ErrorCode::BadInput, "found text");
    check(
        &file("text.mp3", b"Dear diary, today"),
        ErrorCode::BadInput,
        "found text",
    );
    check(
        &file("page.wav", b"<!DOCTYPE html><html>"),
        ErrorCode::BadInput,
        "a web page",
    );
    check(
        &file("zero.flac", &[0; 5000]),
        ErrorCode::BadInput,
        "holds no sound",
    );
    check(
        &folder.path().to_owned(),
        ErrorCode::BadInput,
        "is a folder",
    );
    check(
        &folder.file("none.wav"),
        ErrorCode::NotFound,
        "no such file",
    );
    check(&fifo, ErrorCode::BadInput, "a device or a pipe");
    check(
        &Utf8PathBuf::from("/dev/zero"),
        ErrorCode::BadInput,
        "a device or a pipe",
    );
}

/// A RIFF header with these facts and a little data.
fn wav_header(channels: u16, rate_hz: u32, bits: u16, data_bytes: u32) -> Vec<u8> {
    let mut bytes = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0".to_vec();
    let frame = channels.wrapping_mul(bits / 8);
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate_hz.to_le_bytes());
    bytes.extend(rate_hz.wrapping_mul(u32::from(frame)).to_le_bytes());
    bytes.extend(frame.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(data_bytes.to_le_bytes());
    bytes.extend([1; 600]);
    bytes
}

#[test]
fn lying_headers_cost_no_memory() {
    let folder = TempFolder::new();
    let path = folder.file("lie.wav");
    for (channels, rate_hz, bits, data) in [
        (0, 48_000, 16, 600),
        (65_535, 48_000, 16, 600),
        (2, 0, 16, 600),
        (2, u32::MAX, 16, 600),
        (2, 48_000, 0, 600),
        (2, 48_000, 64, 600),
        (2, 48_000, 16, u32::MAX),
        (1, 1, 8, 600),
    ] {
        std::fs::write(&path, wav_header(channels, rate_hz, bits, data)).unwrap();
        read_all(&path);
    }
    // What is there is read, whatever was promised.
    std::fs::write(&path, wav_header(2, 48_000, 16, 1_000_000)).unwrap();
    let (sound, warnings) = decode(&path, MOST_FRAMES).unwrap();
    assert_eq!(sound.frames(), 150);
    assert!(!warnings.is_empty(), "the missing rest is told");
}

#[test]
fn rates_from_telephone_to_studio_are_read() {
    let folder = TempFolder::new();
    for rate_hz in [8_000, 11_025, 22_050, 96_000, 192_000, 384_000, 768_000] {
        let path = folder.file(&format!("{rate_hz}.wav"));
        let sound = Audio {
            rate: SampleRate::new(rate_hz).unwrap(),
            channels: vec![signal::sine(440.0, 0.3, rate_hz, 1000)],
        };
        encode(&path, AudioFormat::Wav(Bits::Float32), &sound).unwrap();
        let (read, _) = decode(&path, MOST_FRAMES).unwrap();
        assert_eq!((read.rate, read.frames()), (sound.rate, 1000));
    }
}

#[test]
fn lengths_come_back_down_to_one_sample_and_none() {
    let folder = TempFolder::new();
    for format in [
        AudioFormat::Wav(Bits::Int16),
        AudioFormat::Aiff(Bits::Int24),
        AudioFormat::Flac(Bits::Int16),
        AudioFormat::Mp3(Quality::Medium),
        AudioFormat::Mp3Variable(Quality::Medium),
        AudioFormat::M4a(Quality::Medium),
        AudioFormat::Alac(Bits::Int16),
        AudioFormat::Ogg(Quality::Medium),
        AudioFormat::Opus(Quality::Medium),
    ] {
        // Around the frames of codecs: 960, 1024 and 1152.
        for frames in [
            0, 1, 2, 46, 47, 48, 960, 961, 1024, 1025, 1152, 1153, 1198, 1200,
        ] {
            let path = folder.file(&format!("{frames}.{}", format.container().extension()));
            let sound = Audio {
                rate: SampleRate::HZ_48000,
                channels: vec![vec![0.5; frames]; 2],
            };
            encode(&path, format, &sound).unwrap();
            read_all(&path);
            match decode(&path, MOST_FRAMES) {
                Ok((read, _)) => assert_eq!(read.frames(), frames, "{format:?}"),
                Err(error) => assert!(frames == 0, "{format:?}: {error}"),
            }
        }
    }
}

#[test]
fn as_many_channels_as_we_take_are_read_and_more_refused() {
    let folder = TempFolder::new();
    let path = folder.file("many.wav");
    let sound = Audio {
        rate: SampleRate::HZ_48000,
        channels: (0..MAX_CHANNELS)
            .map(|channel| vec![channel as f32 / 64.0; 100])
            .collect(),
    };
    encode(&path, AudioFormat::Wav(Bits::Float32), &sound).unwrap();
    assert_eq!(decode(&path, MOST_FRAMES).unwrap().0, sound);
    let more = u16::try_from(MAX_CHANNELS + 1).unwrap();
    std::fs::write(&path, wav_header(more, 48_000, 16, 650)).unwrap();
    assert!(decode(&path, MOST_FRAMES).is_err());
}

#[test]
fn samples_that_are_no_numbers_are_silent() {
    let folder = TempFolder::new();
    let path = folder.file("floats.wav");
    let mut bytes = wav_header(1, 48_000, 32, 20);
    bytes.truncate(44);
    // WAVE_FORMAT_IEEE_FLOAT
    bytes[20] = 3;
    for sample in [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.25] {
        bytes.extend(sample.to_le_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
    let (sound, warnings) = decode(&path, MOST_FRAMES).unwrap();
    assert_eq!(sound.channels, [[0.5, 0.0, 0.0, 0.0, 0.25]]);
    let told = warnings
        .iter()
        .any(|warning| warning.to_string().contains("no numbers"));
    assert!(told, "{warnings:?}");
    // Nor are they written.
    let bad = Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![vec![f32::NAN, f32::INFINITY, 0.5]],
    };
    encode(&path, AudioFormat::Wav(Bits::Float32), &bad).unwrap();
    let (read, warnings) = decode(&path, MOST_FRAMES).unwrap();
    assert_eq!(
        (read.channels, warnings),
        (vec![vec![0.0, 0.0, 0.5]], vec![])
    );
}

#[test]
fn devices_and_pipes_are_not_replaced_by_files() {
    let folder = TempFolder::new();
    let fifo = folder.file("pipe.wav");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()));
    let silence = Audio::silence(SampleRate::HZ_48000, 1, 10);
    let refused = encode(&fifo, AudioFormat::Wav(Bits::Int16), &silence).unwrap_err();
    assert!(
        refused.to_string().contains("a device or a pipe"),
        "{refused}"
    );
    assert_eq!(folder.names(), ["pipe.wav"]);
    assert!(!fifo.is_file());
}
