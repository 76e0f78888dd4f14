//! `audio.spectrogram`: levels over time and frequency, as bytes to draw.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::{Bytes, Error, JobContext, MediaType, Operation};
use studio_dsp::spectrogram::{FRAME, Spectrogram};
use studio_dsp::{Audio, ChannelMap};
use studio_media::AudioReader;
use studio_store::Projects;

use crate::input::SourceInput;

/// The level of byte 0, in dBFS; 255 is full scale.
const FLOOR_DB: f32 = -120.0;
/// Spectra that are further apart are sought, not read up to.
const FAR: u64 = 96_000;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.spectrogram",
        "Read a spectrogram",
        "Answers levels over time and frequency: u32 columns, u32 bands (little-endian), then a byte for each band of each \
         column, low frequencies first; 0 is -120 dBFS or less, 255 is 0 dBFS. Bands are even in octaves.",
    )
    .positional("path")
    .blocking(move |cx: &JobContext, input: SpectrogramInput| read(cx, &projects, &input))
}

struct SpectrogramType;

impl MediaType for SpectrogramType {
    const NAME: &'static str = "application/vnd.av-studio.spectrogram";
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SpectrogramInput {
    #[serde(flatten)]
    source: SourceInput,
    /// The first second to look at.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    from_secs: f64,
    /// The last; without it, the end.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    to_secs: Option<f64>,
    /// Moments in time.
    #[serde(default = "usual_columns")]
    #[schemars(range(min = 1, max = 8192))]
    columns: usize,
    /// Bands of frequency.
    #[serde(default = "usual_bands")]
    #[schemars(range(min = 1, max = 1024))]
    bands: usize,
    /// The lowest frequency.
    #[serde(default = "lowest")]
    #[schemars(range(min = 10.0, max = 20_000.0))]
    from_hz: f64,
    /// The highest; at most half of the source's rate.
    #[serde(default = "highest")]
    #[schemars(range(min = 20.0, max = 384_000.0))]
    to_hz: f64,
}

fn usual_columns() -> usize {
    1024
}

fn usual_bands() -> usize {
    256
}

fn lowest() -> f64 {
    20.0
}

fn highest() -> f64 {
    20_000.0
}

fn read(
    cx: &JobContext,
    projects: &Projects,
    input: &SpectrogramInput,
) -> Result<Bytes<SpectrogramType>, Error> {
    let source = input.source.find(projects)?;
    let mut sound = Sound::open(AudioReader::open(&source.path)?);
    let rate = sound.reader.spec().rate;
    let nyquist = f64::from(rate.get()) / 2.0;
    if input.from_hz >= input.to_hz.min(nyquist) {
        let message = format!(
            "there is nothing between {} Hz and {} Hz in a sound at {rate}",
            input.from_hz, input.to_hz
        );
        return Err(Error::bad_input(message).field("/from_hz"));
    }
    let whole = sound.reader.spec().frames;
    let length = match whole {
        Some(frames) => rate.secs_from_samples(frames),
        None => studio_media::probe(&source.path)?
            .duration_secs
            .unwrap_or(0.0),
    };
    let to_secs = input.to_secs.unwrap_or(length);
    if to_secs <= input.from_secs {
        let message = format!("from {} s to {to_secs} s there is nothing", input.from_secs);
        return Err(Error::bad_input(message).field("/to_secs"));
    }
    let mut spectrogram = Spectrogram::new(rate, input.bands, input.from_hz, input.to_hz);
    let mut bytes = Vec::with_capacity(8 + input.columns * input.bands);
    bytes.extend_from_slice(&(input.columns as u32).to_le_bytes());
    bytes.extend_from_slice(&(input.bands as u32).to_le_bytes());
    let (mut frame, mut levels) = (Vec::with_capacity(FRAME), Vec::with_capacity(input.bands));
    let step = (to_secs - input.from_secs) / input.columns as f64;
    for column in 0..input.columns {
        cx.check()?;
        // The spectrum's middle stands in the middle of its column.
        let middle = rate.samples_from_secs(input.from_secs + (column as f64 + 0.5) * step);
        sound.frame(middle as i64 - FRAME as i64 / 2, &mut frame)?;
        levels.clear();
        spectrogram.levels(&frame, &mut levels);
        let byte = |level: &f32| (255.0 * (1.0 - level / FLOOR_DB)).clamp(0.0, 255.0) as u8;
        bytes.extend(levels.iter().map(byte));
    }
    Ok(Bytes::new(bytes))
}

/// A sound in mono, read in frames that move on.
struct Sound {
    reader: AudioReader,
    map: Option<ChannelMap>,
    block: Audio,
    /// Decoded, from sample `at` on.
    held: Vec<f32>,
    at: u64,
}

impl Sound {
    fn open(reader: AudioReader) -> Sound {
        let spec = reader.spec();
        Sound {
            map: ChannelMap::down(spec.channels, 1),
            block: Audio::silence(spec.rate, spec.channels, 0),
            held: Vec::new(),
            at: 0,
            reader,
        }
    }

    /// The samples from `from` on; before the start and after the end they are silent.
    fn frame(&mut self, from: i64, frame: &mut Vec<f32>) -> Result<(), Error> {
        let first = from.max(0) as u64;
        let end = self.at + self.held.len() as u64;
        if first < self.at || first > end + FAR {
            self.reader.seek(first)?;
            self.held.clear();
            self.at = first;
        }
        let wanted = first + FRAME as u64;
        while self.at + (self.held.len() as u64) < wanted {
            let gone = (first - self.at).min(self.held.len() as u64);
            self.held.drain(..gone as usize);
            self.at += gone;
            if self.reader.read(&mut self.block)? == 0 {
                break;
            }
            match &self.map {
                Some(map) => self
                    .held
                    .extend(map.apply(&self.block).channels.iter().flatten()),
                None => self
                    .held
                    .extend(self.block.channels.iter().take(1).flatten()),
            }
        }
        frame.clear();
        frame.resize(usize::try_from(-from).unwrap_or(0).min(FRAME), 0.0);
        let begin = usize::try_from(first - self.at)
            .unwrap_or(usize::MAX)
            .min(self.held.len());
        let count = (FRAME - frame.len()).min(self.held.len() - begin);
        frame.extend_from_slice(&self.held[begin..begin + count]);
        frame.resize(FRAME, 0.0);
        Ok(())
    }
}
