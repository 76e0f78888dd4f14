//! The sound of a file, at the device's rate, in stereo, from anywhere.

use std::collections::VecDeque;

use camino::Utf8Path;
use studio_core::Error;
use studio_core::units::SampleRate;
use studio_device::Source;
use studio_dsp::effects::Chain;
use studio_dsp::{Audio, Resampler};
use studio_media::AudioReader;

use crate::preview::{Control, Preview};

/// A file's sound, through effects if asked for; silence of the film's length where it has none.
pub(crate) struct FilmSound {
    reader: Option<Reader>,
    rate: SampleRate,
    /// Samples of the whole film at the device's rate.
    total: u64,
    at: u64,
}

struct Reader {
    file: AudioReader,
    preview: Option<Preview>,
    resampler: Option<Resampler>,
    block: Audio,
    converted: Audio,
    ready: VecDeque<[f32; 2]>,
}

impl FilmSound {
    pub(crate) fn open(
        path: &Utf8Path,
        has_sound: bool,
        total_secs: f64,
        rate: SampleRate,
        effects: Option<&Chain>,
    ) -> Result<(FilmSound, Option<Control>), Error> {
        let (reader, control) = match (has_sound, effects) {
            (true, _) => {
                let (reader, control) = Reader::open(path, rate, effects)?;
                (Some(reader), control)
            }
            (false, None) => (None, None),
            (false, Some(_)) => {
                let message = format!("{path} has no sound that effects could work on");
                return Err(Error::bad_input(message).field("/chain"));
            }
        };
        let sound = FilmSound {
            reader,
            rate,
            total: rate.samples_from_secs(total_secs),
            at: 0,
        };
        Ok((sound, control))
    }

    /// Where it ends: with the film, or with the echoes of its sound.
    fn end(&self) -> u64 {
        let preview = self
            .reader
            .as_ref()
            .and_then(|reader| reader.preview.as_ref());
        let tail_secs = preview.map_or(0.0, Preview::tail_secs);
        self.total + self.rate.samples_from_secs(tail_secs)
    }
}

impl Source for FilmSound {
    fn render(&mut self, left: &mut [f32], right: &mut [f32]) -> usize {
        let count = left.len().min(self.end().saturating_sub(self.at) as usize);
        for (left, right) in left.iter_mut().zip(right.iter_mut()).take(count) {
            [*left, *right] = self
                .reader
                .as_mut()
                .map_or([0.0, 0.0], |reader| reader.next(self.rate));
        }
        self.at += count as u64;
        count
    }

    fn seek(&mut self, at: u64) {
        self.at = at.min(self.total);
        if let Some(reader) = &mut self.reader {
            reader.seek(self.at, self.rate);
        }
    }

    fn is_measured(&self) -> bool {
        self.reader.is_some()
    }
}

impl Reader {
    fn open(
        path: &Utf8Path,
        rate: SampleRate,
        effects: Option<&Chain>,
    ) -> Result<(Reader, Option<Control>), Error> {
        let file = AudioReader::open(path)?;
        let spec = file.spec();
        let (preview, control) = match effects {
            Some(chain) => {
                Preview::new(&file, chain).map(|(it, control)| (Some(it), Some(control)))?
            }
            None => (None, None),
        };
        let resampler = Resampler::new(spec.rate, rate, spec.channels)
            .map_err(|error| Error::internal(error.to_string()))?;
        let reader = Reader {
            file,
            preview,
            resampler: Some(resampler),
            block: Audio::silence(spec.rate, spec.channels, 0),
            converted: Audio::silence(rate, spec.channels, 0),
            ready: VecDeque::new(),
        };
        Ok((reader, control))
    }

    /// The next sample; silence after the end and over damage.
    fn next(&mut self, rate: SampleRate) -> [f32; 2] {
        while self.ready.is_empty() && self.resampler.is_some() {
            if let Err(error) = self.refill(rate) {
                tracing::warn!(%error, "the sound of a file ends early");
                self.resampler = None;
            }
        }
        self.ready.pop_front().unwrap_or([0.0, 0.0])
    }

    fn refill(&mut self, rate: SampleRate) -> Result<(), Error> {
        let failed =
            |error: studio_dsp::resample::ResampleError| Error::internal(error.to_string());
        let count = match &mut self.preview {
            Some(preview) => {
                preview.read(&mut self.file, &mut self.block);
                self.block.frames()
            }
            None => self.file.read(&mut self.block)?,
        };
        match (count, self.resampler.take()) {
            (0, Some(resampler)) => resampler.finish(&mut self.converted).map_err(failed)?,
            (_, Some(mut resampler)) => {
                resampler
                    .feed(&self.block.slices(), &mut self.converted)
                    .map_err(failed)?;
                self.resampler = Some(resampler);
            }
            (_, None) => {}
        }
        let channels = std::mem::replace(
            &mut self.converted,
            Audio::silence(rate, self.block.channel_count(), 0),
        );
        for n in 0..channels.frames() {
            let left = channels.channels[0][n];
            self.ready.push_back([
                left,
                channels.channels.get(1).map_or(left, |right| right[n]),
            ]);
        }
        Ok(())
    }

    fn seek(&mut self, at: u64, rate: SampleRate) {
        let spec = self.file.spec();
        let own = (u128::from(at) * u128::from(spec.rate.get()) / u128::from(rate.get())) as u64;
        self.ready.clear();
        self.converted = Audio::silence(rate, spec.channels, 0);
        self.resampler = Resampler::new(spec.rate, rate, spec.channels).ok();
        let sought = match &mut self.preview {
            Some(preview) => preview.seek(&mut self.file, own),
            None => self.file.seek(own).map_err(Error::from),
        };
        if let Err(error) = sought {
            tracing::warn!(%error, "a file's sound cannot be sought");
            self.resampler = None;
        }
    }
}
