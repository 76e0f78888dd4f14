//! Where a result goes: a file that the user named, or a new asset of a project.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, JobContext};
use studio_media::Container;
use studio_store::{ImportMode, Privacy, Project, Projects, Provenance};

use crate::import::{Origin, import};
use crate::source::Source;

/// Decided before the work begins, so that a wrong destination costs no time.
#[derive(Clone)]
pub enum Destination {
    File(Utf8PathBuf),
    Asset(Arc<Project>),
}

/// Where a result is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    pub path: String,
    /// Id of the new asset, if the result went into a project.
    pub asset: Option<String>,
}

impl Destination {
    /// The file `output`, or else an asset of `project`. Nothing may overwrite its own source.
    pub fn choose(
        projects: &Projects,
        output: Option<&Utf8Path>,
        project: Option<&str>,
        source: Option<&Source>,
    ) -> Result<Destination, Error> {
        let Some(output) = output else {
            let project = project.ok_or_else(|| {
                Error::bad_input("nowhere to put the result: give an `output` file or a `project`")
                    .field("/output")
            })?;
            return Ok(Destination::Asset(projects.get(project)?));
        };
        if output.is_dir() {
            return Err(
                Error::bad_input(format!("{output} is a folder; name a file in it"))
                    .field("/output"),
            );
        }
        let folder = output.parent().filter(|folder| !folder.as_str().is_empty());
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            return Err(
                Error::not_found(format!("the folder {folder} does not exist"))
                    .field("/output")
                    .hint("create it first, or choose another place"),
            );
        }
        if source.is_some_and(|source| is_same_file(&source.path, output)) {
            return Err(
                Error::bad_input(format!("{output} cannot be written over itself"))
                    .field("/output")
                    .hint("choose another name; sources are never changed"),
            );
        }
        Ok(Destination::File(output.to_owned()))
    }

    /// Where a part of the result goes: into a file beside it, with `tag` before its ending, or into the
    /// same project.
    pub fn part(&self, tag: &str) -> Destination {
        match self {
            Destination::File(path) => {
                let stem = path.file_stem().unwrap_or_default();
                let ending = path
                    .extension()
                    .map_or(String::new(), |ending| format!(".{ending}"));
                Destination::File(path.with_file_name(format!("{stem}.{tag}{ending}")))
            }
            Destination::Asset(project) => Destination::Asset(project.clone()),
        }
    }

    /// The format of a sound that goes there, as [`sound_format`] chooses it.
    pub fn sound_format(&self, asked: Option<Container>) -> Result<Container, Error> {
        match self {
            Destination::File(path) => sound_format(asked, Some(path)),
            Destination::Asset(_) => sound_format(asked, None),
        }
    }

    /// Where to write the result that shall be called `name`.
    pub fn path(&self, cx: &JobContext, name: &str) -> Result<Utf8PathBuf, Error> {
        match self {
            Destination::File(path) => Ok(path.clone()),
            Destination::Asset(_) => Ok(cx.scratch()?.join(studio_store::folder_name(name))),
        }
    }

    /// Hands over what was written to [`Destination::path`].
    pub fn deliver(
        self,
        cx: &JobContext,
        written: &Utf8Path,
        name: &str,
        source: Option<&Source>,
        made: Provenance,
    ) -> Result<Output, Error> {
        match self {
            Destination::File(path) => Ok(Output {
                path: path.into_string(),
                asset: None,
            }),
            Destination::Asset(project) => {
                let own = source.and_then(|source| source.asset.as_ref());
                let origin = Origin {
                    name: Some(name.to_owned()),
                    derived_from: own.map(|(_, asset)| asset.id.clone()),
                    made: Some(made),
                    passing: true,
                    privacy: Privacy::MayLeave,
                };
                let asset = import(cx, &project, written, ImportMode::Copy, origin)?;
                let stored = project.artifacts().get(&asset.facts.digest)?;
                let path = stored.map_or_else(String::new, |artifact| {
                    project.artifacts().path(&artifact).into_string()
                });
                Ok(Output {
                    path,
                    asset: Some(asset.id),
                })
            }
        }
    }
}

/// The format that was asked for, or that of the file's ending, or WAV.
pub fn sound_format(asked: Option<Container>, file: Option<&Utf8Path>) -> Result<Container, Error> {
    if let Some(format) = asked {
        return Ok(format);
    }
    let Some(ending) = file.and_then(Utf8Path::extension) else {
        return Ok(Container::Wav);
    };
    Container::from_extension(ending).ok_or_else(|| {
        let message = format!("`.{ending}` is not an ending of a format that we write");
        Error::bad_input(message)
            .field("/output")
            .hint("use wav, aiff, flac, mp3, m4a, ogg or opus, or name a `format`")
    })
}

fn is_same_file(a: &Utf8Path, b: &Utf8Path) -> bool {
    match (a.canonicalize_utf8(), b.canonicalize_utf8()) {
        (Ok(a), Ok(b)) => a == b,
        // What does not exist yet is no source.
        _ => false,
    }
}
