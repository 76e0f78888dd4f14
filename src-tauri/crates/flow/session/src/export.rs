//! `session.export`: the mix, its tracks or its regions as files.

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output};
use studio_core::units::SampleRate;
use studio_core::{Error, JobContext};
use studio_dsp::effects::Chain;
use studio_dsp::{Audio, Resampler};
use studio_edit::{Change, Edit, MarkerId, Mixer, Session};
use studio_media::{AudioFormat, AudioWriter, Container, Mark, Marks, Quality};
use studio_store::{Project, Provenance};

use crate::document::Documents;
use crate::sound::Files;

/// Samples that are mixed between two looks at whether the job was cancelled.
const BLOCK: usize = 16_384;

/// What is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ExportParts {
    /// Everything in one file.
    #[default]
    Mix,
    /// A file for each track that is heard, without the effects and the level of the mix: together they
    /// are what goes into it.
    Tracks,
    /// A file of the mix for each region.
    Regions,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The session's id.
    #[schemars(length(min = 1))]
    session: String,
    /// What is exported.
    #[serde(default)]
    parts: ExportParts,
    /// The first sample; without it the session's start. Not for regions.
    #[serde(default)]
    from: Option<u64>,
    /// The sample after the last; without it the end of the last clip. Not for regions.
    #[serde(default)]
    to: Option<u64>,
    /// End with the range: echoes and reverberation are cut off.
    #[serde(default)]
    cut_tail: bool,
    /// Format to write; without it, that of the output's ending, or WAV.
    #[serde(default)]
    format: Option<Container>,
    /// How much of the sound a lossy format keeps.
    #[serde(default)]
    quality: Quality,
    /// The file to write, or the folder for tracks and regions. Without it, new assets of the project.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Exported {
    files: Vec<ExportedFile>,
    /// What could not be kept.
    warnings: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct ExportedFile {
    name: String,
    output: Output,
    /// Samples per channel.
    frames: u64,
}

/// One file to be made.
struct Part {
    name: String,
    session: Arc<Session>,
    range: Range<u64>,
    /// The region that it is.
    region: Option<MarkerId>,
}

impl Part {
    /// Markers and regions that lie in the part, up to `end` of the session, from its start on.
    fn marks(&self, end: u64) -> Marks {
        let begin = self.range.start;
        let markers = self.session.markers.iter();
        let others = markers.filter(|marker| Some(marker.id) != self.region);
        let list = others.filter_map(|marker| {
            let (at, to) = (marker.at, marker.at + marker.length);
            let lies_within = match marker.length {
                0 => (begin..end).contains(&at),
                _ => at < end && to > begin,
            };
            lies_within.then(|| {
                let from = at.max(begin);
                Mark {
                    at: from - begin,
                    length: to.min(end).saturating_sub(from),
                    name: marker.name.clone(),
                }
            })
        });
        Marks {
            rate: self.session.rate,
            end: end - begin,
            list: list.collect(),
        }
    }
}

pub(crate) fn export(
    cx: &JobContext,
    documents: &Documents,
    input: &ExportInput,
) -> Result<Exported, Error> {
    let project = documents.project(&input.project)?;
    let (row, session) = documents.load(&project, &input.session)?;
    let (_, missing) = Files::of(documents, &project, &session);
    if let Some(error) = missing.into_iter().next() {
        return Err(error);
    }
    // The output of several files is a folder.
    let file = input.output.as_deref();
    let file = file.filter(|_| input.parts == ExportParts::Mix);
    let container = studio_assets::sound_format(input.format, file)?;
    let folder = input.output.as_deref();
    let folder = folder.filter(|_| input.parts != ExportParts::Mix);
    let mut names: Vec<String> = Vec::new();
    let mut planned = Vec::new();
    for part in parts(&session, input)? {
        let name = unused(&mut names, &part.name, container);
        let file = folder.map(|folder| folder.join(studio_store::folder_name(&name)));
        let destination = Destination::choose(
            documents.projects(),
            file.as_deref().or(input.output.as_deref()),
            Some(&input.project),
            None,
        )?;
        planned.push((part, name, destination));
    }

    // All are written before the first is handed over: a full disk or an end before its time leaves none.
    let staging = folder.map(staging).transpose()?;
    let (mut written, mut warnings) = (Vec::new(), Vec::new());
    let count = planned.len() as f64;
    for (index, (part, name, destination)) in planned.into_iter().enumerate() {
        let begun = Instant::now();
        let cx = cx.part(0.9 * index as f64 / count, 0.9 * (index + 1) as f64 / count);
        let path = match &staging {
            Some((_, staging)) => staging.join(studio_store::folder_name(&name)),
            None => destination.path(&cx, &name)?,
        };
        let format = AudioFormat::new(container, input.quality, None);
        let cut_tail = input.cut_tail;
        let (frames, told) = write(&cx, documents, &project, &part, &path, format, cut_tail)?;
        warnings.extend(told);
        let made = Provenance {
            operation: "session.export".to_owned(),
            input: json!({
                "session": row.id,
                "revision": row.revision,
                "parts": input.parts,
                "from": part.range.start,
                "to": part.range.end,
            }),
            device: Some("cpu".to_owned()),
            took_ms: begun.elapsed().as_millis() as u64,
            ..Provenance::default()
        };
        written.push((name, destination, path, frames, made));
    }
    let mut files = Vec::new();
    for (index, (name, destination, path, frames, made)) in written.into_iter().enumerate() {
        let cx = cx.part(
            0.9 + 0.1 * index as f64 / count,
            0.9 + 0.1 * (index + 1) as f64 / count,
        );
        if let Destination::File(target) = &destination
            && *target != path
        {
            std::fs::rename(&path, target)
                .map_err(|error| Error::io(format!("write {target}"), &error))?;
        }
        let output = destination.deliver(&cx, &path, &name, None, made)?;
        files.push(ExportedFile {
            name,
            output,
            frames,
        });
    }
    Ok(Exported { files, warnings })
}

/// A folder within `folder` that vanishes with what is left in it.
fn staging(folder: &Utf8Path) -> Result<(tempfile::TempDir, Utf8PathBuf), Error> {
    let failed = |error: std::io::Error| Error::io(format!("write into {folder}"), &error);
    let made = tempfile::Builder::new()
        .prefix(".export-")
        .tempdir_in(folder);
    let made = made.map_err(failed)?;
    let path = Utf8PathBuf::try_from(made.path().to_path_buf());
    let path = path.map_err(|error| failed(error.into_io_error()))?;
    Ok((made, path))
}

fn parts(session: &Arc<Session>, input: &ExportInput) -> Result<Vec<Part>, Error> {
    let range = input.from.unwrap_or(0)..input.to.unwrap_or(session.end());
    let found: Vec<Part> = match input.parts {
        ExportParts::Mix => vec![Part {
            name: session.name.clone(),
            session: session.clone(),
            range,
            region: None,
        }],
        ExportParts::Tracks => {
            let heard = session
                .tracks
                .iter()
                .filter(|track| session.is_heard(track));
            let alone = heard.filter(|track| !track.clips.is_empty()).map(|track| {
                Ok(Part {
                    name: format!("{}, {}", session.name, track.name),
                    session: Arc::new(alone(session, track.id)?),
                    range: range.clone(),
                    region: None,
                })
            });
            alone.collect::<Result<_, Error>>()?
        }
        ExportParts::Regions => {
            let regions = session.markers.iter().filter(|marker| marker.length > 0);
            regions
                .map(|region| Part {
                    name: format!("{}, {}", session.name, region.name),
                    session: session.clone(),
                    range: region.at..region.at + region.length,
                    region: Some(region.id),
                })
                .collect()
        }
    };
    if input.parts == ExportParts::Regions && (input.from.is_some() || input.to.is_some()) {
        let message =
            "regions are exported as they are; `from` and `to` are for the mix and tracks";
        return Err(Error::bad_input(message).field("/from"));
    }
    let Some(first) = found.first() else {
        let (what, hint) = match input.parts {
            ExportParts::Regions => ("region", "mark one on the timeline first"),
            _ => (
                "track that is heard",
                "add clips, or take mutes and solos off",
            ),
        };
        return Err(
            Error::bad_input(format!("`{}` has no {what}", session.name))
                .field("/parts")
                .hint(hint),
        );
    };
    if first.range.is_empty() {
        let message = format!(
            "there is nothing to export from sample {} to {}",
            first.range.start, first.range.end
        );
        return Err(Error::bad_input(message).field("/to"));
    }
    Ok(found)
}

/// The session with one track only, and nothing on the mix.
fn alone(session: &Session, track: studio_edit::TrackId) -> Result<Session, Error> {
    let others = session.tracks.iter().filter(|other| other.id != track);
    let mut edits: Vec<Edit> = others
        .map(|other| Edit::RemoveTrack { track: other.id })
        .collect();
    edits.push(Edit::SetEffects {
        track: None,
        effects: Chain::default(),
    });
    edits.push(Edit::SetAutomation {
        track: None,
        automation: Vec::new(),
    });
    edits.push(Edit::SetMix { gain_db: 0.0 });
    let change = Change {
        edits,
        ..Change::default()
    };
    let alone = session.apply(&change);
    alone.map_err(|error| Error::internal(error.to_string()))
}

/// Mixes a part into a file; how many samples, and what could not be kept.
fn write(
    cx: &JobContext,
    documents: &Documents,
    project: &Project,
    part: &Part,
    path: &Utf8Path,
    format: AudioFormat,
    cut_tail: bool,
) -> Result<(u64, Vec<String>), Error> {
    let own = part.session.rate;
    let rate = SampleRate::new(format.fitting_rate_hz(own.get()))
        .ok_or_else(|| Error::internal("a format without a rate"))?;
    let mut resampler = Resampler::new(own, rate, 2).map_err(unexpected)?;
    let (files, _) = Files::of(documents, project, &part.session);
    let mut mixer = Mixer::new(part.session.clone(), Box::new(files))
        .map_err(|error| Error::bad_input(error.to_string()))?;
    mixer.seek(part.range.start);
    // Of a range that ends before the session does, what follows is not an echo.
    let is_whole = part.range.end >= part.session.end();
    let end = match !cut_tail && is_whole {
        true => mixer.end().max(part.range.end),
        false => part.range.end,
    };
    let mut writer = AudioWriter::create_marked(path, format, rate, 2, &part.marks(end))?;
    let mut block = Audio::silence(own, 2, BLOCK);
    let mut out = Audio::silence(rate, 2, 0);
    let total = (end - part.range.start) as f64;
    while mixer.position() < end {
        cx.check()?;
        let done = (mixer.position() - part.range.start) as f64;
        cx.progress(&format!("Mixing {}", part.name), done / total);
        let count = usize::try_from(end - mixer.position())
            .unwrap_or(BLOCK)
            .min(BLOCK);
        if let [left, right] = &mut block.channels[..] {
            mixer.render(&mut left[..count], &mut right[..count]);
        }
        let slices: Vec<&[f32]> = block
            .channels
            .iter()
            .map(|channel| &channel[..count])
            .collect();
        resampler.feed(&slices, &mut out).map_err(unexpected)?;
        writer.write(&out)?;
        out.channels.iter_mut().for_each(Vec::clear);
    }
    resampler.finish(&mut out).map_err(unexpected)?;
    writer.write(&out)?;
    let written = writer.finish()?;
    let warnings = written.warnings.iter().map(ToString::to_string);
    Ok((written.frames, warnings.collect()))
}

/// A file name that none of the others has.
fn unused(names: &mut Vec<String>, name: &str, container: Container) -> String {
    let ending = container.extension();
    let numbered = (2..).map(|number| format!("{name} {number}.{ending}"));
    let all = std::iter::once(format!("{name}.{ending}")).chain(numbered);
    let name = all
        .into_iter()
        .find(|name| !names.contains(name))
        .unwrap_or_default();
    names.push(name.clone());
    name
}

fn unexpected(error: studio_dsp::resample::ResampleError) -> Error {
    Error::internal(error.to_string())
}
