//! `movie.estimate`: time, disk and money of each step before anything is made.
//!
//! Times come from what the steps of this project took before, per unit of work; a first film is
//! estimated from figures measured on two cores.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::{Error, JobContext, Operation, SettingsFile};
use studio_film::{Graph, MoviePlan, RenderSettings, StepId, timing};
use studio_store::{Project, Projects};

use crate::cast::cast;
use crate::film::plan_of;
use crate::steps::KINDS;

/// What a step takes per unit of its work.
#[derive(Clone, Copy, Debug)]
struct Rate {
    seconds: f64,
    bytes: f64,
}

pub(crate) fn operation(projects: &Arc<Projects>, settings: &Arc<SettingsFile>) -> Operation {
    let (projects, settings) = (projects.clone(), settings.clone());
    Operation::define(
        "movie.estimate",
        "Estimate a render",
        "Tells the time, disk space and money that rendering a film would take now, step by step.",
    )
    .positional("film")
    .blocking(move |_cx: &JobContext, input: EstimateInput| {
        let project = projects.get(&input.project)?;
        let plan = plan_of(&project.films().get(&input.film)?)?;
        let size = FrameSize {
            width: input.width,
            height: input.height,
        };
        let settings = render_settings(&plan, size, &settings)?;
        estimate(&project, &plan, &settings, &Graph::new(&plan, &settings))
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EstimateInput {
    /// The project's folder, id or name.
    #[schemars(length(min = 1))]
    project: String,
    /// The film's id.
    #[schemars(length(min = 1))]
    film: String,
    /// Pixels, even; the setting `film.width` without it.
    #[serde(default)]
    #[schemars(range(min = 160, max = 3840), extend("multipleOf" = 2))]
    width: Option<u32>,
    /// Pixels, even; the setting `film.height` without it.
    #[serde(default)]
    #[schemars(range(min = 90, max = 2160), extend("multipleOf" = 2))]
    height: Option<u32>,
}

/// What the caller asks for; the settings decide the rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameSize {
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

/// Expected cost of one kind of step.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StepEstimate {
    /// `picture`, `clip`, `speech`, `score`, `mix` or `film`.
    pub(crate) step: String,
    pub(crate) items: u32,
    /// Already there.
    pub(crate) reused: u32,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    /// Millionths of a US dollar. Everything here runs on this machine.
    pub(crate) cost_micro_usd: i64,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Estimate {
    pub(crate) steps: Vec<StepEstimate>,
    pub(crate) seconds: f64,
    pub(crate) bytes: u64,
    pub(crate) cost_micro_usd: i64,
}

pub(crate) fn render_settings(
    plan: &MoviePlan,
    size: FrameSize,
    settings: &SettingsFile,
) -> Result<RenderSettings, Error> {
    let film = settings.current().film.clone();
    let (width, height) = (
        size.width.unwrap_or(film.width),
        size.height.unwrap_or(film.height),
    );
    for (field, value) in [("/width", width), ("/height", height)] {
        if value % 2 != 0 {
            return Err(
                Error::bad_input(format!("{value} is odd; H.264 wants even sizes")).field(field),
            );
        }
    }
    Ok(RenderSettings {
        width,
        height,
        loudness_lufs: film.loudness_lufs,
        voices: cast(plan).voices,
    })
}

pub(crate) fn estimate(
    project: &Project,
    plan: &MoviePlan,
    settings: &RenderSettings,
    graph: &Graph,
) -> Result<Estimate, Error> {
    let rates = rates(project)?;
    let mut steps = Vec::new();
    for (kind, rate) in KINDS.iter().zip(rates) {
        let mut step = StepEstimate {
            step: (*kind).to_owned(),
            items: 0,
            reused: 0,
            seconds: 0.0,
            bytes: 0,
            cost_micro_usd: 0,
        };
        for id in graph.steps.iter().filter(|step| step.id.kind() == *kind) {
            if settings.voices.is_empty() && *kind == "speech" {
                continue;
            }
            step.items += 1;
            if project.cache().get(&id.key)?.is_some() {
                step.reused += 1;
                continue;
            }
            let work = work(plan, settings, id.id);
            step.seconds += rate.seconds * work;
            step.bytes += (rate.bytes * work) as u64;
        }
        steps.push(step);
    }
    Ok(Estimate {
        seconds: steps.iter().map(|step| step.seconds).sum(),
        bytes: steps.iter().map(|step| step.bytes).sum(),
        cost_micro_usd: steps.iter().map(|step| step.cost_micro_usd).sum(),
        steps,
    })
}

/// Size of a step's work: megapixels, megapixel-frames, characters, or seconds of sound.
pub(crate) fn work(plan: &MoviePlan, settings: &RenderSettings, id: StepId) -> f64 {
    let megapixels = f64::from(settings.width) * f64::from(settings.height) / 1e6;
    let fps = timing::fps(plan);
    match id {
        StepId::Picture(_) => megapixels,
        StepId::Clip(i) => {
            let frames = timing::shot_frames(plan, fps);
            frames.get(i).map_or(0.0, |frames| {
                (frames.end - frames.start) as f64 * megapixels
            })
        }
        StepId::Speech(i) => timing::spoken(plan)
            .get(i)
            .map_or(0.0, |cue| cue.text.len() as f64),
        StepId::Score | StepId::Mix | StepId::Film => timing::total_secs(plan),
    }
}

/// Rates of each kind: the median of what this project's last steps took, or what was measured once.
fn rates(project: &Project) -> Result<[Rate; KINDS.len()], Error> {
    /// Seconds and bytes per unit on two cores (`cargo xtask demo`, 1280×720 at 24 frames a second).
    const MEASURED: [Rate; KINDS.len()] = [
        Rate {
            seconds: 0.55,
            bytes: 1.6e6,
        },
        Rate {
            seconds: 0.024,
            bytes: 9_000.0,
        },
        Rate {
            seconds: 0.0008,
            bytes: 3_500.0,
        },
        Rate {
            seconds: 0.012,
            bytes: 384_000.0,
        },
        Rate {
            seconds: 0.03,
            bytes: 384_000.0,
        },
        Rate {
            seconds: 0.02,
            bytes: 240_000.0,
        },
    ];
    const RECENT: usize = 24;
    let entries = project.timeline().list(None)?;
    let mut rates = MEASURED;
    for (rate, kind) in rates.iter_mut().zip(KINDS) {
        let recent = entries
            .iter()
            .rev()
            .filter(|entry| entry.kind == "step.finished" && entry.payload["step"] == kind);
        let mut per_unit: Vec<(f64, f64)> = recent
            .take(RECENT)
            .filter_map(|entry| {
                let number = |name: &str| entry.payload[name].as_f64();
                let work = number("work").filter(|work| *work > 0.0)?;
                Some((number("seconds")? / work, number("bytes")? / work))
            })
            .collect();
        if !per_unit.is_empty() {
            per_unit.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (seconds, bytes) = per_unit[per_unit.len() / 2];
            *rate = Rate { seconds, bytes };
        }
    }
    Ok(rates)
}
