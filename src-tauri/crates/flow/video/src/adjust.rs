//! `video.adjust`: brightness, colour, speed, size, a steady picture.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output, project_is_also};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_media::{Look, Recode, recode};
use studio_store::Projects;

use crate::film::{Film, FilmInput, encoded_container, report};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.adjust",
        "Adjust a film",
        "Changes a film's brightness, contrast, saturation, gamma, speed or size, or takes the trembling out. The \
         sound keeps its pitch at any speed.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoAdjustInput| adjust(cx, &projects, &input))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the result goes without an `output`"))]
struct VideoAdjustInput {
    #[serde(flatten)]
    film: FilmInput,
    /// Added to the brightness, as a share of full white.
    #[serde(default)]
    #[schemars(range(min = -1.0, max = 1.0))]
    brightness: f64,
    /// Factor of the brightness around its middle.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.0, max = 4.0))]
    contrast: f64,
    /// Factor of the colours' strength: 0 is black and white.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.0, max = 3.0))]
    saturation: f64,
    /// Above 1, dark tones become lighter.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.1, max = 10.0))]
    gamma: f64,
    /// How many times as fast. The frame rate stays, and so does the sound's pitch.
    #[serde(default = "unchanged")]
    #[schemars(range(min = 0.25, max = 4.0))]
    speed: f64,
    /// Width to write, in even pixels. With `height`, the picture is stretched to fit.
    #[serde(default)]
    #[schemars(range(min = 2, max = 7680), extend("multipleOf" = 2))]
    width: Option<u32>,
    /// Height to write, in even pixels.
    #[serde(default)]
    #[schemars(range(min = 2, max = 7680), extend("multipleOf" = 2))]
    height: Option<u32>,
    /// Take out the trembling of a camera in the hand.
    #[serde(default)]
    stabilise: bool,
    /// The file to write. Its ending chooses the container: mp4, mov or mkv.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
}

pub(crate) fn unchanged() -> f64 {
    1.0
}

#[derive(Serialize, JsonSchema)]
struct VideoAdjusted {
    output: Output,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
    /// Pictures.
    frames: u64,
    /// Of the pictures that were written.
    duration_secs: f64,
    /// Damage of the source.
    warnings: Vec<String>,
}

/// Longest side that is written, in pixels: 8K.
const MOST_SIDE: u32 = 7680;

fn adjust(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoAdjustInput,
) -> Result<VideoAdjusted, Error> {
    let begun = Instant::now();
    let wanted = Recode {
        look: Look {
            brightness: input.brightness,
            contrast: input.contrast,
            saturation: input.saturation,
            gamma: input.gamma,
        },
        speed: input.speed,
        width: input.width,
        height: input.height,
        stabilise: input.stabilise,
        ..Recode::default()
    };
    if wanted == Recode::default() {
        return Err(Error::bad_input("nothing to adjust: every setting is neutral")
            .hint("give at least one of brightness, contrast, saturation, gamma, speed, width, height and stabilise"));
    }
    let film = Film::open(projects, &input.film)?;
    check_size(input, film.size)?;
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.film.project.as_deref(),
        Some(&film.source),
    )?;
    let format = encoded_container(&destination)?;
    let name = format!("{}, adjusted.{}", film.source.stem(), format.extension());
    let written = destination.path(cx, &name)?;
    let work = cx.part(0.0, 0.9);
    let source = &film.source.path;
    let result = recode(source, &written, format, &wanted, report(&work, "Encoding"))?;
    let asked = json!({
        "brightness": input.brightness, "contrast": input.contrast, "saturation": input.saturation,
        "gamma": input.gamma, "speed": input.speed, "width": input.width, "height": input.height,
        "stabilise": input.stabilise,
    });
    let made = film.source.made("video.adjust", asked, begun);
    let source = Some(&film.source);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, source, made)?;
    Ok(VideoAdjusted {
        output,
        width: result.width,
        height: result.height,
        frames: result.frames,
        duration_secs: film.rate.secs_from_frames(result.frames),
        warnings: film.short_of(None, result.end_secs).into_iter().collect(),
    })
}

/// The side that follows must be one that can be written, too.
fn check_size(input: &VideoAdjustInput, (width, height): (u32, u32)) -> Result<(), Error> {
    let follows =
        |side: u32, of: u32, by: u32| u64::from(side) * u64::from(of) / u64::from(by.max(1));
    let (field, other) = match (input.width, input.height) {
        (Some(side), None) => ("/width", follows(side, height, width)),
        (None, Some(side)) => ("/height", follows(side, width, height)),
        _ => return Ok(()),
    };
    if other <= u64::from(MOST_SIDE) {
        return Ok(());
    }
    let message = format!("the other side would have {other} pixels, more than {MOST_SIDE}");
    Err(Error::bad_input(message).field(field))
}
