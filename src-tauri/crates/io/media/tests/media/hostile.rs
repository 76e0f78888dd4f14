//! Files that are damaged, cut, or something else than they say: an error or what can be saved, never
//! a panic, a hang, or memory without bounds.

use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use proptest::prelude::*;
use studio_core::ErrorCode;
use studio_core::units::{FrameRate, SampleRate};
use studio_dsp::Audio;
use studio_media::{
    AudioFormat, AudioReader, Bits, ClipWriter, FrameReader, MediaError, Quality, assemble, decode,
    encode, probe,
};
use studio_testkit::{TempFolder, signal};

/// No file of these tests lasts longer; a reader that gives more has lost its way.
const MOST_FRAMES: u64 = 10 * 192_000;

/// One small file of each kind that we write.
fn samples() -> &'static [(String, Vec<u8>)] {
    static SAMPLES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    SAMPLES.get_or_init(|| {
        let folder = TempFolder::new();
        let formats = [
            ("wav", AudioFormat::Wav(Bits::Int16)),
            ("aiff", AudioFormat::Aiff(Bits::Int24)),
            ("flac", AudioFormat::Flac(Bits::Int16)),
            ("mp3", AudioFormat::Mp3(Quality::Medium)),
            ("m4a", AudioFormat::M4a(Quality::Medium)),
            ("ogg", AudioFormat::Ogg(Quality::Medium)),
            ("opus", AudioFormat::Opus(Quality::Medium)),
        ];
        let sound = Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![
                signal::noise(1, 0.3, 12_000),
                signal::sine(440.0, 0.3, 48_000, 12_000),
            ],
        };
        let mut samples: Vec<_> = formats
            .into_iter()
            .map(|(extension, format)| {
                let path = folder.file(&format!("a.{extension}"));
                encode(&path, format, &sound).unwrap();
                (extension.to_owned(), std::fs::read(path).unwrap())
            })
            .collect();
        samples.push(("mp4".to_owned(), film(&folder, &sound)));
        samples
    })
}

fn film(folder: &TempFolder, sound: &Audio) -> Vec<u8> {
    let (clip, film) = (folder.file("clip.mp4"), folder.file("film.mp4"));
    let mut writer = ClipWriter::create(&clip, 64, 48, FrameRate::whole(24).unwrap()).unwrap();
    for number in 0..6_u8 {
        let picture: Vec<u8> = (0..64 * 48 * 4)
            .map(|n| (n as u8).wrapping_mul(number))
            .collect();
        writer.push(&picture).unwrap();
    }
    writer.finish().unwrap();
    assemble(&[clip], sound, &[], &[], "Small", &film).unwrap();
    std::fs::read(film).unwrap()
}

/// Everything that reads files reads this one; errors must name it.
fn read_all(path: &Utf8Path) {
    let named = |error: MediaError| {
        let text = error.to_string();
        assert!(
            text.contains(path.as_str()) || matches!(error, MediaError::OutOfRange { .. }),
            "an error without its file: {text}"
        );
        assert_ne!(error.code(), ErrorCode::Internal, "{text}");
    };
    let _ = probe(path).map_err(named);
    match decode(path, MOST_FRAMES) {
        Ok((sound, _)) => {
            assert!(sound.frames() as u64 <= MOST_FRAMES);
            let finite = sound.channels.iter().flatten().all(|x| x.is_finite());
            assert!(finite, "samples that are no numbers");
        }
        Err(error) => named(error),
    }
    match FrameReader::open(path) {
        Ok(mut reader) => {
            for index in [0, 3, reader.frames().saturating_sub(1), 1] {
                if let Err(error) = reader.frame(index, 32) {
                    named(error);
                }
            }
        }
        Err(error) => named(error),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn damaged_and_cut_files_are_survived(
        which in 0_usize..8,
        cut in 0.0_f64..1.5,
        damage in prop::collection::vec((0.0_f64..1.0, any::<u8>()), 0..12),
        head in any::<bool>(),
    ) {
        let (extension, whole) = &samples()[which];
        let mut bytes = whole.clone();
        bytes.truncate((bytes.len() as f64 * cut) as usize);
        for (at, value) in damage {
            // Headers are where damage does harm.
            let reach = if head { bytes.len().min(400) } else { bytes.len() };
            if let Some(byte) = bytes.get_mut((reach as f64 * at) as usize) {
                *byte = value;
            }
        }
        let folder = TempFolder::new();
        let path = folder.file(&format!("a.{extension}"));
        std::fs::write(&path, bytes).unwrap();
        read_all(&path);
    }
}

#[test]
fn every_cut_of_a_header_is_survived() {
    let folder = TempFolder::new();
    for (extension, whole) in samples() {
        let path = folder.file(&format!("cut.{extension}"));
        for length in (0..200.min(whole.len())).step_by(3) {
            std::fs::write(&path, &whole[..length]).unwrap();
            read_all(&path);
        }
    }
}

#[test]
fn a_wrong_ending_does_not_matter() {
    let folder = TempFolder::new();
    for (extension, whole) in samples() {
        for wrong in ["wav", "mp3", "txt", "mp4"]
            .iter()
            .filter(|wrong| *wrong != extension)
        {
            let path = folder.file(&format!("a-{extension}.{wrong}"));
            std::fs::write(&path, whole).unwrap();
            let frames = decode(&path, MOST_FRAMES)
                .unwrap_or_else(|error| panic!("{error}"))
                .0
                .frames();
            assert_eq!(frames, 12_000, "{extension} as {wrong}");
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
    for rate_hz in [8_000, 11_025, 22_050, 96_000, 192_000, 384_000] {
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
