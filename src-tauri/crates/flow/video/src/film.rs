//! What all operations on a film share: its facts, where results go, and how progress is told.

use std::ops::ControlFlow;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::{Destination, Source};
use studio_core::units::FrameRate;
use studio_core::{Error, JobContext};
use studio_media::{FilmFormat, Orientation, PictureReader};
use studio_store::Projects;

/// Which film an operation reads. Inputs flatten it, but not these words.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(description = "")]
pub(crate) struct FilmInput {
    /// The film to read, unless an asset is named.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    path: Option<Utf8PathBuf>,
    /// The asset's project: its folder, id or name.
    #[serde(default)]
    pub(crate) project: Option<String>,
    /// The asset to read, by id.
    #[serde(default)]
    asset: Option<String>,
}

impl FilmInput {
    /// The field that names the film, for errors.
    pub(crate) fn field(&self) -> &'static str {
        match self.path {
            Some(_) => "/path",
            None => "/asset",
        }
    }
}

/// A film to work on.
pub(crate) struct Film {
    pub(crate) source: Source,
    pub(crate) rate: FrameRate,
    /// By its header.
    pub(crate) frames: u64,
    /// Of its pictures, by its header.
    pub(crate) length_secs: f64,
    /// Pixels, as shown.
    pub(crate) size: (u32, u32),
    pub(crate) orientation: Orientation,
}

impl Film {
    /// The film that `input` names. Errors point at the field.
    pub(crate) fn open(projects: &Projects, input: &FilmInput) -> Result<Film, Error> {
        let source = studio_assets::source(
            projects,
            input.path.as_deref(),
            input.project.as_deref(),
            input.asset.as_deref(),
        )?;
        let reader = PictureReader::open(&source.path, None)
            .map_err(|error| Error::from(error).field(input.field()))?;
        let rate = reader.frame_rate();
        Ok(Film {
            rate,
            frames: reader.frames(),
            length_secs: rate.secs_from_frames(reader.frames()),
            size: reader.size(),
            orientation: reader.orientation(),
            source,
        })
    }

    /// Fails where `secs` is not within the film.
    pub(crate) fn check_time(&self, secs: f64, field: &str) -> Result<(), Error> {
        if secs < self.length_secs {
            return Ok(());
        }
        Err(self.past_end(secs, field))
    }

    pub(crate) fn past_end(&self, secs: f64, field: &str) -> Error {
        let length = self.length_secs;
        Error::bad_input(format!(
            "{secs} s is past the end of the film, {length:.3} s"
        ))
        .field(field)
    }

    /// A warning where the pictures ended before the header's, or the asked, end.
    pub(crate) fn short_of(&self, to: Option<f64>, end_secs: f64) -> Option<String> {
        let expected = to.map_or(self.length_secs, |to| to.min(self.length_secs));
        // Headers round, and may count a frame that is none.
        let missing = expected - end_secs > 2.0 * self.rate.secs_from_frames(1);
        missing.then(|| {
            format!("the film breaks off at {end_secs:.3} s of {expected:.3} s; what came before was kept")
        })
    }
}

/// The container that the output's ending asks for; `usual` for an asset.
pub(crate) fn container(destination: &Destination, usual: FilmFormat) -> Result<FilmFormat, Error> {
    let Destination::File(path) = destination else {
        return Ok(usual);
    };
    let ending = path.extension().unwrap_or_default();
    FilmFormat::from_extension(ending).ok_or_else(|| {
        Error::bad_input(format!("`{path}` has no ending of a film that we write"))
            .field("/output")
            .hint("use mp4, mov or mkv")
    })
}

/// As [`container`], for films that are encoded here.
pub(crate) fn encoded_container(destination: &Destination) -> Result<FilmFormat, Error> {
    let format = container(destination, FilmFormat::Mp4)?;
    if format.is_encoded() {
        return Ok(format);
    }
    let extension = format.extension();
    Err(Error::bad_input(format!(
        "films are encoded as H.264 and AAC, which we do not put into {extension}"
    ))
    .field("/output")
    .hint("use mp4, mov or mkv"))
}

/// Passes progress on and stops the work when the run is cancelled.
pub(crate) fn report(cx: &JobContext, stage: &'static str) -> impl FnMut(f64) -> ControlFlow<()> {
    move |share| {
        cx.progress(stage, share);
        match cx.cancel().is_raised() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
