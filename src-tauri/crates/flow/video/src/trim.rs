//! `video.trim`: a stretch of a film.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output, project_is_also};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_media::{FilmFormat, Recode, copy_range, recode};
use studio_store::Projects;

use crate::film::{Film, FilmInput, container, encoded_container, report};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.trim",
        "Trim a film",
        "Writes a stretch of a film: exact to the frame and encoded again, or copied as it is, which is fast and \
         begins at the key frame before.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoTrimInput| trim(cx, &projects, &input))
}

/// How a stretch is cut out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum VideoTrimMode {
    /// To the frame; pictures and sound are encoded again as H.264 and AAC.
    #[default]
    Exact,
    /// Nothing is encoded again: it begins at the key frame at or before the asked time.
    Copy,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the result goes without an `output`"))]
struct VideoTrimInput {
    #[serde(flatten)]
    film: FilmInput,
    /// Begin with the picture shown then, in seconds: the film's first without it.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    from_secs: Option<f64>,
    /// End before the picture that appears then, in seconds: with the film's last without it.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    to_secs: Option<f64>,
    #[serde(default)]
    mode: VideoTrimMode,
    /// The file to write. Its ending chooses the container: mp4, mov or mkv; webm, ts and avi for copies.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

#[derive(Serialize, JsonSchema)]
struct VideoTrimmed {
    output: Output,
    /// Where the result really begins in the source, in seconds: before what was asked for when it was copied.
    start_secs: f64,
    /// Where its last picture really ends in the source, in seconds.
    end_secs: f64,
    /// Pictures.
    frames: u64,
    /// What is not as asked for.
    warnings: Vec<String>,
}

fn trim(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoTrimInput,
) -> Result<VideoTrimmed, Error> {
    let begun = Instant::now();
    let film = Film::open(projects, &input.film)?;
    let (from, to) = range(&film, input.from_secs, input.to_secs)?;
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.film.project.as_deref(),
        Some(&film.source),
    )?;
    let format = match input.mode {
        VideoTrimMode::Exact => encoded_container(&destination)?,
        VideoTrimMode::Copy => container(&destination, own_container(&film))?,
    };
    let name = format!("{}, trimmed.{}", film.source.stem(), format.extension());
    let written = destination.path(cx, &name)?;
    let work = cx.part(0.0, 0.9);
    let path = &film.source.path;
    let mut warnings = Vec::new();
    let (start_secs, end_secs, frames) = match input.mode {
        VideoTrimMode::Exact => {
            let wanted = Recode {
                from_secs: from,
                to_secs: to,
                ..Recode::default()
            };
            let made = recode(path, &written, format, &wanted, report(&work, "Encoding"))?;
            (made.start_secs, made.end_secs, made.frames)
        }
        VideoTrimMode::Copy => {
            let made = copy_range(path, &written, format, from, to, report(&work, "Copying"))?;
            if from - made.start_secs > film.rate.secs_from_frames(1) {
                warnings.push(format!(
                    "it begins at {:.3} s, at the key frame before {from:.3} s",
                    made.start_secs
                ));
            }
            if made.left_away > 0 {
                warnings.push(format!(
                    "{} streams that are neither picture nor sound were left away",
                    made.left_away
                ));
            }
            (made.start_secs, made.end_secs, made.frames)
        }
    };
    warnings.extend(film.short_of(to, end_secs));
    let asked = json!({ "from_secs": from, "to_secs": to, "mode": input.mode });
    let made = film.source.made("video.trim", asked, begun);
    let source = Some(&film.source);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, source, made)?;
    Ok(VideoTrimmed {
        output,
        start_secs,
        end_secs,
        frames,
        warnings,
    })
}

pub(crate) fn range(
    film: &Film,
    from: Option<f64>,
    to: Option<f64>,
) -> Result<(f64, Option<f64>), Error> {
    if from.is_none() && to.is_none() {
        return Err(
            Error::bad_input("nothing to trim: give `from_secs`, `to_secs` or both")
                .field("/from_secs"),
        );
    }
    let start = from.unwrap_or(0.0);
    film.check_time(start, "/from_secs")?;
    let Some(end) = to else {
        return Ok((start, None));
    };
    if end <= start {
        let message = format!("the range from {start} s to {end} s is empty");
        return Err(Error::bad_input(message).field("/to_secs"));
    }
    // Lengths are told rounded: the end itself is no mistake.
    film.check_time(end - film.rate.secs_from_frames(1), "/to_secs")
        .map_err(|_| film.past_end(end, "/to_secs"))?;
    Ok((start, Some(end)))
}

fn own_container(film: &Film) -> FilmFormat {
    let path = &film.source.path;
    let named = camino::Utf8Path::new(&film.source.name).extension();
    path.extension()
        .or(named)
        .and_then(FilmFormat::from_extension)
        .unwrap_or(FilmFormat::Mkv)
}
