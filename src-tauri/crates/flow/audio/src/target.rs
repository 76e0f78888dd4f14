//! Where a sound is written, in which format, and whose tags it keeps.

use camino::Utf8Path;
use studio_core::Error;
use studio_core::units::SampleRate;
use studio_media::{AudioFormat, AudioWriter, Loud, Origin};

/// How a file is written, by the bits of a sample of its source.
pub(crate) type FormatFor<'a> = &'a (dyn Fn(Option<u32>) -> AudioFormat + Sync);

#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a Utf8Path,
    pub(crate) format: FormatFor<'a>,
    /// The file whose tags, chapters and cover art it keeps; none for what only another step reads.
    pub(crate) origin: Option<Origin<'a>>,
}

impl<'a> Target<'a> {
    /// A file that is made from another and as loud.
    pub(crate) fn of(source: &'a Utf8Path, path: &'a Utf8Path, format: FormatFor<'a>) -> Self {
        Target {
            path,
            format,
            origin: Some(Origin {
                path: source,
                loud: Loud::AsBefore,
            }),
        }
    }

    /// The same for a sound that does not stay as loud.
    pub(crate) fn otherwise_loud(self) -> Self {
        let loud = Loud::Otherwise;
        Target {
            origin: self.origin.map(|origin| Origin { loud, ..origin }),
            ..self
        }
    }

    pub(crate) fn writer(
        &self,
        format: AudioFormat,
        rate: SampleRate,
        channels: usize,
    ) -> Result<AudioWriter, Error> {
        Ok(match self.origin {
            Some(origin) => AudioWriter::create_from(self.path, format, rate, channels, origin)?,
            None => AudioWriter::create(self.path, format, rate, channels)?,
        })
    }
}
