//! Chains of effects with a name: those that come with the studio, and the owner's own in a file.

use studio_core::{Error, ErrorCode};
use studio_dsp::effects::{Chain, Preset, presets};
use studio_store::{JsonFile, Projects};

const FILE: &str = "effect-presets.json";
/// More than anybody tells apart.
const MOST: usize = 200;

/// All presets of effects. Changes are kept in the home folder.
pub struct EffectPresets(JsonFile);

impl EffectPresets {
    pub fn of(projects: &Projects) -> EffectPresets {
        EffectPresets(JsonFile::new(projects.home().path().join(FILE)))
    }

    /// The owner's own, by name.
    pub fn own(&self) -> Result<Vec<Preset>, Error> {
        Ok(self.0.read()?)
    }

    /// The preset of that id, whoever made it.
    pub fn find(&self, id: &str) -> Result<Preset, Error> {
        if let Some(preset) = presets().into_iter().find(|preset| preset.id == id) {
            return Ok(preset);
        }
        let own = self.own()?;
        let found = own.iter().find(|preset| preset.id == id).cloned();
        found.ok_or_else(|| {
            let known: Vec<String> = presets().into_iter().chain(own).map(|it| it.id).collect();
            Error::not_found(format!("there is no preset `{id}`"))
                .field("/preset")
                .hint(format!("the presets are {}", known.join(", ")))
        })
    }

    /// Exactly one of `preset`, an id, and `chain` says what is done to a sound. Answers the chain, in
    /// order, and the preset's name.
    pub fn chosen(
        &self,
        preset: Option<&str>,
        chain: Option<&Chain>,
    ) -> Result<(Chain, Option<String>), Error> {
        let (chain, name) = match (preset, chain) {
            (Some(id), None) => {
                let found = self.find(id)?;
                (found.chain, Some(found.name))
            }
            (None, Some(chain)) => (chain.clone(), None),
            _ => {
                return Err(
                    Error::bad_input("give either a `preset` or a `chain` of effects")
                        .field("/chain")
                        .hint("audio.effects lists both"),
                );
            }
        };
        let field = if name.is_some() { "/preset" } else { "/chain" };
        chain
            .check()
            .map_err(|error| Error::bad_input(error.to_string()).field(field))?;
        Ok((chain, name))
    }

    /// Keeps a chain under a name, from which its id is made. One of the same name is replaced.
    pub fn save(&self, name: &str, summary: &str, chain: Chain) -> Result<Preset, Error> {
        chain
            .check()
            .map_err(|error| Error::bad_input(error.to_string()).field("/chain"))?;
        let name = name.trim();
        let preset = Preset {
            id: id(name)?,
            name: name.to_owned(),
            summary: summary.trim().to_owned(),
            chain,
        };
        if let Some(built_in) = presets().into_iter().find(|it| it.id == preset.id) {
            let message = format!(
                "`{}` comes with the studio and stays as it is",
                built_in.name
            );
            return Err(taken(message));
        }
        self.0.change(|own: &mut Vec<Preset>| {
            let is_same = |it: &Preset| it.name.to_lowercase() == preset.name.to_lowercase();
            own.retain(|it| !is_same(it));
            if let Some(other) = own.iter().find(|it| it.id == preset.id) {
                let message = format!("`{name}` is too much like your preset `{}`", other.name);
                return Err(taken(message));
            }
            if own.len() >= MOST {
                let message = format!("there are {MOST} presets already");
                return Err(Error::new(ErrorCode::Conflict, message).hint("remove one first"));
            }
            own.push(preset.clone());
            own.sort_by_key(|preset| preset.name.to_lowercase());
            Ok(preset)
        })
    }

    /// Forgets one of the owner's own, and answers it.
    pub fn remove(&self, id: &str) -> Result<Preset, Error> {
        if let Some(built_in) = presets().into_iter().find(|preset| preset.id == id) {
            let message = format!("`{}` comes with the studio and stays", built_in.name);
            return Err(Error::bad_input(message).field("/id"));
        }
        self.0.change(|own: &mut Vec<Preset>| {
            let place = own.iter().position(|preset| preset.id == id);
            place.map(|place| own.remove(place)).ok_or_else(|| {
                Error::not_found(format!("no preset of yours has the id `{id}`")).field("/id")
            })
        })
    }
}

fn taken(message: String) -> Error {
    Error::new(ErrorCode::Conflict, message)
        .field("/name")
        .hint("choose another name")
}

/// The letters and digits of a name in small letters, with hyphens between words.
fn id(name: &str) -> Result<String, Error> {
    let small = name.to_lowercase();
    let words = small.split(|letter: char| !letter.is_alphanumeric());
    let id = words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    match id.is_empty() {
        true => Err(Error::bad_input("a name has at least one letter or digit").field("/name")),
        false => Ok(id),
    }
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn shelf() -> (tempfile::TempDir, EffectPresets) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().join(FILE)).unwrap();
        (folder, EffectPresets(JsonFile::new(path)))
    }

    fn chain(gain_db: f64) -> Chain {
        let effect = format!(r#"{{"effects":[{{"effect":{{"gain":{{"gain_db":{gain_db}}}}}}}]}}"#);
        serde_json::from_str(&effect).unwrap()
    }

    #[test]
    fn presets_are_kept_found_replaced_and_removed() {
        let (_folder, shelf) = shelf();
        let saved = shelf.save(" Tante Ä. ", "", chain(1.0)).unwrap();
        assert_eq!(
            (saved.id.as_str(), saved.name.as_str()),
            ("tante-ä", "Tante Ä.")
        );
        shelf
            .save("Attic", " Under the roof. ", chain(2.0))
            .unwrap();
        let names: Vec<String> = shelf.own().unwrap().into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["Attic", "Tante Ä."]);
        assert_eq!(shelf.find("attic").unwrap().summary, "Under the roof.");
        assert_eq!(shelf.find("podcast-voice").unwrap().name, "Podcast voice");
        let (found, name) = shelf.chosen(Some("attic"), None).unwrap();
        assert_eq!((found, name.as_deref()), (chain(2.0), Some("Attic")));

        shelf.save("ATTIC", "", chain(3.0)).unwrap();
        assert_eq!(shelf.own().unwrap().len(), 2);
        assert_eq!(shelf.find("attic").unwrap().chain, chain(3.0));
        assert_eq!(shelf.remove("attic").unwrap().name, "ATTIC");
        assert_eq!(shelf.remove("attic").unwrap_err().code, ErrorCode::NotFound);
        assert_eq!(shelf.own().unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_kept_is_refused_and_nothing_is_lost() {
        let (_folder, shelf) = shelf();
        shelf.save("My voice", "", chain(1.0)).unwrap();
        let refused = |name: &str, chain: Chain| {
            let error = shelf.save(name, "", chain).unwrap_err();
            (error.code, error.field.unwrap_or_default())
        };
        let at_name = |code| (code, "/name".to_owned());
        assert_eq!(refused("  ", chain(1.0)), at_name(ErrorCode::BadInput));
        assert_eq!(refused("!?", chain(1.0)), at_name(ErrorCode::BadInput));
        assert_eq!(
            refused("podcast VOICE", chain(1.0)),
            at_name(ErrorCode::Conflict)
        );
        assert_eq!(
            refused("My-voice!", chain(1.0)),
            at_name(ErrorCode::Conflict)
        );
        let loud = (ErrorCode::BadInput, "/chain".to_owned());
        assert_eq!(refused("Loud", chain(4000.0)), loud);
        assert_eq!(
            shelf.remove("podcast-voice").unwrap_err().code,
            ErrorCode::BadInput
        );
        let unknown = shelf.find("my voice").unwrap_err();
        assert!(
            unknown.hint.unwrap().ends_with("my-voice"),
            "own ones are told"
        );
        assert_eq!(shelf.find("my-voice").unwrap().chain, chain(1.0));

        std::fs::write(shelf.0.path(), "[{").unwrap();
        for error in [
            shelf.own().unwrap_err(),
            shelf.save("New", "", chain(1.0)).unwrap_err(),
        ] {
            assert_eq!(error.code, ErrorCode::Conflict);
            assert!(error.message.contains(FILE), "{}", error.message);
        }
        assert_eq!(std::fs::read(shelf.0.path()).unwrap(), b"[{");
        assert!(
            shelf.find("podcast-voice").is_ok(),
            "those of the studio are there"
        );
    }
}
