//! `movie.picture`: one base image as a PNG, from the cache or painted now.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use studio_core::{Bytes, Error, JobContext, MediaType, Operation};
use studio_film::{graph, parse};
use studio_paint::{PaintOptions, paint};
use studio_store::Projects;

use crate::film::plan_of;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "movie.picture",
        "Show a picture of a film",
        "Paints one base image of a film or plan as a PNG.",
    )
    .positional("image")
    .blocking(move |_cx: &JobContext, input: PictureInput| {
        let plan = match (&input.project, &input.film, &input.plan) {
            (Some(project), Some(film), None) => {
                plan_of(&projects.get(project)?.films().get(film)?)?
            }
            (None, None, Some(plan)) => parse(&plan.to_string())
                .map_err(|error| Error::bad_input(error.to_string()).field("/plan"))?,
            _ => {
                return Err(
                    Error::bad_input("give a `project` and a `film`, or a `plan`").field("/film"),
                );
            }
        };
        let Some(i) = plan
            .base_images
            .iter()
            .position(|image| image.id == input.image)
        else {
            return Err(
                Error::not_found(format!("there is no base image `{}`", input.image))
                    .field("/image"),
            );
        };
        let options = PaintOptions {
            width: input.width,
            height: (input.width * 9 / 16).max(1),
            seed: graph::image_seed(&plan, i),
        };
        let painting = paint(&plan.base_images[i].prompt, &options)
            .map_err(|error| Error::bad_input(error.to_string()).field("/width"))?;
        let png = studio_media::png(&painting.flatten(), painting.width, painting.height)?;
        Ok(Bytes::<Png>::new(png))
    })
}

struct Png;

impl MediaType for Png {
    const NAME: &'static str = "image/png";
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PictureInput {
    /// The project's folder, id or name.
    #[serde(default)]
    project: Option<String>,
    /// The film's id.
    #[serde(default)]
    film: Option<String>,
    /// A plan, instead of a film.
    #[serde(default)]
    plan: Option<Value>,
    /// Id of the base image.
    #[schemars(length(min = 1))]
    image: String,
    /// Pixels; the height follows at 16:9.
    #[serde(default = "preview")]
    #[schemars(range(min = 16, max = 3840))]
    width: u32,
}

fn preview() -> u32 {
    640
}
