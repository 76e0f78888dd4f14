//! The few places where FFmpeg is reached past its safe wrapper, and how its inputs are opened.
//!
//! Every `unsafe` block of this crate is in this file, each with the reason why it holds.

// FFmpeg's headers give these constants other integer types from version to version.
#![allow(clippy::unnecessary_cast)]

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Once;

use camino::Utf8Path;
use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::Mut;
use ffmpeg_next::util::error::{EAGAIN, ENOSPC};

use crate::error::{MediaError, Result};

/// Demuxers that may open a file of the user's. Deliberately absent: playlists and `concat`, which
/// open other files, and `tty`, which takes any text for a film.
const DEMUXERS: &str = "3dostr,aac,ac3,aiff,amr,ape,asf,au,avi,bmp_pipe,caf,dts,dv,eac3,flac,flv,\
    gif,gif_pipe,h264,hevc,ivf,jpeg_pipe,loas,m4v,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,\
    mxf,nut,ogg,oma,png_pipe,rm,sox,svg_pipe,tak,tiff_pipe,truehd,tta,voc,w64,wav,webp_pipe,wtv,wv,xwma";

/// Prepares FFmpeg once per process; its own log stays silent, failures come back as errors.
pub(crate) fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(error) = ffmpeg::init() {
            tracing::error!(%error, "FFmpeg does not start");
        }
        ffmpeg::log::set_level(ffmpeg::log::Level::Quiet);
    });
}

/// Version of the linked FFmpeg, such as "5.1.9-0+deb12u1".
pub fn ffmpeg_version() -> String {
    // SAFETY: returns a pointer to a static, NUL-terminated string.
    let version = unsafe { std::ffi::CStr::from_ptr(ffi::av_version_info()) };
    version.to_string_lossy().into_owned()
}

/// The demuxer of a file that begins as a JPEG picture. By itself FFmpeg takes one with the usual ending for the first of
/// a sequence of files, which we do not let it read.
fn jpeg_demuxer(path: &Utf8Path) -> Option<ffmpeg::Format> {
    let mut begin = [0; 3];
    std::fs::File::open(path)
        .ok()?
        .read_exact(&mut begin)
        .ok()?;
    if begin != [0xFF, 0xD8, 0xFF] {
        return None;
    }
    // SAFETY: the name is NUL-terminated; the answer is null or lives as long as the program.
    let format = unsafe { ffi::av_find_input_format(c"jpeg_pipe".as_ptr()) };
    // SAFETY: it is not null, and the wrapper only reads it.
    (!format.is_null()).then(|| unsafe {
        ffmpeg::Format::Input(ffmpeg::format::format::Input::wrap(format.cast_mut()))
    })
}

/// Opens a local file for demuxing. Only files, and only formats of [`DEMUXERS`].
pub(crate) fn open_input(path: &Utf8Path) -> Result<ffmpeg::format::context::Input> {
    init();
    let (_, bytes) = crate::input::open(path)?;
    let options = [
        ("protocol_whitelist", "file"),
        ("format_whitelist", DEMUXERS),
        ("max_streams", "256"),
    ];
    let url = file_url(path)?;
    let open = || match jpeg_demuxer(path) {
        Some(format) => ffmpeg::format::open_with(&url, &format, options.iter().collect())
            .map(ffmpeg::format::context::Context::input),
        None => ffmpeg::format::input_with_dictionary(&url, options.iter().collect()),
    };
    // FFmpeg may answer a number that is no error of its own, which the wrapper fails to negate.
    let opened = catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(ffmpeg::Error::Unknown));
    opened.map_err(|e| match e {
        ffmpeg::Error::InvalidData | ffmpeg::Error::Other { .. } => {
            crate::input::unknown_format(path)
        }
        ffmpeg::Error::Eof => MediaError::Truncated {
            path: path.into(),
            bytes,
        },
        ffmpeg::Error::Unknown => MediaError::Corrupt {
            path: path.into(),
            detail: "its headers contradict each other".into(),
        },
        e => failed(path, "open the file", e),
    })
}

/// `path` as a URL that no protocol handler can take for something else.
pub(crate) fn file_url(path: &Utf8Path) -> Result<String> {
    if path.as_str().contains('\0') {
        return Err(MediaError::Missing { path: path.into() });
    }
    Ok(format!("file:{path}"))
}

/// FFmpeg's failure while it did `step` on `path`.
pub(crate) fn failed(path: &Utf8Path, step: &'static str, error: ffmpeg::Error) -> MediaError {
    match error {
        ffmpeg::Error::Other { errno: ENOSPC } => MediaError::DiskFull { path: path.into() },
        ffmpeg::Error::Other { errno } => {
            let source = std::io::Error::from_raw_os_error(errno);
            match source.kind() {
                std::io::ErrorKind::NotFound
                | std::io::ErrorKind::PermissionDenied
                | std::io::ErrorKind::StorageFull
                | std::io::ErrorKind::QuotaExceeded
                | std::io::ErrorKind::FileTooLarge => MediaError::io(path, source),
                _ => codec_failure(path, step, source.to_string()),
            }
        }
        ffmpeg::Error::InvalidData => MediaError::Corrupt {
            path: path.into(),
            detail: format!("invalid data while trying to {step}"),
        },
        ffmpeg::Error::PatchWelcome | ffmpeg::Error::DecoderNotFound => MediaError::Unsupported {
            path: path.into(),
            detail: format!("FFmpeg cannot {step}: {error}"),
        },
        e => codec_failure(path, step, e.to_string()),
    }
}

fn codec_failure(path: &Utf8Path, step: &'static str, detail: String) -> MediaError {
    MediaError::Codec {
        path: path.into(),
        step,
        detail,
    }
}

/// Whether a codec only wants more input before it can go on.
pub(crate) fn wants_more(error: &ffmpeg::Error) -> bool {
    matches!(error, ffmpeg::Error::Other { errno } if *errno == EAGAIN)
}

/// The facts of an audio stream that the safe wrapper hides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioParams {
    pub(crate) rate: i32,
    pub(crate) bits_per_raw_sample: i32,
    /// Samples that the encoder put before the first, and the decoder drops.
    pub(crate) initial_padding: i32,
    /// Samples in each packet; 0 where packets differ.
    pub(crate) frame_size: i32,
}

pub(crate) fn audio_params(parameters: &ffmpeg::codec::Parameters) -> AudioParams {
    // SAFETY: `parameters` owns a valid AVCodecParameters for its lifetime.
    let raw = unsafe { &*parameters.as_ptr() };
    AudioParams {
        rate: raw.sample_rate,
        bits_per_raw_sample: raw.bits_per_raw_sample,
        initial_padding: raw.initial_padding,
        frame_size: raw.frame_size,
    }
}

/// Width and height of a video stream, unchecked: 0 or absurd in a damaged file.
pub(crate) fn picture_size(parameters: &ffmpeg::codec::Parameters) -> (i32, i32) {
    // SAFETY: `parameters` owns a valid AVCodecParameters for its lifetime.
    let raw = unsafe { &*parameters.as_ptr() };
    (raw.width, raw.height)
}

/// A chapter's title; bytes that are not UTF-8 are replaced.
pub(crate) fn chapter_title(chapter: &ffmpeg::format::chapter::Chapter<'_>) -> Option<String> {
    // SAFETY: the chapter lives as long as its borrowed context; FFmpeg owns the dictionary, which may be null, and
    // its values are NUL-terminated.
    unsafe {
        let metadata = (*chapter.as_ptr()).metadata;
        let entry = ffi::av_dict_get(metadata, c"title".as_ptr(), std::ptr::null(), 0);
        let value = entry.as_ref()?.value;
        let value = (!value.is_null()).then(|| std::ffi::CStr::from_ptr(value))?;
        Some(value.to_string_lossy().into_owned())
    }
}

/// States how many samples the encoder put before the first, for a muxer's header.
pub(crate) fn set_initial_padding(parameters: &mut ffmpeg::codec::Parameters, samples: i32) {
    // SAFETY: `parameters` owns a valid AVCodecParameters; `initial_padding` is a plain integer field.
    unsafe { (*parameters.as_mut_ptr()).initial_padding = samples };
}

/// Lets the muxer choose its own name for the codec: another container's may not fit.
pub(crate) fn clear_codec_tag(parameters: &mut ffmpeg::codec::Parameters) {
    // SAFETY: `parameters` owns a valid AVCodecParameters; `codec_tag` is a plain integer field.
    unsafe { (*parameters.as_mut_ptr()).codec_tag = 0 };
}

/// Asks the muxer and the encoder for output without versions, dates and random serials.
pub(crate) fn make_bitexact(output: &mut ffmpeg::format::context::Output) {
    // SAFETY: `output` owns a valid AVFormatContext; `flags` is a plain integer field.
    unsafe { (*output.as_mut_ptr()).flags |= ffi::AVFMT_FLAG_BITEXACT as i32 };
}

/// Tells a decoder the clock of its packets, so that it can trim by time stamps.
pub(crate) fn set_packet_clock(context: &mut ffmpeg::codec::Context, clock: ffmpeg::Rational) {
    // SAFETY: `context` owns a valid AVCodecContext that is not open yet.
    unsafe { (*context.as_mut_ptr()).pkt_timebase = clock.into() };
}

/// One channel of a frame as raw bytes; for packed formats channel 0 holds all channels.
pub(crate) fn plane_bytes(frame: &ffmpeg::frame::Audio, index: usize) -> &[u8] {
    if index >= frame.planes() {
        return &[];
    }
    frame.data(index).get(..plane_length(frame)).unwrap_or(&[])
}

/// As [`plane_bytes`], to be written.
pub(crate) fn plane_bytes_mut(frame: &mut ffmpeg::frame::Audio, index: usize) -> &mut [u8] {
    let length = plane_length(frame);
    if index >= frame.planes() {
        return &mut [];
    }
    frame.data_mut(index).get_mut(..length).unwrap_or(&mut [])
}

/// Bytes of a plane without the padding that FFmpeg aligns it by.
fn plane_length(frame: &ffmpeg::frame::Audio) -> usize {
    let interleaved = if frame.is_planar() {
        1
    } else {
        usize::from(frame.channels())
    };
    frame.samples() * frame.format().bytes() * interleaved
}

/// Flushes what the muxer wrote and tells whether all of it reached the file: `write_trailer` alone
/// does not notice a full disk.
pub(crate) fn flush(
    output: &mut ffmpeg::format::context::Output,
) -> std::result::Result<(), ffmpeg::Error> {
    // SAFETY: `output` owns a valid AVFormatContext; `pb` is null or its open AVIOContext.
    let error = unsafe {
        let pb = (*output.as_mut_ptr()).pb;
        if pb.is_null() {
            0
        } else {
            ffi::avio_flush(pb);
            (*pb).error
        }
    };
    if error < 0 {
        return Err(ffmpeg::Error::from(error));
    }
    Ok(())
}

/// An empty frame with room for samples. The wrapper's own knows only layouts that have a name: not nine channels.
pub(crate) fn audio_frame(
    sample: ffmpeg::format::Sample,
    frames: usize,
    channels: i32,
) -> ffmpeg::frame::Audio {
    let mut frame = ffmpeg::frame::Audio::empty();
    frame.set_format(sample);
    frame.set_samples(frames);
    // SAFETY: `frame` owns a valid AVFrame without buffers; whose empty layout is set to one that owns no
    // memory. Without memory for samples the frame has no planes, which encoders refuse.
    unsafe {
        ffi::av_channel_layout_default(&mut (*frame.as_mut_ptr()).ch_layout, channels);
        ffi::av_frame_get_buffer(frame.as_mut_ptr(), 0);
    }
    frame
}

/// Gives an encoder that is not open yet its channels, as [`audio_frame`] does.
pub(crate) fn set_channels(context: &mut ffmpeg::codec::Context, channels: i32) {
    // SAFETY: `context` owns a valid AVCodecContext that is not open yet; the layout owns no memory.
    unsafe { ffi::av_channel_layout_default(&mut (*context.as_mut_ptr()).ch_layout, channels) };
}

/// States how many samples at a packet's end are no sound. May be more than the packet holds.
pub(crate) fn set_discard_padding(packet: &mut ffmpeg::Packet, samples: u32) {
    const KIND: ffi::AVPacketSideDataType = ffi::AVPacketSideDataType::AV_PKT_DATA_SKIP_SAMPLES;
    // Samples to skip at the begin and at the end, and why (`libavcodec/packet.h`).
    const LENGTH: usize = 10;
    // SAFETY: `packet` owns a valid AVPacket and its side data, of which no more than its stated size is written.
    unsafe {
        let raw = packet.as_mut_ptr();
        let mut size = 0;
        let mut data = ffi::av_packet_get_side_data(raw, KIND, &mut size);
        if data.is_null() || (size as usize) < LENGTH {
            data = ffi::av_packet_new_side_data(raw, KIND, LENGTH as _);
            if data.is_null() {
                return;
            }
            std::ptr::write_bytes(data, 0, LENGTH);
        }
        std::ptr::copy_nonoverlapping(samples.to_le_bytes().as_ptr(), data.add(4), 4);
    }
}

/// Samples at the packet's begin that are no sound, as the demuxer says.
pub(crate) fn skipped(packet: &ffmpeg::Packet) -> i32 {
    let data = packet
        .side_data()
        .find(|data| data.kind() == ffmpeg::codec::packet::side_data::Type::SkipSamples);
    let samples = data.and_then(|data| data.data().first_chunk().copied());
    samples.map_or(0, i32::from_le_bytes)
}

/// Tells the lengths of Vorbis packets, which follow from their block sizes: coarse clocks round them.
pub(crate) struct VorbisLengths(NonNull<ffi::AVVorbisParseContext>);

impl VorbisLengths {
    /// `None` where the codec's headers cannot be read.
    pub(crate) fn new(parameters: &ffmpeg::codec::Parameters) -> Option<VorbisLengths> {
        // SAFETY: `parameters` owns a valid AVCodecParameters, whose extradata has the stated size and is only read.
        let parser = unsafe {
            let raw = &*parameters.as_ptr();
            ffi::av_vorbis_parse_init(raw.extradata, raw.extradata_size)
        };
        NonNull::new(parser).map(VorbisLengths)
    }

    /// Samples of the next packet, with half of the block before it; 0 for one that is no sound.
    pub(crate) fn next(&mut self, packet: &ffmpeg::Packet) -> i64 {
        let data = packet.data().unwrap_or_default();
        let size = i32::try_from(data.len()).unwrap_or(0);
        // SAFETY: the parser is valid until it is dropped, and reads no more than `size` bytes.
        let samples = unsafe { ffi::av_vorbis_parse_frame(self.0.as_ptr(), data.as_ptr(), size) };
        i64::from(samples.max(0))
    }
}

impl Drop for VorbisLengths {
    fn drop(&mut self) {
        let mut parser = self.0.as_ptr();
        // SAFETY: it came from `av_vorbis_parse_init`, and nobody uses it any more.
        unsafe { ffi::av_vorbis_parse_free(&mut parser) };
    }
}

/// States how many bits of an encoder's 32-bit samples are used.
pub(crate) fn set_raw_bits(context: &mut ffmpeg::codec::Context, bits: i32) {
    // SAFETY: `context` owns a valid AVCodecContext that is not open yet.
    unsafe { (*context.as_mut_ptr()).bits_per_raw_sample = bits };
}

/// Makes the conversion from RGB use BT.709's coefficients and limited range, as the stream's tags say.
pub(crate) fn use_bt709(scaler: &mut ffmpeg::software::scaling::Context) {
    // SAFETY: `scaler` owns a valid SwsContext; the coefficient table is static; the numbers are the
    // neutral brightness, contrast and saturation in 16.16 fixed point.
    unsafe {
        let table = ffi::sws_getCoefficients(ffi::SWS_CS_ITU709 as i32);
        ffi::sws_setColorspaceDetails(scaler.as_mut_ptr(), table, 1, table, 0, 0, 1 << 16, 1 << 16);
    }
}

/// Parameters of a 3GPP timed text stream, with the sample description that players want: white
/// 18-point text, centred at the bottom.
pub(crate) fn timed_text_parameters() -> ffmpeg::codec::Parameters {
    #[rustfmt::skip]
    const DESCRIPTION: [u8; 48] = [
        0, 0, 0, 0,                     // display flags
        1, 0xFF,                        // centred, at the bottom
        0, 0, 0, 0,                     // background: transparent
        0, 0, 0, 0, 0, 0, 0, 0,         // text box: all of the picture
        0, 0, 0, 0, 0, 1, 0, 18,        // style: from, to, font 1, plain, 18 points
        0xFF, 0xFF, 0xFF, 0xFF,         // white
        0, 0, 0, 18, b'f', b't', b'a', b'b', 0, 1, 0, 1, 5, b'S', b'e', b'r', b'i', b'f',
    ];
    let mut parameters = ffmpeg::codec::Parameters::new();
    // SAFETY: `parameters` owns a valid AVCodecParameters; the extradata is allocated by FFmpeg's own
    // allocator with its padding, which FFmpeg frees with the parameters. Without memory it stays null.
    unsafe {
        let raw = &mut *parameters.as_mut_ptr();
        raw.codec_type = ffi::AVMediaType::AVMEDIA_TYPE_SUBTITLE;
        raw.codec_id = ffi::AVCodecID::AV_CODEC_ID_MOV_TEXT;
        let padded = DESCRIPTION.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        let data = ffi::av_mallocz(padded).cast::<u8>();
        if !data.is_null() {
            std::ptr::copy_nonoverlapping(DESCRIPTION.as_ptr(), data, DESCRIPTION.len());
            raw.extradata = data;
            raw.extradata_size = DESCRIPTION.len() as i32;
        }
    }
    parameters
}
