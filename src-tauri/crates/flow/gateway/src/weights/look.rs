//! What is in the cache: which listed models are whole, and which models no list has.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use parking_lot::Mutex;
use studio_core::Event;
use studio_hub::gguf::{self, Facts};
use studio_hub::{Kept, Repo};
use studio_llm::catalog::{Capability, Catalog, Model};
use studio_llm::weights::{Format, Weights, WeightsFile};

use super::{Installed, RUNS, Target, USUAL_CONTEXT};
use crate::gateway::Gateway;
use crate::lists::Found;

/// Owner of the repositories that imports go to.
pub(super) const IMPORTED: &str = "imported";
/// Context of a model whose file does not tell it.
const UNTOLD_CONTEXT: u64 = 4_096;
/// Most bytes of a `config.json` that is read.
const LARGEST_CONFIG: u64 = 1 << 20;

/// Heads of files that were read already.
#[derive(Default)]
pub(crate) struct Heads(Mutex<HashMap<Utf8PathBuf, (Stamp, Option<Facts>)>>);

type Stamp = (u64, Option<SystemTime>);

impl Heads {
    /// What a GGUF file says of itself; `None` if that cannot be read.
    pub(super) fn of(&self, file: &Utf8Path) -> Option<Facts> {
        let data = std::fs::metadata(file).ok()?;
        let stamp = (data.len(), data.modified().ok());
        if let Some((known, facts)) = self.0.lock().get(file)
            && *known == stamp
        {
            return facts.clone();
        }
        let facts = gguf::read(file)
            .inspect_err(|error| tracing::debug!(%error, "no model"))
            .ok();
        let mut heads = self.0.lock();
        heads.insert(file.to_owned(), (stamp, facts.clone()));
        facts
    }
}

impl Gateway {
    /// Looks into the cache, and tells if something is different from before.
    pub(crate) fn look_for_weights(&self) {
        let listed = self.lists.catalog();
        self.lists.found(Found::InCache, self.unlisted(&listed));
        let catalog = self.lists.catalog();
        let installed: BTreeMap<String, Installed> = catalog
            .models()
            .filter_map(|model| Some((model.id.clone(), self.is_installed(model)?)))
            .collect();
        let before = std::mem::replace(
            &mut *self.weights.installed.write(),
            std::sync::Arc::new(installed.clone()),
        );
        if *before != installed {
            self.events.emit(Event::ModelsChanged {});
        }
    }

    fn is_installed(&self, model: &Model) -> Option<Installed> {
        let weights = model.weights.as_ref()?;
        let target = Target::of_model(model.clone()).ok()?;
        let kept: Vec<Kept> = target
            .files
            .iter()
            .map(|file| {
                let cache = &self.weights.cache;
                cache.find(&target.repo, &target.revision, &file.path)
            })
            .collect::<Option<_>>()?;
        let bytes = kept.iter().map(|kept| kept.bytes).sum();
        let context = model.context_tokens.min(USUAL_CONTEXT);
        Some(Installed {
            files: kept.into_iter().map(|kept| kept.file).collect(),
            bytes,
            memory_bytes: weights.memory_bytes(bytes, context),
        })
    }

    /// Models in the cache that this program could run and that no list has.
    fn unlisted(&self, catalog: &Catalog) -> Vec<Model> {
        let listed: BTreeSet<(&str, &str)> = catalog
            .models()
            .filter(|model| !self.lists.was_found(Found::InCache, &model.id))
            .filter_map(|model| model.weights.as_ref())
            .flat_map(|weights| {
                let paths = weights.files.iter().map(|file| file.path.as_str());
                paths.map(|path| (weights.repo.as_str(), path))
            })
            .collect();
        let mut models = Vec::new();
        for repo in self.weights.cache.repos() {
            let name = repo.to_string();
            let kept = self.weights.cache.kept(&repo);
            for file in &kept {
                if !listed.contains(&(name.as_str(), file.path.as_str())) {
                    models.extend(self.found_gguf(&repo, file, &kept));
                }
            }
            models.extend(found_safetensors(&repo, &kept));
        }
        models
    }

    /// A model that begins with this file.
    fn found_gguf(&self, repo: &Repo, file: &Kept, all: &[Kept]) -> Option<Model> {
        let path = file.path.as_str();
        let stem = path.strip_suffix(".gguf")?;
        // `NAME-00001-of-00003.gguf`: the first piece stands for all, if all are here.
        let piece = stem.rsplit_once("-of-").and_then(|(rest, count)| {
            let (name, number) = rest.rsplit_once('-')?;
            let digits = |text: &str| text.len() == 5 && text.bytes().all(|c| c.is_ascii_digit());
            (digits(number) && digits(count)).then_some((name, number, count))
        });
        let (stem, paths) = match piece {
            None => (stem, vec![path.to_owned()]),
            Some((name, "00001", count)) => {
                let count: u32 = count.parse().ok()?;
                let paths = (1..=count).map(|n| format!("{name}-{n:05}-of-{count:05}.gguf"));
                (name, paths.collect())
            }
            Some(_) => return None,
        };
        let files: Vec<WeightsFile> = paths
            .into_iter()
            .map(|path| {
                let kept = all.iter().find(|kept| kept.path.as_str() == path)?;
                Some(listed_file(kept))
            })
            .collect::<Option<_>>()?;
        let facts = self.weights.heads.of(&file.file)?;
        let is_import = repo.owner() == IMPORTED;
        // Pictures' encoders, embeddings and the like of other programs are no news to anybody.
        if !is_import && !RUNS.contains(&facts.architecture.as_str()) {
            return None;
        }
        let id = match is_import {
            true => format!("local/{IMPORTED}/{}", repo.name()),
            false => format!("local/{repo}/{stem}"),
        };
        let name = facts.name.clone().unwrap_or_else(|| stem.to_owned());
        let weights = Weights {
            repo: repo.to_string(),
            revision: file.commit.as_str().to_owned(),
            format: Format::Gguf,
            architecture: facts.architecture,
            quantisation: facts.quantisation.map(str::to_owned),
            files,
            kv_bytes_per_token: facts.kv_bytes_per_token,
        };
        let context = facts.context_tokens;
        Some(found(id, name, context, facts.licence, weights))
    }
}

/// A repository with weights in safetensors, if this program could run it.
fn found_safetensors(repo: &Repo, kept: &[Kept]) -> Option<Model> {
    let file = |path: &str| kept.iter().find(|kept| kept.path.as_str() == path);
    let config = file("config.json").filter(|config| config.bytes <= LARGEST_CONFIG)?;
    file("tokenizer.json")?;
    let text = std::fs::read(&config.file).ok()?;
    let config: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let architecture = match config["model_type"].as_str()? {
        "mistral" => "llama",
        other => RUNS.into_iter().find(|known| *known == other)?,
    };
    let number = |name: &str| config[name].as_u64();
    let heads = number("num_attention_heads");
    let width = number("head_dim").or_else(|| number("hidden_size")?.checked_div(heads?));
    let kv = number("num_hidden_layers")
        .zip(number("num_key_value_heads").or(heads))
        .zip(width)
        .and_then(|((layers, heads), width)| layers.checked_mul(heads)?.checked_mul(4 * width));
    let is_part = |kept: &&Kept| {
        let path = kept.path.as_str();
        !path.contains('/') && (path.ends_with(".safetensors") || path.ends_with(".json"))
    };
    let parts: Vec<&Kept> = kept.iter().filter(is_part).collect();
    let weights = parts
        .iter()
        .filter(|kept| kept.path.as_str().ends_with(".safetensors"));
    let first = weights.clone().next()?;
    // An index names pieces: all of them must be here.
    if let Some(index) = file("model.safetensors.index.json") {
        let text = std::fs::read(&index.file).ok()?;
        let index: serde_json::Value = serde_json::from_slice(&text).ok()?;
        let mut pieces = index["weight_map"].as_object()?.values();
        if !pieces.all(|piece| piece.as_str().is_some_and(|piece| file(piece).is_some())) {
            return None;
        }
    }
    let weights = Weights {
        repo: repo.to_string(),
        revision: first.commit.as_str().to_owned(),
        format: Format::Safetensors,
        architecture: architecture.to_owned(),
        quantisation: config["torch_dtype"].as_str().map(str::to_owned),
        files: parts.into_iter().map(listed_file).collect(),
        kv_bytes_per_token: kv,
    };
    let id = format!("local/{repo}");
    let context = number("max_position_embeddings");
    Some(found(id, repo.name().to_owned(), context, None, weights))
}

fn listed_file(kept: &Kept) -> WeightsFile {
    WeightsFile {
        path: kept.path.as_str().to_owned(),
        about_bytes: Some(kept.bytes),
        sha256: None,
    }
}

fn found(
    id: String,
    name: String,
    context: Option<u64>,
    licence: Option<String>,
    weights: Weights,
) -> Model {
    let context_tokens = context.unwrap_or(UNTOLD_CONTEXT).max(256);
    Model {
        model: id.trim_start_matches("local/").to_owned(),
        id,
        name,
        family: weights.architecture.clone(),
        context_tokens,
        output_tokens: (context_tokens / 2).clamp(128, 8_192),
        capabilities: [Capability::Tools, Capability::Json, Capability::Schema].into(),
        encoding: Default::default(),
        quality: BTreeMap::new(),
        licence,
        licence_url: None,
        weights: Some(weights),
    }
}
