//! `audio.effects`, `audio.process` and what belongs to them: chains of effects over a sound.

mod catalog;
mod noise;
mod own;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{EffectPresets, Output, project_is_also};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_dsp::Audio;
use studio_dsp::effects::{Chain, Impulses, Rendering, Tail};
use studio_media::{AudioFormat, AudioReader, Container, Quality};
use studio_store::Projects;

use crate::convert::Rates;
use crate::input::{SourceInput, ends};
use crate::target::Target;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let presets = Arc::new(EffectPresets::of(projects));
    let mut operations = vec![catalog::operation(&presets)];
    operations.extend(own::operations(&presets));
    operations.push(noise::operation(projects));
    let projects = projects.clone();
    operations.push(
        Operation::define(
            "audio.process",
            "Apply effects",
            "Runs a sound through a chain of effects: a preset, or one of your own as data. Nothing comes late, and echoes are \
             heard to their end.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("path")
        .blocking(move |cx: &JobContext, input: ProcessInput| {
            process(cx, &projects, &presets, &input)
        }),
    );
    operations
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the result goes without an `output`"))]
struct ProcessInput {
    #[serde(flatten)]
    source: SourceInput,
    /// Id of a preset, such as `podcast-voice`; `audio.effects` lists them, with your own.
    #[serde(default)]
    preset: Option<String>,
    /// The chain, unless a preset is named.
    #[serde(default)]
    chain: Option<Chain>,
    /// Sound files that the chain's convolutions name as their impulse response. Assets of the project need no entry:
    /// they are named by their ids.
    #[serde(default)]
    #[schemars(
        with = "BTreeMap<String, String>",
        extend("additionalProperties" = { "type": "string", "x-path": true })
    )]
    impulses: BTreeMap<String, Utf8PathBuf>,
    /// Keep the source's length: echoes and reverberation end with it.
    #[serde(default)]
    cut_tail: bool,
    /// The file to write. Its ending chooses the format.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// Format of the result; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
    /// How much of the sound a lossy format keeps.
    #[serde(default)]
    quality: Quality,
}

#[derive(Serialize, JsonSchema)]
struct Processed {
    output: Output,
    /// Samples per channel.
    frames: u64,
    /// Seconds that echoes and reverberation go on after the end of the source.
    tail_secs: f64,
    /// What could not be kept, and damage of the source.
    warnings: Vec<String>,
}

fn process(
    cx: &JobContext,
    projects: &Projects,
    presets: &EffectPresets,
    input: &ProcessInput,
) -> Result<Processed, Error> {
    let begun = Instant::now();
    let (chain, preset) = presets.chosen(input.preset.as_deref(), input.chain.as_ref())?;
    let title = preset.as_deref().unwrap_or("processed");
    let (source, destination) = ends(projects, &input.source, input.output.as_deref())?;
    let container = destination.sound_format(input.format)?;
    let impulses = impulses(projects, input, &chain)?;
    let name = format!("{}, {title}.{}", source.stem(), container.extension());
    let written = destination.path(cx, &name)?;
    let tail = if input.cut_tail {
        Tail::Cut
    } else {
        Tail::Kept
    };
    let format = |bits| AudioFormat::new(container, input.quality, bits);
    let work = cx.part(0.0, 0.9);
    let applied = apply(
        &work,
        &source.path,
        Target::of(&source.path, &written, &format),
        &chain,
        &impulses,
        tail,
    )?;
    let asked = json!({
        "chain": chain, "cut_tail": input.cut_tail, "format": container, "quality": input.quality,
    });
    let made = source.made("audio.process", asked, begun);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, Some(&source), made)?;
    Ok(Processed {
        output,
        frames: applied.frames,
        tail_secs: applied.tail_secs,
        warnings: applied.warnings,
    })
}

/// What [`apply`] wrote.
pub(crate) struct Applied {
    frames: u64,
    tail_secs: f64,
    pub(crate) warnings: Vec<String>,
}

/// Writes the sound at `path` as it comes out of the chain, in time and to the end of its echoes.
pub(crate) fn apply(
    cx: &JobContext,
    path: &Utf8Path,
    to: Target<'_>,
    chain: &Chain,
    impulses: &Impulses,
    tail: Tail,
) -> Result<Applied, Error> {
    let mut reader = AudioReader::open(path)?;
    let spec = reader.spec();
    let mut rendering = Rendering::new(chain, spec.rate, spec.channels, impulses)
        .map_err(|error| Error::bad_input(error.to_string()).field("/chain"))?;
    let format = (to.format)(reader.bits_per_sample());
    let mut rates = Rates::new(spec.rate, spec.channels, format, None)?;
    let mut writer = to
        .otherwise_loud()
        .writer(format, rates.to, spec.channels)?;
    let mut block = Audio::silence(spec.rate, spec.channels, 0);
    let mut ready = Audio::silence(spec.rate, spec.channels, 0);
    let mut frames = 0;
    while reader.read(&mut block)? > 0 {
        cx.check()?;
        if let Some(total) = spec.frames {
            let share = reader.position() as f64 / total.max(1) as f64;
            cx.progress("Applying effects", share);
        }
        rendering.feed(&block.slices(), &mut ready);
        frames += ready.frames() as u64;
        rates.write(&ready, &mut writer)?;
        ready.channels.iter_mut().for_each(Vec::clear);
    }
    rendering.finish(tail, &mut ready);
    frames += ready.frames() as u64;
    rates.write(&ready, &mut writer)?;
    rates.finish(&mut writer)?;
    let result = writer.finish()?;
    let warnings = reader.warnings().iter().chain(&result.warnings);
    let tail = frames.saturating_sub(reader.position());
    Ok(Applied {
        frames: result.frames,
        tail_secs: spec.rate.secs_from_samples(tail),
        warnings: warnings.map(ToString::to_string).collect(),
    })
}

/// The impulse responses that were named, and those of the chain that are assets of the project.
fn impulses(projects: &Projects, input: &ProcessInput, chain: &Chain) -> Result<Impulses, Error> {
    let mut impulses = Impulses::new();
    for (name, path) in &input.impulses {
        let audio = studio_assets::impulse_response(path);
        let audio = audio.map_err(|error| error.field(format!("/impulses/{name}")))?;
        impulses.insert(name.clone(), audio);
    }
    let Some(project) = input.source.project.as_deref() else {
        return Ok(impulses);
    };
    for name in chain.impulses() {
        if !impulses.contains_key(name) {
            let source = studio_assets::source(projects, None, Some(project), Some(name));
            let audio = source.and_then(|source| studio_assets::impulse_response(&source.path));
            let audio = audio.map_err(|error| error.field("/chain"))?;
            impulses.insert(name.to_owned(), audio);
        }
    }
    Ok(impulses)
}
