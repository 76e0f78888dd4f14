//! The layers that settings come from, checked key by key.

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::RwLock;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorCode};
use crate::schema;
use crate::settings::Settings;

/// Where a value comes from. Later ones win.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Default,
    File,
    Environment,
    Flag,
}

/// One setting as the settings page shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Setting {
    pub key: String,
    pub title: String,
    pub summary: String,
    pub value: Value,
    pub default: Value,
    pub origin: Origin,
    /// `string`, `integer`, `number` or `boolean`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<String>>,
}

/// The layers that settings come from, and the values in force. Shared by the whole process.
pub struct SettingsFile {
    path: Utf8PathBuf,
    state: RwLock<State>,
}

struct State {
    layers: BTreeMap<Origin, BTreeMap<String, Value>>,
    current: Arc<Settings>,
}

/// Prefix of the environment variables: `server.port` is `AV_STUDIO_SERVER_PORT`.
const ENV_PREFIX: &str = "AV_STUDIO_";

impl SettingsFile {
    /// Reads the TOML file at `path` (which need not exist), the `environment`, and `flags` of the
    /// form (`key`, `value`). Any wrong value is an error that names it.
    pub fn load(
        path: Utf8PathBuf,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &[(String, String)],
    ) -> Result<SettingsFile, Error> {
        let mut layers = BTreeMap::from([(Origin::File, read_file(&path)?)]);
        let mut variables = BTreeMap::new();
        for (name, text) in environment {
            if let Some(leaf) = leaves()
                .into_iter()
                .find(|leaf| variable(&leaf.key) == name)
            {
                let value = leaf.parse(&text);
                leaf.check(&value, &format!("environment variable {name}"))?;
                variables.insert(leaf.key, value);
            }
        }
        layers.insert(Origin::Environment, variables);
        let mut flagged = BTreeMap::new();
        for (key, text) in flags {
            let leaf = leaf(key)?;
            let value = leaf.parse(text);
            leaf.check(&value, "flag --set")?;
            flagged.insert(key.clone(), value);
        }
        layers.insert(Origin::Flag, flagged);
        let current = Arc::new(merge(&layers)?);
        Ok(SettingsFile {
            path,
            state: RwLock::new(State { layers, current }),
        })
    }

    /// The values in force now.
    pub fn current(&self) -> Arc<Settings> {
        self.state.read().current.clone()
    }

    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Every setting with its value and where that comes from, in the order of [`Settings`].
    pub fn list(&self) -> Vec<Setting> {
        let state = self.state.read();
        let (current, defaults) = (json!(*state.current), json!(Settings::default()));
        leaves()
            .into_iter()
            .map(|leaf| {
                let origin = state
                    .layers
                    .iter()
                    .rev()
                    .find(|(_, layer)| layer.contains_key(&leaf.key))
                    .map_or(Origin::Default, |(origin, _)| *origin);
                leaf.describe(&current, &defaults, origin)
            })
            .collect()
    }

    /// # Stores `value` for `key` in the file, or removes the key from it with `None`.
    ///
    /// The file is replaced as a whole, so a crash leaves the old or the new one.
    pub fn set(&self, key: &str, value: Option<Value>) -> Result<(), Error> {
        let leaf = leaf(key)?;
        let mut state = self.state.write();
        // Another process may have written meanwhile; its other keys must stay.
        let mut file = read_file(&self.path)?;
        match value {
            Some(value) => {
                leaf.check(&value, "new value")
                    .map_err(|error| error.field("/value"))?;
                file.insert(key.to_owned(), value);
            }
            None => {
                file.remove(key);
            }
        }
        write_file(&self.path, &file)?;
        state.layers.insert(Origin::File, file);
        state.current = Arc::new(merge(&state.layers)?);
        Ok(())
    }
}

/// One key with its schema.
struct Leaf {
    key: String,
    schema: Value,
}

impl Leaf {
    /// Text as the value that the key wants; text that does not fit stays text, for [`Leaf::check`].
    fn parse(&self, text: &str) -> Value {
        match self.kind() {
            "string" => Value::String(text.to_owned()),
            _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        }
    }

    fn check(&self, value: &Value, place: &str) -> Result<(), Error> {
        if schema::compile(&self.schema)?.is_valid(value) {
            return Ok(());
        }
        Err(
            Error::bad_input(format!("{}: {value} is not allowed ({place})", self.key))
                .field(format!("/{}", self.key.replace('.', "/")))
                .hint(format!("allowed: {}", self.allowed())),
        )
    }

    fn allowed(&self) -> String {
        if let Some(choices) = self.choices() {
            return choices.join(", ");
        }
        let kind = match self.kind() {
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            _ => "text",
        };
        let mut words = match (self.bound("minimum"), self.bound("maximum")) {
            (Some(low), Some(high)) => format!("{kind} from {low} to {high}"),
            _ => kind.to_owned(),
        };
        if self.schema.get("multipleOf").is_some() {
            words.push_str(", even");
        }
        if let Some(form) = self.schema["x-allowed"].as_str() {
            words.push_str(": ");
            words.push_str(form);
        }
        words
    }

    fn describe(&self, current: &Value, defaults: &Value, origin: Origin) -> Setting {
        let pointer = format!("/{}", self.key.replace('.', "/"));
        let at = |values: &Value| values.pointer(&pointer).cloned().unwrap_or_default();
        let text = |name: &str| self.schema[name].as_str().unwrap_or_default().to_owned();
        Setting {
            key: self.key.clone(),
            title: text("title"),
            summary: text("description"),
            value: at(current),
            default: at(defaults),
            origin,
            kind: self.kind().to_owned(),
            minimum: self.bound("minimum"),
            maximum: self.bound("maximum"),
            choices: self.choices(),
        }
    }

    fn kind(&self) -> &str {
        self.schema["type"].as_str().unwrap_or("string")
    }

    fn bound(&self, name: &str) -> Option<f64> {
        self.schema[name].as_f64()
    }

    fn choices(&self) -> Option<Vec<String>> {
        let options = self.schema["enum"].as_array()?;
        Some(
            options
                .iter()
                .filter_map(|option| option.as_str().map(str::to_owned))
                .collect(),
        )
    }
}

/// All keys in the order of the struct.
fn leaves() -> Vec<Leaf> {
    let root = schema::of::<Settings>(
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true),
    );
    let empty = Map::new();
    let properties = |schema: &Value| schema["properties"].as_object().unwrap_or(&empty).clone();
    let mut leaves = Vec::new();
    for (section, schema) in properties(&root) {
        for (field, schema) in properties(&schema) {
            leaves.push(Leaf {
                key: format!("{section}.{field}"),
                schema,
            });
        }
    }
    leaves
}

fn leaf(key: &str) -> Result<Leaf, Error> {
    leaves()
        .into_iter()
        .find(|leaf| leaf.key == key)
        .ok_or_else(|| {
            let known: Vec<String> = leaves().into_iter().map(|leaf| leaf.key).collect();
            Error::not_found(format!("there is no setting `{key}`"))
                .field("/key")
                .hint(format!("known settings: {}", known.join(", ")))
        })
}

fn variable(key: &str) -> String {
    format!("{ENV_PREFIX}{}", key.replace('.', "_").to_uppercase())
}

/// Lays the layers over the defaults. The values were checked when they came in.
fn merge(layers: &BTreeMap<Origin, BTreeMap<String, Value>>) -> Result<Settings, Error> {
    let mut merged = json!(Settings::default());
    for (key, value) in layers.values().flatten() {
        if let Some(slot) = merged.pointer_mut(&format!("/{}", key.replace('.', "/"))) {
            *slot = value.clone();
        }
    }
    serde_json::from_value(merged)
        .map_err(|error| Error::internal(format!("settings do not fit their own type: {error}")))
}

fn read_file(path: &Utf8Path) -> Result<BTreeMap<String, Value>, Error> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Error::io(format!("read the settings in {path}"), &error)),
    };
    let document: toml::Table = toml::from_str(&text).map_err(|error| {
        Error::bad_input(format!(
            "{path}: not valid TOML: {}",
            error.to_string().trim()
        ))
        .hint("correct the line, or remove the file to start from the defaults")
    })?;
    let mut values = BTreeMap::new();
    for (section, fields) in document {
        let fields = match json!(fields) {
            Value::Object(fields) => fields,
            other => Map::from_iter([(String::new(), other)]),
        };
        for (field, value) in fields {
            let key = if field.is_empty() {
                section.clone()
            } else {
                format!("{section}.{field}")
            };
            let leaf = leaf(&key).map_err(|error| Error {
                message: format!("{} ({path})", error.message),
                code: ErrorCode::BadInput,
                ..error
            })?;
            leaf.check(&value, path.as_str())?;
            values.insert(key, value);
        }
    }
    Ok(values)
}

fn write_file(path: &Utf8Path, values: &BTreeMap<String, Value>) -> Result<(), Error> {
    let mut document: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    for (key, value) in values {
        if let Some((section, field)) = key.split_once('.') {
            document.entry(section).or_default().insert(field, value);
        }
    }
    let text = toml::to_string(&document)
        .map_err(|error| Error::internal(format!("settings cannot be written as TOML: {error}")))?;
    replace(path, text.as_bytes()).map_err(|error| Error::io(format!("write {path}"), &error))
}

fn replace(path: &Utf8Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let written = std::fs::File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| std::fs::rename(&temporary, path));
    if renamed.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join("settings.toml")).unwrap();
        if !text.is_empty() {
            std::fs::write(&path, text).unwrap();
        }
        (folder, path)
    }

    fn load(
        text: &str,
        env: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<SettingsFile, Error> {
        let (_folder, path) = file(text);
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|(key, value)| (key.to_string(), value.to_string()))
                .collect()
        };
        SettingsFile::load(path, own(env), &own(flags))
    }

    #[test]
    fn later_layers_win() {
        let (env, flag) = (
            &[("AV_STUDIO_SERVER_PORT", "2")][..],
            &[("server.port", "3")][..],
        );
        let text = "[server]\nport = 1\n";
        let port = |text, env, flags| load(text, env, flags).unwrap().current().server.port;
        assert_eq!(port("", &[], &[]), 4750);
        assert_eq!(port(text, &[], &[]), 1);
        assert_eq!(port(text, env, &[]), 2);
        assert_eq!(port(text, env, flag), 3);
    }

    fn check_refused(result: Result<SettingsFile, Error>, words: &[&str]) {
        let error = result.err().expect("this setting is wrong");
        let said = format!(
            "{} {}",
            error.message,
            error.hint.clone().unwrap_or_default()
        );
        for word in words {
            assert!(said.contains(word), "{said:?} should name {word}");
        }
    }

    #[test]
    fn a_wrong_value_names_the_key_the_place_and_the_range() {
        let port = ["server.port", "70000", "0 to 65535"];
        check_refused(
            load("[server]\nport = 70000\n", &[], &[]),
            &[&port[..], &["settings.toml"]].concat(),
        );
        let env = [("AV_STUDIO_SERVER_PORT", "70000")];
        check_refused(
            load("", &env, &[]),
            &[&port[..], &["AV_STUDIO_SERVER_PORT"]].concat(),
        );
        check_refused(
            load("", &[], &[("server.port", "70000")]),
            &[&port[..], &["--set"]].concat(),
        );
        check_refused(
            load("[server]\nprot = 1\n", &[], &[]),
            &["server.prot", "server.port"],
        );
        check_refused(load("server = 5\n", &[], &[]), &["server", "settings.toml"]);
        check_refused(load("[server\n", &[], &[]), &["settings.toml", "TOML"]);
        check_refused(
            load("[appearance]\ntheme = \"pink\"\n", &[], &[]),
            &["system, light, dark"],
        );
        check_refused(
            load("[film]\nwidth = 641\n", &[], &[]),
            &["film.width", "even"],
        );
        check_refused(
            load("[projects]\nfolder = \"a/b\"\n", &[], &[]),
            &["absolute path"],
        );
    }

    #[test]
    fn a_stored_value_is_there_after_a_restart_and_can_be_reset() {
        let (_folder, path) = file("");
        let settings = SettingsFile::load(path.clone(), [], &[]).unwrap();
        settings.set("jobs.cpu_slots", Some(json!(4))).unwrap();
        settings
            .set("film.loudness_lufs", Some(json!(-23.0)))
            .unwrap();
        assert!(settings.set("jobs.cpu_slots", Some(json!(0))).is_err());
        assert!(settings.set("jobs.nothing", Some(json!(0))).is_err());

        let again = SettingsFile::load(path.clone(), [], &[]).unwrap();
        assert_eq!(again.current().jobs.cpu_slots, 4);
        assert_eq!(again.current().film.loudness_lufs, -23.0);
        again.set("jobs.cpu_slots", None).unwrap();
        assert_eq!(
            SettingsFile::load(path, [], &[])
                .unwrap()
                .current()
                .jobs
                .cpu_slots,
            1
        );
    }

    #[test]
    fn every_setting_has_words_a_default_and_an_origin() {
        let settings = load("", &[("AV_STUDIO_APPEARANCE_THEME", "dark")], &[]).unwrap();
        for setting in settings.list() {
            assert!(
                !setting.title.is_empty() && !setting.summary.is_empty(),
                "{setting:?}"
            );
            assert!(!setting.default.is_null(), "{setting:?}");
            let dark = setting.key == "appearance.theme";
            assert_eq!(
                setting.origin,
                if dark {
                    Origin::Environment
                } else {
                    Origin::Default
                }
            );
        }
    }
}
