//! `video.extract_audio`: the sound of a film as a file of its own.

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output, project_is_also};
use studio_core::units::SampleRate;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::{Audio, Resampler};
use studio_media::{
    AudioFormat, AudioReader, AudioWriter, Container, Quality, copy_sound, probe, sound_container,
};
use studio_store::Projects;

use crate::film::{Film, FilmInput, report};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.extract_audio",
        "Extract the sound",
        "Writes the sound of a film as a file of its own, in the format of the output's ending. Where that holds \
         the film's sound as it is, and no quality is asked for, it is copied without loss.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoSoundInput| extract(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the sound goes without an `output`"))]
struct VideoSoundInput {
    #[serde(flatten)]
    film: FilmInput,
    /// Format to write; without it, that of the output's ending, or one that holds the sound as it is, or WAV.
    #[serde(default)]
    format: Option<Container>,
    /// How much of the sound to keep where it is encoded again. Without it, the sound is copied if the format
    /// holds it as it is, and else encoded at high quality.
    #[serde(default)]
    quality: Option<Quality>,
    /// The file to write.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

#[derive(Serialize, JsonSchema)]
struct VideoSound {
    output: Output,
    /// Hz.
    sample_rate: u32,
    channels: usize,
    /// Samples per channel.
    frames: u64,
    /// Nothing was encoded again.
    copied: bool,
    /// What could not be kept, and damage of the film.
    warnings: Vec<String>,
}

fn extract(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoSoundInput,
) -> Result<VideoSound, Error> {
    let begun = Instant::now();
    let film = Film::open(projects, &input.film)?;
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.film.project.as_deref(),
        Some(&film.source),
    )?;
    let field = input.film.field();
    let own =
        sound_container(&film.source.path).map_err(|error| Error::from(error).field(field))?;
    let wished = match &destination {
        Destination::Asset(_) => input.format.or(own),
        Destination::File(_) => input.format,
    };
    let container = destination.sound_format(wished)?;
    let name = format!("{}.{}", film.source.stem(), container.extension());
    let written = destination.path(cx, &name)?;
    let work = cx.part(0.0, 0.9);
    let mut sound = if own == Some(container) && input.quality.is_none() {
        copy(&work, &film.source.path, &written, container)?
    } else {
        let reader = AudioReader::open(&film.source.path)
            .map_err(|error| Error::from(error).field(field))?;
        let quality = input.quality.unwrap_or_default();
        let format = AudioFormat::new(container, quality, reader.bits_per_sample());
        rewrite(&work, reader, &written, format)?
    };
    let asked = json!({ "format": container, "quality": input.quality, "copied": sound.copied });
    let made = film.source.made("video.extract_audio", asked, begun);
    let source = Some(&film.source);
    sound.output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, source, made)?;
    Ok(sound)
}

fn copy(
    cx: &JobContext,
    film: &Utf8Path,
    written: &Utf8Path,
    container: Container,
) -> Result<VideoSound, Error> {
    copy_sound(film, written, container, report(cx, "Copying the sound"))?;
    let sound = probe(written)?
        .audio
        .ok_or_else(|| Error::internal(format!("{written}: the copied sound cannot be read")))?;
    Ok(VideoSound {
        output: Output {
            path: written.to_string(),
            asset: None,
        },
        sample_rate: sound.sample_rate.get(),
        channels: sound.channels as usize,
        frames: sound.frames,
        copied: true,
        warnings: Vec::new(),
    })
}

fn rewrite(
    cx: &JobContext,
    mut reader: AudioReader,
    written: &Utf8Path,
    format: AudioFormat,
) -> Result<VideoSound, Error> {
    let spec = reader.spec();
    let rate = SampleRate::new(format.fitting_rate_hz(spec.rate.get())).unwrap_or(spec.rate);
    let unexpected =
        |error: studio_dsp::resample::ResampleError| Error::internal(error.to_string());
    let mut resampler = Resampler::new(spec.rate, rate, spec.channels).map_err(unexpected)?;
    let mut writer = AudioWriter::create(written, format, rate, spec.channels)?;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    let mut ready = Audio::silence(rate, spec.channels, 0);
    while reader.read(&mut block)? > 0 {
        cx.check()?;
        if let Some(total) = spec.frames {
            cx.progress(
                "Writing the sound",
                reader.position() as f64 / total.max(1) as f64,
            );
        }
        resampler
            .feed(&block.slices(), &mut ready)
            .map_err(unexpected)?;
        writer.write(&ready)?;
        ready.channels.iter_mut().for_each(Vec::clear);
    }
    resampler.finish(&mut ready).map_err(unexpected)?;
    writer.write(&ready)?;
    let result = writer.finish()?;
    let warnings = reader.warnings().iter().chain(&result.warnings);
    Ok(VideoSound {
        output: Output {
            path: written.to_string(),
            asset: None,
        },
        sample_rate: rate.get(),
        channels: spec.channels,
        frames: result.frames,
        copied: false,
        warnings: warnings.map(ToString::to_string).collect(),
    })
}
