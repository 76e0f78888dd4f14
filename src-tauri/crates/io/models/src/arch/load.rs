//! Builds a decoder from a checkpoint, tensor by tensor.

use std::sync::Arc;

use candle_core::quantized::GgmlDType;
use candle_core::{Device, Tensor};

use super::config::{Config, RopeScaling};
use super::decoder::{Attention, Decoder, Layer, Linear, Mlp, Model, RmsNorm};
use super::matrix::Matrix;
use super::rope::Rope;
use crate::error::{ModelError, Result};
use crate::weights::{Encoding, Weights};

impl Decoder {
    /// Reads all weights onto `device`. `progress` hears the fraction that is done after every layer,
    /// and stops it by answering false.
    pub fn load(
        weights: &Weights,
        config: Config,
        device: &Device,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Decoder> {
        let reader = Reader { weights, device };
        let (vocab, hidden) = (config.vocab_size, config.hidden_size);
        if let RopeScaling::Divisors(divisors) = &config.rope_scaling
            && divisors.len() != config.head_dim / 2
        {
            return Err(ModelError::Shape {
                path: weights.path().to_owned(),
                tensor: "rope_freqs.weight".to_owned(),
                expected: vec![config.head_dim / 2],
                found: vec![divisors.len()],
            });
        }
        // The embedding and the output count as one layer each.
        let steps = (config.num_hidden_layers + 2) as f64;
        let mut step = |done: usize| {
            if progress(done as f64 / steps) {
                Ok(())
            } else {
                Err(ModelError::Cancelled)
            }
        };
        step(0)?;
        let embed_tokens = reader.matrix("model.embed_tokens.weight", vocab, hidden)?;
        step(1)?;
        let mut layers = Vec::with_capacity(config.num_hidden_layers);
        for index in 0..config.num_hidden_layers {
            layers.push(reader.layer(&config, index)?);
            step(index + 2)?;
        }
        let norm = reader.norm("model.norm.weight", hidden, config.rms_norm_eps)?;
        let lm_head = if config.tie_word_embeddings {
            embed_tokens.clone()
        } else {
            reader.matrix("lm_head.weight", vocab, hidden)?
        };
        step(config.num_hidden_layers + 2)?;
        Ok(Decoder {
            rope: Rope::new(&config),
            model: Model {
                embed_tokens,
                layers,
                norm,
            },
            lm_head,
            device: device.clone(),
            config,
        })
    }
}

struct Reader<'a> {
    weights: &'a Weights,
    device: &'a Device,
}

impl Reader<'_> {
    fn layer(&self, config: &Config, index: usize) -> Result<Layer> {
        let name = |rest: &str| format!("model.layers.{index}.{rest}");
        let (hidden, inner, eps) = (
            config.hidden_size,
            config.intermediate_size,
            config.rms_norm_eps,
        );
        let q = config.num_attention_heads * config.head_dim;
        let kv = config.num_key_value_heads * config.head_dim;
        let by_head = |module: &str| {
            config
                .qk_norm
                .then(|| self.norm(&name(module), config.head_dim, eps))
                .transpose()
        };
        Ok(Layer {
            input_layernorm: self.norm(&name("input_layernorm.weight"), hidden, eps)?,
            self_attn: Attention {
                q_proj: self.linear(&name("self_attn.q_proj"), q, hidden, config.qkv_bias)?,
                k_proj: self.linear(&name("self_attn.k_proj"), kv, hidden, config.qkv_bias)?,
                v_proj: self.linear(&name("self_attn.v_proj"), kv, hidden, config.qkv_bias)?,
                o_proj: self.linear(&name("self_attn.o_proj"), hidden, q, config.output_bias)?,
                q_norm: by_head("self_attn.q_norm.weight")?,
                k_norm: by_head("self_attn.k_norm.weight")?,
            },
            post_attention_layernorm: self.norm(
                &name("post_attention_layernorm.weight"),
                hidden,
                eps,
            )?,
            mlp: Mlp {
                gate_proj: self.linear(&name("mlp.gate_proj"), inner, hidden, config.mlp_bias)?,
                up_proj: self.linear(&name("mlp.up_proj"), inner, hidden, config.mlp_bias)?,
                down_proj: self.linear(&name("mlp.down_proj"), hidden, inner, config.mlp_bias)?,
            },
        })
    }

    fn linear(&self, module: &str, out: usize, input: usize, bias: bool) -> Result<Linear> {
        let bias = bias
            .then(|| self.dense(&format!("{module}.bias"), &[out]))
            .transpose()?;
        Ok(Linear {
            weight: self.matrix(&format!("{module}.weight"), out, input)?,
            bias,
        })
    }

    fn norm(&self, name: &str, dim: usize, eps: f32) -> Result<RmsNorm> {
        let weight = self.dense(name, &[dim])?;
        Ok(RmsNorm { weight, eps })
    }

    fn dense(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        self.weights.get(name, shape)?.dense(self.device)
    }

    fn matrix(&self, name: &str, out: usize, input: usize) -> Result<Matrix> {
        let stored = self.weights.get(name, &[out, input])?;
        match stored.encoding {
            Encoding::Blocks(dtype) if kernels_take(dtype, input) => {
                Ok(Matrix::Quantised(Arc::new(stored.blocks(self.device)?)))
            }
            _ => Ok(Matrix::Dense(stored.dense(self.device)?)),
        }
    }
}

/// Whether candle's kernels multiply rows of this width: they want whole blocks, and some assert an
/// even number of them (candle-core 0.11, `k_quants.rs`). A kernel that panics takes the whole
/// process' pool of threads with it.
fn kernels_take(dtype: GgmlDType, width: usize) -> bool {
    let blocks = match dtype {
        GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1 => 2,
        _ => 1,
    };
    width.is_multiple_of(blocks * dtype.block_size())
}
