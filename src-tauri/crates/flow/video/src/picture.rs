//! `video.picture`: one picture of a film, to look at.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::{Bytes, Error, JobContext, MediaType, Operation};
use studio_media::{Look, PictureReader, jpeg};
use studio_store::Projects;

use crate::adjust::unchanged;
use crate::film::{Film, FilmInput};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.picture",
        "Show a picture of a film",
        "Answers the picture that a film shows at a time as a JPEG, on wish with the brightness and colours that \
         `video.adjust` would give it.",
    )
    .positional("path")
    .blocking(move |_cx: &JobContext, input: VideoPictureInput| picture(&projects, &input))
}

struct Jpeg;

impl MediaType for Jpeg {
    const NAME: &'static str = "image/jpeg";
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VideoPictureInput {
    #[serde(flatten)]
    film: FilmInput,
    /// The picture that is shown then.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    at_secs: f64,
    /// Pixels; the height follows. At most the film's own.
    #[serde(default = "usual_width")]
    #[schemars(range(min = 16, max = 16_384))]
    width: u32,
    /// As `video.adjust` takes it.
    #[serde(default)]
    #[schemars(range(min = -1.0, max = 1.0))]
    brightness: f64,
    /// As `video.adjust` takes it.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.0, max = 4.0))]
    contrast: f64,
    /// As `video.adjust` takes it.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.0, max = 3.0))]
    saturation: f64,
    /// As `video.adjust` takes it.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.1, max = 10.0))]
    gamma: f64,
}

fn usual_width() -> u32 {
    640
}

fn picture(projects: &Projects, input: &VideoPictureInput) -> Result<Bytes<Jpeg>, Error> {
    let film = Film::open(projects, &input.film)?;
    film.check_time(input.at_secs, "/at_secs")?;
    let look = Look {
        brightness: input.brightness,
        contrast: input.contrast,
        saturation: input.saturation,
        gamma: input.gamma,
    };
    let width = input.width.min(film.size.0);
    let mut reader = PictureReader::open_as(&film.source.path, Some(width), look)
        .map_err(|error| Error::from(error).field("/width"))?;
    let picture = reader.at(input.at_secs)?;
    let bytes = jpeg(&picture.rgba, picture.width, picture.height)?;
    Ok(Bytes::new(bytes))
}
