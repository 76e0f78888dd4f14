//! The audio formats that the studio writes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a file of sound is called by people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    Wav,
    Flac,
    Mp3,
    M4a,
    Ogg,
    Opus,
    Aiff,
}

impl Container {
    pub const ALL: [Container; 7] = [
        Container::Wav,
        Container::Flac,
        Container::Mp3,
        Container::M4a,
        Container::Ogg,
        Container::Opus,
        Container::Aiff,
    ];

    /// The file name's ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Container::Wav => "wav",
            Container::Flac => "flac",
            Container::Mp3 => "mp3",
            Container::M4a => "m4a",
            Container::Ogg => "ogg",
            Container::Opus => "opus",
            Container::Aiff => "aiff",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Container::Wav => "audio/wav",
            Container::Flac => "audio/flac",
            Container::Mp3 => "audio/mpeg",
            Container::M4a => "audio/mp4",
            Container::Ogg | Container::Opus => "audio/ogg",
            Container::Aiff => "audio/aiff",
        }
    }

    /// The container that a path's ending asks for.
    pub fn from_extension(extension: &str) -> Option<Container> {
        match extension.to_ascii_lowercase().as_str() {
            "wav" | "wave" => Some(Container::Wav),
            "flac" => Some(Container::Flac),
            "mp3" => Some(Container::Mp3),
            "m4a" | "mp4" => Some(Container::M4a),
            "ogg" | "oga" => Some(Container::Ogg),
            "opus" => Some(Container::Opus),
            "aif" | "aiff" | "aifc" => Some(Container::Aiff),
            _ => None,
        }
    }
}

/// How much of the sound to keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// All of it (M4A becomes Apple Lossless); codecs that cannot take their highest rate.
    Lossless,
    /// Transparent.
    #[default]
    High,
    /// Good, for sharing.
    Medium,
    /// Small, for speech.
    Voice,
}

/// How samples are kept in formats without compression loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bits {
    /// Dithered (TPDF), except samples that already lie on the 16-bit grid.
    Int16,
    Int24,
    /// Keeps levels above full scale. WAV and AIFF only.
    Float32,
}

/// A container with the settings of its codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AudioFormat {
    Wav(Bits),
    Aiff(Bits),
    Flac(Bits),
    /// At a constant bit rate.
    Mp3(Quality),
    /// At the bit rate that each moment needs: smaller, and what few old players cannot seek in.
    Mp3Variable(Quality),
    /// AAC.
    M4a(Quality),
    /// Apple Lossless, in M4A files.
    Alac(Bits),
    Ogg(Quality),
    Opus(Quality),
}

impl AudioFormat {
    /// The format that keeps `quality`. `source_bits` (16, 24, 32, …, `None` for a lossy source)
    /// decides what "lossless" has to hold.
    pub fn new(container: Container, quality: Quality, source_bits: Option<u32>) -> AudioFormat {
        let bits = match (quality, source_bits) {
            (Quality::Lossless, Some(..=16)) => Bits::Int16,
            (Quality::Lossless, Some(17..=24)) => Bits::Int24,
            (Quality::Lossless, _) => Bits::Float32,
            (Quality::High, _) => Bits::Int24,
            (Quality::Medium | Quality::Voice, _) => Bits::Int16,
        };
        match container {
            Container::Wav => AudioFormat::Wav(bits),
            Container::Aiff => AudioFormat::Aiff(bits),
            // FLAC has no floats; 24 bits hold more than any converter gives.
            Container::Flac if bits == Bits::Float32 => AudioFormat::Flac(Bits::Int24),
            Container::Flac => AudioFormat::Flac(bits),
            Container::Mp3 => AudioFormat::Mp3(quality),
            Container::M4a if quality == Quality::Lossless => match bits {
                Bits::Int16 => AudioFormat::Alac(bits),
                _ => AudioFormat::Alac(Bits::Int24),
            },
            Container::M4a => AudioFormat::M4a(quality),
            Container::Ogg => AudioFormat::Ogg(quality),
            Container::Opus => AudioFormat::Opus(quality),
        }
    }

    /// The format for samples that are written as they were read: more bits than they have would hold nothing.
    pub fn no_finer_than(self, source_bits: Option<u32>) -> AudioFormat {
        match self {
            _ if source_bits.is_none_or(|bits| bits > 16) => self,
            AudioFormat::Wav(_) => AudioFormat::Wav(Bits::Int16),
            AudioFormat::Aiff(_) => AudioFormat::Aiff(Bits::Int16),
            AudioFormat::Flac(_) => AudioFormat::Flac(Bits::Int16),
            AudioFormat::Alac(_) => AudioFormat::Alac(Bits::Int16),
            lossy => lossy,
        }
    }

    pub fn container(self) -> Container {
        match self {
            AudioFormat::Wav(_) => Container::Wav,
            AudioFormat::Aiff(_) => Container::Aiff,
            AudioFormat::Flac(_) => Container::Flac,
            AudioFormat::Mp3(_) | AudioFormat::Mp3Variable(_) => Container::Mp3,
            AudioFormat::M4a(_) | AudioFormat::Alac(_) => Container::M4a,
            AudioFormat::Ogg(_) => Container::Ogg,
            AudioFormat::Opus(_) => Container::Opus,
        }
    }

    /// Whether the samples come back as they went in (to the bits that are kept).
    pub fn is_lossless(self) -> bool {
        matches!(
            self,
            AudioFormat::Wav(_)
                | AudioFormat::Aiff(_)
                | AudioFormat::Flac(_)
                | AudioFormat::Alac(_)
        )
    }

    /// The sample rates that the codec takes, ascending; `None`: any.
    pub fn rates_hz(self) -> Option<&'static [u32]> {
        match self {
            AudioFormat::Mp3(_) | AudioFormat::Mp3Variable(_) => Some(&[
                8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
            ]),
            AudioFormat::M4a(_) => Some(&[
                7_350, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000,
                64_000, 88_200, 96_000,
            ]),
            AudioFormat::Opus(_) => Some(&[8_000, 12_000, 16_000, 24_000, 48_000]),
            _ => None,
        }
    }

    /// The rate to convert to so that `rate_hz` fits: itself, or the next higher one, or the highest.
    pub fn fitting_rate_hz(self, rate_hz: u32) -> u32 {
        let Some(rates) = self.rates_hz() else {
            return rate_hz;
        };
        rates
            .iter()
            .copied()
            .find(|&rate| rate >= rate_hz)
            .or(rates.last().copied())
            .unwrap_or(rate_hz)
    }

    pub fn max_channels(self) -> usize {
        match self {
            AudioFormat::Wav(_) | AudioFormat::Aiff(_) => crate::read::MAX_CHANNELS,
            AudioFormat::Mp3(_) | AudioFormat::Mp3Variable(_) => 2,
            _ => 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lossless_holds_what_the_source_has() {
        let check = |container, source_bits, format| {
            assert_eq!(
                AudioFormat::new(container, Quality::Lossless, source_bits),
                format
            );
        };
        check(Container::Wav, Some(16), AudioFormat::Wav(Bits::Int16));
        check(Container::Wav, Some(24), AudioFormat::Wav(Bits::Int24));
        check(Container::Wav, None, AudioFormat::Wav(Bits::Float32));
        check(Container::Flac, Some(16), AudioFormat::Flac(Bits::Int16));
        check(Container::Flac, Some(32), AudioFormat::Flac(Bits::Int24));
        check(Container::M4a, Some(16), AudioFormat::Alac(Bits::Int16));
        check(Container::M4a, None, AudioFormat::Alac(Bits::Int24));
    }

    #[test]
    fn a_rate_that_does_not_fit_goes_up_rather_than_down() {
        let opus = AudioFormat::Opus(Quality::High);
        assert_eq!(opus.fitting_rate_hz(44_100), 48_000);
        assert_eq!(opus.fitting_rate_hz(192_000), 48_000);
        assert_eq!(
            AudioFormat::Mp3(Quality::High).fitting_rate_hz(44_100),
            44_100
        );
        assert_eq!(
            AudioFormat::Wav(Bits::Int16).fitting_rate_hz(12_345),
            12_345
        );
    }

    #[test]
    fn what_is_not_changed_gets_no_more_bits_than_it_has() {
        let fine = AudioFormat::Flac(Bits::Int24);
        for (source_bits, wanted) in [
            (Some(8), AudioFormat::Flac(Bits::Int16)),
            (Some(16), AudioFormat::Flac(Bits::Int16)),
            (Some(24), fine),
            (None, fine),
        ] {
            assert_eq!(fine.no_finer_than(source_bits), wanted);
        }
        let lossy = AudioFormat::Mp3(Quality::High);
        assert_eq!(lossy.no_finer_than(Some(16)), lossy);
    }
}
