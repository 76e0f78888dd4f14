//! `movie.update_shot`, `movie.undo`, `movie.redo`.

use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use studio_core::{Error, Event, JobContext, Operation};
use studio_film::plan::{MoviePlan, Span};
use studio_film::{graph, timing, validate};
use studio_paint::CameraMove;
use studio_store::{FilmRow, Project, Projects};

use crate::film::{Film, FilmInput, plan_of};

pub(crate) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let (update, undo, redo) = (projects.clone(), projects.clone(), projects.clone());
    vec![
        Operation::define(
            "movie.update_shot",
            "Change a shot",
            "Changes what a shot shows, how long it lasts or how the camera moves, or paints it anew.",
        )
        .writes()
        .positional("shot")
        .blocking(move |cx: &JobContext, input: ShotInput| {
            let project = update.get(&input.project)?;
            let mut plan = plan_of(&project.films().get(&input.film)?)?;
            change(&mut plan, &input)?;
            if let Some(problem) = validate(&plan).first() {
                return Err(Error::bad_input(format!("{}: {}", problem.path, problem.message)));
            }
            told(cx, &project, &project.films().revise(&input.film, &json!(plan))?)
        }),
        Operation::define("movie.undo", "Undo", "Takes the last change of a film's plan back.")
            .writes()
            .positional("film")
            .blocking(move |cx: &JobContext, input: FilmInput| {
                let project = undo.get(&input.project)?;
                told(cx, &project, &project.films().undo(&input.film)?)
            }),
        Operation::define("movie.redo", "Redo", "Makes the change that was undone last again.")
            .writes()
            .positional("film")
            .blocking(move |cx: &JobContext, input: FilmInput| {
                let project = redo.get(&input.project)?;
                told(cx, &project, &project.films().redo(&input.film)?)
            }),
    ]
}

fn told(cx: &JobContext, project: &Project, row: &FilmRow) -> Result<Film, Error> {
    cx.emit(Event::FilmChanged {
        project: project.path().to_string(),
        film: row.id.clone(),
    });
    Film::of(project, row)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ShotInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The film's id.
    #[schemars(length(min = 1))]
    film: String,
    /// The shot's id.
    #[schemars(length(min = 1))]
    shot: String,
    /// What the shot leads to: the prompt of its end picture.
    #[serde(default)]
    #[schemars(length(min = 1, max = 2000))]
    visual_description: Option<String>,
    /// Length in seconds. What is said later moves with it.
    #[serde(default)]
    #[schemars(range(min = 0.5, max = 600.0))]
    duration_sec: Option<f64>,
    /// `hold`, `push_in`, `pull_out`, `pan_left`, `pan_right`, `tilt_up`, `tilt_down` or `rise`.
    #[serde(default)]
    camera: Option<String>,
    /// Paints the shot's end picture differently.
    #[serde(default)]
    reseed: bool,
}

fn change(plan: &mut MoviePlan, input: &ShotInput) -> Result<(), Error> {
    let Some(i) = plan.shots.iter().position(|shot| shot.id == input.shot) else {
        let known: Vec<&str> = plan.shots.iter().map(|shot| shot.id.as_str()).collect();
        return Err(
            Error::not_found(format!("the film has no shot `{}`", input.shot))
                .field("/shot")
                .hint(format!("its shots are {}", known.join(", "))),
        );
    };
    if let Some(camera) = &input.camera {
        if CameraMove::from_str(camera).is_err() {
            let known: Vec<&str> = CameraMove::ALL.iter().map(|known| known.name()).collect();
            return Err(Error::bad_input(format!("`{camera}` is no camera move"))
                .field("/camera")
                .hint(format!("known moves: {}", known.join(", "))));
        }
        plan.shots[i].camera = Some(camera.clone());
        plan.shots[i].motion_prompt = Some(camera.replace('_', " "));
    }
    if let Some(text) = &input.visual_description {
        plan.shots[i].visual_description = text.clone();
        plan.base_images[i + 1].prompt = text.clone();
    }
    if input.reseed {
        plan.base_images[i + 1].seed = Some(graph::image_seed(plan, i + 1) + 1);
    }
    if let Some(duration) = input.duration_sec {
        stretch(plan, i, duration)?;
    }
    Ok(())
}

/// Gives shot `i` another length: the silence after its speech grows or shrinks, and everything later
/// moves.
fn stretch(plan: &mut MoviePlan, i: usize, duration: f64) -> Result<(), Error> {
    let end: f64 = plan.shots[..=i].iter().map(|shot| shot.duration_sec).sum();
    let start = end - plan.shots[i].duration_sec;
    let by = duration - plan.shots[i].duration_sec;
    let spoken_until = timing::spoken(plan)
        .iter()
        .filter(|cue| cue.start_secs < end)
        .map(|cue| cue.start_secs + cue.duration_secs)
        .fold(start, f64::max);
    if start + duration < spoken_until - 1e-3 {
        let message = format!("the shot's speech needs {:.1} s", spoken_until - start);
        return Err(Error::bad_input(message)
            .field("/duration_sec")
            .hint("choose a longer duration"));
    }
    let ms = |secs: f64| (secs * 1000.0).round() / 1000.0;
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0.0;
    let silence = |spans: &mut Vec<Span>, from: f64, until: f64| {
        if until - from > 5e-4 {
            spans.push(Span::Silence {
                start_time_sec: ms(from),
                duration_sec: ms(until - from),
            });
        }
    };
    for cue in timing::spoken(plan) {
        let moved = cue.start_secs
            + if cue.start_secs >= end - 1e-6 {
                by
            } else {
                0.0
            };
        silence(&mut spans, at, moved);
        spans.push(Span::Dialogue {
            start_time_sec: ms(moved),
            duration_sec: cue.duration_secs,
            character_id: cue.character_id.to_owned(),
            text: cue.text.to_owned(),
        });
        at = moved + cue.duration_secs;
    }
    silence(&mut spans, at, timing::total_secs(plan) + by);
    plan.shots[i].duration_sec = duration;
    plan.dialogue_timeline = spans;
    Ok(())
}
