//! `asset.import`, `asset.list`, `asset.remove`, `asset.restore`.

use std::sync::Arc;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_assets::Origin;
use studio_core::{Event, JobContext, Operation, Resource};
use studio_store::{Asset, Mode, Project, Projects};

use crate::projects::ProjectInput;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (import, list) = (projects.clone(), projects.clone());
    let (remove, restore) = (projects.clone(), projects.clone());
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
            studio_assets::import(cx, &project, &input.path, input.mode, Origin::default())
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
            "asset.remove",
            "Remove an asset",
            "Takes an asset off the project's list. Its bytes stay, and it can be restored.",
        )
        .writes()
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
    #[schemars(with = "String", length(min = 1))]
    path: Utf8PathBuf,
    /// `copy` keeps the bytes in the project; `reference` only points to the file.
    #[serde(default)]
    mode: Mode,
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
