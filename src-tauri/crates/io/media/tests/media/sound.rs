//! Sound in, sound out: lengths, positions, levels, tags, damage.

use studio_core::units::SampleRate;
use studio_dsp::Audio;
use studio_media::{AudioFormat, AudioReader, Bits, Quality, decode, encode};
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
            println!("{label}: states {:?}", reader.spec().frames);
            let (back, warnings) = decode(&path, 1 << 24).unwrap();
            println!("   got {} {warnings:?}", back.channels[0].len());
            if frames > 1000 {
                println!(
                    "   lag {} snr {:.1}",
                    lag(
                        &back.channels[0][..20000.min(back.channels[0].len())],
                        &audio.channels[0],
                        2500
                    ),
                    snr_db(&back.channels[0], &audio.channels[0])
                );
            }
        }
    }
}
