//! The plan of a film, compatible with Sparkle Motion's `MoviePlan`.
//!
//! Our additions are optional: `seed` of a base image, `camera` and `score` of a shot. Fields that we
//! do not know stay with their object, so a plan from elsewhere comes back as it was.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Fields that we do not know.
type Extra = Map<String, Value>;

/// A film: base images, and shots that each lead from one base image to the next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MoviePlan {
    pub title: String,
    /// One more than there are shots.
    pub base_images: Vec<BaseImage>,
    pub shots: Vec<Shot>,
    #[serde(default)]
    pub characters: Vec<Character>,
    /// Speech and silence, without gaps, over the whole film.
    pub dialogue_timeline: Vec<Span>,
    pub render_profile: RenderProfile,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// A key picture that two shots share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BaseImage {
    pub id: String,
    /// What the picture shows.
    pub prompt: String,
    /// Chooses among the pictures that the prompt may give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// One take of the camera, from its start image to its end image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Shot {
    pub id: String,
    pub duration_sec: f64,
    pub visual_description: String,
    pub start_base_image_id: String,
    pub end_base_image_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub motion_prompt: Option<String>,
    #[serde(default)]
    pub is_talking_closeup: bool,
    #[serde(default)]
    pub dialogue: Vec<Line>,
    /// How the camera moves, such as `push_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub camera: Option<String>,
    /// How the music sounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// The music of a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    /// `C` to `B`, with `#` for the black keys.
    pub key: String,
    /// `aeolian`, `dorian`, `lydian`, `phrygian`, `ionian` or `mixolydian`.
    pub mode: String,
    /// Beats per minute, 40 to 90.
    pub bpm: f32,
    /// 0 to 1.
    pub intensity: f32,
}

/// What a character says in a shot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    pub character_id: String,
    pub text: String,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Character {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Such as `gender`, `language`, `voice`.
    #[serde(default)]
    pub voice_profile: BTreeMap<String, String>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// A stretch of the film's sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Span {
    Dialogue {
        start_time_sec: f64,
        duration_sec: f64,
        character_id: String,
        text: String,
    },
    Silence {
        start_time_sec: f64,
        duration_sec: f64,
    },
}

impl Span {
    pub fn start_secs(&self) -> f64 {
        match self {
            Span::Dialogue { start_time_sec, .. } | Span::Silence { start_time_sec, .. } => {
                *start_time_sec
            }
        }
    }

    pub fn duration_secs(&self) -> f64 {
        match self {
            Span::Dialogue { duration_sec, .. } | Span::Silence { duration_sec, .. } => {
                *duration_sec
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RenderProfile {
    pub video: VideoProfile,
    #[serde(default)]
    pub metadata: Map<String, Value>,
    #[serde(flatten)]
    pub extra: Extra,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VideoProfile {
    pub model_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fps: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    #[serde(flatten)]
    pub extra: Extra,
}

/// Why text is not a plan.
#[derive(Debug, thiserror::Error)]
#[error("not a movie plan: {0}")]
pub struct PlanError(#[from] serde_json::Error);

/// Reads a plan. Only its form is checked; see [`crate::validate()`] for its rules.
pub fn parse(json: &str) -> Result<MoviePlan, PlanError> {
    Ok(serde_json::from_str(json)?)
}
