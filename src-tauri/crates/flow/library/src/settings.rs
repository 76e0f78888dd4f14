//! `settings.get`, `settings.set`, `settings.reset`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use studio_core::settings::Setting;
use studio_core::{Error, Event, JobContext, Operation, SettingsFile};

use crate::projects::Nothing;

pub(crate) fn operations(settings: &Arc<SettingsFile>) -> Vec<Operation> {
    let (get, set, reset) = (settings.clone(), settings.clone(), settings.clone());
    vec![
        Operation::define(
            "settings.get",
            "Show settings",
            "Lists every setting with its value, where that comes from, and what is allowed.",
        )
        .blocking(move |_cx: &JobContext, _input: Nothing| Ok(answer(&get))),
        Operation::define(
            "settings.set",
            "Change a setting",
            "Stores a value in the settings file.",
        )
        .writes()
        .needs_approval()
        .positional("key")
        .blocking(move |cx: &JobContext, input: SetInput| {
            change(cx, &set, &input.key, Some(input.value))
        }),
        Operation::define(
            "settings.reset",
            "Reset a setting",
            "Removes a setting from the file, so that its default holds again.",
        )
        .destroys()
        .positional("key")
        .blocking(move |cx: &JobContext, input: ResetInput| change(cx, &reset, &input.key, None)),
    ]
}

fn change(
    cx: &JobContext,
    settings: &SettingsFile,
    key: &str,
    value: Option<Value>,
) -> Result<SettingsAnswer, Error> {
    settings.set(key, value)?;
    cx.emit(Event::SettingsChanged {});
    Ok(answer(settings))
}

fn answer(settings: &SettingsFile) -> SettingsAnswer {
    SettingsAnswer {
        file: settings.path().to_string(),
        settings: settings.list(),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetInput {
    /// The setting, such as `server.port`.
    #[schemars(length(min = 1))]
    key: String,
    /// The new value.
    value: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ResetInput {
    /// The setting, such as `server.port`.
    #[schemars(length(min = 1))]
    key: String,
}

#[derive(Serialize, JsonSchema)]
struct SettingsAnswer {
    /// The settings file.
    file: String,
    settings: Vec<Setting>,
}
