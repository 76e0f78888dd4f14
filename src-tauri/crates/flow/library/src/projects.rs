//! `project.create`, `project.open`, `project.info`, `project.list`.

use std::sync::Arc;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Event, JobContext, Operation};
use studio_store::{ProjectInfo, Projects};

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (create, open) = (projects.clone(), projects.clone());
    let (info, list) = (projects.clone(), projects.clone());
    vec![
        Operation::define(
            "project.create",
            "Create a project",
            "Creates an empty project, in a folder of its name unless you choose one.",
        )
        .writes()
        .positional("name")
        .blocking(move |cx: &JobContext, input: CreateInput| {
            let project = create.create(&input.name, input.folder.as_deref())?;
            cx.emit(Event::ProjectChanged {
                project: project.path().to_string(),
            });
            Ok(project.info()?)
        }),
        Operation::define(
            "project.open",
            "Open a project",
            "Opens the project in a folder and remembers it among the known ones.",
        )
        .writes()
        .positional("path")
        .blocking(move |cx: &JobContext, input: OpenInput| {
            let project = open.open(&input.path)?;
            cx.emit(Event::ProjectChanged {
                project: project.path().to_string(),
            });
            Ok(project.info()?)
        }),
        Operation::define(
            "project.info",
            "Show a project",
            "Tells what a project holds and how big it is.",
        )
        .positional("project")
        .blocking(move |_cx: &JobContext, input: ProjectInput| {
            Ok(info.get(&input.project)?.info()?)
        }),
        Operation::define(
            "project.list",
            "List projects",
            "Lists the known projects, last opened first.",
        )
        .blocking(move |_cx: &JobContext, _input: Nothing| {
            Ok(ProjectList {
                projects: list.list()?,
            })
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CreateInput {
    /// What the project is called.
    #[schemars(length(min = 1, max = 200))]
    name: String,
    /// Empty or new folder for it. Without one: a folder of its name in the projects folder.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    folder: Option<Utf8PathBuf>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OpenInput {
    /// Folder of the project.
    #[schemars(with = "String", length(min = 1), extend("x-path" = true))]
    path: Utf8PathBuf,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    pub(crate) project: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct ProjectList {
    projects: Vec<ProjectInfo>,
}
