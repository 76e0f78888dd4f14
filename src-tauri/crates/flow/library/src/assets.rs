//! `asset.import`, `asset.list`, `asset.label`, `asset.remove`, `asset.restore`.

use std::sync::Arc;

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::Origin;
use studio_core::{Error, Event, JobContext, Operation, Resource};
use studio_store::{Asset, Home, ImportMode, Privacy, Project, Projects};

use crate::projects::ProjectInput;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (import, list) = (projects.clone(), projects.clone());
    let (remove, restore) = (projects.clone(), projects.clone());
    let label = projects.clone();
    vec![
        Operation::define(
            "asset.import",
            "Import a file",
            "Brings a sound, film or picture into a project, as a copy or by reference.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("path")
        .blocking(move |cx: &JobContext, input: ImportInput| {
            let project = import.get(&input.project)?;
            let upload = upload_of(import.home(), &input.path);
            if upload.is_some() && input.mode == ImportMode::Reference {
                return Err(Error::bad_input("an uploaded file cannot be referred to")
                    .field("/mode")
                    .hint("import it as a copy"));
            }
            let origin = Origin {
                passing: upload.is_some(),
                privacy: input.privacy,
                ..Origin::default()
            };
            let asset = studio_assets::import(cx, &project, &input.path, input.mode, origin)?;
            if let Some(folder) = upload
                && let Err(error) = std::fs::remove_dir_all(&folder)
            {
                cx.warn(format!("the upload {folder} could not be removed: {error}"));
            }
            Ok(asset)
        }),
        Operation::define(
            "asset.list",
            "List assets",
            "Lists what a project holds, oldest first.",
        )
        .positional("project")
        .blocking(move |_cx: &JobContext, input: ProjectInput| {
            Ok(AssetList {
                assets: list.get(&input.project)?.assets().list()?,
            })
        }),
        Operation::define(
            "asset.label",
            "Label an asset",
            "Says whether an asset may be shown to models that run elsewhere, or stays on this machine.",
        )
        .writes()
        .positional("asset")
        .blocking(move |cx: &JobContext, input: LabelInput| {
            let project = label.get(&input.project)?;
            let asset = project.assets().label(&input.asset, input.privacy)?;
            Ok(told(cx, &project, asset))
        }),
        Operation::define(
            "asset.remove",
            "Remove an asset",
            "Takes an asset off the project's list. Its bytes stay, and it can be restored.",
        )
        .destroys()
        .positional("asset")
        .blocking(move |cx: &JobContext, input: AssetInput| {
            let project = remove.get(&input.project)?;
            let asset = project.assets().remove(&input.asset)?;
            Ok(told(cx, &project, asset))
        }),
        Operation::define(
            "asset.restore",
            "Restore an asset",
            "Brings a removed asset back to the list.",
        )
        .writes()
        .positional("asset")
        .blocking(move |cx: &JobContext, input: AssetInput| {
            let project = restore.get(&input.project)?;
            let asset = project.assets().restore(&input.asset)?;
            Ok(told(cx, &project, asset))
        }),
    ]
}

/// The folder of the upload that `path` names, if it names one.
fn upload_of(home: &Home, path: &Utf8Path) -> Option<Utf8PathBuf> {
    let uploads = home.uploads();
    let mut parts = path.strip_prefix(&uploads).ok()?.components();
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Utf8Component::Normal(id)), Some(Utf8Component::Normal(_)), None) => {
            Some(uploads.join(id))
        }
        _ => None,
    }
}

fn told(cx: &JobContext, project: &Project, asset: Asset) -> Asset {
    cx.emit(Event::AssetChanged {
        project: project.path().to_string(),
        asset: asset.id.clone(),
    });
    asset
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The file to bring in.
    #[schemars(with = "String", length(min = 1), extend("x-path" = true))]
    path: Utf8PathBuf,
    /// `copy` keeps the bytes in the project; `reference` only points to the file.
    #[serde(default)]
    mode: ImportMode,
    /// `local_only`: no model that runs elsewhere is ever shown it.
    #[serde(default)]
    privacy: Privacy,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LabelInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The asset's id.
    #[schemars(length(min = 1))]
    asset: String,
    privacy: Privacy,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AssetInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The asset's id.
    #[schemars(length(min = 1))]
    asset: String,
}

#[derive(Serialize, JsonSchema)]
struct AssetList {
    assets: Vec<Asset>,
}
