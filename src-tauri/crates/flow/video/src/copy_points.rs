//! `video.copy_points`: where a copy would begin and end.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, JobContext, Operation};
use studio_media::copy_points;
use studio_store::Projects;

use crate::film::{Film, FilmInput};
use crate::trim::range;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.copy_points",
        "Find where a copy begins",
        "Tells where a stretch of a film would really begin and end if `video.trim` copied it: a copy begins at a \
         key frame.",
    )
    .positional("path")
    .blocking(move |_cx: &JobContext, input: VideoCopyPointsInput| points(&projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VideoCopyPointsInput {
    #[serde(flatten)]
    film: FilmInput,
    /// As `video.trim` takes it.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    from_secs: Option<f64>,
    /// As `video.trim` takes it.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    to_secs: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct VideoCopyPoints {
    /// The key frame at or before the asked time.
    start_secs: f64,
    /// Where the last picture ends.
    end_secs: f64,
}

fn points(projects: &Projects, input: &VideoCopyPointsInput) -> Result<VideoCopyPoints, Error> {
    let film = Film::open(projects, &input.film)?;
    let (from, to) = range(&film, input.from_secs, input.to_secs)?;
    let found = copy_points(&film.source.path, from, to)?;
    Ok(VideoCopyPoints {
        start_secs: found.start_secs,
        end_secs: found.end_secs,
    })
}
