//! The lists of models and prices: ours, the owner's over them, and what was discovered.
//!
//! The owner's files are read again when they change, without a restart. A broken file changes
//! nothing: what was read before stays in force, and the problem is told with the models.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::{Mutex, RwLock};
use studio_core::{Error, Event, Events};
use studio_llm::catalog::{Catalog, Model, Source};

const REGISTRY: &str = include_str!("../../../../../models/registry.yaml");
const PRICING: &str = include_str!("../../../../../models/pricing.yaml");
/// Servers that were added by their address; see `servers`.
pub(crate) const SERVERS: &str = "servers.json";
/// How often the owner's files are looked at, at most.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) struct Lists {
    /// Later ones are laid over earlier ones.
    files: [File; 3],
    state: RwLock<State>,
    looked: Mutex<Instant>,
    events: Events,
}

struct State {
    catalog: Arc<Catalog>,
    /// The lists as they were read well last, without what was discovered.
    listed: Catalog,
    stamps: Stamps,
    problem: Option<String>,
    found: BTreeMap<Found, Vec<Model>>,
}

/// Where models were found that no list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    AtOllama,
    InCache,
}

/// A list of the owner's. It need not exist.
#[derive(Clone, Debug)]
enum File {
    Registry(Utf8PathBuf),
    Pricing(Utf8PathBuf),
}

impl File {
    fn path(&self) -> &Utf8Path {
        match self {
            File::Registry(path) | File::Pricing(path) => path,
        }
    }
}

/// When each file was changed last, and its length; `None` for one that does not exist.
type Stamps = [Option<(SystemTime, u64)>; 3];

impl Lists {
    /// Reads `servers.json`, `models.yaml` and `pricing.yaml` in `home`.
    pub(crate) fn open(home: &Utf8Path, events: &Events) -> Result<Lists, Error> {
        let files = [
            File::Registry(home.join(SERVERS)),
            File::Registry(home.join("models.yaml")),
            File::Pricing(home.join("pricing.yaml")),
        ];
        let stamps = files.each_ref().map(|file| stamp(file.path()));
        let (catalog, problem) = match read(&files) {
            Ok(catalog) => (catalog, None),
            Err(error) => (in_parts(&files)?, Some(error.message)),
        };
        let state = State {
            catalog: Arc::new(catalog.clone()),
            listed: catalog,
            stamps,
            problem,
            found: BTreeMap::new(),
        };
        Ok(Lists {
            files,
            state: RwLock::new(state),
            looked: Mutex::new(Instant::now()),
            events: events.clone(),
        })
    }

    /// All that is known now. Cheap: the files are looked at once a second at most.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.refresh();
        self.state.read().catalog.clone()
    }

    /// What is wrong with the owner's files, if anything is.
    pub(crate) fn problem(&self) -> Option<String> {
        self.state.read().problem.clone()
    }

    /// Whether a model was found at that place at run time.
    pub(crate) fn was_found(&self, place: Found, id: &str) -> bool {
        let state = self.state.read();
        let mut models = state.found.get(&place).into_iter().flatten();
        models.any(|model| model.id == id)
    }

    /// Replaces the models that were found at one place at run time.
    pub(crate) fn found(&self, place: Found, models: Vec<Model>) {
        let mut state = self.state.write();
        if state.found.get(&place).map_or(&[][..], Vec::as_slice) == models {
            return;
        }
        state.found.insert(place, models);
        state.catalog = Arc::new(with(state.listed.clone(), &state.found));
        drop(state);
        self.events.emit(Event::ModelsChanged {});
    }

    fn refresh(&self) {
        {
            let mut looked = self.looked.lock();
            if looked.elapsed() < LOOK {
                return;
            }
            *looked = Instant::now();
        }
        self.reread();
    }

    /// Reads the owner's files if they changed.
    pub(crate) fn reread(&self) {
        let stamps = self.files.each_ref().map(|file| stamp(file.path()));
        if self.state.read().stamps == stamps {
            return;
        }
        let mut state = self.state.write();
        state.stamps = stamps;
        match read(&self.files) {
            Ok(catalog) => {
                state.catalog = Arc::new(with(catalog.clone(), &state.found));
                state.listed = catalog;
                state.problem = None;
            }
            Err(error) => {
                tracing::warn!(%error, "the lists of models stay as they were");
                state.problem = Some(error.message);
            }
        }
        drop(state);
        self.events.emit(Event::ModelsChanged {});
    }
}

/// What can be read where not all can: a typo in one of the owner's files does not take the others
/// away, and nothing takes ours away.
fn in_parts(files: &[File]) -> Result<Catalog, Error> {
    let (mut sound, mut catalog) = (Vec::new(), read(&[])?);
    for file in files {
        sound.push(file.clone());
        match read(&sound) {
            Ok(more) => catalog = more,
            Err(_) => drop(sound.pop()),
        }
    }
    Ok(catalog)
}

/// Our lists, and these laid over them.
fn read(files: &[File]) -> Result<Catalog, Error> {
    let texts = files.iter().map(|file| text(file.path()));
    let texts = texts.collect::<Result<Vec<String>, Error>>()?;
    let mut registries = vec![source("registry.yaml", REGISTRY)];
    let mut pricings = vec![source("pricing.yaml", PRICING)];
    for (file, text) in files.iter().zip(&texts) {
        let lists = match file {
            File::Registry(_) => &mut registries,
            File::Pricing(_) => &mut pricings,
        };
        lists.push(source(file.path().as_str(), text));
    }
    Ok(Catalog::read(&registries, &pricings)?)
}

fn with(mut catalog: Catalog, found: &BTreeMap<Found, Vec<Model>>) -> Catalog {
    for model in found.values().flatten() {
        catalog.discover(model.clone());
    }
    catalog
}

fn source<'a>(file: &'a str, text: &'a str) -> Source<'a> {
    Source { file, text }
}

fn text(path: &Utf8Path) -> Result<String, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(Error::io(format!("read {path}"), &error)),
    }
}

fn stamp(path: &Utf8Path) -> Option<(SystemTime, u64)> {
    let data = std::fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

#[cfg(test)]
mod tests {
    use studio_llm::catalog::Protocol;

    use super::*;

    #[test]
    fn our_lists_are_whole() {
        let catalog = read(&[]).unwrap();
        for model in catalog.models() {
            let known = catalog.rates(model).is_some();
            assert!(known, "{} has no price", model.id);
        }
        for provider in catalog.providers() {
            if provider.protocol == Protocol::Hub {
                continue;
            }
            let some = catalog
                .models()
                .any(|model| model.provider() == provider.id);
            assert!(some, "{} has no models", provider.id);
        }
    }

    #[test]
    fn a_changed_file_is_read_and_a_broken_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let home = Utf8Path::from_path(folder.path()).unwrap();
        let lists = Lists::open(home, &Events::new()).unwrap();
        let mine = "models:\n  - { id: openai/mine, name: Mine, model: mine, context_tokens: 1000, output_tokens: 100 }\n";
        let look = |text: &str, age: u64| {
            let path = home.join("models.yaml");
            std::fs::write(&path, text).unwrap();
            // Another moment than before, whatever the file system's clock can tell apart.
            let time = SystemTime::now() - Duration::from_secs(age);
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(time).unwrap();
            *lists.looked.lock() = Instant::now().checked_sub(LOOK).unwrap();
            lists.catalog()
        };
        assert!(look(mine, 50).model("openai/mine").is_some());
        assert_eq!(lists.problem(), None);
        assert!(
            look("models:\n  - id: 7\n    nme: x\n", 40)
                .model("openai/mine")
                .is_some()
        );
        assert!(
            lists.problem().unwrap().contains("models.yaml:"),
            "{:?}",
            lists.problem()
        );
        assert!(look("", 30).model("openai/mine").is_none());
        assert_eq!(lists.problem(), None);
    }
}
