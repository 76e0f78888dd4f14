//! Decodes, encodes and muxes audio and video files.
//!
//! - [`probe`]: what a file holds. [`AudioReader`], [`decode`]: its sound. [`FrameReader`]: its pictures.
//! - [`AudioWriter`], [`encode`]: files of sound, with the titles, chapters and cover art
//!   of another. [`gain`]: how loud players play them.
//! - [`ClipWriter`], [`assemble`]: films, shot by shot. [`png`], [`jpeg`]: single pictures.
//! - [`PictureReader`]: pictures at full quality. [`copy_range`]: a stretch of a film as it is. [`copy_sound`]:
//!   its sound as it is. [`recode`]: cut to the frame, filtered, encoded again.
//!
//! Invariants: time is whole samples and frames; a file appears only when it is complete; damage that
//! leaves something to keep is a [`Warning`], not an error; memory does not grow with a file's length;
//! the same input gives the same bytes.
//!
//! Not here: resampling, levels, peaks (see `studio-dsp`), playing (see `studio-device`).

mod chapters;
mod error;
mod ff;
mod film;
mod fold;
mod format;
pub mod gain;
mod input;
mod mux;
mod partial;
mod peaks;
mod picture;
mod probe;
mod read;
mod tags;
mod video;
mod wav;
mod write;

pub use chapters::{Chapter, Mark, Marks};
pub use error::{MediaError, Result, Warning};
pub use ff::ffmpeg_version;
pub use film::{ClipWriter, Subtitle, assemble};
pub use fold::fold;
pub use format::{AudioFormat, Bits, Container, Quality};
pub use peaks::decode_with_peaks;
pub use picture::png;
pub use probe::{AudioInfo, MediaInfo, VideoInfo, probe};
pub use read::{AudioReader, AudioSpec, MAX_BLOCK_FRAMES, MAX_CHANNELS, MAX_RATE_HZ, decode};
pub use tags::{Loud, Origin, Tags};
pub use video::{
    Copied, CopyPoints, FilmFormat, Frame, FrameReader, Look, Orientation, Picture, PictureReader,
    Recode, Recoded, StillFormat, Turn, copy_points, copy_range, copy_sound, jpeg, recode,
    sound_container, write_still,
};
pub use wav::complete_wav;
pub use write::{AudioWriter, OpusStream, Written, encode};
