//! Sound in, sound out: lengths, positions, levels, tags, damage.

use std::ops::ControlFlow;
use std::process::Command;

use camino::Utf8Path;
use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{
    AudioFormat, AudioReader, AudioWriter, Bits, MediaError, Quality, complete_wav, decode, encode,
    fold, probe,
};
use studio_testkit::{TempFolder, lag, signal, snr_db};

const FORMATS: &[(&str, AudioFormat)] = &[
    ("wav", AudioFormat::Wav(Bits::Int16)),
    ("wav", AudioFormat::Wav(Bits::Int24)),
    ("wav", AudioFormat::Wav(Bits::Float32)),
    ("aiff", AudioFormat::Aiff(Bits::Int16)),
    ("aiff", AudioFormat::Aiff(Bits::Int24)),
    ("aiff", AudioFormat::Aiff(Bits::Float32)),
    ("flac", AudioFormat::Flac(Bits::Int16)),
    ("flac", AudioFormat::Flac(Bits::Int24)),
    ("mp3", AudioFormat::Mp3(Quality::High)),
    ("mp3", AudioFormat::Mp3(Quality::Voice)),
    ("m4a", AudioFormat::M4a(Quality::High)),
    ("m4a", AudioFormat::M4a(Quality::Voice)),
    ("ogg", AudioFormat::Ogg(Quality::High)),
    ("ogg", AudioFormat::Ogg(Quality::Voice)),
    ("opus", AudioFormat::Opus(Quality::High)),
    ("opus", AudioFormat::Opus(Quality::Voice)),
];

fn music(rate: u32, channels: usize, frames: usize) -> Audio {
    let planes = (0..channels)
        .map(|c| {
            let tone = signal::sweep(110.0, 3000.0 + 300.0 * c as f64, 0.4, rate, frames);
            let speech = signal::speech_like(c as u64, rate, frames);
            tone.iter().zip(&speech).map(|(a, b)| a + b).collect()
        })
        .collect();
    Audio {
        rate: SampleRate::new(rate).unwrap(),
        channels: planes,
    }
}

#[test]
fn every_format_gives_back_the_exact_length_in_place() {
    let folder = TempFolder::new();
    for &(extension, format) in FORMATS {
        for (rate, channels, frames) in [
            (48_000, 2, 48_000 + 777),
            (44_100, 1, 30_001),
            (48_000, 1, 100),
        ] {
            let rate = format.fitting_rate_hz(rate);
            let audio = music(rate, channels, frames);
            let path = folder.file(&format!("a.{extension}"));
            let written = encode(&path, format, &audio).unwrap();
            assert_eq!(written.frames, frames as u64);
            let reader = AudioReader::open(&path).unwrap();
            let label = format!(
                "{format:?} {rate} Hz {channels} ch {frames} frames via {}",
                reader.codec()
            );
            let (back, warnings) = decode(&path, 1 << 24).unwrap();
            assert_eq!(back.frames(), frames, "{label}: the length");
            assert!(warnings.is_empty(), "{label}: {warnings:?}");
            if let Some(stated) = reader.spec().frames {
                assert_eq!(stated, frames as u64, "{label}: the stated length");
            }
            // Voice codecs keep the sound of a wave, not its shape: their place cannot be told so.
            let shape_kept = !label.contains("Voice");
            if frames > 1000 && shape_kept {
                let (sent, came) = (&audio.channels[0], &back.channels[0]);
                let near = &came[..20_000.min(came.len())];
                assert_eq!(lag(near, sent, 2500), 0, "{label}: the place");
                let snr = snr_db(came, sent);
                assert!(snr > 20.0, "{label}: {snr:.1} dB of signal to noise");
            }
        }
    }
}

/// What another program writes to its standard output and error, where it accepts the file.
fn told_by(program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    (output.stdout, errors)
}

#[test]
fn readers_of_others_agree() {
    let folder = TempFolder::new();
    for &(extension, format) in FORMATS {
        let rate = format.fitting_rate_hz(44_100);
        let frames = 2 * rate as usize + 777;
        let path = folder.file(&format!("a.{extension}"));
        encode(&path, format, &music(rate, 2, frames)).unwrap();
        let path = path.as_str();

        let arguments = ["-v", "error", "-i", path, "-f", "f32le", "-"];
        let (samples, warnings) = told_by("ffmpeg", &arguments);
        assert_eq!(warnings, "", "{format:?}: FFmpeg complains");
        let decoded = samples.len() / (2 * size_of::<f32>());
        match extension {
            // FFmpeg plays the last packet to its end, and knows better.
            "m4a" => {
                let entry = ["-v", "error", "-of", "csv=p=0", "-show_entries"];
                let (stated, _) = told_by(
                    "ffprobe",
                    &[&entry[..], &["stream=duration_ts", path]].concat(),
                );
                let stated = String::from_utf8_lossy(&stated);
                assert_eq!(
                    stated.trim(),
                    frames.to_string(),
                    "{format:?}: FFmpeg's length"
                );
            }
            _ => assert_eq!(decoded, frames, "{format:?}: FFmpeg's length"),
        }
        match extension {
            "flac" => drop(told_by(
                "flac",
                &["--silent", "--test", "--warnings-as-errors", path],
            )),
            "opus" => {
                let (told, warnings) = told_by("opusinfo", &[path]);
                let told = String::from_utf8_lossy(&told) + warnings.as_str();
                assert!(!told.contains("WARNING"), "{told}");
                let length = format!(
                    "Playback length: 0m:{:06.3}s",
                    (frames * 1000 / rate as usize) as f64 / 1e3
                );
                assert!(told.contains(&length), "{told} instead of {length}");
            }
            _ => {}
        }
    }
}

/// Every block of the file through `fold`, one after the other, and the damage met.
fn folded(path: &Utf8Path) -> (Vec<Vec<f32>>, usize) {
    let mut last = 0.0;
    let (channels, warnings) = fold(
        path,
        |spec| Ok::<_, MediaError>(vec![Vec::new(); spec.channels]),
        |channels: &mut Vec<Vec<f32>>, block| {
            for (all, new) in channels.iter_mut().zip(&block.channels) {
                all.extend_from_slice(new);
            }
            Ok(())
        },
        |share| {
            last = share;
            ControlFlow::Continue(())
        },
    )
    .unwrap();
    assert!(
        warnings.is_empty() == (last == 1.0),
        "the progress ends at {last}"
    );
    (channels, warnings.len())
}

#[test]
fn many_cores_decode_what_one_decodes() {
    let folder = TempFolder::new();
    // Six channels make the stretches short: this is long enough for eight of them.
    let sound = music(48_000, 6, 2_600_003);
    for (extension, format) in [
        ("wav", AudioFormat::Wav(Bits::Int24)),
        ("flac", AudioFormat::Flac(Bits::Int16)),
        ("aiff", AudioFormat::Aiff(Bits::Int16)),
    ] {
        let path = folder.file(&format!("long.{extension}"));
        encode(&path, format, &sound).unwrap();
        let (whole, _) = decode(&path, u64::MAX).unwrap();
        let (channels, warnings) = folded(&path);
        assert_eq!(warnings, 0);
        assert!(
            channels == whole.channels,
            "{extension}: the samples differ"
        );

        let mut stopped_at = 0;
        let stopped = fold(
            &path,
            |_| Ok::<_, MediaError>(0),
            |frames: &mut usize, block| {
                *frames += block.frames();
                stopped_at = *frames;
                Ok(())
            },
            |share| match share > 0.5 {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            },
        );
        assert!(matches!(stopped, Err(MediaError::Cancelled)));
        assert!(stopped_at < sound.frames(), "{stopped_at}");

        // Damage in the middle: what is saved does not depend on the number of cores.
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 5000].fill(0xA5);
        bytes.truncate(middle + middle / 2);
        std::fs::write(&path, bytes).unwrap();
        let (whole, told) = decode(&path, u64::MAX).unwrap();
        let (channels, warnings) = folded(&path);
        assert!(
            warnings > 0 && warnings == told.len(),
            "{extension}: {told:?}"
        );
        assert!(
            channels == whole.channels,
            "{extension}: damaged, the samples differ"
        );
    }
}

/// A recording of two channels whose writer dies after about so many samples of `sound`.
fn killed(path: &Utf8Path, sound: &Audio) {
    let rate = sound.rate;
    let mut writer = AudioWriter::record(path, Bits::Float32, rate, sound.channels.len()).unwrap();
    for from in (0..sound.frames()).step_by(240) {
        let to = sound.frames().min(from + 240);
        let planes = sound.channels.iter();
        let block = Audio {
            rate,
            channels: planes.map(|plane| plane[from..to].to_vec()).collect(),
        };
        writer.write(&block).unwrap();
        if to.is_multiple_of(12_000) {
            writer.flush().unwrap();
        }
    }
    std::mem::forget(writer);
}

#[test]
fn a_recording_whose_writer_died_is_a_sound() {
    let folder = TempFolder::new();
    let path = folder.file("take.wav");
    let sound = Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![
            signal::noise(1, 0.3, 3 * 48_000),
            signal::noise(2, 0.3, 3 * 48_000),
        ],
    };
    killed(&path, &sound);
    let frames = complete_wav(&path).unwrap();
    let lost = 3 * 48_000 - frames;
    assert!(lost < 48_000 / 4, "{lost} samples are lost");
    assert_eq!(probe(&path).unwrap().audio.unwrap().frames, frames);
    let (kept, warnings) = decode(&path, u64::MAX).unwrap();
    assert_eq!(warnings, []);
    for (kept, sound) in kept.channels.iter().zip(&sound.channels) {
        assert!(kept[..] == sound[..frames as usize], "the samples differ");
    }
    let whole = std::fs::read(&path).unwrap();
    assert_eq!(complete_wav(&path).unwrap(), frames);
    assert!(
        std::fs::read(&path).unwrap() == whole,
        "a complete file stays as it is"
    );
    let told = std::process::Command::new("ffprobe")
        .args(["-v", "warning", "-show_streams", path.as_str()])
        .output()
        .expect("ffprobe is installed");
    assert_eq!(String::from_utf8_lossy(&told.stderr), "");

    // Half a sample at the end, a part of a header, nothing.
    killed(&path, &sound);
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length - 3).unwrap();
    assert_eq!(complete_wav(&path).unwrap(), frames - 1);
    file.set_len(10).unwrap();
    let error = complete_wav(&path).unwrap_err();
    assert!(matches!(error, MediaError::Corrupt { .. }), "{error}");
    file.set_len(0).unwrap();
    assert_eq!(complete_wav(&path).unwrap(), 0);
}

#[test]
fn a_recording_of_more_than_4_gb_gets_a_long_header() {
    let folder = TempFolder::new();
    let path = folder.file("take.wav");
    let sound = Audio {
        rate: SampleRate::HZ_48000,
        channels: vec![signal::noise(1, 0.3, 48_000)],
    };
    killed(&path, &sound);
    // The rest is a hole, which takes no room.
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(5 << 30).unwrap();
    let frames = complete_wav(&path).unwrap();
    assert!(frames > 1_300_000_000, "{frames}");
    let mut reader = AudioReader::open(&path).unwrap();
    let mut block = Audio::silence(sound.rate, 1, 0);
    reader.seek(frames - 100).unwrap();
    assert_eq!(reader.read(&mut block).unwrap(), 100);
    reader.seek(1_000).unwrap();
    let count = reader.read(&mut block).unwrap();
    assert!(count > 0 && block.channels[0] == sound.channels[0][1_000..1_000 + count]);
}
