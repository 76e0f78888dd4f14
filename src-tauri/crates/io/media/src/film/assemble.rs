//! Clips, sound, captions and chapters into one MP4. No picture is encoded again.

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use studio_dsp::Audio;

use crate::chapters::{self, Chapter};
use crate::error::{MediaError, Result};
use crate::ff;
use crate::format::{AudioFormat, Quality};
use crate::mux::Muxer;
use crate::write::AudioEncoder;

/// A caption on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtitle {
    pub start_ms: u64,
    pub end_ms: u64,
    pub text: String,
}

const VIDEO: usize = 0;
const AUDIO: usize = 1;
const CAPTIONS: usize = 2;
/// Captions count in milliseconds.
const MS: ffmpeg::Rational = ffmpeg::Rational(1, 1000);

/// Joins `clips` (as `ClipWriter` makes them, all of one size and rate) under `sound`, with a soft
/// caption track in English and a chapter per shot, playable before it is wholly loaded.
pub fn assemble(
    clips: &[Utf8PathBuf],
    sound: &Audio,
    subtitles: &[Subtitle],
    chapters: &[Chapter],
    title: &str,
    out: &Utf8Path,
) -> Result<()> {
    let first = clips.first().ok_or_else(|| MediaError::NoStream {
        path: out.into(),
        wanted: "picture",
    })?;
    let first = ff::open_input(first)?;
    let video = first.streams().next().ok_or_else(|| MediaError::NoStream {
        path: out.into(),
        wanted: "picture",
    })?;
    let clock = video.time_base();
    let mut encoder = AudioEncoder::open(
        out,
        AudioFormat::M4a(Quality::High),
        sound.rate,
        sound.channel_count(),
        true,
    )?;
    let mut muxer = Muxer::create(out, "mp4")?;
    muxer.add_stream(video.parameters(), clock, None)?;
    muxer.add_stream(encoder.parameters(), encoder.clock(), Some("eng"))?;
    if !subtitles.is_empty() {
        muxer.add_stream(ff::timed_text_parameters(), MS, Some("eng"))?;
    }
    let output = muxer.output_mut();
    output.set_metadata([("title", title)].iter().collect());
    chapters::add(output, chapters, out)?;
    let timescale = sound.rate.get().to_string();
    muxer.write_header(&[("movflags", "+faststart"), ("movie_timescale", &timescale)])?;

    let mut others: Vec<Timed> = Vec::new();
    let mut keep = |packet: ffmpeg::Packet| {
        let at = seconds(packet.dts().or(packet.pts()), encoder_clock(sound));
        others.push(Timed {
            at,
            stream: AUDIO,
            packet,
        });
        Ok(())
    };
    encoder.push(&sound.channels, &mut keep)?;
    encoder.finish(&mut keep)?;
    others.extend(captions(subtitles));
    // Stable: packets of one stream stay in order.
    others.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut others = others.into_iter().peekable();
    let mut offset = 0;
    for clip in clips {
        let mut input = ff::open_input(clip)?;
        let mut end = offset;
        for (stream, mut packet) in input.packets() {
            let moved = |at: Option<i64>| at.map(|at| at + offset);
            packet.set_pts(moved(packet.pts()));
            packet.set_dts(moved(packet.dts()));
            if stream.time_base() != clock {
                return Err(MediaError::Unsupported {
                    path: clip.clone(),
                    detail: "the clip has another frame rate than the first".to_owned(),
                });
            }
            let at = seconds(packet.dts(), clock);
            while let Some(other) = others.next_if(|other| other.at <= at) {
                muxer.write(other.packet, other.stream)?;
            }
            end = end.max(packet.pts().unwrap_or(offset) + packet.duration());
            muxer.write(packet, VIDEO)?;
        }
        offset = end;
    }
    for other in others {
        muxer.write(other.packet, other.stream)?;
    }
    muxer.finish(|_| Ok(()))
}

/// A packet with the time of its decoding in seconds.
struct Timed {
    at: f64,
    stream: usize,
    packet: ffmpeg::Packet,
}

fn encoder_clock(sound: &Audio) -> ffmpeg::Rational {
    ffmpeg::Rational::new(1, i32::try_from(sound.rate.get()).unwrap_or(i32::MAX))
}

fn seconds(at: Option<i64>, clock: ffmpeg::Rational) -> f64 {
    at.unwrap_or(0) as f64 * f64::from(clock)
}

/// 3GPP timed text (TS 26.245): a length and UTF-8. An empty sample takes the caption off the screen.
fn captions(subtitles: &[Subtitle]) -> Vec<Timed> {
    let mut packets = Vec::new();
    let mut shown_until = 0;
    let mut add = |start: u64, end: u64, text: &str| {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let mut data = length.to_be_bytes().to_vec();
        data.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        let mut packet = ffmpeg::Packet::copy(&data);
        packet.set_pts(Some(start as i64));
        packet.set_dts(Some(start as i64));
        packet.set_duration((end - start) as i64);
        packet.set_flags(ffmpeg::codec::packet::Flags::KEY);
        packets.push(Timed {
            at: start as f64 / 1000.0,
            stream: CAPTIONS,
            packet,
        });
    };
    for subtitle in subtitles
        .iter()
        .filter(|subtitle| subtitle.end_ms > subtitle.start_ms)
    {
        let start = subtitle.start_ms.max(shown_until);
        if start > shown_until {
            add(shown_until, start, "");
        }
        if subtitle.end_ms > start {
            add(start, subtitle.end_ms, &subtitle.text);
            shown_until = subtitle.end_ms;
        }
    }
    packets
}
