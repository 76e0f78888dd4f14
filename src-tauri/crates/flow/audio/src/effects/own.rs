//! `audio.save_effects` and `audio.remove_effects`: the owner's own presets.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use studio_assets::EffectPresets;
use studio_core::{JobContext, Operation};
use studio_dsp::effects::Chain;

use super::catalog::ChainPreset;

pub(super) fn operations(presets: &Arc<EffectPresets>) -> Vec<Operation> {
    let (save, remove) = (presets.clone(), presets.clone());
    vec![
        Operation::define(
            "audio.save_effects",
            "Save a chain of effects",
            "Keeps a chain under a name, as a preset of your own. One of yours of the same name is replaced.",
        )
        .writes()
        .blocking(move |_cx: &JobContext, input: NewPreset| {
            let saved = save.save(&input.name, &input.summary, input.chain)?;
            Ok(ChainPreset::of(saved, true))
        }),
        Operation::define(
            "audio.remove_effects",
            "Remove a chain of effects",
            "Forgets one of your own presets. What was made with it stays.",
        )
        .destroys()
        .positional("id")
        .blocking(move |_cx: &JobContext, input: Which| {
            Ok(ChainPreset::of(remove.remove(&input.id)?, true))
        }),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPreset {
    /// What people call it. Its id is made from the name's letters and digits.
    #[schemars(length(min = 1, max = 60))]
    name: String,
    /// What it does, in a sentence.
    #[serde(default)]
    #[schemars(length(max = 200))]
    summary: String,
    chain: Chain,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Id of one of your own presets.
    #[schemars(length(min = 1, max = 200))]
    id: String,
}
