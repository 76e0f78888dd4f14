//! The samples of sources, in stereo, at the session's rate.
//!
//! A sample is always the same, wherever reading began: where rates differ, sound is converted in blocks
//! that begin at fixed places, each with enough of what lies before and after it. So playing from
//! anywhere and export give the same.

use std::collections::HashMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::Error;
use studio_core::units::SampleRate;
use studio_dsp::effects::Chain;
use studio_dsp::{Audio, ChannelMap, Resampler};
use studio_edit::{Session, Sound, Sources};
use studio_media::AudioReader;
use studio_store::Project;

use crate::document::Documents;

/// About as many samples are converted at once.
const BLOCK: u64 = 32_768;
/// At least so much of what lies around a block is converted with it: twice the converter's chunk.
const AROUND: u64 = 8_192;

/// The files of a session's sources, and the impulse responses of its effects.
pub(crate) struct Files {
    rate: SampleRate,
    paths: HashMap<String, Utf8PathBuf>,
    impulses: HashMap<String, Arc<Audio>>,
}

impl Files {
    /// Those that are there, and what is wrong with the others.
    pub(crate) fn of(
        documents: &Documents,
        project: &Project,
        session: &Session,
    ) -> (Files, Vec<Error>) {
        let mut files = Files {
            rate: session.rate,
            paths: HashMap::new(),
            impulses: HashMap::new(),
        };
        let mut missing = Vec::new();
        for id in session.sources.keys() {
            match documents.source(project, id) {
                Ok(source) => {
                    files.paths.insert(id.clone(), source.path);
                }
                Err(error) => missing.push(error),
            }
        }
        for name in impulses(session) {
            match documents.impulse(project, name) {
                Ok(response) => {
                    files.impulses.insert(name.to_owned(), response);
                }
                Err(error) => missing.push(error),
            }
        }
        (files, missing)
    }
}

/// Names of the impulse responses that a session's effects want: assets.
pub(crate) fn impulses(session: &Session) -> impl Iterator<Item = &str> {
    let tracks = session.tracks.iter().map(|track| &track.effects);
    tracks.chain([&session.effects]).flat_map(Chain::impulses)
}

impl Sources for Files {
    fn open(&mut self, source: &str) -> Option<Box<dyn Sound>> {
        let path = self.paths.get(source)?;
        match open(path, self.rate) {
            Ok(sound) => Some(sound),
            Err(error) => {
                tracing::warn!(%error, "a clip is silent");
                None
            }
        }
    }

    fn impulse(&mut self, name: &str) -> Option<Arc<Audio>> {
        self.impulses.get(name).cloned()
    }
}

/// The sound of a file at a rate.
pub(crate) fn open(path: &Utf8Path, rate: SampleRate) -> Result<Box<dyn Sound>, Error> {
    let native = Native::open(path)?;
    match native.reader.spec().rate == rate {
        true => Ok(Box::new(native)),
        false => Ok(Box::new(Converted::new(native, rate)?)),
    }
}

/// A file's sound at its own rate.
struct Native {
    reader: AudioReader,
    /// To two channels.
    map: Option<ChannelMap>,
    /// Decoded: two channels, from sample `at` on.
    held: Audio,
    at: u64,
    /// Reserved for decoding.
    block: Audio,
    failed: bool,
}

impl Native {
    fn open(path: &Utf8Path) -> Result<Native, Error> {
        let reader = AudioReader::open(path)?;
        let spec = reader.spec();
        Ok(Native {
            map: (spec.channels != 2)
                .then(|| ChannelMap::down(spec.channels, 2))
                .flatten(),
            held: Audio::silence(spec.rate, 2, 0),
            block: Audio::silence(spec.rate, spec.channels, 0),
            at: 0,
            failed: false,
            reader,
        })
    }

    /// Decodes what follows `held`, or begins anew at `from`. False at the end and over damage.
    fn fetch(&mut self, from: u64) -> bool {
        let end = self.at + self.held.frames() as u64;
        let sought = match from == end {
            true => Ok(()),
            false => self.reader.seek(from),
        };
        match sought.and_then(|()| self.reader.read(&mut self.block)) {
            Ok(0) => false,
            Ok(_) => {
                match &self.map {
                    Some(map) => self.held = map.apply(&self.block),
                    None => std::mem::swap(&mut self.held, &mut self.block),
                }
                self.at = from;
                true
            }
            Err(error) => {
                if !self.failed {
                    tracing::warn!(%error, "a source is silent where it cannot be read");
                    self.failed = true;
                }
                false
            }
        }
    }
}

impl Sound for Native {
    fn read(&mut self, from: u64, left: &mut [f32], right: &mut [f32]) {
        let mut done = 0;
        while done < left.len() {
            let at = from + done as u64;
            let end = self.at + self.held.frames() as u64;
            if !(self.at..end).contains(&at) && !self.fetch(at) {
                left[done..].fill(0.0);
                right[done..].fill(0.0);
                return;
            }
            let begin = (at - self.at) as usize;
            let count = (left.len() - done).min(self.held.frames() - begin);
            for (to, held) in [&mut *left, &mut *right]
                .into_iter()
                .zip(&self.held.channels)
            {
                to[done..done + count].copy_from_slice(&held[begin..begin + count]);
            }
            done += count;
        }
    }
}

/// A file's sound at another rate.
struct Converted {
    native: Native,
    rate: SampleRate,
    /// Samples of a block before and after conversion, in the ratio of the rates.
    block_in: u64,
    block_out: u64,
    around_in: u64,
    /// The block that is held, by its number.
    number: Option<u64>,
    held: Audio,
}

impl Converted {
    fn new(native: Native, rate: SampleRate) -> Result<Converted, Error> {
        let from = native.reader.spec().rate;
        let shared = gcd(from.get(), rate.get());
        let (step_in, step_out) = (
            u64::from(from.get() / shared),
            u64::from(rate.get() / shared),
        );
        let steps = BLOCK.div_ceil(step_out);
        Ok(Converted {
            block_in: steps * step_in,
            block_out: steps * step_out,
            around_in: AROUND.div_ceil(step_in) * step_in,
            number: None,
            held: Audio::silence(rate, 2, 0),
            native,
            rate,
        })
    }

    fn convert(&mut self, number: u64) -> Result<(), studio_dsp::resample::ResampleError> {
        let from = self.native.reader.spec().rate;
        let begin = number * self.block_in;
        // Of the first block nothing lies before.
        let before = begin.min(self.around_in);
        let count = (before + self.block_in + self.around_in) as usize;
        let mut input = Audio::silence(from, 2, count);
        if let [left, right] = &mut input.channels[..] {
            self.native.read(begin - before, left, right);
        }
        let mut resampler = Resampler::new(from, self.rate, 2)?;
        let mut out = Audio::silence(self.rate, 2, 0);
        resampler.feed(&input.slices(), &mut out)?;
        resampler.finish(&mut out)?;
        let skip = (before * self.block_out / self.block_in) as usize;
        for (held, out) in self.held.channels.iter_mut().zip(&out.channels) {
            held.clear();
            held.extend(out.iter().skip(skip).take(self.block_out as usize));
            held.resize(self.block_out as usize, 0.0);
        }
        self.number = Some(number);
        Ok(())
    }
}

impl Sound for Converted {
    fn read(&mut self, from: u64, left: &mut [f32], right: &mut [f32]) {
        let mut done = 0;
        while done < left.len() {
            let at = from + done as u64;
            let number = at / self.block_out;
            if self.number != Some(number)
                && let Err(error) = self.convert(number)
            {
                tracing::warn!(%error, "a source cannot be converted to the session's rate");
                left[done..].fill(0.0);
                right[done..].fill(0.0);
                return;
            }
            let begin = (at % self.block_out) as usize;
            let count = (left.len() - done).min(self.block_out as usize - begin);
            for (to, held) in [&mut *left, &mut *right]
                .into_iter()
                .zip(&self.held.channels)
            {
                to[done..done + count].copy_from_slice(&held[begin..begin + count]);
            }
            done += count;
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    match b {
        0 => a,
        b => gcd(b, a % b),
    }
}

#[cfg(test)]
mod tests {
    use studio_testkit::{WavSample, signal, write_wav};

    use super::*;

    /// A second of a sweep in a file of this rate.
    fn file(rate_hz: u32, channels: usize) -> (tempfile::TempDir, Utf8PathBuf, Vec<f32>) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a.wav")).unwrap();
        let sweep = signal::sweep(50.0, 5_000.0, 0.5, rate_hz, 3 * rate_hz as usize);
        write_wav(
            &path,
            rate_hz,
            &vec![sweep.clone(); channels],
            WavSample::Float32,
        );
        (folder, path, sweep)
    }

    fn read(sound: &mut dyn Sound, from: u64, frames: usize) -> Vec<f32> {
        let (mut left, mut right) = (vec![9.0; frames], vec![9.0; frames]);
        sound.read(from, &mut left, &mut right);
        assert_eq!(left, right);
        left
    }

    #[track_caller]
    fn check_anywhere(rate_hz: u32) {
        let (_folder, path, _) = file(rate_hz, 1);
        let rate = SampleRate::HZ_48000;
        let mut sound = open(&path, rate).unwrap();
        let whole = read(sound.as_mut(), 0, 150_000);
        for (from, frames) in [(70_000, 1_000), (3, 40_000), (32_767, 2), (100_000, 48_000)] {
            let mut anew = open(&path, rate).unwrap();
            let wanted = &whole[from..from + frames];
            assert!(
                read(anew.as_mut(), from as u64, frames) == wanted,
                "from {from}"
            );
            assert!(
                read(sound.as_mut(), from as u64, frames) == wanted,
                "back to {from}"
            );
        }
        // A second after the end: the converter's filter has rung out.
        let after = read(sound.as_mut(), 200_000, 10);
        assert!(after.iter().all(|x| x.abs() < 1e-6), "{after:?}");
        assert!(read(sound.as_mut(), 1 << 39, 10).iter().all(|x| *x == 0.0));
    }

    #[test]
    fn a_sample_is_the_same_wherever_reading_began() {
        check_anywhere(48_000);
        check_anywhere(44_100);
        check_anywhere(96_000);
        check_anywhere(11_025);
    }

    #[test]
    fn blocks_that_are_converted_apart_join_without_a_seam() {
        let (_folder, path, sweep) = file(44_100, 2);
        let rate = SampleRate::HZ_48000;
        let from = SampleRate::new(44_100).unwrap();
        let mut whole = Audio::silence(rate, 1, 0);
        let mut resampler = Resampler::new(from, rate, 1).unwrap();
        resampler.feed(&[&sweep], &mut whole).unwrap();
        resampler.finish(&mut whole).unwrap();
        let blocks = read(open(&path, rate).unwrap().as_mut(), 0, 144_000);
        for (n, (a, b)) in blocks.iter().zip(&whole.channels[0]).enumerate() {
            assert!((a - b).abs() < 1e-5, "sample {n}: {a} for {b}");
        }
    }

    #[test]
    fn many_channels_become_two() {
        let (_folder, path, sweep) = file(48_000, 6);
        let out = read(
            open(&path, SampleRate::HZ_48000).unwrap().as_mut(),
            0,
            48_000,
        );
        // By BS.775: a front, the centre and a surround at −3 dB.
        let share = 1.0 + 2.0 * std::f32::consts::FRAC_1_SQRT_2;
        assert!((out[30_000] - share * sweep[30_000]).abs() < 1e-5);
    }
}
