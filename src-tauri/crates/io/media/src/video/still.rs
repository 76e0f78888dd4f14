//! Single pictures as files.

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling;

use crate::error::{MediaError, Result};
use crate::partial::Partial;
use crate::{ff, picture};

/// Quantiser of the JPEGs, 2 (best) to 31: hardly to be told from the original.
const JPEG_QUANTISER: usize = 3;
/// FFmpeg's lambda units per step of a quantiser (`FF_QP2LAMBDA` in avutil.h).
const LAMBDA: usize = 118;
/// The size fields of JPEG have 16 bits (ITU-T T.81 §B.2.2).
const MOST_JPEG_SIDE: u32 = 65_500;

/// Formats of single pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillFormat {
    Png,
    Jpeg,
}

impl StillFormat {
    /// The format that a path's ending asks for.
    pub fn from_extension(extension: &str) -> Option<StillFormat> {
        match extension.to_ascii_lowercase().as_str() {
            "png" => Some(StillFormat::Png),
            "jpg" | "jpeg" => Some(StillFormat::Jpeg),
            _ => None,
        }
    }

    /// The file name's ending, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            StillFormat::Png => "png",
            StillFormat::Jpeg => "jpg",
        }
    }
}

/// Writes `width` · `height` RGBA8 pixels to a file that appears when it is complete. JPEG knows no
/// transparency: it is left away.
pub fn write_still(
    path: impl AsRef<Utf8Path>,
    format: StillFormat,
    rgba: &[u8],
    width: u32,
    height: u32,
) -> Result<()> {
    let path = path.as_ref();
    let bytes = match format {
        StillFormat::Png => picture::png(rgba, width, height)?,
        StillFormat::Jpeg => jpeg(rgba, width, height)?,
    };
    let partial = Partial::beside(path)?;
    std::fs::write(partial.path(), bytes).map_err(|error| MediaError::io(path, error))?;
    partial.publish()
}

/// RGBA8 rows as a JPEG file's bytes, without their transparency, in full colour resolution.
pub fn jpeg(rgba: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    ff::init();
    let name = Utf8Path::new("JPEG");
    let unsupported = |detail: String| MediaError::Unsupported {
        path: name.into(),
        detail,
    };
    let row = width as usize * 4;
    if width == 0 || height == 0 || width.max(height) > MOST_JPEG_SIDE {
        let detail = format!("holds no picture of {width} × {height} pixels");
        return Err(unsupported(detail));
    }
    if rgba.len() != row * height as usize {
        let detail = format!("{} bytes are not {width} × {height} pixels", rgba.len());
        return Err(unsupported(detail));
    }
    let failed = |error| ff::failed(name, "encode the picture", error);
    let codec = ffmpeg::encoder::find(ffmpeg::codec::Id::MJPEG)
        .ok_or_else(|| unsupported("this FFmpeg was built without the encoder mjpeg".into()))?;
    let mut context = ffmpeg::codec::Context::new_with_codec(codec)
        .encoder()
        .video()
        .map_err(failed)?;
    context.set_width(width);
    context.set_height(height);
    context.set_format(Pixel::YUVJ444P);
    context.set_time_base((1, 25));
    // Only with it a JFIF header is written, by which others know the file.
    context.set_aspect_ratio((1, 1));
    context.set_flags(ffmpeg::codec::Flags::QSCALE | ffmpeg::codec::Flags::BITEXACT);
    context.set_global_quality((JPEG_QUANTISER * LAMBDA) as i32);
    let mut encoder = context.open().map_err(failed)?;
    let mut from = ffmpeg::frame::Video::new(Pixel::RGBA, width, height);
    let stride = from.stride(0);
    for (to, from) in from
        .data_mut(0)
        .chunks_mut(stride)
        .zip(rgba.chunks_exact(row))
    {
        to[..row].copy_from_slice(from);
    }
    // JFIF has BT.601's coefficients in full range, which is what this conversion takes by itself.
    let flags = scaling::Flags::BILINEAR
        | scaling::Flags::ACCURATE_RND
        | scaling::Flags::FULL_CHR_H_INP
        | scaling::Flags::BITEXACT;
    let mut scaler = scaling::Context::get(
        Pixel::RGBA,
        width,
        height,
        Pixel::YUVJ444P,
        width,
        height,
        flags,
    )
    .map_err(failed)?;
    let mut yuv = ffmpeg::frame::Video::new(Pixel::YUVJ444P, width, height);
    scaler.run(&from, &mut yuv).map_err(failed)?;
    yuv.set_pts(Some(0));
    encoder.send_frame(&yuv).map_err(failed)?;
    encoder.send_eof().map_err(failed)?;
    let mut packet = ffmpeg::Packet::empty();
    encoder.receive_packet(&mut packet).map_err(failed)?;
    packet
        .data()
        .map(<[u8]>::to_vec)
        .ok_or_else(|| unsupported("the encoder gave nothing".to_owned()))
}
