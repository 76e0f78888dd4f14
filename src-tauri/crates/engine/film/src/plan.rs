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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a movie plan: {}{message} (line {line}, column {column})", if .path.is_empty() { String::new() } else { format!("`{path}`: ") })]
pub struct PlanError {
    /// The wrong field, such as `shots[2].duration_sec`; empty where the text is not JSON.
    pub path: String,
    pub message: String,
    /// 1-based.
    pub line: usize,
    /// 1-based.
    pub column: usize,
}

/// Reads a plan. Only its form is checked; see [`crate::validate()`] for its rules.
pub fn parse(json: &str) -> Result<MoviePlan, PlanError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let wrong = |path: String, error: &serde_json::Error| {
        let full = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        PlanError {
            path,
            message: full.strip_suffix(&place).unwrap_or(&full).to_owned(),
            line: error.line(),
            column: error.column(),
        }
    };
    let plan = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = match error.path().to_string() {
            root if root == "." || error.inner().is_syntax() || error.inner().is_eof() => {
                String::new()
            }
            path => path,
        };
        wrong(path, error.inner())
    })?;
    reader.end().map_err(|error| wrong(String::new(), &error))?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan as other tools write it, with fields that we do not know.
    const FOREIGN: &str = r#"{
        "title": "Rooftop", "mood_board": ["neon"],
        "base_images": [
            {"id": "f0", "prompt": "Rooftop at night", "asset_uri": null, "metadata": {"steps": 30}},
            {"id": "f1", "prompt": "Close on Ava", "mime_type": "image/png"}
        ],
        "characters": [{"id": "c1", "name": "Ava", "voice_profile": {"pitch": "low"}, "age": 31}],
        "shots": [{
            "id": "s1", "duration_sec": 8, "visual_description": "Neon signs", "start_base_image_id": "f0",
            "end_base_image_id": "f1", "setting": null, "lens_mm": 35,
            "dialogue": [{"character_id": "c1", "text": "I always loved you.", "metadata": {"take": 2}}]
        }],
        "dialogue_timeline": [
            {"type": "dialogue", "start_time_sec": 0.0, "duration_sec": 4.0, "character_id": "c1", "text": "I always loved you."},
            {"type": "silence", "start_time_sec": 4.0, "duration_sec": 4.0}
        ],
        "render_profile": {"video": {"model_id": "wan-2.1", "max_fps": null, "steps": 20}, "metadata": {}},
        "metadata": {"seed": "12345"}
    }"#;

    #[test]
    fn a_foreign_plan_is_valid_and_keeps_what_we_do_not_know() {
        let plan = parse(FOREIGN).unwrap();
        assert_eq!(crate::validate(&plan), []);
        let back = serde_json::to_value(&plan).unwrap();
        for (pointer, value) in [
            ("/mood_board/0", serde_json::json!("neon")),
            ("/base_images/0/metadata/steps", serde_json::json!(30)),
            ("/base_images/1/mime_type", serde_json::json!("image/png")),
            ("/characters/0/age", serde_json::json!(31)),
            ("/shots/0/lens_mm", serde_json::json!(35)),
            ("/shots/0/dialogue/0/metadata/take", serde_json::json!(2)),
            ("/render_profile/video/steps", serde_json::json!(20)),
            ("/metadata/seed", serde_json::json!("12345")),
        ] {
            assert_eq!(
                back.pointer(pointer),
                Some(&value),
                "{pointer} must survive"
            );
        }
        assert_eq!(parse(&back.to_string()).unwrap(), plan);
    }

    fn check(from: &str, to: &str, path: &str, words: &str) {
        assert!(FOREIGN.contains(from), "{from}");
        let error = parse(&FOREIGN.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.path, path, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }

    #[test]
    fn a_wrong_field_is_named() {
        check(
            r#""duration_sec": 8"#,
            r#""duration_sec": "8""#,
            "shots[0].duration_sec",
            "expected f64",
        );
        check(
            r#""id": "f1", "#,
            "",
            "base_images[1]",
            "missing field `id`",
        );
        check(
            r#""low""#,
            "7",
            "characters[0].voice_profile.pitch",
            "expected a string",
        );
        check(
            r#""type": "silence""#,
            r#""type": "song""#,
            "dialogue_timeline[1].type",
            "unknown variant `song`",
        );
        check(
            r#""shots": ["#,
            r#""shots": {"#,
            "shots",
            "expected a sequence (line 8",
        );
        assert_eq!(parse("").unwrap_err().path, "");
        assert!(
            parse(&format!("{FOREIGN} x"))
                .unwrap_err()
                .to_string()
                .contains("trailing")
        );
    }
}
