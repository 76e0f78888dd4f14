//! One shot as a closed H.264 clip that joins others without being encoded again.

use camino::{Utf8Path, Utf8PathBuf};
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling;
use ffmpeg_next::util::color;
use studio_core::units::FrameRate;

use crate::error::{MediaError, Result};
use crate::ff;
use crate::mux::Muxer;

/// Constant rate factor of x264: visually transparent for painted pictures.
const CRF: &str = "20";
/// Fixed, since the number of threads is part of what decides the bytes.
const THREADS: &str = "2";

/// Takes RGBA8 frames in order.
pub struct ClipWriter {
    path: Utf8PathBuf,
    muxer: Muxer,
    encoder: ffmpeg::encoder::Video,
    scaler: scaling::Context,
    rgba: ffmpeg::frame::Video,
    yuv: ffmpeg::frame::Video,
    next: i64,
}

impl ClipWriter {
    /// Begins a clip of `width` × `height` pixels, both even.
    pub fn create(
        path: impl AsRef<Utf8Path>,
        width: u32,
        height: u32,
        rate: FrameRate,
    ) -> Result<ClipWriter> {
        let path = path.as_ref();
        ff::init();
        let failed = |error| ff::failed(path, "open the encoder", error);
        let codec =
            ffmpeg::encoder::find_by_name("libx264").ok_or_else(|| MediaError::Unsupported {
                path: path.into(),
                detail: "this FFmpeg was built without the encoder libx264".to_owned(),
            })?;
        let mut muxer = Muxer::create(path, "mp4")?;
        let mut context = ffmpeg::codec::Context::new_with_codec(codec)
            .encoder()
            .video()
            .map_err(failed)?;
        let signed = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let clock = ffmpeg::Rational::new(signed(rate.den.get()), signed(rate.num.get()));
        context.set_width(width);
        context.set_height(height);
        context.set_format(Pixel::YUV420P);
        context.set_time_base(clock);
        context.set_frame_rate(Some(clock.invert()));
        // A key frame each second keeps scrubbing quick.
        context.set_gop((rate.fps().round() as u32).max(1));
        // Without B frames, packets are in the order of their frames and clips join by adding times.
        context.set_max_b_frames(0);
        context.set_colorspace(color::Space::BT709);
        context.set_color_range(color::Range::MPEG);
        context.set_color_primaries(color::Primaries::BT709);
        context.set_flags(ffmpeg::codec::Flags::GLOBAL_HEADER | ffmpeg::codec::Flags::BITEXACT);
        let options = [
            ("preset", "veryfast"),
            ("crf", CRF),
            ("threads", THREADS),
            ("x264-params", "open-gop=0"),
        ];
        let encoder = context
            .open_with(options.iter().collect())
            .map_err(failed)?;
        muxer.add_stream(ffmpeg::codec::Parameters::from(&encoder), clock, None)?;
        muxer.write_header(&[])?;
        let flags =
            scaling::Flags::BILINEAR | scaling::Flags::ACCURATE_RND | scaling::Flags::BITEXACT;
        let mut scaler = scaling::Context::get(
            Pixel::RGBA,
            width,
            height,
            Pixel::YUV420P,
            width,
            height,
            flags,
        )
        .map_err(failed)?;
        ff::use_bt709(&mut scaler);
        Ok(ClipWriter {
            path: path.into(),
            muxer,
            encoder,
            scaler,
            rgba: ffmpeg::frame::Video::new(Pixel::RGBA, width, height),
            yuv: ffmpeg::frame::Video::new(Pixel::YUV420P, width, height),
            next: 0,
        })
    }

    /// Adds a frame: `width` · `height` RGBA8 pixels.
    pub fn push(&mut self, rgba: &[u8]) -> Result<()> {
        let row = self.rgba.width() as usize * 4;
        if rgba.len() != row * self.rgba.height() as usize {
            return Err(MediaError::Unsupported {
                path: self.path.clone(),
                detail: format!("a frame of {} bytes does not fit the clip", rgba.len()),
            });
        }
        let stride = self.rgba.stride(0);
        for (to, from) in self
            .rgba
            .data_mut(0)
            .chunks_mut(stride)
            .zip(rgba.chunks_exact(row))
        {
            to[..row].copy_from_slice(from);
        }
        self.scaler
            .run(&self.rgba, &mut self.yuv)
            .map_err(|error| ff::failed(&self.path, "convert a frame", error))?;
        self.yuv.set_pts(Some(self.next));
        self.next += 1;
        self.encoder
            .send_frame(&self.yuv)
            .map_err(|error| ff::failed(&self.path, "encode", error))?;
        self.drain()
    }

    /// Completes the clip and moves it to its place; answers its number of frames.
    pub fn finish(mut self) -> Result<u64> {
        self.encoder
            .send_eof()
            .map_err(|error| ff::failed(&self.path, "encode", error))?;
        self.drain()?;
        self.muxer.finish(|_| Ok(()))?;
        Ok(self.next.unsigned_abs())
    }

    fn drain(&mut self) -> Result<()> {
        loop {
            let mut packet = ffmpeg::Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_duration(1);
                    self.muxer.write(packet, 0)?;
                }
                Err(error) if ff::wants_more(&error) => return Ok(()),
                Err(ffmpeg::Error::Eof) => return Ok(()),
                Err(error) => return Err(ff::failed(&self.path, "encode", error)),
            }
        }
    }
}
