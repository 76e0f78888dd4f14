//! Filtered pictures and sound into a file: H.264 and AAC.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::util::color;
use studio_core::units::{FrameRate, SampleRate};

use super::container::FilmFormat;
use super::pictures::signed;
use super::sound::FORMAT;
use crate::error::{MediaError, Result};
use crate::ff;
use crate::mux::Muxer;
use crate::write::AudioEncoder;

/// Constant rate factor of x264: visually lossless by its authors' guide (17 or 18).
const CRF: &str = "18";
/// Fixed, since the number of threads is part of what decides the bytes.
const THREADS: &str = "4";

const PICTURES: usize = 0;
const SOUND: usize = 1;

/// When pictures come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// By which they are stamped.
    pub(crate) clock: ffmpeg::Rational,
    /// The mean, where it varies.
    pub(crate) rate: FrameRate,
    /// All are shown for the same time.
    pub(crate) is_even: bool,
}

pub(crate) struct FilmWriter {
    path: Utf8PathBuf,
    muxer: Muxer,
    pictures: ffmpeg::encoder::Video,
    sound: Option<AudioEncoder>,
    clock: ffmpeg::Rational,
    frame_ticks: i64,
    last: Option<i64>,
    /// How long the pictures are shown that are in the encoder, by their time.
    lasting: HashMap<i64, i64>,
    frames: u64,
}

impl FilmWriter {
    /// Begins a film of pictures like `first` (yuv420p, even sides) and of sound with the given rate and
    /// number of channels.
    pub(crate) fn create(
        path: &Utf8Path,
        format: FilmFormat,
        first: &ffmpeg::frame::Video,
        timing: Timing,
        sound: Option<(SampleRate, usize)>,
        tags: ffmpeg::Dictionary<'static>,
    ) -> Result<FilmWriter> {
        let (name, options) = format.muxer();
        let mut muxer = Muxer::create(path, name)?;
        let Timing { clock, rate, .. } = timing;
        let pictures = open_encoder(path, first, timing)?;
        muxer.add_stream(ffmpeg::codec::Parameters::from(&pictures), clock, None)?;
        let fps = ffmpeg::Rational::new(signed(rate.num.get()), signed(rate.den.get()));
        if let Some(mut stream) = muxer.output_mut().stream_mut(PICTURES) {
            stream.set_avg_frame_rate(fps);
        }
        let mut options = options.to_vec();
        let mut timescale = String::new();
        let sound = match sound {
            None => None,
            Some((rate, channels)) => {
                let encoder = AudioEncoder::open(path, FORMAT, rate, channels, true)?;
                muxer.add_stream(encoder.parameters(), encoder.clock(), None)?;
                timescale.push_str(&rate.get().to_string());
                Some(encoder)
            }
        };
        if !timescale.is_empty() && format != FilmFormat::Mkv {
            // The edit list counts in the movie's clock: at the sample rate it is exact.
            options.push(("movie_timescale", &timescale));
        }
        muxer.output_mut().set_metadata(tags);
        muxer.write_header(&options)?;
        let ticks = rate.secs_from_frames(1) / f64::from(clock);
        Ok(FilmWriter {
            path: path.into(),
            muxer,
            pictures,
            sound,
            clock,
            frame_ticks: (ticks.round() as i64).max(1),
            last: None,
            lasting: HashMap::new(),
            frames: 0,
        })
    }

    /// Adds a picture. One that is not later than the one before is left away.
    pub(crate) fn picture(&mut self, mut frame: ffmpeg::frame::Video) -> Result<()> {
        let at = frame.pts().unwrap_or(0);
        if self.last.is_some_and(|last| at <= last) {
            return Ok(());
        }
        if let Some(last) = self.last.replace(at) {
            self.lasting.insert(last, at - last);
        }
        self.frames += 1;
        // The encoder chooses key frames by itself, whatever the source's pictures were.
        frame.set_kind(ffmpeg::picture::Type::None);
        self.pictures
            .send_frame(&frame)
            .map_err(|error| ff::failed(&self.path, "encode", error))?;
        self.drain()
    }

    pub(crate) fn sound(&mut self, planes: &[Vec<f32>]) -> Result<()> {
        let muxer = &mut self.muxer;
        match &mut self.sound {
            None => Ok(()),
            Some(encoder) => encoder.push(planes, &mut |packet| muxer.interleave(packet, SOUND)),
        }
    }

    /// Completes the film, whose last picture ends at `end_secs`, and moves it to its place; answers its
    /// number of pictures.
    pub(crate) fn finish(mut self, end_secs: f64) -> Result<u64> {
        if let Some(last) = self.last {
            let end = (end_secs / f64::from(self.clock)).round() as i64;
            self.lasting.insert(last, (end - last).max(1));
        }
        self.pictures
            .send_eof()
            .map_err(|error| ff::failed(&self.path, "encode", error))?;
        self.drain()?;
        let muxer = &mut self.muxer;
        if let Some(encoder) = &mut self.sound {
            encoder.finish(&mut |packet| muxer.interleave(packet, SOUND))?;
        }
        self.muxer.finish(|_| Ok(()))?;
        Ok(self.frames)
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            let mut packet = ffmpeg::Packet::empty();
            match self.pictures.receive_packet(&mut packet) {
                Ok(()) => {
                    let lasting = packet.pts().and_then(|at| self.lasting.remove(&at));
                    packet.set_duration(lasting.unwrap_or(self.frame_ticks));
                    self.muxer.interleave(packet, PICTURES)?;
                }
                Err(error) if ff::wants_more(&error) => return Ok(()),
                Err(ffmpeg::Error::Eof) => return Ok(()),
                Err(error) => return Err(ff::failed(&self.path, "encode", error)),
            }
        }
    }
}

fn open_encoder(
    path: &Utf8Path,
    first: &ffmpeg::frame::Video,
    Timing {
        clock,
        rate,
        is_even,
    }: Timing,
) -> Result<ffmpeg::encoder::Video> {
    let failed = |error| ff::failed(path, "open the encoder", error);
    let codec =
        ffmpeg::encoder::find_by_name("libx264").ok_or_else(|| MediaError::Unsupported {
            path: path.into(),
            detail: "this FFmpeg was built without the encoder libx264".to_owned(),
        })?;
    let mut context = ffmpeg::codec::Context::new_with_codec(codec)
        .encoder()
        .video()
        .map_err(failed)?;
    context.set_width(first.width());
    context.set_height(first.height());
    context.set_format(first.format());
    context.set_aspect_ratio(first.aspect_ratio());
    context.set_time_base(clock);
    let fps = ffmpeg::Rational::new(signed(rate.num.get()), signed(rate.den.get()));
    context.set_frame_rate(Some(fps));
    // A key frame each second keeps scrubbing quick.
    context.set_gop((rate.fps().round() as u32).max(1));
    if !is_even {
        // MP4 counts times in the order of decoding: only without pictures that are decoded ahead does the
        // last one keep its length.
        context.set_max_b_frames(0);
    }
    context.set_colorspace(first.color_space());
    context.set_color_primaries(first.color_primaries());
    context.set_color_transfer_characteristic(first.color_transfer_characteristic());
    context.set_color_range(match first.color_range() {
        color::Range::Unspecified => color::Range::MPEG,
        range => range,
    });
    context.set_flags(ffmpeg::codec::Flags::GLOBAL_HEADER | ffmpeg::codec::Flags::BITEXACT);
    let options = [("preset", "fast"), ("crf", CRF), ("threads", THREADS)];
    context.open_with(options.iter().collect()).map_err(failed)
}
