//! The decoder's forward pass (Touvron et al. 2023, LLaMA; Yang et al. 2024 and 2025, Qwen).

use candle_core::{Device, Tensor};

use super::cache::Cache;
use super::config::Config;
use super::matrix::Matrix;
use super::ops::{causal_softmax, silu_gate};
use super::rope::{Rope, Turns};
use crate::error::{ModelError, Result};

/// Attention scores of one chunk may take this much; longer contexts are read in smaller chunks.
const SCORE_BYTES: usize = 64 << 20;
/// Tokens of a chunk: enough that products are bound by arithmetic, few enough that cancelling and
/// progress are felt at once.
const CHUNK: usize = 256;
const LEAST_CHUNK: usize = 16;

/// A loaded model. `forward` does not change it: everything that grows is in the [`Cache`].
#[derive(Debug)]
pub struct Decoder {
    pub(super) config: Config,
    pub(super) device: Device,
    pub(super) rope: Rope,
    pub(super) model: Model,
    /// [vocab, hidden]; shares the embedding's numbers where they are tied.
    pub(super) lm_head: Matrix,
}

#[derive(Debug)]
pub(super) struct Model {
    /// [vocab, hidden]
    pub(super) embed_tokens: Matrix,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: RmsNorm,
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) input_layernorm: RmsNorm,
    pub(super) self_attn: Attention,
    pub(super) post_attention_layernorm: RmsNorm,
    pub(super) mlp: Mlp,
}

#[derive(Debug)]
pub(super) struct Attention {
    pub(super) q_proj: Linear,
    pub(super) k_proj: Linear,
    pub(super) v_proj: Linear,
    pub(super) o_proj: Linear,
    pub(super) q_norm: Option<RmsNorm>,
    pub(super) k_norm: Option<RmsNorm>,
}

#[derive(Debug)]
pub(super) struct Mlp {
    pub(super) gate_proj: Linear,
    pub(super) up_proj: Linear,
    pub(super) down_proj: Linear,
}

#[derive(Debug)]
pub(super) struct Linear {
    /// [out, in]
    pub(super) weight: Matrix,
    /// [out]
    pub(super) bias: Option<Tensor>,
}

#[derive(Debug)]
pub(super) struct RmsNorm {
    /// [last dimension]
    pub(super) weight: Tensor,
    pub(super) eps: f32,
}

/// Which tokens' logits are wanted. Those of a whole prompt are many: 2,048 tokens of Qwen's 151,936
/// words take 1.2 GB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    None,
    Last,
    All,
}

impl Decoder {
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn device(&self) -> &Device {
        &self.device
    }

    /// An empty cache for this decoder.
    pub fn cache(&self) -> Result<Cache> {
        Ok(Cache::new(&self.config, &self.device)?)
    }

    /// Most tokens to read at once after `before` others.
    pub fn chunk(&self, before: usize) -> usize {
        chunk(&self.config, before)
    }

    /// Reads `tokens` behind what `cache` holds. Answers logits [rows, vocab].
    ///
    /// `stop` is asked between layers; once it says so, the answer is [`ModelError::Cancelled`] and the
    /// cache is as before.
    pub fn forward(
        &self,
        tokens: &[u32],
        cache: &mut Cache,
        rows: Rows,
        stop: &dyn Fn() -> bool,
    ) -> Result<Tensor> {
        let vocabulary = self.config.vocab_size;
        if let Some(&token) = tokens.iter().find(|&&token| token as usize >= vocabulary) {
            return Err(ModelError::Token { token, vocabulary });
        }
        let (before, count) = (cache.len(), tokens.len());
        if count == 0 || before + count > self.config.context_tokens {
            return Err(ModelError::ContextLength {
                tokens: before + count,
                limit: self.config.context_tokens,
            });
        }
        cache.reserve(before + count)?;
        let turns = self.rope.turns(before, count, &self.device)?;
        let ids = Tensor::new(tokens, &self.device)?;
        let mut x = self.model.embed_tokens.rows(&ids)?; // [T, hidden]
        for (index, layer) in self.model.layers.iter().enumerate() {
            if stop() {
                return Err(ModelError::Cancelled);
            }
            x = layer.forward(&x, &self.config, &turns, index, cache)?;
        }
        cache.advance(count);
        let wanted = match rows {
            Rows::None => 0,
            Rows::Last => 1,
            Rows::All => count,
        };
        if wanted == 0 {
            return Ok(Tensor::zeros((0, vocabulary), x.dtype(), &self.device)?);
        }
        let x = x.narrow(0, count - wanted, wanted)?.contiguous()?;
        let x = self.model.norm.forward(&x)?;
        Ok(self.lm_head.product(&x)?) // [rows, vocab]
    }
}

fn chunk(config: &Config, before: usize) -> usize {
    let column = config.num_attention_heads * size_of::<f32>();
    let mut tokens = CHUNK;
    while tokens > LEAST_CHUNK && column * tokens * (before + tokens) > SCORE_BYTES {
        tokens /= 2;
    }
    tokens
}

/// Most bytes that attention scores take in a context of `tokens`.
pub(crate) fn score_bytes(config: &Config, tokens: usize) -> u64 {
    let column = config.num_attention_heads * size_of::<f32>();
    let largest = column * LEAST_CHUNK * tokens;
    largest.max(SCORE_BYTES.min(column * CHUNK * tokens)) as u64
}

impl Layer {
    /// [T, hidden] → [T, hidden]
    fn forward(
        &self,
        x: &Tensor,
        config: &Config,
        turns: &Turns,
        index: usize,
        cache: &mut Cache,
    ) -> candle_core::Result<Tensor> {
        let attended = self.self_attn.forward(
            &self.input_layernorm.forward(x)?,
            config,
            turns,
            index,
            cache,
        )?;
        let x = (x + attended)?;
        let fed = self
            .mlp
            .forward(&self.post_attention_layernorm.forward(&x)?)?;
        x + fed
    }
}

impl Attention {
    /// [T, hidden] → [T, hidden]
    fn forward(
        &self,
        x: &Tensor,
        config: &Config,
        turns: &Turns,
        index: usize,
        cache: &mut Cache,
    ) -> candle_core::Result<Tensor> {
        let (count, dim) = (x.dim(0)?, config.head_dim);
        let (heads, kv_heads) = (config.num_attention_heads, config.num_key_value_heads);
        let before = cache.len();

        let [q, k, v] = Linear::forward_all([&self.q_proj, &self.k_proj, &self.v_proj], x)?;
        let q = by_head(&q, heads, dim, self.q_norm.as_ref())?; // [heads, T, dim]
        let k = by_head(&k, kv_heads, dim, self.k_norm.as_ref())?; // [kv_heads, T, dim]
        let v = by_head(&v, kv_heads, dim, None)?;
        let (q, k) = (turns.apply(&q)?, turns.apply(&k)?);
        let (k, v) = cache.write(index, &k, &v)?; // [kv_heads, S, dim]

        // Query heads that share a key head stand together, so they are rows of one product:
        // nothing is repeated, and the cache is read where it lies.
        let q = q.reshape((kv_heads, heads / kv_heads * count, dim))?;
        let scores = q.matmul(&k.transpose(1, 2)?)?; // [kv_heads, groups · T, S]
        let weights = causal_softmax(scores, 1.0 / (dim as f32).sqrt(), count, before)?;
        let mixed = weights.matmul(&v)?; // [kv_heads, groups · T, dim]
        let mixed = mixed
            .reshape((heads, count, dim))?
            .transpose(0, 1)?
            .reshape((count, heads * dim))?;
        self.o_proj.forward(&mixed)
    }
}

impl Mlp {
    /// [T, hidden] → [T, hidden]
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let [gate, up] = Linear::forward_all([&self.gate_proj, &self.up_proj], x)?;
        self.down_proj.forward(&silu_gate(gate, &up)?) // [T, intermediate]
    }
}

impl Linear {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.biased(self.weight.product(x)?)
    }

    fn forward_all<const N: usize>(
        linears: [&Linear; N],
        x: &Tensor,
    ) -> candle_core::Result<[Tensor; N]> {
        let mut products = Matrix::products(linears.map(|linear| &linear.weight), x)?;
        for (product, linear) in products.iter_mut().zip(linears) {
            if linear.bias.is_some() {
                *product = linear.biased(product.clone())?;
            }
        }
        Ok(products)
    }

    fn biased(&self, product: Tensor) -> candle_core::Result<Tensor> {
        match &self.bias {
            Some(bias) => product.broadcast_add(bias),
            None => Ok(product),
        }
    }
}

impl RmsNorm {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        candle_nn::ops::rms_norm(x, &self.weight, self.eps)
    }
}

/// [T, heads · dim] → [heads, T, dim], each head normed by itself where the model wants it.
fn by_head(
    x: &Tensor,
    heads: usize,
    dim: usize,
    norm: Option<&RmsNorm>,
) -> candle_core::Result<Tensor> {
    let x = x.reshape((x.dim(0)?, heads, dim))?;
    let x = match norm {
        Some(norm) => norm.forward(&x)?,
        None => x,
    };
    x.transpose(0, 1)?.contiguous()
}
