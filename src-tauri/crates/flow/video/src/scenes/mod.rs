//! `video.scenes`: where a film cuts.

mod cuts;
mod score;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::units::FrameRate;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_media::PictureReader;
use studio_store::Projects;

pub(crate) use self::cuts::{Cuts, Detection, Measured, MinScene};
use self::score::Scorer;
use crate::film::{Film, FilmInput};

pub(crate) fn operation(projects: &Arc<Projects>) -> Operation {
    let projects = projects.clone();
    Operation::define(
        "video.scenes",
        "Find scenes",
        "Finds the cuts of a film by how much hue, saturation and brightness change from frame to frame, as \
         PySceneDetect does, and answers its scenes.",
    )
    .job(Resource::Cpu)
    .positional("path")
    .blocking(move |cx: &JobContext, input: VideoScenesInput| scenes(cx, &projects, &input))
}

/// How cuts are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum VideoSceneDetector {
    /// The change from one frame to the next reaches a threshold.
    #[default]
    Content,
    /// The change stands out from those around it: fast movement is not taken for cuts.
    Adaptive,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct VideoScenesInput {
    #[serde(flatten)]
    film: FilmInput,
    #[serde(default)]
    detector: VideoSceneDetector,
    /// `content`: the change that makes a cut; the mean of the differences of hue (0 to 179), saturation
    /// and brightness (0 to 255).
    #[serde(default = "default_threshold")]
    #[schemars(range(min = 0.1, max = 255.0))]
    threshold: f64,
    /// `adaptive`: how many times the mean change around it a cut has.
    #[serde(default = "default_adaptive_threshold")]
    #[schemars(range(min = 0.1, max = 255.0))]
    adaptive_threshold: f64,
    /// `adaptive`: frames on each side that it is compared with.
    #[serde(default = "default_window_width")]
    #[schemars(range(min = 1, max = 1000))]
    window_width: usize,
    /// `adaptive`: the least change of a cut, as `threshold` counts.
    #[serde(default = "default_min_content")]
    #[schemars(range(min = 0.0, max = 255.0))]
    min_content: f64,
    /// Shortest scene, in frames: 15 without it.
    #[serde(default)]
    min_scene_frames: Option<u64>,
    /// Shortest scene, in seconds, instead of frames.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 86_400.0))]
    min_scene_secs: Option<f64>,
    /// Answer the change at each frame, too.
    #[serde(default)]
    scores: bool,
}

// The defaults of PySceneDetect 0.7's ContentDetector and AdaptiveDetector.
fn default_threshold() -> f64 {
    27.0
}

fn default_adaptive_threshold() -> f64 {
    3.0
}

fn default_window_width() -> usize {
    2
}

fn default_min_content() -> f64 {
    15.0
}

const MIN_SCENE_FRAMES: u64 = 15;

/// A stretch without a cut.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct VideoScene {
    /// First frame, from 0.
    pub(crate) start_frame: u64,
    /// The frame after its last.
    pub(crate) end_frame: u64,
    pub(crate) start_secs: f64,
    pub(crate) end_secs: f64,
}

#[derive(Serialize, JsonSchema)]
struct VideoScenes {
    frame_rate: FrameRate,
    /// Frames that were decoded.
    frames: u64,
    /// In order, without gaps; one where nothing cuts.
    scenes: Vec<VideoScene>,
    /// Per frame, its change from the frame before; 0 at the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<Vec<f64>>,
}

fn scenes(
    cx: &JobContext,
    projects: &Projects,
    input: &VideoScenesInput,
) -> Result<VideoScenes, Error> {
    let min_scene = match (input.min_scene_frames, input.min_scene_secs) {
        (Some(_), Some(_)) => {
            return Err(Error::bad_input(
                "`min_scene_frames` and `min_scene_secs` say the same; give one",
            )
            .field("/min_scene_secs"));
        }
        (_, Some(secs)) => MinScene::Secs(secs),
        (frames, None) => MinScene::Frames(frames.unwrap_or(MIN_SCENE_FRAMES)),
    };
    let detection = match input.detector {
        VideoSceneDetector::Content => Detection::Content {
            threshold: input.threshold,
        },
        VideoSceneDetector::Adaptive => Detection::Adaptive {
            threshold: input.adaptive_threshold,
            window: input.window_width,
            min_content: input.min_content,
        },
    };
    let film = Film::open(projects, &input.film)?;
    let found = find(cx, &film, detection, min_scene)?;
    Ok(VideoScenes {
        frame_rate: film.rate,
        frames: found.measured.len() as u64,
        scenes: found.scenes,
        scores: input
            .scores
            .then(|| found.measured.iter().map(|frame| frame.score).collect()),
    })
}

pub(crate) struct Found {
    pub(crate) scenes: Vec<VideoScene>,
    measured: Vec<Measured>,
}

/// By the detector's defaults.
pub(crate) fn find_by(
    cx: &JobContext,
    film: &Film,
    detector: VideoSceneDetector,
) -> Result<Found, Error> {
    let detection = match detector {
        VideoSceneDetector::Content => Detection::Content {
            threshold: default_threshold(),
        },
        VideoSceneDetector::Adaptive => Detection::Adaptive {
            threshold: default_adaptive_threshold(),
            window: default_window_width(),
            min_content: default_min_content(),
        },
    };
    find(cx, film, detection, MinScene::Frames(MIN_SCENE_FRAMES))
}

fn find(
    cx: &JobContext,
    film: &Film,
    detection: Detection,
    min_scene: MinScene,
) -> Result<Found, Error> {
    let mut reader = PictureReader::open_rough(&film.source.path)?;
    let mut scorer = Scorer::new(reader.size());
    let mut measured: Vec<Measured> = Vec::new();
    let mut end_secs = 0.0;
    while let Some((_, secs)) = reader.advance()? {
        cx.check()?;
        cx.progress("Looking for cuts", secs / film.length_secs.max(1e-3));
        let picture = reader.picture()?;
        end_secs = reader.end_secs();
        let score = scorer.score(&picture.rgba, picture.width, picture.height);
        measured.push(Measured { secs, score });
    }
    if measured.is_empty() {
        let path = &film.source.path;
        return Err(
            Error::bad_input(format!("{path}: not one picture can be decoded")).field("/path"),
        );
    }
    let cuts = Cuts::new(detection, min_scene).find(&measured);
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([measured.len()]);
    let secs = |frame: usize| measured.get(frame).map_or(end_secs, |frame| frame.secs);
    let scenes = starts.zip(ends).map(|(start, end)| VideoScene {
        start_frame: start as u64,
        end_frame: end as u64,
        start_secs: secs(start),
        end_secs: secs(end),
    });
    Ok(Found {
        scenes: scenes.collect(),
        measured,
    })
}
