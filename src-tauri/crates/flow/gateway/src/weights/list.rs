//! What there is: here, in the lists, at the hub.

use std::collections::BTreeSet;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use studio_core::Error;
use studio_hub::{FoundRepo, Repo, free_bytes};
use studio_llm::catalog::{Capability, Model, Protocol};
use studio_llm::weights::{Format, is_free_licence};

use super::{Target, USUAL_CONTEXT, revision, runs};
use crate::answer::blocking;
use crate::gateway::Gateway;
use crate::lists::Found::InCache;

/// The models that run here.
#[derive(Serialize, JsonSchema)]
pub(super) struct LocalModels {
    /// Listed ones first, then those that were only found in the cache.
    models: Vec<LocalModel>,
    /// Where files of models are kept.
    folder: String,
    /// Room on its disk, where the system tells.
    free_bytes: Option<u64>,
    /// Room that the models above take.
    here_bytes: u64,
}

/// A model that this program runs, or could not.
#[derive(Serialize, JsonSchema)]
pub(super) struct LocalModel {
    id: String,
    name: String,
    family: String,
    state: State,
    /// Size of all its files. Rounded until the hub has told it.
    bytes: Option<u64>,
    /// Bytes of it that are on this machine.
    here_bytes: u64,
    /// Memory that it takes with a short conversation, by estimate.
    memory_bytes: Option<u64>,
    context_tokens: u64,
    capabilities: BTreeSet<Capability>,
    architecture: String,
    quantisation: Option<String>,
    format: Format,
    repo: String,
    revision: String,
    files: Vec<LocalFile>,
    licence: Option<String>,
    licence_url: Option<String>,
    /// Whether it can be downloaded without agreeing to a licence first.
    licence_is_free: bool,
    /// It is in no list: it was found in the cache.
    is_found: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// All files are here.
    Installed,
    /// A download was begun.
    Partial,
    Available,
    /// This program cannot run it, whether its files are here or not.
    Unsupported,
}

#[derive(Serialize, JsonSchema)]
struct LocalFile {
    path: String,
    bytes: Option<u64>,
    here_bytes: u64,
}

/// Looks into the cache and lists all.
pub(super) fn list(gateway: &Gateway) -> LocalModels {
    gateway.look_for_weights();
    let mut models = local_models(gateway);
    models.sort_by_key(|model| model.is_found);
    let folder = gateway.weights.cache.root();
    LocalModels {
        folder: folder.to_string(),
        free_bytes: free_bytes(folder),
        here_bytes: models.iter().map(|model| model.here_bytes).sum(),
        models,
    }
}

fn local_models(gateway: &Gateway) -> Vec<LocalModel> {
    let catalog = gateway.lists.catalog();
    let models = catalog.models().filter_map(|model| {
        let provider = catalog.provider(model.provider())?;
        (provider.protocol == Protocol::Local).then(|| local_model(gateway, model))?
    });
    models.collect()
}

pub(super) fn local_model(gateway: &Gateway, model: &Model) -> Option<LocalModel> {
    let weights = model.weights.as_ref()?;
    let Target {
        repo,
        revision,
        files,
        ..
    } = Target::of_model(model.clone()).ok()?;
    let store = &gateway.weights;
    let mut whole = true;
    let files: Vec<LocalFile> = files
        .iter()
        .zip(&weights.files)
        .map(|(file, listed)| {
            let path = file.path.as_str().to_owned();
            if let Some(kept) = store.cache.find(&repo, &revision, &file.path) {
                let (bytes, here_bytes) = (Some(kept.bytes), kept.bytes);
                return LocalFile {
                    path,
                    bytes,
                    here_bytes,
                };
            }
            whole = false;
            let pin = store.pins.get(&repo, &revision, &file.path);
            let blob = pin.as_ref().map(|pin| pin.blob.clone());
            let blob = blob.or_else(|| file.sha256.clone());
            LocalFile {
                path,
                bytes: pin.map(|pin| pin.bytes).or(listed.about_bytes),
                here_bytes: blob.map_or(0, |blob| store.cache.partial_bytes(&repo, &blob)),
            }
        })
        .collect();
    let here_bytes = files.iter().map(|file| file.here_bytes).sum();
    let bytes: Option<u64> = files.iter().map(|file| file.bytes).sum();
    let context = model.context_tokens.min(USUAL_CONTEXT);
    Some(LocalModel {
        id: model.id.clone(),
        name: model.name.clone(),
        family: model.family.clone(),
        state: match (runs(model), whole, here_bytes) {
            (false, _, _) => State::Unsupported,
            (true, true, _) => State::Installed,
            (true, false, 0) => State::Available,
            (true, false, _) => State::Partial,
        },
        memory_bytes: bytes.map(|bytes| weights.memory_bytes(bytes, context)),
        bytes,
        here_bytes,
        context_tokens: model.context_tokens,
        capabilities: model.capabilities.clone(),
        architecture: weights.architecture.clone(),
        quantisation: weights.quantisation.clone(),
        format: weights.format,
        repo: weights.repo.clone(),
        revision: weights.revision.clone(),
        files,
        licence_is_free: model.licence.as_deref().is_some_and(is_free_licence),
        licence: model.licence.clone(),
        licence_url: model.licence_url.clone(),
        is_found: gateway.lists.was_found(InCache, &model.id),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// Parts of name, family, repository or licence; all of them must be there.
    #[serde(default)]
    #[schemars(length(max = 200))]
    words: String,
    /// Ask the hub, too: the words leave this machine.
    #[serde(default)]
    hub: bool,
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    limit: u32,
}

fn twenty() -> u32 {
    20
}

#[derive(Serialize, JsonSchema)]
pub(super) struct FoundModels {
    models: Vec<LocalModel>,
    /// Repositories with GGUF files at the hub, most downloaded first. Not all of them run here.
    hub: Vec<FoundRepo>,
    /// Why the hub did not answer, if it was asked and did not.
    hub_problem: Option<Error>,
}

pub(super) async fn search(gateway: Arc<Gateway>, input: Search) -> Result<FoundModels, Error> {
    let (mut hub, mut hub_problem) = (Vec::new(), None);
    if input.hub {
        let (client, token) = gateway.hub()?;
        match client
            .search(&input.words, input.limit, token.as_ref())
            .await
        {
            Ok(found) => hub = found,
            Err(error) => hub_problem = Some(error.into()),
        }
    }
    let models = blocking(move || {
        let words = input.words.to_lowercase();
        let mut models = local_models(&gateway);
        models.retain(|model| {
            let licence = model.licence.as_deref().unwrap_or_default();
            let text = [&model.id, &model.name, &model.family, &model.repo].map(String::as_str);
            let text = format!("{} {licence}", text.join(" ")).to_lowercase();
            words.split_whitespace().all(|word| text.contains(word))
        });
        models.truncate(input.limit as usize);
        Ok(models)
    })
    .await?;
    Ok(FoundModels {
        models,
        hub,
        hub_problem,
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfRepo {
    /// Such as `Qwen/Qwen3-0.6B-GGUF`.
    repo: String,
    /// Branch, tag or commit.
    #[serde(default)]
    revision: Option<String>,
}

/// A repository at the hub.
#[derive(Serialize, JsonSchema)]
pub(super) struct RepoFiles {
    repo: String,
    commit: String,
    licence: Option<String>,
    licence_url: Option<String>,
    licence_is_free: bool,
    /// Conditions must be agreed to at the hub first, and a token is wanted.
    is_gated: bool,
    files: Vec<RepoFile>,
    /// Files that cannot be taken, and why.
    refused: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct RepoFile {
    path: String,
    bytes: u64,
    sha256: Option<String>,
    /// It is on this machine already.
    is_here: bool,
}

pub(super) async fn files(gateway: Arc<Gateway>, input: OfRepo) -> Result<RepoFiles, Error> {
    let repo = Repo::parse(&input.repo).map_err(|error| Error::from(error).field("/repo"))?;
    let revision = revision(input.revision.as_deref())?;
    let (hub, token) = gateway.hub()?;
    let info = hub.info(&repo, &revision, token.as_ref()).await?;
    let listing = hub.files(&repo, &info.commit, token.as_ref()).await?;
    let files = listing.files.into_iter().map(|file| RepoFile {
        is_here: hub.cache().find(&repo, &revision, &file.path).is_some(),
        path: file.path.as_str().to_owned(),
        bytes: file.bytes,
        sha256: file.sha256,
    });
    Ok(RepoFiles {
        repo: repo.to_string(),
        commit: info.commit.as_str().to_owned(),
        licence_is_free: info.licence.as_deref().is_some_and(is_free_licence),
        licence: info.licence,
        licence_url: info.licence_url,
        is_gated: info.is_gated,
        files: files.collect(),
        refused: listing.refused,
    })
}
