//! A film's sound without encoding anything again.

use std::ops::ControlFlow;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::Id;
use ffmpeg_next::media::Type;
use studio_core::units::SampleRate;

use super::packets::{next_packet, secs_from_ticks, stamps};
use crate::error::{MediaError, Result};
use crate::ff;
use crate::format::Container;
use crate::mux::Muxer;
use crate::write::muxer_of;

/// What a decoder of MP3 adds to the encoder's delay, in samples. A film that tells less tells nothing of the
/// delay: FFmpeg's muxer would state one of its own, and players would leave sound away.
const LEAST_MP3_DELAY: i32 = 529;

/// The container of ours that holds the sound of a film as it is; `None` where it fits in none.
pub fn sound_container(path: impl AsRef<Utf8Path>) -> Result<Option<Container>> {
    let path = path.as_ref();
    let input = ff::open_input(path)?;
    let stream = sound_stream(path, &input)?;
    Ok(holds(&stream))
}

/// Copies the packets of a film's sound into a file of its own, from its first sample on. `container` is
/// that of [`sound_container`]. `progress` is told the share done and may stop the work.
pub fn copy_sound(
    path: impl AsRef<Utf8Path>,
    out: impl AsRef<Utf8Path>,
    container: Container,
    mut progress: impl FnMut(f64) -> ControlFlow<()>,
) -> Result<()> {
    let (path, out) = (path.as_ref(), out.as_ref());
    let mut input = ff::open_input(path)?;
    let length_secs = input.duration().max(0) as f64 / 1e6;
    let stream = sound_stream(path, &input)?;
    let index = stream.index();
    let mut parameters = stream.parameters();
    if holds(&stream) != Some(container) {
        return Err(MediaError::Unsupported {
            path: path.into(),
            detail: format!(
                "{} does not hold {} as it is; encode it again",
                container.extension(),
                parameters.id().name()
            ),
        });
    }
    let facts = ff::audio_params(&parameters);
    let rate = u32::try_from(facts.rate).ok().and_then(SampleRate::new);
    let rate = rate.ok_or_else(|| MediaError::Corrupt {
        path: path.into(),
        detail: format!("its header states sound at {} Hz", facts.rate),
    })?;
    let mut stamper = Stamper::new(&stream, facts);
    ff::clear_codec_tag(&mut parameters);
    let (name, options) = muxer_of(container, rate);
    let mut muxer = Muxer::create(out, name)?;
    muxer.add_stream(parameters, stamper.clock(), None)?;
    let options: Vec<(&str, &str)> = options.iter().map(|(k, v)| (*k, v.as_str())).collect();
    muxer.write_header(&options)?;
    let mut copied = false;
    while let Some(mut packet) = next_packet(&mut input, |of| of == index) {
        let Some(at_secs) = stamper.stamp(&mut packet) else {
            continue;
        };
        if progress(at_secs / length_secs.max(1e-3)).is_break() {
            return Err(MediaError::Cancelled);
        }
        copied = true;
        muxer.write(packet, 0)?;
    }
    if !copied {
        return Err(MediaError::Corrupt {
            path: path.into(),
            detail: "not one packet of its sound can be read".to_owned(),
        });
    }
    muxer.finish(|_| Ok(()))
}

fn sound_stream<'a>(
    path: &Utf8Path,
    input: &'a ffmpeg::format::context::Input,
) -> Result<ffmpeg::format::stream::Stream<'a>> {
    let found = input.streams().best(Type::Audio);
    found.ok_or_else(|| MediaError::NoStream {
        path: path.into(),
        wanted: "sound",
    })
}

fn holds(stream: &ffmpeg::format::stream::Stream<'_>) -> Option<Container> {
    let parameters = stream.parameters();
    let facts = ff::audio_params(&parameters);
    // Ogg counts samples; packets of Vorbis differ in length, so that a coarser clock leaves gaps.
    let is_coarse = f64::from(stream.time_base()) * f64::from(facts.rate) > 1.0;
    match parameters.id() {
        Id::AAC | Id::ALAC => Some(Container::M4a),
        Id::MP3 if facts.initial_padding < LEAST_MP3_DELAY => None,
        Id::VORBIS if is_coarse => None,
        Id::MP3 => Some(Container::Mp3),
        Id::FLAC => Some(Container::Flac),
        Id::VORBIS => Some(Container::Ogg),
        Id::OPUS => Some(Container::Opus),
        Id::PCM_S16LE | Id::PCM_S24LE | Id::PCM_S32LE | Id::PCM_F32LE => Some(Container::Wav),
        Id::PCM_S16BE | Id::PCM_S24BE | Id::PCM_S32BE => Some(Container::Aiff),
        _ => None,
    }
}

/// Gives packets their time in the new file, whose sound begins at 0; what comes before is the encoder's
/// delay.
struct Stamper {
    clock: ffmpeg::Rational,
    start: i64,
    /// Where the film's clock is coarser than samples, packets that follow each other are counted in samples.
    counted: Option<Counted>,
}

struct Counted {
    rate: i32,
    frame_size: i64,
    /// Sample at which the next packet begins.
    next: Option<i64>,
}

impl Stamper {
    fn new(stream: &ffmpeg::format::stream::Stream<'_>, facts: ff::AudioParams) -> Stamper {
        let clock = stream.time_base();
        let start = match stream.start_time() {
            i64::MIN => 0,
            start => start.max(0),
        };
        let is_coarse = f64::from(clock) * f64::from(facts.rate) > 1.0;
        let counted = (is_coarse && facts.frame_size > 0).then_some(Counted {
            rate: facts.rate,
            frame_size: facts.frame_size.into(),
            next: None,
        });
        Stamper {
            clock,
            start,
            counted,
        }
    }

    /// Clock of the packets that were stamped.
    fn clock(&self) -> ffmpeg::Rational {
        match &self.counted {
            Some(counted) => ffmpeg::Rational::new(1, counted.rate),
            None => self.clock,
        }
    }

    /// Answers when the packet is heard, in seconds; `None` for one without a time, which is left away.
    fn stamp(&mut self, packet: &mut ffmpeg::Packet) -> Option<f64> {
        let (pts, dts) = stamps(packet)?;
        let secs = secs_from_ticks(pts - self.start, self.clock);
        match &mut self.counted {
            None => {
                packet.set_pts(Some(pts - self.start));
                packet.set_dts(Some(dts - self.start));
            }
            Some(counted) => {
                let told = secs * f64::from(counted.rate);
                let tick = f64::from(self.clock) * f64::from(counted.rate);
                // A gap is more than what rounding to the clock makes.
                let follows = counted
                    .next
                    .filter(|next| (told - *next as f64).abs() <= 2.0 * tick);
                let at = follows.unwrap_or(told.round() as i64);
                counted.next = Some(at + counted.frame_size);
                packet.set_pts(Some(at));
                packet.set_dts(Some(at));
                packet.set_duration(counted.frame_size);
            }
        }
        Some(secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamper(clock: (i32, i32)) -> Stamper {
        Stamper {
            clock: ffmpeg::Rational::new(clock.0, clock.1),
            start: 0,
            counted: Some(Counted {
                rate: 48_000,
                frame_size: 1024,
                next: None,
            }),
        }
    }

    #[test]
    fn packets_that_follow_each_other_are_counted_in_samples() {
        // 1024 samples at 48 kHz are 21.33 ms.
        let mut stamper = stamper((1, 1000));
        let mut samples = Vec::new();
        for ms in [0, 21, 43, 64, 85, 185] {
            let mut packet = ffmpeg::Packet::empty();
            packet.set_pts(Some(ms));
            stamper.stamp(&mut packet).unwrap();
            samples.push(packet.pts().unwrap());
        }
        assert_eq!(samples[..5], [0, 1024, 2048, 3072, 4096]);
        assert_eq!(samples[5], 185 * 48, "a gap stays where the film says");
    }
}
