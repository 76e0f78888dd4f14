//! `ambient.analyze`: how good music is, by its notes.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_ambient::measure::{Piece, Report, measure};
use studio_ambient::{Key, Mode, Params};
use studio_assets::{Source, source};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_store::Projects;

use crate::compose::params_of;

/// A MIDI file of an orchestra for a day has a few megabytes.
const LARGEST_MIDI: u64 = 64 << 20;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "ambient.analyze",
        "Analyze ambient music",
        "Judges music by its notes: chords, melody, voice leading, key, repetition, roughness. The music is a MIDI file, \
         an asset that `ambient.render` made, or what a seed and settings would give.",
    )
    .job(Resource::Cpu)
    .blocking(move |cx: &JobContext, input: AnalyzeInput| {
        cx.progress("Reading the notes", 0.0);
        let (subject, piece) = piece(&projects, &input)?;
        cx.check()?;
        cx.progress("Measuring", 0.3);
        Ok(Analysis { subject, report: measure(&piece) })
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AnalyzeInput {
    /// A MIDI file.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    path: Option<Utf8PathBuf>,
    /// The project of `asset`.
    #[serde(default)]
    project: Option<String>,
    /// Music that `ambient.render` made.
    #[serde(default)]
    asset: Option<String>,
    /// Tonic of music that is not rendered, such as `D` or `F#`.
    #[serde(default)]
    key: Option<Key>,
    #[serde(default)]
    mode: Option<Mode>,
    /// Beats per minute.
    #[serde(default)]
    #[schemars(range(min = 40.0, max = 90.0))]
    bpm: Option<f32>,
    /// 0 calm to 1 dense.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    intensity: Option<f32>,
    /// Same seed, same music.
    #[serde(default = "one")]
    #[schemars(range(max = 9_007_199_254_740_991u64))]
    seed: u64,
    /// Length of music that is not rendered, in seconds.
    #[serde(default = "hour")]
    #[schemars(range(min = 1.0, max = 86_400.0))]
    duration_secs: f64,
}

fn one() -> u64 {
    1
}

fn hour() -> f64 {
    3_600.0
}

#[derive(Serialize, JsonSchema)]
struct Analysis {
    /// What was judged, in words.
    subject: String,
    report: Report,
}

fn piece(projects: &Projects, input: &AnalyzeInput) -> Result<(String, Piece), Error> {
    if input.path.is_none() && input.asset.is_none() {
        let params = params_of(input.key, input.mode, input.bpm, input.intensity)?;
        return Ok(composed(input.seed, params, input.duration_secs));
    }
    let source = source(
        projects,
        input.path.as_deref(),
        input.project.as_deref(),
        input.asset.as_deref(),
    )?;
    match &source.asset {
        Some(_) => rendered(&source),
        None => read(&source.path).map(|piece| (source.name.clone(), piece)),
    }
}

fn composed(seed: u64, params: Params, secs: f64) -> (String, Piece) {
    let Params { key, mode, .. } = params;
    let subject = format!("{key} {mode:?}, seed {seed}, {:.1} min", secs / 60.0);
    (subject, Piece::composed(seed, &params, secs))
}

fn read(path: &Utf8Path) -> Result<Piece, Error> {
    let failed = |error: std::io::Error| Error::io(format!("read {path}"), &error).field("/path");
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > LARGEST_MIDI {
        let megabytes = bytes >> 20;
        return Err(
            Error::bad_input(format!("{path} has {megabytes} MB; a MIDI file is smaller"))
                .field("/path")
                .hint("give a MIDI file, or an asset that ambient.render made"),
        );
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    Piece::from_midi(&bytes).map_err(|error| {
        Error::bad_input(format!("{path}: {error}"))
            .field("/path")
            .hint("give a MIDI file, or an asset that ambient.render made")
    })
}

/// The notes of a rendering, composed again from what made it.
fn rendered(source: &Source) -> Result<(String, Piece), Error> {
    #[derive(Deserialize)]
    struct Made {
        params: Params,
        duration_secs: f64,
    }
    let Some((project, asset)) = &source.asset else {
        return Err(Error::internal("a rendering without an asset"));
    };
    let made = project.artifacts().provenance(&asset.facts.digest)?;
    let made = made
        .into_iter()
        .find(|made| made.operation == "ambient.render");
    let found = made.and_then(|made| {
        let Made {
            params,
            duration_secs,
        } = serde_json::from_value(made.input).ok()?;
        Some((params, made.seed?, duration_secs))
    });
    let (params, seed, secs) = found.ok_or_else(|| {
        Error::bad_input(format!(
            "`{}` was not made by ambient.render, so its notes are not known",
            source.name
        ))
        .field("/asset")
        .hint("give a MIDI file of it as `path`")
    })?;
    let (_, piece) = composed(seed, params, secs);
    Ok((source.name.clone(), piece))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_midi_file_of_music_is_judged_as_the_music_itself() {
        let params = Params::default();
        let rate = studio_core::units::SampleRate::HZ_48000;
        let total = rate.samples_from_secs(240.0);
        let bytes = studio_ambient::midi::export(7, params, total, rate).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("a.mid")).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let read = measure(&read(&path).unwrap());
        let composed = measure(&composed(7, params, 240.0).1);
        assert_eq!(read.notes, composed.notes);
        assert_eq!(read.cadences, 0);
        assert_eq!(composed.consistency, Some(1.0));
        // The file does not name its mode; it is found from the notes of each minute.
        assert!(read.consistency > Some(0.95), "{read:?}");
        std::fs::write(&path, b"RIFF").unwrap();
        let error = super::read(&path).unwrap_err();
        assert_eq!(error.field.as_deref(), Some("/path"));
    }
}
