//! Chains that every studio has. They are data; what a user keeps has the same form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::chain::Chain;

/// A chain with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// In small letters and hyphens; stays the same when the name is translated.
    pub id: String,
    pub name: String,
    /// What it does, in a sentence.
    pub summary: String,
    pub chain: Chain,
}

/// The presets that come with the studio, in the order in which they are shown.
pub fn presets() -> Vec<Preset> {
    // A test reads them, so nothing is lost here.
    serde_json::from_str(include_str!("presets.json")).unwrap_or_default()
}

/// One of them by its id.
pub fn preset(id: &str) -> Option<Preset> {
    presets().into_iter().find(|preset| preset.id == id)
}
