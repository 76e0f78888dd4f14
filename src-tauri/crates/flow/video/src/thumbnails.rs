//! `video.thumbnails`: small pictures, evenly spread over a film.

use std::sync::Arc;
use std::time::Instant;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use studio_assets::{Destination, Output, project_is_also};
use studio_core::{Error, JobContext, Operation, Resource};
use studio_media::{PictureReader, StillFormat, write_still};
use studio_store::Projects;

use self::sheet::Sheet;
use crate::film::{Film, FilmInput};
use crate::pictures::{Pictures, VideoPicture, VideoPictureFormat};

mod sheet;

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.thumbnails",
        "Make thumbnails",
        "Takes pictures that are evenly spread over a film: one contact sheet, or single files.",
    )
    .job(Resource::Cpu)
    .writes()
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoThumbnailsInput| thumbnails(cx, &projects, &input))
}

/// What the thumbnails become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum VideoThumbnailLayout {
    /// One picture with all of them in rows.
    #[default]
    Sheet,
    /// A file for each.
    Single,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = project_is_also("where the pictures go without an `output` or `output_folder`"))]
struct VideoThumbnailsInput {
    #[serde(flatten)]
    film: FilmInput,
    /// How many pictures.
    #[serde(default = "usual_count")]
    #[schemars(range(min = 1, max = 400))]
    count: u32,
    #[serde(default)]
    layout: VideoThumbnailLayout,
    /// Pictures in a row of the sheet; without it, as many as there are rows, or one more.
    #[serde(default)]
    #[schemars(range(min = 1, max = 400))]
    columns: Option<u32>,
    /// Width of one picture, in pixels; the height follows.
    #[serde(default = "usual_width")]
    #[schemars(range(min = 16, max = 4096))]
    width: u32,
    /// Between the pictures of a sheet and around them, in pixels.
    #[serde(default = "usual_gap")]
    #[schemars(range(max = 256))]
    gap: u32,
    /// Format of single pictures, and of a sheet in a project; a sheet's file has that of its ending.
    #[serde(default)]
    format: VideoPictureFormat,
    /// The sheet's file: png or jpg.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output: Option<Utf8PathBuf>,
    /// The folder for single pictures. It is made if only it is missing.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    output_folder: Option<Utf8PathBuf>,
}

fn usual_count() -> u32 {
    16
}

fn usual_width() -> u32 {
    320
}

fn usual_gap() -> u32 {
    8
}

#[derive(Serialize, JsonSchema)]
struct VideoThumbnails {
    /// The sheet, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Output>,
    /// Single pictures; on a sheet, their places in the film, row by row.
    pictures: Vec<VideoThumbnail>,
    /// Pixels of the sheet, or of each picture.
    width: u32,
    /// Pixels of the sheet, or of each picture.
    height: u32,
}

#[derive(Serialize, JsonSchema)]
struct VideoThumbnail {
    /// Its file, if it has its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// Id of the new asset, if it went into a project by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    asset: Option<String>,
    /// The frame, from 0.
    index: u64,
    /// When it appears in the film.
    time_secs: f64,
}

impl From<VideoPicture> for VideoThumbnail {
    fn from(picture: VideoPicture) -> VideoThumbnail {
        VideoThumbnail {
            path: Some(picture.path),
            asset: picture.asset,
            index: picture.index,
            time_secs: picture.time_secs,
        }
    }
}

fn thumbnails(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoThumbnailsInput,
) -> Result<VideoThumbnails, Error> {
    let begun = Instant::now();
    check_destination(input)?;
    let film = Film::open(projects, &input.film)?;
    let reader = PictureReader::open(&film.source.path, Some(input.width))
        .map_err(|error| Error::from(error).field("/width"))?;
    match input.layout {
        VideoThumbnailLayout::Sheet => one_sheet(cx, projects, input, &film, reader, begun),
        VideoThumbnailLayout::Single => single(cx, projects, input, &film, reader, begun),
    }
}

fn check_destination(input: &VideoThumbnailsInput) -> Result<(), Error> {
    let (given, field, instead) = match input.layout {
        VideoThumbnailLayout::Sheet => (
            &input.output_folder,
            "/output_folder",
            "a sheet goes into an `output` file",
        ),
        VideoThumbnailLayout::Single => (
            &input.output,
            "/output",
            "single pictures go into an `output_folder`",
        ),
    };
    match given {
        Some(_) => Err(Error::bad_input(instead).field(field)),
        None => Ok(()),
    }
}

/// The middles of as many equal stretches of the film.
fn times(film: &Film, count: u32) -> impl Iterator<Item = (f64, f64)> {
    let length = film.length_secs;
    let count = f64::from(count);
    (0..count as u32).map(move |n| {
        let share = (f64::from(n) + 0.5) / count;
        (share, share * length)
    })
}

fn one_sheet(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoThumbnailsInput,
    film: &Film,
    mut reader: PictureReader,
    begun: Instant,
) -> Result<VideoThumbnails, Error> {
    let source = Some(&film.source);
    let destination = Destination::choose(
        projects,
        input.output.as_deref(),
        input.film.project.as_deref(),
        source,
    )?;
    let format = still(&destination, input.format)?;
    let mut sheet = Sheet::new(reader.size(), input.count, input.columns, input.gap)?;
    let name = format!(
        "{}, contact sheet.{}",
        film.source.stem(),
        format.extension()
    );
    let written = destination.path(cx, &name)?;
    let mut pictures = Vec::new();
    for (share, secs) in times(film, input.count) {
        cx.check()?;
        cx.progress("Taking pictures", share * 0.8);
        let picture = reader.at(secs)?;
        sheet.put(&picture);
        pictures.push(VideoThumbnail {
            path: None,
            asset: None,
            index: picture.index,
            time_secs: picture.time_secs,
        });
    }
    let (width, height) = sheet.size();
    write_still(&written, format, sheet.rgba(), width, height)?;
    let asked = json!({ "count": input.count, "columns": input.columns, "width": input.width, "gap": input.gap });
    let made = film.source.made("video.thumbnails", asked, begun);
    let output = destination.deliver(&cx.part(0.9, 1.0), &written, &name, source, made)?;
    Ok(VideoThumbnails {
        output: Some(output),
        pictures,
        width,
        height,
    })
}

fn single(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoThumbnailsInput,
    film: &Film,
    mut reader: PictureReader,
    begun: Instant,
) -> Result<VideoThumbnails, Error> {
    let (folder, project) = (
        input.output_folder.as_deref(),
        input.film.project.as_deref(),
    );
    let mut pictures = Pictures::begin(projects, folder, project, film, input.format.still())?;
    for (share, secs) in times(film, input.count) {
        cx.progress("Taking pictures", share * 0.9);
        pictures.add(cx, &reader.at(secs)?)?;
    }
    let asked = json!({ "count": input.count, "width": input.width, "format": input.format });
    let made = film.source.made("video.thumbnails", asked, begun);
    let delivered = pictures.deliver(&cx.part(0.9, 1.0), film, &made)?;
    let (width, height) = reader.size();
    Ok(VideoThumbnails {
        output: None,
        pictures: delivered.into_iter().map(VideoThumbnail::from).collect(),
        width,
        height,
    })
}

fn still(destination: &Destination, usual: VideoPictureFormat) -> Result<StillFormat, Error> {
    let Destination::File(path) = destination else {
        return Ok(usual.still());
    };
    StillFormat::from_extension(path.extension().unwrap_or_default()).ok_or_else(|| {
        Error::bad_input(format!("`{path}` has no ending of a picture that we write"))
            .field("/output")
            .hint("use png or jpg")
    })
}
