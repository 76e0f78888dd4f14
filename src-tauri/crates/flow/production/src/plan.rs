//! `movie.plan`, `movie.validate`, `movie.import`.

use std::sync::Arc;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use studio_core::{Error, Event, JobContext, Operation};
use studio_film::{MoviePlan, OutlineOptions, Problem, outline, parse, validate};
use studio_store::{FilmRow, Project, Projects};

use crate::film::Film;

/// Largest plan that is read from a file.
const LARGEST_PLAN: u64 = 4 << 20;

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (plan, import) = (projects.clone(), projects.clone());
    vec![
        Operation::define(
            "movie.plan",
            "Plan a film",
            "Turns a sentence into a film: shots, pictures, people and what they say. Works without a model.",
        )
        .writes()
        .positional("sentence")
        .blocking(move |cx: &JobContext, input: PlanInput| make(cx, &plan, input)),
        Operation::define(
            "movie.validate",
            "Check a plan",
            "Tells every rule that a MoviePlan breaks, and where.",
        )
        .blocking(|_cx: &JobContext, input: ValidateInput| {
            let problems = match parse(&input.plan.to_string()) {
                Ok(plan) => validate(&plan),
                Err(error) => vec![Problem { path: String::new(), message: error.to_string() }],
            };
            Ok(Validated { valid: problems.is_empty(), problems })
        }),
        Operation::define(
            "movie.import",
            "Import a plan",
            "Brings a MoviePlan from elsewhere into a project, if it breaks no rule.",
        )
        .writes()
        .positional("path")
        .blocking(move |cx: &JobContext, input: ImportInput| bring(cx, &import, &input)),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlanInput {
    /// What the film is about.
    #[schemars(length(min = 1, max = 4000))]
    sentence: String,
    /// Length of the film in seconds.
    #[serde(default = "thirty")]
    #[schemars(range(min = 5.0, max = 600.0))]
    duration_secs: f64,
    /// Number of shots; by length without it.
    #[serde(default)]
    #[schemars(range(min = 1, max = 20))]
    shots: Option<u32>,
    /// Another seed tells another story.
    #[serde(default = "one")]
    #[schemars(range(max = 9_007_199_254_740_991u64))]
    seed: u64,
    /// Frames a second.
    #[serde(default = "twenty_four")]
    #[schemars(range(min = 1, max = 60))]
    fps: u32,
    /// Keeps the film in this project: its folder, id or name.
    #[serde(default)]
    project: Option<String>,
}

fn thirty() -> f64 {
    30.0
}

fn one() -> u64 {
    1
}

fn twenty_four() -> u32 {
    24
}

#[derive(Serialize, JsonSchema)]
struct Planned {
    /// Id of the new film, if a project was named.
    film: Option<String>,
    plan: MoviePlan,
    problems: Vec<Problem>,
}

fn make(cx: &JobContext, projects: &Projects, input: PlanInput) -> Result<Planned, Error> {
    let options = OutlineOptions {
        seed: input.seed,
        duration_secs: input.duration_secs,
        shots: input.shots,
        fps: input.fps,
    };
    let plan = outline(&input.sentence, &options);
    let problems = validate(&plan);
    let film = match &input.project {
        Some(project) => Some(keep(cx, &*projects.get(project)?, &plan)?.id),
        None => None,
    };
    Ok(Planned {
        film,
        plan,
        problems,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ValidateInput {
    /// A MoviePlan.
    plan: Value,
}

#[derive(Serialize, JsonSchema)]
struct Validated {
    valid: bool,
    problems: Vec<Problem>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ImportInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// JSON file of the plan.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    path: Option<Utf8PathBuf>,
    /// The plan itself.
    #[serde(default)]
    plan: Option<Value>,
}

fn bring(cx: &JobContext, projects: &Projects, input: &ImportInput) -> Result<Film, Error> {
    let project = projects.get(&input.project)?;
    let text = match (&input.path, &input.plan) {
        (Some(path), None) => read(path)?,
        (None, Some(plan)) => plan.to_string(),
        _ => return Err(Error::bad_input("give either a `path` or a `plan`").field("/path")),
    };
    let plan = parse(&text).map_err(|error| Error::bad_input(error.to_string()).field("/plan"))?;
    let problems = validate(&plan);
    if let Some(first) = problems.first() {
        let more = match problems.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more problems; `movie.validate` tells all)"),
        };
        return Err(
            Error::bad_input(format!("{}: {}{more}", first.path, first.message)).field("/plan"),
        );
    }
    Film::of(&project, &keep(cx, &project, &plan)?)
}

fn read(path: &Utf8PathBuf) -> Result<String, Error> {
    let failed = |error: std::io::Error| Error::io(format!("read {path}"), &error).field("/path");
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST_PLAN {
        let message = format!("{path} has {size} bytes; a plan has at most {LARGEST_PLAN}");
        return Err(Error::bad_input(message).field("/path"));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn keep(cx: &JobContext, project: &Project, plan: &MoviePlan) -> Result<FilmRow, Error> {
    let row = project.films().insert(&json!(plan))?;
    project.timeline().append(
        cx.job(),
        "film.planned",
        &json!({ "film": row.id, "title": plan.title }),
    )?;
    cx.emit(Event::FilmChanged {
        project: project.path().to_string(),
        film: row.id.clone(),
    });
    Ok(row)
}
