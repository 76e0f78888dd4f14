//! What shape a decoder has: read from `config.json`, or from the metadata of a GGUF file.

use camino::Utf8Path;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::error::{ModelError, Result};
use crate::files::read_description;
use crate::weights::{Gguf, Weights};

/// Larger numbers than any published model has, so that products of them cannot overflow.
const MAX_LAYERS: usize = 1_024;
const MAX_WIDTH: usize = 1 << 20;
const MAX_VOCABULARY: usize = 1 << 24;
const MAX_CONTEXT: usize = 1 << 26;

/// Which checkpoints are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama 2, 3, 3.x and everything of their shape; Mistral.
    Llama,
    /// Qwen 2 and 2.5: biases at query, key and value.
    Qwen2,
    /// Qwen 3: queries and keys are normed by head.
    Qwen3,
}

/// A decoder's shape. All numbers are positive and within bounds, heads divide evenly.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub family: Family,
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub num_key_value_heads: usize,
    pub head_dim: usize,
    pub rms_norm_eps: f32,
    /// The embedding is also the output matrix.
    pub tie_word_embeddings: bool,
    /// Biases at `q_proj`, `k_proj`, `v_proj`.
    pub qkv_bias: bool,
    /// A bias at `o_proj`.
    pub output_bias: bool,
    /// Biases in the feed-forward network.
    pub mlp_bias: bool,
    /// RMS norms of queries and keys, by head.
    pub qk_norm: bool,
    pub rope_theta: f32,
    pub rope_scaling: RopeScaling,
    pub pairing: Pairing,
    /// Most tokens that it was made for. Where attention slides over a window, that window: within it
    /// sliding and full attention are the same.
    pub context_tokens: usize,
}

/// How rotary frequencies are stretched for longer contexts.
#[derive(Clone, Debug, PartialEq)]
pub enum RopeScaling {
    None,
    /// Positions are divided by `factor`.
    Linear {
        factor: f32,
    },
    /// Llama 3.1: low frequencies are divided by `factor`, high ones kept, smoothly between.
    Llama3 {
        factor: f32,
        low_freq_factor: f32,
        high_freq_factor: f32,
        original_context: f32,
    },
    /// One divisor for each frequency, [head_dim / 2]: GGUF's `rope_freqs.weight`.
    Divisors(Vec<f32>),
}

/// Which two numbers of a head are rotated together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairing {
    /// `i` and `i + head_dim / 2`: checkpoints on the hub, and GGUF files of Qwen.
    Halves,
    /// `2 i` and `2 i + 1`: GGUF files of Llama, whose query and key rows llama.cpp's converter reorders.
    Neighbours,
}

/// `config.json`. Whatever is not named here does not change the computation of these families.
#[derive(Deserialize)]
struct HubConfig {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    rms_norm_eps: f32,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    hidden_act: Option<String>,
    rope_theta: Option<f32>,
    /// Until transformers 4; `rope_parameters` since 5 holds theta as well.
    rope_scaling: Option<Json>,
    rope_parameters: Option<Json>,
    max_position_embeddings: usize,
    sliding_window: Option<usize>,
    /// Qwen names a window and does not use it unless this is set; Mistral lacks the key.
    use_sliding_window: Option<bool>,
}

impl Config {
    /// Reads `config.json`.
    pub fn open(path: &Utf8Path) -> Result<Config> {
        let text = read_description(path)?;
        let hub: HubConfig = serde_json::from_slice(&text)
            .map_err(|error| ModelError::malformed(path, error.to_string()))?;
        let family = match hub.model_type.as_str() {
            "llama" | "mistral" => Family::Llama,
            "qwen2" => Family::Qwen2,
            "qwen3" => Family::Qwen3,
            other => {
                return Err(ModelError::unsupported(
                    path,
                    format!("the architecture `{other}`"),
                ));
            }
        };
        if let Some(act) = hub.hidden_act.as_deref().filter(|&act| act != "silu") {
            return Err(ModelError::unsupported(
                path,
                format!("the activation `{act}`"),
            ));
        }
        let parameters = hub.rope_parameters.as_ref().or(hub.rope_scaling.as_ref());
        let theta = parameters
            .and_then(|rope| rope.get("rope_theta")?.as_f64())
            .map(|theta| theta as f32)
            .or(hub.rope_theta);
        let window = hub
            .sliding_window
            .filter(|_| hub.use_sliding_window != Some(false));
        let heads = hub.num_attention_heads;
        let config = Config {
            family,
            vocab_size: hub.vocab_size,
            hidden_size: hub.hidden_size,
            intermediate_size: hub.intermediate_size,
            num_hidden_layers: hub.num_hidden_layers,
            num_attention_heads: heads,
            num_key_value_heads: hub.num_key_value_heads.unwrap_or(heads),
            head_dim: hub.head_dim.unwrap_or(hub.hidden_size / heads.max(1)),
            rms_norm_eps: hub.rms_norm_eps,
            tie_word_embeddings: hub.tie_word_embeddings,
            qkv_bias: family == Family::Qwen2 || hub.attention_bias,
            output_bias: family != Family::Qwen2 && hub.attention_bias,
            mlp_bias: family == Family::Llama && hub.mlp_bias,
            qk_norm: family == Family::Qwen3,
            rope_theta: theta.unwrap_or(10_000.0),
            rope_scaling: scaling(path, parameters, hub.max_position_embeddings)?,
            pairing: Pairing::Halves,
            context_tokens: window
                .unwrap_or(usize::MAX)
                .min(hub.max_position_embeddings),
        };
        config.checked(path)
    }

    /// Reads the metadata of a GGUF file.
    pub fn from_gguf(file: &Gguf) -> Result<Config> {
        let path = file.path();
        let missing = |key: &str| ModelError::config(path, key, "is missing or of a wrong kind");
        let architecture = file
            .text("general.architecture")
            .ok_or_else(|| missing("general.architecture"))?;
        let (family, pairing) = match architecture {
            "llama" | "mistral" => (Family::Llama, Pairing::Neighbours),
            "qwen2" => (Family::Qwen2, Pairing::Halves),
            "qwen3" => (Family::Qwen3, Pairing::Halves),
            other => {
                return Err(ModelError::unsupported(
                    path,
                    format!("the architecture `{other}`"),
                ));
            }
        };
        let optional = |name: &str| {
            let number = file.unsigned(&format!("{architecture}.{name}"))?;
            usize::try_from(number).ok()
        };
        let number =
            |name: &str| optional(name).ok_or_else(|| missing(&format!("{architecture}.{name}")));
        if file.unsigned("split.count").is_some_and(|parts| parts > 1) {
            return Err(ModelError::unsupported(
                path,
                "a model in several GGUF files",
            ));
        }
        if optional("expert_count").is_some_and(|experts| experts > 0) {
            return Err(ModelError::unsupported(path, "a mixture of experts"));
        }
        let embedding =
            file.find("token_embd.weight")
                .ok_or_else(|| ModelError::MissingTensor {
                    path: path.to_owned(),
                    tensor: "token_embd.weight".to_owned(),
                })?;
        let hidden_size = number("embedding_length")?;
        let heads = number("attention.head_count")?;
        let head_dim = optional("attention.key_length").unwrap_or(hidden_size / heads.max(1));
        if optional("rope.dimension_count").is_some_and(|rotated| rotated != head_dim) {
            return Err(ModelError::unsupported(
                path,
                "rotating a part of each head",
            ));
        }
        let eps = format!("{architecture}.attention.layer_norm_rms_epsilon");
        let theta = file.float(&format!("{architecture}.rope.freq_base"));
        let config = Config {
            family,
            vocab_size: embedding.shape.first().copied().unwrap_or(0),
            hidden_size,
            intermediate_size: number("feed_forward_length")?,
            num_hidden_layers: number("block_count")?,
            num_attention_heads: heads,
            num_key_value_heads: optional("attention.head_count_kv").unwrap_or(heads),
            head_dim,
            rms_norm_eps: file.float(&eps).ok_or_else(|| missing(&eps))? as f32,
            tie_word_embeddings: file.find("output.weight").is_none(),
            qkv_bias: file.find("blk.0.attn_q.bias").is_some(),
            output_bias: file.find("blk.0.attn_output.bias").is_some(),
            mlp_bias: file.find("blk.0.ffn_up.bias").is_some(),
            qk_norm: file.find("blk.0.attn_q_norm.weight").is_some(),
            rope_theta: theta.unwrap_or(10_000.0) as f32,
            rope_scaling: gguf_scaling(file, architecture)?,
            pairing,
            context_tokens: optional("attention.sliding_window")
                .filter(|&window| window > 0)
                .unwrap_or(usize::MAX)
                .min(number("context_length")?),
        };
        config.checked(path)
    }

    /// Bytes that keys and values of `tokens` take.
    pub fn cache_bytes(&self, tokens: usize) -> u64 {
        let numbers = 2 * self.num_hidden_layers * self.num_key_value_heads * self.head_dim;
        (numbers as u64 * size_of::<f32>() as u64).saturating_mul(tokens as u64)
    }

    fn checked(self, path: &Utf8Path) -> Result<Config> {
        let bounded = [
            ("num_hidden_layers", self.num_hidden_layers, MAX_LAYERS),
            ("vocab_size", self.vocab_size, MAX_VOCABULARY),
            ("hidden_size", self.hidden_size, MAX_WIDTH),
            ("intermediate_size", self.intermediate_size, MAX_WIDTH),
            ("num_attention_heads", self.num_attention_heads, MAX_WIDTH),
            ("num_key_value_heads", self.num_key_value_heads, MAX_WIDTH),
            ("head_dim", self.head_dim, MAX_WIDTH),
            ("context length", self.context_tokens, MAX_CONTEXT),
        ];
        for (key, value, limit) in bounded {
            if value == 0 || value > limit {
                let problem = format!("is {value}; it must lie between 1 and {limit}");
                return Err(ModelError::config(path, key, problem));
            }
        }
        if !self
            .num_attention_heads
            .is_multiple_of(self.num_key_value_heads)
        {
            let problem = format!(
                "is {}, which does not divide the {} heads",
                self.num_key_value_heads, self.num_attention_heads
            );
            return Err(ModelError::config(path, "num_key_value_heads", problem));
        }
        if !self.head_dim.is_multiple_of(2) {
            let problem = format!("is {}; pairs are rotated", self.head_dim);
            return Err(ModelError::config(path, "head_dim", problem));
        }
        let positive = |number: f32| number.is_finite() && number > 0.0;
        if !positive(self.rope_theta) || !positive(self.rms_norm_eps) {
            let problem = "or `rms_norm_eps` is not a positive number";
            return Err(ModelError::config(path, "rope_theta", problem));
        }
        Ok(self)
    }
}

/// The shape that `weights` say of themselves, or that `config.json` beside them says.
pub(crate) fn config_of(weights: &Weights, config_json: Option<&Utf8Path>) -> Result<Config> {
    match (weights, config_json) {
        (Weights::Gguf(file), _) => Config::from_gguf(file),
        (Weights::Safetensors(_), Some(path)) => Config::open(path),
        (Weights::Safetensors(files), None) => {
            let problem = "is needed beside the weights";
            Err(ModelError::config(files.path(), "config.json", problem))
        }
    }
}

/// `rope_scaling` or `rope_parameters`.
fn scaling(path: &Utf8Path, rope: Option<&Json>, context: usize) -> Result<RopeScaling> {
    let Some(rope) = rope.filter(|rope| !rope.is_null()) else {
        return Ok(RopeScaling::None);
    };
    let kind = rope.get("rope_type").or_else(|| rope.get("type"));
    let kind = kind.and_then(Json::as_str).unwrap_or("default");
    let number = |key: &str| {
        let number = rope
            .get(key)
            .and_then(Json::as_f64)
            .map(|number| number as f32);
        number
            .filter(|number| number.is_finite() && *number > 0.0)
            .ok_or_else(|| ModelError::config(path, key, "must be a positive number"))
    };
    match kind {
        "default" => Ok(RopeScaling::None),
        "linear" => Ok(RopeScaling::Linear {
            factor: number("factor")?,
        }),
        "llama3" => Ok(RopeScaling::Llama3 {
            factor: number("factor")?,
            low_freq_factor: number("low_freq_factor")?,
            high_freq_factor: number("high_freq_factor")?,
            original_context: match rope.get("original_max_position_embeddings") {
                None => context as f32,
                Some(_) => number("original_max_position_embeddings")?,
            },
        }),
        other => Err(ModelError::unsupported(
            path,
            format!("rotary scaling of type `{other}`"),
        )),
    }
}

fn gguf_scaling(file: &Gguf, architecture: &str) -> Result<RopeScaling> {
    let path = file.path();
    if let Some(stored) = file.find("rope_freqs.weight") {
        let divisors = stored
            .dense(&candle_core::Device::Cpu)?
            .flatten_all()?
            .to_vec1()?;
        return Ok(RopeScaling::Divisors(divisors));
    }
    let key = |name: &str| format!("{architecture}.rope.{name}");
    match file.text(&key("scaling.type")) {
        None | Some("none") => Ok(RopeScaling::None),
        Some("linear") => {
            let key = key("scaling.factor");
            let factor = file
                .float(&key)
                .filter(|factor| factor.is_finite() && *factor > 0.0);
            let problem = "must be a positive number";
            let factor = factor.ok_or_else(|| ModelError::config(path, &key, problem))?;
            Ok(RopeScaling::Linear {
                factor: factor as f32,
            })
        }
        Some(other) => Err(ModelError::unsupported(
            path,
            format!("rotary scaling of type `{other}`"),
        )),
    }
}
