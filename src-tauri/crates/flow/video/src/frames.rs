//! `video.frames`: pictures of a film as files.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::project_is_also;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_media::PictureReader;
use studio_store::Projects;

use crate::film::{Film, FilmInput};
use crate::pictures::{Pictures, VideoPicture, VideoPictureFormat};
use crate::scenes::{VideoSceneDetector, find_by};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.frames",
        "Extract frames",
        "Writes pictures of a film as PNG or JPEG files: every n-th frame, those at given times, or the first of \
         each scene.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoFramesInput| frames(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the pictures go without an `output_folder`"))]
struct VideoFramesInput {
    #[serde(flatten)]
    film: FilmInput,
    /// Take every n-th frame, from the first on.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000_000))]
    every: Option<u64>,
    /// Take the frames that are shown at these times, in seconds.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100_000), inner(range(min = 0.0)))]
    times_secs: Option<Vec<f64>>,
    /// Take the first frame of each scene, found in this way.
    #[serde(default)]
    at_scenes: Option<VideoSceneDetector>,
    /// Pixels; the height follows. Without it, the film's own size.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16_384))]
    width: Option<u32>,
    #[serde(default)]
    format: VideoPictureFormat,
    /// The most pictures to write; more is an error before the first is written.
    #[serde(default = "usual_limit")]
    #[schemars(range(min = 1, max = 100_000))]
    limit: u64,
    /// The folder to write into. It is made if only it is missing.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output_folder: Option<Utf8PathBuf>,
}

fn usual_limit() -> u64 {
    1000
}

#[derive(Serialize, JsonSchema)]
struct VideoFrames {
    /// In the order of the film, or of the times that were asked for.
    pictures: Vec<VideoPicture>,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
}

/// Which frames to take.
enum Choice {
    Every(u64),
    Times(Vec<f64>),
    Scenes(VideoSceneDetector),
}

fn frames(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoFramesInput,
) -> Result<VideoFrames, Error> {
    let begun = Instant::now();
    let choice = choice(input)?;
    let film = Film::open(projects, &input.film)?;
    let check_count = |count: u64, field: &str| {
        if count <= input.limit {
            return Ok(());
        }
        let message = format!(
            "that is {count} pictures, more than the limit of {}",
            input.limit
        );
        let error = Error::bad_input(message).field(field);
        Err(error.hint("take fewer, or raise `limit`"))
    };
    match &choice {
        Choice::Every(step) => check_count(film.frames.div_ceil(*step), "/every")?,
        Choice::Times(times) => {
            check_count(times.len() as u64, "/times_secs")?;
            for (n, secs) in times.iter().enumerate() {
                film.check_time(*secs, &format!("/times_secs/{n}"))?;
            }
        }
        Choice::Scenes(_) => {}
    }
    let (folder, project) = (
        input.output_folder.as_deref(),
        input.film.project.as_deref(),
    );
    let still = input.format.still();
    let mut pictures = Pictures::begin(projects, folder, project, &film, still)?;
    let mut reader = PictureReader::open(&film.source.path, input.width)
        .map_err(|error| Error::from(error).field("/width"))?;
    let (width, height) = reader.size();
    let (looking, writing) = match choice {
        Choice::Scenes(_) => (cx.part(0.0, 0.5), cx.part(0.5, 0.9)),
        _ => (cx.part(0.0, 0.0), cx.part(0.0, 0.9)),
    };
    match choice {
        Choice::Every(step) => every(&writing, &film, &mut reader, step, &mut pictures)?,
        Choice::Times(times) => at(&writing, &mut reader, &times, &mut pictures)?,
        Choice::Scenes(detector) => {
            let scenes = find_by(&looking, &film, detector)?.scenes;
            check_count(scenes.len() as u64, "/at_scenes")?;
            let times: Vec<f64> = scenes.iter().map(|scene| scene.start_secs).collect();
            at(&writing, &mut reader, &times, &mut pictures)?;
        }
    }
    let asked = json!({
        "every": input.every, "times_secs": input.times_secs, "at_scenes": input.at_scenes,
        "width": width, "format": input.format,
    });
    let made = film.source.made("video.frames", asked, begun);
    Ok(VideoFrames {
        pictures: pictures.deliver(&cx.part(0.9, 1.0), &film, &made)?,
        width,
        height,
    })
}

fn choice(input: &VideoFramesInput) -> Result<Choice, Error> {
    match (input.every, &input.times_secs, input.at_scenes) {
        (Some(step), None, None) => Ok(Choice::Every(step.max(1))),
        (None, Some(times), None) => Ok(Choice::Times(times.clone())),
        (None, None, Some(detector)) => Ok(Choice::Scenes(detector)),
        _ => Err(Error::bad_input(
            "say which frames to take by one of `every`, `times_secs` and `at_scenes`",
        )
        .field("/every")),
    }
}

fn every(
    cx: &JobContext,
    film: &Film,
    reader: &mut PictureReader,
    step: u64,
    pictures: &mut Pictures,
) -> Result<(), Error> {
    let mut frame = 0;
    while let Some((_, secs)) = reader.advance()? {
        cx.check()?;
        cx.progress("Writing pictures", secs / film.length_secs.max(1e-3));
        if frame % step == 0 {
            pictures.add(cx, &reader.picture()?)?;
        }
        frame += 1;
    }
    Ok(())
}

fn at(
    cx: &JobContext,
    reader: &mut PictureReader,
    times: &[f64],
    pictures: &mut Pictures,
) -> Result<(), Error> {
    for (n, secs) in times.iter().enumerate() {
        cx.progress("Writing pictures", n as f64 / times.len() as f64);
        pictures.add(cx, &reader.at(*secs)?)?;
    }
    Ok(())
}
