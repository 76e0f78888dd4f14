//! `audio.convert`: another format, quality or sample rate, with tags and chapters kept.

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Output, project_is_also};
use studio_core::units::SampleRate;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Audio, ChannelMap, Resampler};
use studio_media::{AudioFormat, AudioReader, AudioWriter, Container, Quality};
use studio_store::Projects;

use crate::input::{SourceInput, ends};
use crate::target::Target;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "audio.convert",
        "Convert a sound",
        "Writes a sound in another format, quality or sample rate. Tags, chapters and cover art are kept \
         where the format has a place for them.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: ConvertInput| convert(cx, &projects, input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the result goes without an `output`"))]
struct ConvertInput {
    #[serde(flatten)]
    source: SourceInput,
    /// Format to write.
    format: Container,
    /// How much of the sound to keep.
    #[serde(default)]
    quality: Quality,
    /// Sample rate to write, in Hz. Without it, the source's, or the next that the format takes.
    #[serde(default)]
    #[schemars(range(min = 8000, max = 768_000))]
    sample_rate: Option<u32>,
    /// Mix to one or two channels, by ITU-R BS.775.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2))]
    channels: Option<usize>,
    /// Channels of the source, counted from 1, in the order in which they are written.
    #[serde(default)]
    #[schemars(length(min = 1, max = 64))]
    channel_map: Option<Vec<usize>>,
    /// MP3: the bit rate that each moment needs, instead of a constant one.
    #[serde(default)]
    variable_bit_rate: bool,
    /// The file to write.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

/// Which channels are written.
#[derive(Clone, Debug)]
pub(crate) enum Channels {
    AsTheyAre,
    Count(usize),
    /// From 1.
    Picked(Vec<usize>),
}

impl Channels {
    fn of(count: Option<usize>, picked: Option<Vec<usize>>) -> Result<Channels, Error> {
        match (count, picked) {
            (Some(_), Some(_)) => {
                let message = "`channels` mixes and `channel_map` picks: name one of them";
                Err(Error::bad_input(message).field("/channel_map"))
            }
            (Some(count), None) => Ok(Channels::Count(count)),
            (None, Some(picked)) => Ok(Channels::Picked(picked)),
            (None, None) => Ok(Channels::AsTheyAre),
        }
    }

    /// The way from a source of `from` channels; `None` where they stay.
    fn map(&self, from: usize) -> Result<Option<ChannelMap>, Error> {
        match self {
            Channels::AsTheyAre => Ok(None),
            Channels::Count(to) if *to == from => Ok(None),
            Channels::Count(to) => {
                let message = format!("{from} channels cannot be mixed to {to}");
                let map = ChannelMap::down(from, *to);
                map.map(Some)
                    .ok_or_else(|| Error::bad_input(message).field("/channels"))
            }
            Channels::Picked(picked) => {
                let places: Option<Vec<usize>> = picked
                    .iter()
                    .map(|channel| channel.checked_sub(1))
                    .collect();
                let message = format!("the source has the channels 1 to {from}");
                let map = places.and_then(|places| ChannelMap::picked(from, &places));
                map.map(Some)
                    .ok_or_else(|| Error::bad_input(message).field("/channel_map"))
            }
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Converted {
    output: Output,
    /// Samples per channel.
    frames: u64,
    bytes: u64,
    /// What could not be kept, and damage of the source.
    warnings: Vec<String>,
}

fn convert(cx: &JobContext, projects: &Projects, input: ConvertInput) -> Result<Converted, Error> {
    let begun = Instant::now();
    let (source, destination) = ends(projects, &input.source, input.output.as_deref())?;
    let name = format!("{}.{}", source.stem(), input.format.extension());
    let written = destination.path(cx, &name)?;
    let format = |bits| match AudioFormat::new(input.format, input.quality, bits) {
        AudioFormat::Mp3(quality) if input.variable_bit_rate => AudioFormat::Mp3Variable(quality),
        format => format,
    };
    let channels = Channels::of(input.channels, input.channel_map.clone())?;
    let rewritten = rewrite(
        &cx.part(0.0, 0.9),
        &source.path,
        Target::of(&source.path, &written, &format),
        input.sample_rate,
        &channels,
    )?;
    let asked = json!({
        "format": input.format, "quality": input.quality, "sample_rate": rewritten.rate.get(),
        "channels": input.channels, "channel_map": input.channel_map, "variable_bit_rate": input.variable_bit_rate,
    });
    let made = source.made("audio.convert", asked, begun);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, Some(&source), made)?;
    Ok(Converted {
        output,
        frames: rewritten.frames,
        bytes: rewritten.bytes,
        warnings: rewritten.warnings,
    })
}

/// What [`rewrite`] wrote.
pub(crate) struct Rewritten {
    pub(crate) rate: SampleRate,
    /// Samples per channel.
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
    /// What could not be kept, and damage of the source.
    pub(crate) warnings: Vec<String>,
}

/// Writes the sound at `path` in another format, at the rate in Hz that was asked for, or its own, with the channels
/// that are wanted.
pub(crate) fn rewrite(
    cx: &JobContext,
    path: &Utf8Path,
    to: Target<'_>,
    asked_hz: Option<u32>,
    channels: &Channels,
) -> Result<Rewritten, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let bits = reader.bits_per_sample();
    let format = (to.format)(bits);
    let map = channels.map(spec.channels)?;
    let count = map.as_ref().map_or(spec.channels, ChannelMap::channels);
    let mut rates = Rates::new(spec.rate, count, format, asked_hz)?;
    let format = match map.is_none() && rates.to == spec.rate {
        true => format.no_finer_than(bits),
        false => format,
    };
    // Fewer channels are another loudness.
    let to = match map {
        Some(_) => to.otherwise_loud(),
        None => to,
    };
    let mut writer = to.writer(format, rates.to, count)?;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    while reader.read(&mut block)? > 0 {
        cx.check()?;
        if let Some(total) = spec.frames {
            let share = reader.position() as f64 / total.max(1) as f64;
            cx.progress("Converting", share);
        }
        match &map {
            Some(map) => rates.write(&map.apply(&block), &mut writer)?,
            None => rates.write(&block, &mut writer)?,
        }
    }
    rates.finish(&mut writer)?;
    let result = writer.finish()?;
    let warnings = reader.warnings().iter().chain(&result.warnings);
    Ok(Rewritten {
        rate: rates.to,
        frames: result.frames,
        bytes: result.bytes,
        warnings: warnings.map(ToString::to_string).collect(),
    })
}

/// Writes blocks of a source at the rate that the format takes.
pub(crate) struct Rates {
    resampler: Option<Resampler>,
    out: Audio,
    pub(crate) to: SampleRate,
}

impl Rates {
    pub(crate) fn new(
        from: SampleRate,
        channels: usize,
        format: AudioFormat,
        asked_hz: Option<u32>,
    ) -> Result<Rates, Error> {
        let hz = format.fitting_rate_hz(asked_hz.unwrap_or(from.get()));
        let to = SampleRate::new(hz).ok_or_else(|| Error::bad_input("a sample rate of 0 Hz"))?;
        let resampler = Resampler::new(from, to, channels).map_err(unexpected)?;
        Ok(Rates {
            resampler: Some(resampler),
            out: Audio::silence(to, channels, 0),
            to,
        })
    }

    pub(crate) fn write(&mut self, block: &Audio, writer: &mut AudioWriter) -> Result<(), Error> {
        if let Some(resampler) = &mut self.resampler {
            resampler
                .feed(&block.slices(), &mut self.out)
                .map_err(unexpected)?;
        }
        self.flush(writer)
    }

    pub(crate) fn finish(&mut self, writer: &mut AudioWriter) -> Result<(), Error> {
        if let Some(resampler) = self.resampler.take() {
            resampler.finish(&mut self.out).map_err(unexpected)?;
        }
        self.flush(writer)
    }

    fn flush(&mut self, writer: &mut AudioWriter) -> Result<(), Error> {
        if self.out.frames() > 0 {
            writer.write(&self.out)?;
            self.out.channels.iter_mut().for_each(Vec::clear);
        }
        Ok(())
    }
}

fn unexpected(error: studio_dsp::resample::ResampleError) -> Error {
    Error::internal(error.to_string())
}
