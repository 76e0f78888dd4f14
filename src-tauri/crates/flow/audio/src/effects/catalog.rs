//! `audio.effects`: all that a chain can be made of, as a window needs it to draw knobs.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use studio_assets::EffectPresets;
use studio_core::{JobContext, Operation};
use studio_dsp::effects::{EffectSettings, Family, Parameter, Preset, presets};

pub(super) fn operation(own: &Arc<EffectPresets>) -> Operation {
    let own = own.clone();
    Operation::define(
        "audio.effects",
        "List effects",
        "Lists the effects that a chain can have, with their settings, then the presets: chains that come with the \
         studio, and your own by name.",
    )
    .blocking(move |_cx: &JobContext, _input: Nothing| {
        let built_in = presets().into_iter().map(|preset| ChainPreset::of(preset, false));
        let own = own.own()?.into_iter().map(|preset| ChainPreset::of(preset, true));
        Ok(Effects {
            effects: kinds(),
            presets: built_in.chain(own).collect(),
        })
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Serialize, JsonSchema)]
struct Effects {
    effects: Vec<EffectKind>,
    presets: Vec<ChainPreset>,
}

/// A chain with a name.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChainPreset {
    id: String,
    name: String,
    summary: String,
    /// As `audio.process` takes it.
    chain: Value,
    /// Whether it is one of your own, not one that comes with the studio.
    own: bool,
}

impl ChainPreset {
    pub(super) fn of(preset: Preset, own: bool) -> ChainPreset {
        ChainPreset {
            chain: json!(preset.chain),
            id: preset.id,
            name: preset.name,
            summary: preset.summary,
            own,
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct EffectKind {
    name: &'static str,
    /// The name for people.
    title: &'static str,
    family: Family,
    /// What it does, in a sentence or two.
    summary: String,
    /// What a slot holds as `effect` where nothing differs from the defaults.
    defaults: Value,
    /// Its numbers; `wet` belongs to the slot.
    parameters: Vec<Parameter>,
    /// Its settings that are one of a few. None can change while the chain runs.
    choices: Vec<Choice>,
}

/// A setting that is one of a few.
#[derive(Debug, Serialize, JsonSchema)]
struct Choice {
    /// As in JSON; an entry of a list as `bands[0].shape`.
    name: String,
    summary: String,
    options: Vec<Way>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Way {
    /// As in JSON: a name or a whole number.
    value: Value,
    summary: String,
}

fn kinds() -> Vec<EffectKind> {
    let schema = json!(schemars::schema_for!(EffectSettings));
    let kind = |settings: &EffectSettings| {
        let defaults = json!(settings);
        let own = of_effect(&schema, settings.name());
        EffectKind {
            name: settings.name(),
            title: settings.title(),
            family: settings.family(),
            summary: text(own),
            parameters: settings.parameters(),
            choices: choices(&schema, own, &defaults[settings.name()]),
            defaults,
        }
    };
    EffectSettings::all().iter().map(kind).collect()
}

/// The schema of an effect's settings.
fn of_effect<'a>(schema: &'a Value, name: &str) -> &'a Value {
    let variants = schema["oneOf"].as_array().into_iter().flatten();
    let mut settings = variants.filter_map(|variant| variant["properties"].get(name));
    settings
        .next()
        .map_or(&Value::Null, |settings| resolved(schema, settings))
}

/// The settings among `own` that are one of a few; in lists, those of the entries that `values` has.
fn choices(schema: &Value, own: &Value, values: &Value) -> Vec<Choice> {
    let mut found = Vec::new();
    for (name, setting) in own["properties"].as_object().into_iter().flatten() {
        let entries = values[name].as_array().into_iter().flatten();
        for (index, entry) in entries.enumerate() {
            let of_entry = choices(schema, resolved(schema, &setting["items"]), entry);
            found.extend(of_entry.into_iter().map(|choice| Choice {
                name: format!("{name}[{index}].{}", choice.name),
                ..choice
            }));
        }
        let options = options(setting, resolved(schema, setting));
        if !options.is_empty() {
            found.push(Choice {
                name: name.clone(),
                summary: text(setting),
                options,
            });
        }
    }
    found
}

/// All values of a setting: names, whole numbers, or names that are usual.
fn options(setting: &Value, kind: &Value) -> Vec<Way> {
    let way = |value: &Value, summary: String| Way {
        value: value.clone(),
        summary,
    };
    let list = |values: &Value| -> Vec<Way> {
        let values = values.as_array().into_iter().flatten();
        values.map(|value| way(value, String::new())).collect()
    };
    if let Some(variants) = kind["oneOf"].as_array() {
        let named = |variant: &Value| match variant.get("const") {
            Some(value) => vec![way(value, text(variant))],
            None => list(&variant["enum"]),
        };
        return variants.iter().flat_map(named).collect();
    }
    if kind["type"] == "integer" {
        let range = kind["minimum"].as_u64().zip(kind["maximum"].as_u64());
        let numbers = range.map(|(min, max)| min..=max).into_iter().flatten();
        return numbers
            .map(|number| way(&json!(number), String::new()))
            .collect();
    }
    let names = list(&kind["enum"]);
    if names.is_empty() {
        list(&setting["examples"])
    } else {
        names
    }
}

fn resolved<'a>(schema: &'a Value, node: &'a Value) -> &'a Value {
    let name = node["$ref"]
        .as_str()
        .and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(node, |name| &schema["$defs"][name])
}

fn text(node: &Value) -> String {
    node["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effect_tells_all_that_can_be_set() {
        for kind in kinds() {
            assert!(
                kind.summary.ends_with('.'),
                "{}: {}",
                kind.name,
                kind.summary
            );
            let settings = kind.defaults[kind.name].as_object().unwrap();
            for (name, value) in settings {
                let within = |told: &str| told == name || told.starts_with(&format!("{name}["));
                let is_told = kind.parameters.iter().any(|it| within(&it.name))
                    || kind.choices.iter().any(|it| within(&it.name));
                // The noise is learnt, not set.
                assert!(is_told || name == "profile", "{}: {name}", kind.name);
                let choice = kind.choices.iter().find(|it| it.name == *name);
                let is_among = |choice: &Choice| choice.options.iter().any(|it| it.value == *value);
                assert!(choice.is_none_or(is_among), "{}: {choice:?}", kind.name);
            }
        }
    }

    #[test]
    fn choices_are_named_and_explained() {
        let kinds = kinds();
        let choice = |effect: &str, name: &str| {
            let kind = kinds.iter().find(|kind| kind.name == effect).unwrap();
            let found = kind.choices.iter().find(|choice| choice.name == name);
            let options = &found
                .unwrap_or_else(|| panic!("{effect} has no {name}"))
                .options;
            let values = options
                .iter()
                .map(|way| way.value.clone())
                .collect::<Vec<_>>();
            (json!(values), options[0].summary.clone())
        };
        assert_eq!(choice("gain", "polarity").0, json!(["kept", "inverted"]));
        let (shapes, first) = choice("equalizer", "bands[0].shape");
        assert_eq!(shapes.as_array().unwrap().len(), 7);
        assert!(first.starts_with("Lifts or cuts around"), "{first}");
        assert_eq!(choice("pass_filter", "order").0[15], 16);
        assert_eq!(choice("phaser", "stages").0[10], 12);
        assert_eq!(choice("convolution", "impulse").0[0], "room");
    }
}
