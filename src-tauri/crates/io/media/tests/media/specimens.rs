//! One small file of each kind that is read, and everything that reads files.

use std::ops::ControlFlow;
use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::ErrorCode;
use studio_core::units::{FrameRate, SampleRate};
use studio_dsp::Audio;
use studio_media::{
    AudioFormat, AudioReader, AudioWriter, Bits, ClipWriter, FilmFormat, FrameReader, Mark, Marks,
    MediaError, PictureReader, Quality, assemble, copy_range, decode, encode, probe,
};
use studio_testkit::{TempFolder, signal};

/// No specimen lasts longer; a reader that gives more has lost its way.
pub(crate) const MOST_FRAMES: u64 = 10 * 192_000;
/// Samples per channel of every specimen.
pub(crate) const FRAMES: usize = 12_000;

pub(crate) struct Specimen {
    /// Such as `alac`.
    pub(crate) name: &'static str,
    /// The file name's ending, without the dot.
    pub(crate) extension: &'static str,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) fn specimens() -> &'static [Specimen] {
    static SPECIMENS: OnceLock<Vec<Specimen>> = OnceLock::new();
    SPECIMENS.get_or_init(|| {
        let folder = TempFolder::new();
        let sound = Audio {
            rate: SampleRate::HZ_48000,
            channels: vec![
                signal::noise(1, 0.3, FRAMES),
                signal::sine(440.0, 0.3, 48_000, FRAMES),
            ],
        };
        let encoded = |name: &'static str, format: AudioFormat| {
            let extension = format.container().extension();
            let path = folder.file(&format!("{name}.{extension}"));
            encode(&path, format, &sound).unwrap();
            specimen(name, &path)
        };
        let marked = |name: &'static str, format: AudioFormat| {
            let path = folder.file(&format!("{name}.{name}"));
            let mark = |at, length, name: &str| Mark {
                at,
                length,
                name: name.to_owned(),
            };
            let marks = Marks {
                rate: sound.rate,
                end: FRAMES as u64,
                list: vec![mark(0, 4_000, "Verse"), mark(7_000, 0, "Here")],
            };
            let mut writer =
                AudioWriter::create_marked(&path, format, sound.rate, 2, &marks).unwrap();
            writer.write(&sound).unwrap();
            writer.finish().unwrap();
            specimen(name, &path)
        };
        let film = film(&folder, &sound);
        vec![
            marked("wav", AudioFormat::Wav(Bits::Int16)),
            marked("aiff", AudioFormat::Aiff(Bits::Int24)),
            encoded("flac", AudioFormat::Flac(Bits::Int16)),
            encoded("mp3", AudioFormat::Mp3(Quality::Medium)),
            encoded("m4a", AudioFormat::M4a(Quality::Medium)),
            encoded("ogg", AudioFormat::Ogg(Quality::Medium)),
            encoded("opus", AudioFormat::Opus(Quality::Medium)),
            encoded("alac", AudioFormat::Alac(Bits::Int16)),
            specimen("mp4", &film),
            specimen("mkv", &matroska(&folder, &film)),
            specimen("webm", &webm(&folder)),
        ]
    })
}

fn specimen(name: &'static str, path: &Utf8Path) -> Specimen {
    let extension = match name {
        "alac" => "m4a",
        name => name,
    };
    Specimen {
        name,
        extension,
        bytes: std::fs::read(path).unwrap(),
    }
}

fn film(folder: &TempFolder, sound: &Audio) -> Utf8PathBuf {
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
    film
}

fn matroska(folder: &TempFolder, film: &Utf8Path) -> Utf8PathBuf {
    let path = folder.file("film.mkv");
    let go_on = |_| ControlFlow::Continue(());
    copy_range(film, &path, FilmFormat::Mkv, 0.0, None, go_on).unwrap();
    path
}

/// VP8 and Opus: codecs of films that we read but do not write.
fn webm(folder: &TempFolder) -> Utf8PathBuf {
    let path = folder.file("film.webm");
    let status = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-nostdin",
            "-fflags",
            "+bitexact",
            "-f",
            "lavfi",
            "-i",
        ])
        .args([
            "testsrc=size=64x48:rate=24:duration=0.25",
            "-f",
            "lavfi",
            "-i",
        ])
        .args([
            "sine=frequency=440:sample_rate=48000:duration=0.25",
            "-c:v",
            "libvpx",
        ])
        .args([
            "-threads",
            "1",
            "-c:a",
            "libopus",
            "-ac",
            "2",
            path.as_str(),
        ])
        .status();
    assert!(status.expect("ffmpeg is installed").success());
    path
}

/// Everything that reads files reads this one; errors must name it.
pub(crate) fn read_all(path: &Utf8Path) {
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
    if let Err(error) = jump_about(path) {
        named(error);
    }
    match PictureReader::open(path, Some(32)) {
        Ok(mut reader) => {
            for secs in [0.1, 0.0] {
                if let Err(error) = reader.at(secs) {
                    named(error);
                }
            }
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

/// Reads a little at places in no order.
fn jump_about(path: &Utf8Path) -> Result<(), MediaError> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    let end = spec.frames.unwrap_or(FRAMES as u64);
    for frame in [end / 2, 1, end.saturating_sub(1), end / 3, 0] {
        reader.seek(frame)?;
        assert_eq!(reader.position(), frame, "a seek goes where it is told");
        let frames = reader.read(&mut block)? as u64;
        assert!(frame + frames <= end.max(frame) || spec.frames.is_none());
    }
    Ok(())
}
