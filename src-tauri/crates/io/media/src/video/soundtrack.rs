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

/// What a decoder of MP3 adds to the encoder's delay, in samples: the least delay that a LAME header can state.
const LEAST_MP3_DELAY: i32 = 529;

/// The container of ours that holds the sound of a film as it is; `None` where it fits in none.
pub fn sound_container(path: impl AsRef<Utf8Path>) -> Result<Option<Container>> {
    let path = path.as_ref();
    let input = ff::open_input(path)?;
    let stream = sound_stream(path, &input)?;
    Ok(match stream.parameters().id() {
        Id::AAC | Id::ALAC => Some(Container::M4a),
        Id::MP3 if (1..LEAST_MP3_DELAY).contains(&mp3_delay(path)?) => None,
        Id::MP3 => Some(Container::Mp3),
        Id::FLAC => Some(Container::Flac),
        Id::VORBIS => ff::VorbisLengths::new(&stream.parameters()).map(|_| Container::Ogg),
        Id::OPUS => Some(Container::Opus),
        Id::PCM_S16LE | Id::PCM_S24LE | Id::PCM_S32LE | Id::PCM_F32LE => Some(Container::Wav),
        Id::PCM_S16BE | Id::PCM_S24BE | Id::PCM_S32BE => Some(Container::Aiff),
        _ => None,
    })
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
    let fits = sound_container(path)? == Some(container);
    let mut input = ff::open_input(path)?;
    let length_secs = input.duration().max(0) as f64 / 1e6;
    let stream = sound_stream(path, &input)?;
    let index = stream.index();
    let mut parameters = stream.parameters();
    if !fits {
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
    let (name, mut options) = muxer_of(container, rate);
    if container == Container::Mp3 {
        match mp3_delay(path)? {
            // A header would state a delay, and players would leave sound away.
            0 => options = vec![("write_xing", "0".to_owned())],
            delay => ff::set_initial_padding(&mut parameters, delay),
        }
    }
    let mut muxer = Muxer::create(out, name)?;
    muxer.add_stream(parameters, stamper.clock(), None)?;
    let options: Vec<(&str, &str)> = options.iter().map(|(k, v)| (*k, v.as_str())).collect();
    muxer.write_header(&options)?;
    let mut last = None;
    while let Some(mut packet) = next_packet(&mut input, |of| of == index) {
        let Some(at_secs) = stamper.stamp(&mut packet) else {
            continue;
        };
        if progress(at_secs / length_secs.max(1e-3)).is_break() {
            return Err(MediaError::Cancelled);
        }
        if let Some(before) = last.replace(packet) {
            muxer.write(before, 0)?;
        }
    }
    let mut last = last.ok_or_else(|| MediaError::Corrupt {
        path: path.into(),
        detail: "not one packet of its sound can be read".to_owned(),
    })?;
    stamper.trim(&mut last, facts.frame_size);
    muxer.write(last, 0)?;
    muxer.finish(|_| Ok(()))
}

/// Samples of MP3 before the first that is heard, the decoder's included; 0 where the film does not tell.
fn mp3_delay(path: &Utf8Path) -> Result<i32> {
    let mut input = ff::open_input(path)?;
    let stream = sound_stream(path, &input)?;
    let index = stream.index();
    let stated = ff::audio_params(&stream.parameters()).initial_padding;
    let first = next_packet(&mut input, |of| of == index);
    Ok(first.as_ref().map_or(0, ff::skipped).max(stated))
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

/// Gives packets their time in the new file, whose sound begins at 0; what comes before is the encoder's
/// delay.
struct Stamper {
    clock: ffmpeg::Rational,
    start: i64,
    /// When MP3 ends, where the film states it to the sample.
    end: Option<i64>,
    /// Where the film's clock is coarser than samples, packets that follow each other are counted in samples.
    counted: Option<Counted>,
}

struct Counted {
    rate: i32,
    lengths: Lengths,
    /// Sample at which the next packet begins.
    next: Option<i64>,
    /// Samples of the first packet of which nothing is heard.
    lead: i64,
}

/// Samples in the packets.
enum Lengths {
    Equal(i64),
    Vorbis(ff::VorbisLengths),
}

impl Stamper {
    fn new(stream: &ffmpeg::format::stream::Stream<'_>, facts: ff::AudioParams) -> Stamper {
        let clock = stream.time_base();
        let start = match stream.start_time() {
            i64::MIN => 0,
            start => start.max(0),
        };
        let ticks = f64::from(clock) * f64::from(facts.rate);
        let lengths = match stream.parameters().id() {
            Id::VORBIS => ff::VorbisLengths::new(&stream.parameters()).map(Lengths::Vorbis),
            _ => Some(Lengths::Equal(facts.frame_size.into())).filter(|_| facts.frame_size > 0),
        };
        let counted = lengths.filter(|_| ticks > 1.0).map(|lengths| Counted {
            rate: facts.rate,
            lengths,
            next: None,
            lead: 0,
        });
        let is_exact = stream.parameters().id() == Id::MP3
            && (clock.numerator(), clock.denominator()) == (1, facts.rate);
        Stamper {
            clock,
            start,
            end: Some(stream.duration()).filter(|end| is_exact && *end > 0),
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
                let length = match &mut counted.lengths {
                    Lengths::Equal(samples) => *samples,
                    Lengths::Vorbis(lengths) => lengths.next(packet),
                };
                if counted.next.is_none() && matches!(counted.lengths, Lengths::Vorbis(_)) {
                    counted.lead = length;
                }
                let told = secs * f64::from(counted.rate);
                let tick = f64::from(self.clock) * f64::from(counted.rate);
                // A gap is more than what rounding to the clock makes.
                let follows = counted
                    .next
                    .filter(|next| (told - *next as f64).abs() <= 2.0 * tick);
                let at = follows.unwrap_or(told.round() as i64);
                counted.next = Some(at + length);
                packet.set_pts(Some(at - counted.lead));
                packet.set_dts(Some(at - counted.lead));
                packet.set_duration(length);
            }
        }
        Some(secs)
    }

    /// States what the last packet of `samples` holds after the end, for the header. Its own duration ends there.
    fn trim(&self, last: &mut ffmpeg::Packet, samples: i32) {
        let (Some(end), Some(at)) = (self.end, last.pts()) else {
            return;
        };
        if let Ok(left @ 1..) = u32::try_from(at + i64::from(samples) - end) {
            ff::set_discard_padding(last, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamper(clock: (i32, i32)) -> Stamper {
        Stamper {
            clock: ffmpeg::Rational::new(clock.0, clock.1),
            start: 0,
            end: None,
            counted: Some(Counted {
                rate: 48_000,
                lengths: Lengths::Equal(1024),
                next: None,
                lead: 0,
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
