//! Many pictures as one result: all of them appear, or none.

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::Destination;
use studio_core::{Error, JobContext};
use studio_media::{Picture, StillFormat, write_still};
use studio_store::{Projects, Provenance};
use tempfile::TempDir;

use crate::film::Film;

/// Format of single pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VideoPictureFormat {
    /// Without loss.
    #[default]
    Png,
    /// A fifth of the size, hardly to be told from the original.
    Jpeg,
}

impl VideoPictureFormat {
    pub(crate) fn still(self) -> StillFormat {
        match self {
            VideoPictureFormat::Png => StillFormat::Png,
            VideoPictureFormat::Jpeg => StillFormat::Jpeg,
        }
    }
}

/// A picture of a film that was written.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct VideoPicture {
    pub(crate) path: String,
    /// Id of the new asset, if it went into a project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) asset: Option<String>,
    /// The frame, from 0, counted at the film's rate: where that varies, only the time is exact.
    pub(crate) index: u64,
    /// When it appears in the film.
    pub(crate) time_secs: f64,
}

/// Pictures on their way into a folder or a project.
pub(crate) struct Pictures {
    place: Place,
    format: StillFormat,
    stem: String,
    waiting: Vec<Waiting>,
}

enum Place {
    Folder {
        folder: Utf8PathBuf,
        /// Beside their final places, so that a rename is enough.
        staging: TempDir,
        /// The folder was not there before.
        new: bool,
    },
    Project(Destination),
}

struct Waiting {
    name: String,
    written: Utf8PathBuf,
    index: u64,
    time_secs: f64,
}

impl Pictures {
    /// Into `folder`, which is made if only it is missing, or else into `project`.
    pub(crate) fn begin(
        projects: &Projects,
        folder: Option<&Utf8Path>,
        project: Option<&str>,
        film: &Film,
        format: StillFormat,
    ) -> Result<Pictures, Error> {
        let place = match (folder, project) {
            (Some(folder), _) => stage(folder)?,
            (None, Some(project)) => Place::Project(Destination::Asset(projects.get(project)?)),
            (None, None) => {
                return Err(Error::bad_input(
                    "nowhere to put the pictures: give an `output_folder` or a `project`",
                )
                .field("/output_folder"));
            }
        };
        Ok(Pictures {
            place,
            format,
            stem: studio_store::folder_name(film.source.stem()),
            waiting: Vec::new(),
        })
    }

    /// Writes a picture where nobody looks yet.
    pub(crate) fn add(&mut self, cx: &JobContext, picture: &Picture) -> Result<(), Error> {
        cx.check()?;
        let (name, is_new) = self.name(picture);
        let folder = match &self.place {
            Place::Folder { staging, .. } => Utf8Path::from_path(staging.path())
                .ok_or_else(|| Error::internal("the temporary folder is not UTF-8"))?
                .to_owned(),
            Place::Project(_) => cx.scratch()?,
        };
        let written = folder.join(&name);
        if is_new {
            let Picture {
                width,
                height,
                rgba,
                ..
            } = picture;
            write_still(&written, self.format, rgba, *width, *height)?;
        }
        self.waiting.push(Waiting {
            name,
            written,
            index: picture.index,
            time_secs: picture.time_secs,
        });
        Ok(())
    }

    /// What a picture's file is called, and whether it is not written yet. Where a film's frame rate varies,
    /// several pictures may come to the same frame.
    fn name(&self, picture: &Picture) -> (String, bool) {
        let mut twins: Vec<&Waiting> = Vec::new();
        for other in self.waiting.iter().filter(|it| it.index == picture.index) {
            if other.time_secs.total_cmp(&picture.time_secs).is_eq() {
                return (other.name.clone(), false);
            }
            if twins.iter().all(|twin| twin.name != other.name) {
                twins.push(other);
            }
        }
        let twin = match twins.len() {
            0 => String::new(),
            count => format!("-{}", count + 1),
        };
        let (stem, extension) = (&self.stem, self.format.extension());
        let name = format!("{stem}-{:06}{twin}.{extension}", picture.index);
        (name, true)
    }

    /// Moves all pictures to their places, in the order in which they were added.
    pub(crate) fn deliver(
        self,
        cx: &JobContext,
        film: &Film,
        made: &Provenance,
    ) -> Result<Vec<VideoPicture>, Error> {
        cx.check()?;
        match &self.place {
            Place::Folder { folder, .. } => publish(&self.waiting, folder),
            Place::Project(destination) => {
                let mut delivered: Vec<VideoPicture> = Vec::new();
                let total = self.waiting.len().max(1) as f64;
                for (n, waiting) in self.waiting.iter().enumerate() {
                    let step = cx.part(n as f64 / total, (n + 1) as f64 / total);
                    let result = import(&step, destination, waiting, film, made, &delivered);
                    match result {
                        Ok(picture) => delivered.push(picture),
                        Err(error) => {
                            take_back(destination, &delivered);
                            return Err(error);
                        }
                    }
                }
                Ok(delivered)
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Place::Folder {
            folder,
            staging,
            new: true,
        } = self
        {
            // Only an empty folder goes: after a delivery the pictures are in it.
            let _ = std::fs::remove_dir_all(staging.path());
            let _ = std::fs::remove_dir(folder);
        }
    }
}

fn stage(folder: &Utf8Path) -> Result<Place, Error> {
    let wrong = |error: std::io::Error| {
        Error::io(format!("make the folder {folder}"), &error).field("/output_folder")
    };
    if folder.exists() && !folder.is_dir() {
        return Err(
            Error::bad_input(format!("{folder} is a file, not a folder")).field("/output_folder"),
        );
    }
    let new = !folder.exists();
    if new {
        std::fs::create_dir(folder).map_err(wrong)?;
    }
    let staging = tempfile::Builder::new()
        .prefix(".pictures-")
        .tempdir_in(folder);
    if staging.is_err() && new {
        let _ = std::fs::remove_dir(folder);
    }
    Ok(Place::Folder {
        folder: folder.to_owned(),
        staging: staging.map_err(wrong)?,
        new,
    })
}

fn publish(waiting: &[Waiting], folder: &Utf8Path) -> Result<Vec<VideoPicture>, Error> {
    let mut pictures: Vec<VideoPicture> = Vec::with_capacity(waiting.len());
    for picture in waiting {
        let target = folder.join(&picture.name);
        // A frame that was asked for twice is there already.
        if picture.written.exists()
            && let Err(error) = std::fs::rename(&picture.written, &target)
        {
            for moved in &pictures {
                let _ = std::fs::remove_file(&moved.path);
            }
            return Err(Error::io(format!("write {target}"), &error));
        }
        pictures.push(VideoPicture {
            path: target.into_string(),
            asset: None,
            index: picture.index,
            time_secs: picture.time_secs,
        });
    }
    Ok(pictures)
}

fn import(
    cx: &JobContext,
    destination: &Destination,
    waiting: &Waiting,
    film: &Film,
    made: &Provenance,
    delivered: &[VideoPicture],
) -> Result<VideoPicture, Error> {
    // A frame that was asked for twice is one asset.
    let is_same = |other: &&VideoPicture| other.time_secs.total_cmp(&waiting.time_secs).is_eq();
    if let Some(same) = delivered.iter().find(is_same) {
        return Ok(same.clone());
    }
    let output = destination.clone().deliver(
        cx,
        &waiting.written,
        &waiting.name,
        Some(&film.source),
        made.clone(),
    )?;
    Ok(VideoPicture {
        path: output.path,
        asset: output.asset,
        index: waiting.index,
        time_secs: waiting.time_secs,
    })
}

fn take_back(destination: &Destination, delivered: &[VideoPicture]) {
    if let Destination::Asset(project) = destination {
        for asset in delivered
            .iter()
            .filter_map(|picture| picture.asset.as_deref())
        {
            let _ = project.assets().remove(asset);
        }
    }
}
