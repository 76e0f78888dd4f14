//! What the player's operations take and answer.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::HeardLoudness;
use studio_core::units::FrameRate;
use studio_dsp::effects::Chain;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenInput {
    /// The file to play, unless an asset or film is named.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("x-path" = true))]
    pub(super) path: Option<Utf8PathBuf>,
    /// The project: its folder, id or name.
    #[serde(default)]
    pub(super) project: Option<String>,
    /// The asset to play, by id.
    #[serde(default)]
    pub(super) asset: Option<String>,
    /// The rendered film to play, by id.
    #[serde(default)]
    pub(super) film: Option<String>,
    /// Effects that the sound goes through, which `player.chain` changes. They are those that `audio.process` would apply,
    /// to its end.
    #[serde(default)]
    pub(super) chain: Option<Chain>,
    /// Id of a preset of effects, instead of a chain.
    #[serde(default)]
    pub(super) preset: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChainInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    pub(super) player: String,
    /// The effects from now on.
    #[serde(default)]
    pub(super) chain: Option<Chain>,
    /// Id of a preset of effects, instead of a chain.
    #[serde(default)]
    pub(super) preset: Option<String>,
    /// Let the sound be heard as it came.
    #[serde(default)]
    pub(super) bypass: Option<bool>,
    /// End with the sound: echoes are not played to their end.
    #[serde(default)]
    pub(super) cut_tail: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PlayerInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    pub(super) player: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeekInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    pub(super) player: String,
    /// The frame to stand on.
    pub(super) frame: u64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VolumeInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    pub(super) player: String,
    /// 0 silent to 1 full.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub(super) volume: f32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FrameInput {
    /// What `player.open` answered.
    #[schemars(length(min = 1))]
    pub(super) player: String,
    /// Which picture.
    pub(super) frame: u64,
    /// Pixels across; at most the film's own.
    #[schemars(range(min = 2, max = 7680))]
    pub(super) width: u32,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Opened {
    pub(super) player: String,
    pub(super) duration_secs: f64,
    /// Pixels; 0 for a sound.
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frame_rate: FrameRate,
    pub(super) frames: u64,
    /// Whether there is sound.
    pub(super) audio: bool,
    /// Whether it can be heard: without a device it plays silently.
    pub(super) audible: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Status {
    pub(super) player: String,
    pub(super) frame: u64,
    pub(super) playing: bool,
    pub(super) volume: f32,
    /// As far as it was heard since the meter was reset: through the effects, or as it came, and before the volume.
    pub(super) loudness: HeardLoudness,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Effected {
    pub(super) player: String,
    pub(super) bypass: bool,
    pub(super) cut_tail: bool,
    /// Time by which the effects are late, which is made up for.
    pub(super) latency_ms: f64,
    /// Whether the effects went on as they were, with some knobs turned.
    pub(super) keeps_state: bool,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Closed {
    pub(super) player: String,
}
