//! Writing sound: planar `f32` into WAV, AIFF, FLAC, MP3, M4A, Ogg Vorbis or Opus.
//!
//! The same samples give the same bytes. The file appears under its name only when it is complete and
//! on the disk; dropping an [`AudioWriter`] leaves nothing behind. Encoder delay and padding are stated
//! in the file (LAME header, MP4 edit list, Ogg granule positions), so that the exact length comes back.

mod dither;
mod encoder;
mod opus;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::units::SampleRate;
use studio_dsp::Audio;

pub(crate) use self::encoder::AudioEncoder;
pub use self::opus::OpusStream;
use crate::chapters::{self, Marks};
use crate::error::{MediaError, Result, Warning};
use crate::format::{AudioFormat, Bits, Container};
use crate::mux::Muxer;
use crate::partial::Partial;
use crate::tags::{Loud, Origin, copy_tags};

/// A file of sound being written.
pub struct AudioWriter {
    muxer: Muxer,
    encoder: AudioEncoder,
    rate: SampleRate,
    path: Utf8PathBuf,
    origin: Option<(Utf8PathBuf, Loud)>,
    /// At the writer's rate.
    marks: Option<Marks>,
    container: Container,
    warnings: Vec<Warning>,
}

/// What [`AudioWriter::finish`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Samples per channel.
    pub frames: u64,
    pub bytes: u64,
    pub warnings: Vec<Warning>,
}

impl AudioWriter {
    /// Begins a file. Fails before anything is written if the format takes no such rate or number of
    /// channels (see [`AudioFormat::fitting_rate_hz`], [`AudioFormat::max_channels`]).
    pub fn create(
        path: impl AsRef<Utf8Path>,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
    ) -> Result<AudioWriter> {
        let path = path.as_ref();
        let partial = Partial::beside(path)?;
        AudioWriter::begin(partial, format, rate, channels, None, None)
    }

    /// As [`AudioWriter::create`], with named places and stretches: as chapters, or as WAV's cue points and AIFF's
    /// markers.
    pub fn create_marked(
        path: impl AsRef<Utf8Path>,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        marks: &Marks,
    ) -> Result<AudioWriter> {
        let partial = Partial::beside(path.as_ref())?;
        let marks = Some(marks.clone());
        AudioWriter::begin(partial, format, rate, channels, None, marks)
    }

    /// Begins a WAV file that is there from the start and stays, whatever happens: what was
    /// [flushed](AudioWriter::flush) before a process dies is a sound once [`complete_wav`](crate::complete_wav) has been
    /// over it.
    pub fn record(
        path: impl AsRef<Utf8Path>,
        bits: Bits,
        rate: SampleRate,
        channels: usize,
    ) -> Result<AudioWriter> {
        let partial = Partial::in_place(path.as_ref());
        AudioWriter::begin(partial, AudioFormat::Wav(bits), rate, channels, None, None)
    }

    /// As [`AudioWriter::create`]; the tags, chapters and cover art of another file are carried over.
    pub fn create_from(
        path: impl AsRef<Utf8Path>,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        origin: Origin<'_>,
    ) -> Result<AudioWriter> {
        let partial = Partial::beside(path.as_ref())?;
        let marks = chapters::marks_of(origin.path);
        AudioWriter::begin(partial, format, rate, channels, Some(origin), marks)
    }

    fn begin(
        partial: Partial,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
        origin: Option<Origin<'_>>,
        marks: Option<Marks>,
    ) -> Result<AudioWriter> {
        let path = partial.target().to_owned();
        let container = format.container();
        let global_header = matches!(container, Container::M4a);
        let encoder = AudioEncoder::open(&path, format, rate, channels, global_header)?;
        let (name, options) = muxer_of(container, rate);
        let mut muxer = Muxer::of(partial, name)?;
        muxer.add_stream(encoder.parameters(), encoder.clock(), None)?;
        let warnings = match &marks {
            Some(marks) => chapters::keep(muxer.output_mut(), container, marks, &path)?,
            None => Vec::new(),
        };
        let options: Vec<(&str, &str)> = options.iter().map(|(k, v)| (*k, v.as_str())).collect();
        muxer.write_header(&options)?;
        Ok(AudioWriter {
            muxer,
            encoder,
            rate,
            path,
            origin: origin.map(|origin| (origin.path.to_owned(), origin.loud)),
            marks: marks.map(|marks| marks.at_rate(rate)),
            container,
            warnings,
        })
    }

    /// Appends a block of any length; it must have the writer's rate and channels.
    pub fn write(&mut self, block: &Audio) -> Result<()> {
        if block.rate != self.rate {
            return Err(MediaError::Unsupported {
                path: self.path.clone(),
                detail: format!(
                    "a block at {} does not fit a file at {}",
                    block.rate, self.rate
                ),
            });
        }
        let muxer = &mut self.muxer;
        self.encoder
            .push(&block.channels, &mut |packet| muxer.write(packet, 0))
    }

    /// Hands what was encoded over to the system, so that it outlives this process: all but the last frame, of at most
    /// 4096 samples.
    pub fn flush(&mut self) -> Result<()> {
        self.muxer.flush()
    }

    /// Samples per channel written so far.
    pub fn frames(&self) -> u64 {
        self.encoder.frames()
    }

    /// Completes the file and moves it to its place.
    pub fn finish(mut self) -> Result<Written> {
        let frames = self.encoder.frames();
        let muxer = &mut self.muxer;
        self.encoder.finish(&mut |packet| muxer.write(packet, 0))?;
        let mut warnings = self.warnings;
        warnings.extend(self.muxer.finish(|file| {
            let mut told = match &self.origin {
                Some((path, loud)) => copy_tags(Origin { path, loud: *loud }, file)?,
                None => Vec::new(),
            };
            if let Some(marks) = &self.marks {
                told.extend(chapters::mark(file, self.container, marks)?);
            }
            Ok(told)
        })?);
        let bytes = std::fs::metadata(&self.path)
            .map_err(|e| MediaError::io(&self.path, e))?
            .len();
        Ok(Written {
            frames,
            bytes,
            warnings,
        })
    }
}

/// Writes a whole piece of sound at once.
pub fn encode(path: impl AsRef<Utf8Path>, format: AudioFormat, audio: &Audio) -> Result<Written> {
    let mut writer = AudioWriter::create(path, format, audio.rate, audio.channels.len())?;
    writer.write(audio)?;
    writer.finish()
}

/// FFmpeg's muxer and its options.
pub(crate) fn muxer_of(
    container: Container,
    rate: SampleRate,
) -> (&'static str, Vec<(&'static str, String)>) {
    match container {
        // A WAV of more than 4 GB becomes RF64 (EBU Tech 3306).
        Container::Wav => ("wav", vec![("rf64", "auto".into())]),
        Container::Aiff => ("aiff", Vec::new()),
        Container::Flac => ("flac", Vec::new()),
        Container::Mp3 => ("mp3", vec![("write_xing", "1".into())]),
        // The edit list counts in the movie's clock: at the sample rate it is exact.
        Container::M4a => ("ipod", vec![("movie_timescale", rate.get().to_string())]),
        Container::Ogg => ("ogg", Vec::new()),
        Container::Opus => ("opus", Vec::new()),
    }
}
