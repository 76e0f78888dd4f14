//! The file that an operation reads: named by path, or an asset of a project.

use std::sync::Arc;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::Schema;
use serde_json::Value;
use studio_core::{Error, ErrorCode};
use studio_store::{Asset, ImportMode, Project, Projects, Provenance, ReferenceState};

/// A file to read, and the asset that it belongs to, if any.
pub struct Source {
    pub path: Utf8PathBuf,
    /// Name for people and for what is made from it.
    pub name: String,
    pub asset: Option<(Arc<Project>, Asset)>,
}

impl Source {
    /// Its name without the ending.
    pub fn stem(&self) -> &str {
        Utf8Path::new(&self.name).file_stem().unwrap_or(&self.name)
    }

    /// Who made `operation`'s result of it, and how; the work began at `begun`.
    pub fn made(&self, operation: &str, input: Value, begun: Instant) -> Provenance {
        let inputs = self.asset.iter();
        Provenance {
            operation: operation.to_owned(),
            input,
            inputs: inputs
                .map(|(_, asset)| asset.facts.digest.clone())
                .collect(),
            device: Some("cpu".to_owned()),
            took_ms: begun.elapsed().as_millis() as u64,
            ..Provenance::default()
        }
    }
}

/// Exactly one of `path` and `asset` names the source; an asset needs its `project`.
pub fn source(
    projects: &Projects,
    path: Option<&Utf8Path>,
    project: Option<&str>,
    asset: Option<&str>,
) -> Result<Source, Error> {
    match (path, asset) {
        (Some(path), None) => {
            let name = path.file_name().unwrap_or(path.as_str()).to_owned();
            Ok(Source {
                path: path.to_owned(),
                name,
                asset: None,
            })
        }
        (None, Some(asset)) => {
            let project = project.ok_or_else(|| {
                Error::bad_input("`asset` needs the `project` that it belongs to").field("/project")
            })?;
            of_asset(projects.get(project)?, asset)
        }
        (Some(_), Some(_)) => {
            Err(Error::bad_input("`path` and `asset` both name a source; give one").field("/path"))
        }
        (None, None) => Err(Error::bad_input(
            "no source: give a `path`, or a `project` and an `asset`",
        )
        .field("/path")),
    }
}

/// For the schema of an input whose `project` is more than the asset's: it is also `place`, such as where the result
/// goes.
pub fn project_is_also(place: &str) -> impl FnMut(&mut Schema) {
    move |schema| {
        if let Some(meaning) = schema.pointer_mut("/properties/project/description") {
            *meaning = format!("The asset's project, and {place}.").into();
        }
    }
}

fn of_asset(project: Arc<Project>, id: &str) -> Result<Source, Error> {
    let asset = project.assets().get(id)?;
    let path = match asset.facts.mode {
        ImportMode::Reference => Utf8PathBuf::from(asset.facts.path.as_deref().unwrap_or_default()),
        ImportMode::Copy => {
            let artifact = project
                .artifacts()
                .get(&asset.facts.digest)?
                .ok_or_else(|| {
                    Error::new(
                        ErrorCode::Io,
                        format!("the bytes of `{}` are not there any more", asset.facts.name),
                    )
                })?;
            project.artifacts().path(&artifact)
        }
    };
    let name = &asset.facts.name;
    match project.assets().reference_state(&asset)? {
        ReferenceState::Unchanged if path.exists() => {}
        ReferenceState::Unchanged | ReferenceState::Missing => {
            return Err(Error::not_found(format!(
                "{path}, the file of `{name}`, is not there any more"
            ))
            .hint("put the file back, or import it again"));
        }
        ReferenceState::Changed => {
            return Err(Error::new(
                ErrorCode::Conflict,
                format!("{path}, the file of `{name}`, has changed since it was imported"),
            )
            .hint("import it again, or put the former file back"));
        }
    }
    Ok(Source {
        path,
        name: asset.facts.name.clone(),
        asset: Some((project, asset)),
    })
}
