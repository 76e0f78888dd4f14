//! Opus packets without a container: for streams that carry them their own way.

use camino::Utf8Path;
use studio_core::units::SampleRate;

use super::AudioEncoder;
use crate::error::{MediaError, Result};
use crate::format::{AudioFormat, Quality};

/// Encodes stereo at 48 kHz into packets of 20 ms (RFC 6716), 128 kbit/s.
pub struct OpusStream {
    encoder: AudioEncoder,
}

impl OpusStream {
    pub const RATE: SampleRate = SampleRate::HZ_48000;
    pub const CHANNELS: usize = 2;

    pub fn new() -> Result<OpusStream> {
        let format = AudioFormat::Opus(Quality::Medium);
        let name = Utf8Path::new("a stream");
        let encoder =
            AudioEncoder::open(name, format, OpusStream::RATE, OpusStream::CHANNELS, false)?;
        Ok(OpusStream { encoder })
    }

    /// Takes samples, one plane per channel; answers the packets that they complete.
    pub fn push(&mut self, planes: &[Vec<f32>]) -> Result<Vec<Vec<u8>>> {
        let mut packets = Vec::new();
        self.encoder.push(planes, &mut |packet| {
            let bytes = packet.data().ok_or_else(|| MediaError::Codec {
                path: "a stream".into(),
                step: "encode",
                detail: "an empty packet".to_owned(),
            })?;
            packets.push(bytes.to_vec());
            Ok(())
        })?;
        Ok(packets)
    }
}

#[cfg(test)]
mod tests {
    use ffmpeg_next as ffmpeg;
    use studio_testkit::signal;

    use super::*;

    #[test]
    fn packets_decode_to_what_went_in() {
        let tone = signal::sine(440.0, 0.5, 48_000, 48_000);
        let mut stream = OpusStream::new().unwrap();
        let mut packets = Vec::new();
        for block in tone.chunks(4_800) {
            let made = stream.push(&[block.to_vec(), block.to_vec()]).unwrap();
            assert_eq!(made.len(), 5, "20 ms each");
            packets.extend(made);
        }
        let bytes: usize = packets.iter().map(Vec::len).sum();
        assert!((4_000..24_000).contains(&bytes), "{bytes} bytes a second");

        let codec = ffmpeg::decoder::find(ffmpeg::codec::Id::OPUS).unwrap();
        let context = ffmpeg::codec::Context::new_with_codec(codec);
        let mut decoder = context.decoder().audio().unwrap();
        let mut heard: Vec<f32> = Vec::new();
        let mut frame = ffmpeg::frame::Audio::empty();
        for packet in &packets {
            decoder.send_packet(&ffmpeg::Packet::copy(packet)).unwrap();
            while decoder.receive_frame(&mut frame).is_ok() {
                heard.extend_from_slice(frame.plane::<f32>(0));
            }
        }
        let later = &heard[heard.len() / 2..];
        let power = later.iter().map(|x| x * x).sum::<f32>() / later.len() as f32;
        assert!((power.sqrt() - 0.5 / 2_f32.sqrt()).abs() < 0.02, "{power}");
    }

    #[test]
    fn other_channels_are_refused() {
        let mut stream = OpusStream::new().unwrap();
        assert!(stream.push(&[vec![0.0; 960]]).is_err());
    }
}
