//! The sound of a file, at the device's rate, in stereo, from anywhere, counted from a film's first picture.

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
    /// Sample at which the file's sound begins; negative where that is before the first picture.
    begins: i64,
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
    /// `begins_secs`: when the sound begins after the first picture; `None` for a silent film.
    pub(crate) fn open(
        path: &Utf8Path,
        begins_secs: Option<f64>,
        total_secs: f64,
        rate: SampleRate,
        effects: Option<&Chain>,
    ) -> Result<(FilmSound, Option<Control>), Error> {
        let (reader, control) = match (begins_secs, effects) {
            (Some(_), _) => {
                let (reader, control) = Reader::open(path, rate, effects)?;
                (Some(reader), control)
            }
            (None, None) => (None, None),
            (None, Some(_)) => {
                let message = format!("{path} has no sound that effects could work on");
                return Err(Error::bad_input(message).field("/chain"));
            }
        };
        let begins = begins_secs.unwrap_or(0.0) * f64::from(rate.get());
        let mut sound = FilmSound {
            reader,
            rate,
            begins: begins.round() as i64,
            total: rate.samples_from_secs(total_secs),
            at: 0,
        };
        if sound.begins < 0 {
            sound.seek(0);
        }
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
        let silent = self.begins.saturating_sub_unsigned(self.at).max(0);
        let silent = usize::try_from(silent).unwrap_or(count);
        for (n, (left, right)) in left
            .iter_mut()
            .zip(right.iter_mut())
            .take(count)
            .enumerate()
        {
            let reader = self.reader.as_mut().filter(|_| n >= silent);
            [*left, *right] = reader.map_or([0.0, 0.0], |reader| reader.next(self.rate));
        }
        self.at += count as u64;
        count
    }

    fn seek(&mut self, at: u64) {
        self.at = at.min(self.total);
        if let Some(reader) = &mut self.reader {
            let own = 0_i64
                .saturating_add_unsigned(self.at)
                .saturating_sub(self.begins);
            reader.seek(u64::try_from(own).unwrap_or(0), self.rate);
        }
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

    /// Goes to the sample `at` of the file's sound, at the device's rate.
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use camino::Utf8PathBuf;
    use studio_media::{FrameReader, decode, probe};
    use studio_testkit::{TempFolder, WavSample, signal, write_wav};

    use super::*;

    const RATE: SampleRate = SampleRate::HZ_48000;
    const SECS: usize = 3;

    /// Three seconds of pictures, and of noise that is `late_secs` later.
    fn film(folder: &TempFolder, late_secs: f64) -> Utf8PathBuf {
        let (noise, path) = (folder.file("noise.wav"), folder.file("film.mov"));
        let samples = signal::noise(3, 0.5, SECS * RATE.get() as usize);
        write_wav(&noise, RATE.get(), &[samples], WavSample::Float32);
        let late = |secs: f64| secs.max(0.0).to_string();
        let done = Command::new("ffmpeg")
            .args([
                "-v",
                "error",
                "-itsoffset",
                &late(-late_secs),
                "-f",
                "lavfi",
            ])
            .args(["-i", &format!("testsrc=s=64x48:r=25:d={SECS}")])
            .args(["-itsoffset", &late(late_secs), "-i", noise.as_str()])
            .args(["-fps_mode", "passthrough", "-c:v", "libx264"])
            .args(["-c:a", "pcm_f32le", path.as_str()])
            .status()
            .expect("ffmpeg is installed");
        assert!(done.success());
        path
    }

    fn next(sound: &mut FilmSound, count: usize) -> Vec<f32> {
        let (mut left, mut right) = (vec![1.0; count], vec![1.0; count]);
        let given = sound.render(&mut left, &mut right);
        left.truncate(given);
        left
    }

    #[test]
    fn sound_is_heard_with_the_pictures_that_it_belongs_to() {
        for late_secs in [0.0, 0.8, -0.8] {
            let folder = TempFolder::new();
            let path = film(&folder, late_secs);
            let begins_secs = FrameReader::open(&path).unwrap().sound_at_secs();
            assert!(
                (begins_secs.unwrap() - late_secs).abs() < 2e-3,
                "{begins_secs:?}"
            );
            let total_secs = probe(&path).unwrap().duration_secs.unwrap();
            let expected_secs = SECS as f64 + late_secs.max(0.0);
            assert!((total_secs - expected_secs).abs() < 2e-3, "{total_secs}");
            let noise = decode(&path, u64::MAX).unwrap().0.channels.remove(0);
            // What is heard at a sample of the film.
            let begins = (begins_secs.unwrap() * f64::from(RATE.get())).round() as i64;
            let expected = |from: usize, count: usize| -> Vec<f32> {
                let own = (from as i64..).map(|at| usize::try_from(at - begins).ok());
                let heard = own.map(|at| at.and_then(|at| noise.get(at)).copied().unwrap_or(0.0));
                heard.take(count).collect()
            };
            let (mut sound, _) =
                FilmSound::open(&path, begins_secs, total_secs, RATE, None).unwrap();
            let mut at = 0;
            for count in [1, 20_000, 20_000, 512, 30_000] {
                assert!(
                    next(&mut sound, count) == expected(at, count),
                    "{late_secs}: from {at}"
                );
                at += count;
            }
            for at in [100_000, 20_000, 0, 33_000] {
                sound.seek(at as u64);
                assert!(
                    next(&mut sound, 40_000) == expected(at, 40_000),
                    "{late_secs}: {at}"
                );
            }
            sound.seek(at as u64);
            let left = next(&mut sound, usize::from(u16::MAX) * 8).len();
            let end = (total_secs * f64::from(RATE.get())).round() as usize;
            assert!((end - at).abs_diff(left) < 2, "it plays to the end of both");
        }
    }
}
