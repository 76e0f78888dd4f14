//! `ambient.presets`, `ambient.save_preset`, `ambient.remove_preset`: the owner's own, beside the four that every studio
//! has.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_ambient::{Bpm, Intensity, Key, Mode, Params, Preset};
use studio_core::{Error, ErrorCode, JobContext, Operation};
use studio_store::{JsonFile, Projects};

use super::Nothing;

/// More than anybody tells apart.
const MOST: usize = 200;
const FILE: &str = "ambient-presets.json";

pub(super) fn operations(projects: &Arc<Projects>) -> Vec<Operation> {
    let shelf = Arc::new(Shelf(JsonFile::new(projects.home().path().join(FILE))));
    let (list, save, remove) = (shelf.clone(), shelf.clone(), shelf);
    vec![
        Operation::define(
            "ambient.presets",
            "List ambient presets",
            "Lists the built-in presets, then the owner's own by name.",
        )
        .blocking(move |_cx: &JobContext, _input: Nothing| list.list()),
        Operation::define(
            "ambient.save_preset",
            "Save an ambient preset",
            "Keeps key, mode, tempo and intensity under a name. One of the same name is replaced.",
        )
        .writes()
        .blocking(move |_cx: &JobContext, input: NewPreset| save.save(input)),
        Operation::define(
            "ambient.remove_preset",
            "Remove an ambient preset",
            "Forgets one of the owner's presets.",
        )
        .destroys()
        .positional("name")
        .blocking(move |_cx: &JobContext, input: Which| remove.remove(&input.name)),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPreset {
    #[schemars(length(min = 1, max = 40))]
    name: String,
    key: Key,
    mode: Mode,
    bpm: Bpm,
    intensity: Intensity,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct NamedParams {
    name: String,
    params: Params,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Presets {
    built_in: Vec<NamedParams>,
    own: Vec<NamedParams>,
}

/// The file of the owner's presets.
struct Shelf(JsonFile);

impl Shelf {
    fn list(&self) -> Result<Presets, Error> {
        let named = |preset: Preset, key| NamedParams {
            name: format!("{preset:?}"),
            params: preset.params(key),
        };
        Ok(Presets {
            built_in: vec![
                named(Preset::Focus, Key::D),
                named(Preset::Meditation, Key::C),
                named(Preset::Sleep, Key::A),
                named(Preset::Bright, Key::G),
            ],
            own: self.0.read()?,
        })
    }

    fn save(&self, input: NewPreset) -> Result<Presets, Error> {
        let name = input.name.trim().to_owned();
        if name.is_empty() || Preset::ALL.iter().any(|own| format!("{own:?}") == name) {
            let message = match name.as_str() {
                "" => "a preset needs a name".to_owned(),
                name => format!("`{name}` is built in and stays as it is"),
            };
            return Err(Error::bad_input(message)
                .field("/name")
                .hint("choose another name"));
        }
        self.change(|own| {
            own.retain(|preset| preset.name != name);
            if own.len() >= MOST {
                let message = format!("there are {MOST} presets already");
                return Err(Error::new(ErrorCode::Conflict, message).hint("remove one first"));
            }
            own.push(NamedParams {
                name,
                params: Params {
                    key: input.key,
                    mode: input.mode,
                    bpm: input.bpm,
                    intensity: input.intensity,
                },
            });
            own.sort_by_key(|preset| preset.name.to_lowercase());
            Ok(())
        })
    }

    fn remove(&self, name: &str) -> Result<Presets, Error> {
        self.change(|own| {
            let before = own.len();
            own.retain(|preset| preset.name != name);
            match own.len() < before {
                true => Ok(()),
                false => Err(
                    Error::not_found(format!("no preset of yours is called `{name}`"))
                        .field("/name"),
                ),
            }
        })
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Vec<NamedParams>) -> Result<(), Error>,
    ) -> Result<Presets, Error> {
        self.0.change(change)?;
        self.list()
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    #[test]
    fn presets_are_kept_replaced_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join(FILE)).unwrap();
        let shelf = Shelf(JsonFile::new(path));
        let preset = |name: &str, intensity| NewPreset {
            name: name.to_owned(),
            key: Key::A,
            mode: Mode::Lydian,
            bpm: Bpm::new(55.0).unwrap(),
            intensity: Intensity::new(intensity).unwrap(),
        };
        shelf.save(preset(" rain ", 0.4)).unwrap();
        shelf.save(preset("Attic", 0.1)).unwrap();
        let saved = shelf.save(preset("rain", 0.7)).unwrap();
        let names: Vec<&str> = saved.own.iter().map(|own| own.name.as_str()).collect();
        assert_eq!(names, ["Attic", "rain"]);
        assert_eq!(saved.own[1].params.intensity.get(), 0.7);
        assert_eq!(saved.built_in.len(), 4);
        for name in ["", "  ", "Focus"] {
            let refused = shelf.save(preset(name, 0.1)).unwrap_err();
            assert_eq!(refused.field.as_deref(), Some("/name"));
        }
        assert_eq!(shelf.remove("Attic").unwrap().own.len(), 1);
        assert_eq!(shelf.remove("Attic").unwrap_err().code, ErrorCode::NotFound);
        std::fs::write(shelf.0.path(), "[").unwrap();
        assert_eq!(shelf.list().unwrap_err().code, ErrorCode::Conflict);
    }
}
