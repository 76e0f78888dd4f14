//! `model.*`: the files of models that this program runs by itself: listed, fetched, checked, removed.
//!
//! What is here is looked up in the shared cache and remembered, so that the router does not touch the
//! disk. A model that lies in the cache and in no list is found, too.

mod fetch;
mod keep;
mod list;
mod look;
mod pins;

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::{Mutex, RwLock};
use schemars::JsonSchema;
use serde::Deserialize;
use studio_core::settings;
use studio_core::{Error, JobContext, Operation, Resource};
use studio_hub::{Cache, FilePath, Hub, Patience, Repo, Revision, Token};
use studio_llm::catalog::{Model, Protocol};
use studio_llm::route::Readiness;

use crate::Nothing;
use crate::gateway::{Gateway, unknown_model};
use look::Heads;
use pins::Pins;

/// Architectures that `studio-models` runs. Mistral's files say `llama`.
const RUNS: [&str; 3] = ["llama", "qwen2", "qwen3"];
/// Context that memory is estimated for: conversations begin small and the cache grows with them.
const USUAL_CONTEXT: u64 = 4_096;

/// The weights on this machine.
pub(crate) struct Weights {
    cache: Cache,
    pins: Pins,
    heads: Heads,
    installed: RwLock<Arc<BTreeMap<String, Installed>>>,
    /// The hub that was asked last, with its open connections.
    hub: Mutex<Option<(String, Hub)>>,
}

/// A model whose files are all here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    /// In the order of the registry's list.
    pub(crate) files: Vec<Utf8PathBuf>,
    pub(crate) bytes: u64,
    /// What loading it takes, by estimate.
    pub(crate) memory_bytes: u64,
}

pub(crate) fn operations(gateway: &Arc<Gateway>) -> Vec<Operation> {
    let with = || gateway.clone();
    vec![
        Operation::define(
            "model.list",
            "List models that run here",
            "Lists the models that this program can run by itself, with size, licence and what of each is on this machine.",
        )
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, _input: Nothing| Ok(list::list(&gateway))
        }),
        Operation::define(
            "model.search",
            "Search models to download",
            "Searches the models that run here by words, and the hub if asked to.",
        )
        .positional("words")
        .future({
            let gateway = with();
            move |_cx, input| list::search(gateway.clone(), input)
        }),
        Operation::define(
            "model.files",
            "List a repository's files",
            "Asks the hub for a repository's files, their sizes and its licence.",
        )
        .positional("repo")
        .future({
            let gateway = with();
            move |_cx, input| list::files(gateway.clone(), input)
        }),
        Operation::define(
            "model.download",
            "Download a model",
            "Downloads a model's files into the cache that other programs share, goes on where it was stopped, and checks every digest.",
        )
        .job(Resource::Network)
        .writes()
        .positional("model")
        .future({
            let gateway = with();
            move |cx, input| fetch::download(gateway.clone(), cx, input)
        }),
        Operation::define(
            "model.verify",
            "Verify a model's files",
            "Takes the digests of a model's files again and tells which are damaged.",
        )
        .job(Resource::Cpu)
        .positional("model")
        .blocking({
            let gateway = with();
            move |cx: &JobContext, input| keep::verify(&gateway, cx, input)
        }),
        Operation::define(
            "model.remove",
            "Remove a model's files",
            "Removes a model's files from this machine. Other programs that share them lose them, too.",
        )
        .writes()
        .needs_approval()
        .positional("model")
        .blocking({
            let gateway = with();
            move |_cx: &JobContext, input| keep::remove(&gateway, &input)
        }),
        Operation::define(
            "model.import",
            "Import a model's files",
            "Brings a GGUF file, or a folder with safetensors and their descriptions, into the cache without a network.",
        )
        .job(Resource::Cpu)
        .writes()
        .positional("path")
        .blocking({
            let gateway = with();
            move |cx: &JobContext, input| keep::import(&gateway, cx, &input)
        }),
    ]
}

impl Weights {
    pub(crate) fn open(home: &Utf8Path, settings: &settings::Models) -> Result<Weights, Error> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let folder = match settings.folder.as_str() {
            "" => studio_hub::shared_folder(variable).unwrap_or_else(|| home.join("models")),
            folder => Utf8PathBuf::from(folder),
        };
        let mut cache = Cache::new(folder);
        if variable("HF_HUB_DISABLE_SYMLINKS").is_some() {
            cache = cache.without_symlinks();
        }
        Ok(Weights {
            cache,
            pins: Pins::open(home.join("weights.json")),
            heads: Heads::default(),
            installed: RwLock::default(),
            hub: Mutex::default(),
        })
    }

    pub(crate) fn installed(&self, model: &str) -> Option<Installed> {
        self.installed.read().get(model).cloned()
    }

    /// How soon a model can answer, not counting what is loaded already.
    pub(crate) fn readiness(&self, model: &Model) -> Readiness {
        match self.installed.read().get(&model.id) {
            Some(installed) if runs(model) => Readiness::Loadable(installed.memory_bytes),
            _ => Readiness::Missing,
        }
    }
}

impl Gateway {
    /// The hub and its token, as settings, environment and lists say now.
    fn hub(&self) -> Result<(Hub, Option<Token>), Error> {
        let catalog = self.lists.catalog();
        let mut providers = catalog.providers();
        let provider = providers.find(|provider| provider.protocol == Protocol::Hub);
        let set = self.settings.current().models.hub_url.clone();
        let variable = std::env::var("HF_ENDPOINT").unwrap_or_default();
        let listed = provider.and_then(|provider| provider.base_url.clone());
        let url = [set, variable, listed.unwrap_or_default()]
            .into_iter()
            .find(|url| !url.is_empty())
            .ok_or_else(|| {
                Error::not_found("no list names a hub").hint("set `models.hub_url` in the settings")
            })?;
        let key = provider.and_then(|provider| self.key(provider));
        let token = key.map(|key| Token::new(key.expose()));
        let mut known = self.weights.hub.lock();
        if let Some((of, hub)) = &*known
            && *of == url
        {
            return Ok((hub.clone(), token));
        }
        let hub = Hub::new(&url, self.weights.cache.clone(), Patience::default())?;
        *known = Some((url, hub.clone()));
        Ok((hub, token))
    }

    /// Whether the hub answers, and takes the token if there is one.
    pub(crate) async fn test_hub(&self) -> Result<(), Error> {
        let (hub, token) = self.hub()?;
        match token {
            Some(token) => drop(hub.who(&token).await?),
            None => drop(hub.search("gguf", 1, None).await?),
        }
        Ok(())
    }
}

/// Whether this program can run a model once its files are here.
fn runs(model: &Model) -> bool {
    let weights = model.weights.as_ref();
    weights.is_some_and(|weights| RUNS.contains(&weights.architecture.as_str()))
}

/// Files that an input names: a model's, or some of a repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// A model's id, such as `local/qwen3-0.6b`.
    #[serde(default)]
    model: Option<String>,
    /// A repository at the hub instead, such as `Qwen/Qwen3-0.6B-GGUF`.
    #[serde(default)]
    repo: Option<String>,
    /// Files of that repository.
    #[serde(default)]
    files: Vec<String>,
    /// Branch, tag or commit of that repository.
    #[serde(default)]
    revision: Option<String>,
}

/// The same, looked up and checked.
struct Target {
    model: Option<Model>,
    repo: Repo,
    revision: Revision,
    files: Vec<TargetFile>,
}

struct TargetFile {
    path: FilePath,
    /// What the registry insists on.
    sha256: Option<String>,
}

impl Target {
    fn of(gateway: &Gateway, which: &Which) -> Result<Target, Error> {
        match (&which.model, &which.repo) {
            (Some(id), None) => {
                if !which.files.is_empty() || which.revision.is_some() {
                    let message = "`files` and `revision` belong to `repo`; a model names its own";
                    return Err(Error::bad_input(message).field("/files"));
                }
                let catalog = gateway.lists.catalog();
                let model = catalog.model(id).ok_or_else(|| unknown_model(id))?.clone();
                Target::of_model(model)
            }
            (None, Some(repo)) => {
                let files = which.files.iter().enumerate().map(|(at, path)| {
                    let path = FilePath::parse(path)
                        .map_err(|error| Error::from(error).field(format!("/files/{at}")))?;
                    Ok(TargetFile { path, sha256: None })
                });
                Ok(Target {
                    model: None,
                    repo: Repo::parse(repo).map_err(|error| Error::from(error).field("/repo"))?,
                    revision: revision(which.revision.as_deref())?,
                    files: files.collect::<Result<_, Error>>()?,
                })
            }
            _ => Err(Error::bad_input("give either `model` or `repo`").field("/model")),
        }
    }

    fn of_model(model: Model) -> Result<Target, Error> {
        let Some(weights) = &model.weights else {
            let message = format!("{} does not run in this program: it has no files", model.id);
            return Err(Error::bad_input(message)
                .field("/model")
                .hint("`model.list` shows those that do"));
        };
        let files = weights.files.iter().map(|file| {
            Ok(TargetFile {
                path: FilePath::parse(&file.path)?,
                sha256: file.sha256.clone(),
            })
        });
        Ok(Target {
            repo: Repo::parse(&weights.repo)?,
            revision: Revision::parse(&weights.revision)?,
            files: files.collect::<Result<_, Error>>()?,
            model: Some(model),
        })
    }

    /// The model's name, or the repository's.
    fn name(&self) -> String {
        match &self.model {
            Some(model) => model.name.clone(),
            None => self.repo.to_string(),
        }
    }
}

fn revision(name: Option<&str>) -> Result<Revision, Error> {
    match name {
        None => Ok(Revision::default()),
        Some(name) => Revision::parse(name).map_err(|error| Error::from(error).field("/revision")),
    }
}
