//! Where a model lies, and what can be known of it without reading its weights.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use crate::arch::{Cache, Config, Matrix, config_of, score_bytes};
use crate::error::{ModelError, Result};
use crate::text::{Reader, Template, Tokenizer};
use crate::weights::{Gguf, Safetensors, Weights};

/// The index of the largest models' shards has 10 MB.
const LARGEST_DESCRIPTION: u64 = 32 << 20;

/// A model on this machine: a GGUF file, or a folder in the layout of the Hugging Face hub with
/// `config.json`, `tokenizer.json` and safetensors.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModelFiles {
    /// What people call it; for errors and the status.
    pub name: String,
    pub path: Utf8PathBuf,
}

/// A model whose headers were read and found whole.
#[derive(Debug)]
pub struct Opened {
    pub weights: Weights,
    pub config: Config,
    /// Where the tokenizer and the template lie; in the weights' own file for GGUF.
    pub folder: Option<Utf8PathBuf>,
}

/// What running a model will take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Estimate {
    /// Weights as the kernels hold them.
    pub weights_bytes: u64,
    /// Keys and values of all conversations that are kept.
    pub cache_bytes: u64,
    /// What one step of the computation needs besides.
    pub scratch_bytes: u64,
}

impl Estimate {
    pub fn total_bytes(&self) -> u64 {
        self.weights_bytes
            .saturating_add(self.cache_bytes)
            .saturating_add(self.scratch_bytes)
    }
}

impl ModelFiles {
    pub fn new(name: impl Into<String>, path: impl Into<Utf8PathBuf>) -> ModelFiles {
        ModelFiles {
            name: name.into(),
            path: path.into(),
        }
    }

    /// Reads the headers.
    pub fn open(&self) -> Result<Opened> {
        let path = self.path.as_path();
        let kind = std::fs::metadata(path).map_err(ModelError::io(path, "open"))?;
        if kind.is_dir() {
            return open_folder(path);
        }
        match path.extension() {
            Some("safetensors") => {
                let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
                let weights = Weights::Safetensors(Safetensors::open(path)?);
                let config = config_of(&weights, Some(&folder.join("config.json")))?;
                let folder = Some(folder);
                Ok(Opened {
                    weights,
                    config,
                    folder,
                })
            }
            _ => {
                let weights = Weights::Gguf(Gguf::open(path)?);
                let config = config_of(&weights, None)?;
                Ok(Opened {
                    weights,
                    config,
                    folder: None,
                })
            }
        }
    }

    /// What it takes to run it with `context_tokens`, from the headers alone.
    pub fn estimate(&self, context_tokens: usize) -> Result<Estimate> {
        Ok(self.open()?.estimate(context_tokens))
    }
}

impl Opened {
    /// The model's own way from a conversation to tokens.
    pub fn reader(&self) -> Result<Reader> {
        let (tokenizer, template) = match (&self.weights, &self.folder) {
            (Weights::Gguf(file), _) => (Tokenizer::from_gguf(file)?, Template::from_gguf(file)?),
            (Weights::Safetensors(_), Some(folder)) => {
                (Tokenizer::open(folder)?, Template::open(folder)?)
            }
            (Weights::Safetensors(weights), None) => {
                let problem = "is needed beside the weights";
                return Err(ModelError::config(
                    weights.path(),
                    "tokenizer.json",
                    problem,
                ));
            }
        };
        Ok(Reader {
            tokenizer: Arc::new(tokenizer),
            template: Arc::new(template),
        })
    }

    pub fn estimate(&self, context_tokens: usize) -> Estimate {
        let config = &self.config;
        let weights = self.weights.sizes();
        let tokens = context_tokens.min(config.context_tokens);
        // While a chunk passes a layer about six tensors of the hidden width and three of the inner
        // width are alive; then two copies of one row of logits.
        let chunk = 256 * (6 * config.hidden_size + 3 * config.intermediate_size);
        let numbers = chunk + 2 * config.vocab_size;
        Estimate {
            weights_bytes: weights
                .map(|(encoding, elements)| Matrix::memory_bytes(encoding, elements))
                .fold(0, u64::saturating_add),
            cache_bytes: config.cache_bytes(Cache::rounded(tokens)),
            scratch_bytes: (numbers * size_of::<f32>()) as u64 + score_bytes(config, tokens),
        }
    }
}

/// A description beside the weights, such as `config.json`.
pub(crate) fn read_description(path: &Utf8Path) -> Result<Vec<u8>> {
    let file = File::open(path).map_err(ModelError::io(path, "open"))?;
    let found = file.metadata().map_err(ModelError::io(path, "read"))?.len();
    if found > LARGEST_DESCRIPTION {
        return Err(ModelError::Limit {
            path: path.to_owned(),
            what: "its length".to_owned(),
            found,
            limit: LARGEST_DESCRIPTION,
        });
    }
    let mut text = Vec::new();
    let mut file = file.take(LARGEST_DESCRIPTION);
    file.read_to_end(&mut text)
        .map_err(ModelError::io(path, "read"))?;
    Ok(text)
}

fn open_folder(folder: &Utf8Path) -> Result<Opened> {
    let index = folder.join("model.safetensors.index.json");
    let single = folder.join("model.safetensors");
    let weights = if index.exists() {
        Safetensors::open_index(&index)?
    } else if single.exists() {
        Safetensors::open(&single)?
    } else {
        let problem = "holds neither `model.safetensors` nor `model.safetensors.index.json`";
        return Err(ModelError::malformed(folder, problem));
    };
    let weights = Weights::Safetensors(weights);
    let config = config_of(&weights, Some(&folder.join("config.json")))?;
    Ok(Opened {
        weights,
        config,
        folder: Some(folder.to_owned()),
    })
}
