//! `movie.list` and `movie.get`, and a film as faces see it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, JobContext, Operation};
use studio_film::{MoviePlan, timing};
use studio_store::{FilmRow, Project, Projects, RenderRecord};

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (list, get) = (projects.clone(), projects.clone());
    vec![
        Operation::define(
            "movie.list",
            "List films",
            "Lists a project's films, last changed first.",
        )
        .positional("project")
        .blocking(move |_cx: &JobContext, input: ListInput| {
            let rows = list.get(&input.project)?.films().list()?;
            let films = rows.iter().map(Summary::of).collect::<Result<_, _>>()?;
            Ok(FilmList { films })
        }),
        Operation::define(
            "movie.get",
            "Show a film",
            "Answers a film's plan and its last render.",
        )
        .positional("film")
        .blocking(move |_cx: &JobContext, input: FilmInput| {
            let project = get.get(&input.project)?;
            Film::of(&project, &project.films().get(&input.film)?)
        }),
    ]
}

/// A film with its plan.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Film {
    id: String,
    title: String,
    plan: MoviePlan,
    /// 1 for the first plan.
    revision: u32,
    can_undo: bool,
    can_redo: bool,
    updated_at: String,
    render: Option<Render>,
}

#[derive(Serialize, JsonSchema)]
struct Render {
    #[serde(flatten)]
    record: RenderRecord,
    /// Whether the plan is still the one that was rendered.
    current: bool,
}

impl Film {
    pub(crate) fn of(project: &Project, row: &FilmRow) -> Result<Film, Error> {
        let plan = plan_of(row)?;
        let absolute = |path: &str| project.path().join(path).into_string();
        let render = row.render.clone().map(|record| Render {
            current: record.revision == row.revision,
            record: RenderRecord {
                video_path: absolute(&record.video_path),
                captions_path: absolute(&record.captions_path),
                ..record
            },
        });
        Ok(Film {
            id: row.id.clone(),
            title: plan.title.clone(),
            plan,
            revision: row.revision,
            can_undo: row.can_undo,
            can_redo: row.can_redo,
            updated_at: row.updated_at.clone(),
            render,
        })
    }
}

/// The stored plan of a film.
pub(crate) fn plan_of(row: &FilmRow) -> Result<MoviePlan, Error> {
    serde_json::from_value(row.plan.clone()).map_err(|error| {
        Error::internal(format!(
            "the stored plan of film {} cannot be read: {error}",
            row.id
        ))
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilmInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    pub(crate) project: String,
    /// The film's id.
    #[schemars(length(min = 1))]
    pub(crate) film: String,
}

#[derive(Serialize, JsonSchema)]
struct FilmList {
    films: Vec<Summary>,
}

#[derive(Serialize, JsonSchema)]
struct Summary {
    id: String,
    title: String,
    shots: usize,
    duration_secs: f64,
    updated_at: String,
    rendered: bool,
}

impl Summary {
    fn of(row: &FilmRow) -> Result<Summary, Error> {
        let plan = plan_of(row)?;
        Ok(Summary {
            id: row.id.clone(),
            shots: plan.shots.len(),
            duration_secs: timing::total_secs(&plan),
            title: plan.title,
            updated_at: row.updated_at.clone(),
            rendered: row.render.is_some(),
        })
    }
}
