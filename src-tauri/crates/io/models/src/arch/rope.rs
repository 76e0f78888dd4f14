//! Rotary position embedding (Su et al. 2021, RoFormer), with the scalings of [`RopeScaling`].

use candle_core::{Device, Result, Tensor};

use super::config::{Config, Pairing, RopeScaling};

/// The frequencies of one decoder.
#[derive(Clone, Debug)]
pub(super) struct Rope {
    /// Radians a position, [head_dim / 2].
    frequencies: Vec<f32>,
    pairing: Pairing,
}

/// Cosines and sines of a run of positions, each [T, head_dim / 2].
#[derive(Debug)]
pub(super) struct Turns {
    cos: Tensor,
    sin: Tensor,
    pairing: Pairing,
}

impl Rope {
    /// In `f32` and in the order of transformers' `modeling_rope_utils.py`: far positions differ else.
    pub(super) fn new(config: &Config) -> Rope {
        let dim = config.head_dim;
        let plain = (0..dim / 2).map(|i| {
            let exponent = (2 * i) as f32 / dim as f32;
            1.0 / config.rope_theta.powf(exponent)
        });
        let frequencies = match &config.rope_scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear { factor } => plain.map(|f| f / factor).collect(),
            RopeScaling::Divisors(divisors) => plain.zip(divisors).map(|(f, d)| f / d).collect(),
            &RopeScaling::Llama3 {
                factor,
                low_freq_factor,
                high_freq_factor,
                original_context,
            } => plain
                .map(|frequency| {
                    let wavelength = 2.0 * std::f32::consts::PI / frequency;
                    if wavelength > original_context / low_freq_factor {
                        return frequency / factor;
                    }
                    if wavelength < original_context / high_freq_factor {
                        return frequency;
                    }
                    let smooth = (original_context / wavelength - low_freq_factor)
                        / (high_freq_factor - low_freq_factor);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                })
                .collect(),
        };
        Rope {
            frequencies,
            pairing: config.pairing,
        }
    }

    /// Turns of the positions `from..from + count`. Cheap enough to be made for every call, so that no
    /// table grows with the context.
    pub(super) fn turns(&self, from: usize, count: usize, device: &Device) -> Result<Turns> {
        let shape = (count, self.frequencies.len());
        let angles = (from..from + count)
            .flat_map(|position| self.frequencies.iter().map(move |f| position as f32 * f));
        let (cos, sin): (Vec<f32>, Vec<f32>) = angles.map(|a| (a.cos(), a.sin())).unzip();
        Ok(Turns {
            cos: Tensor::from_vec(cos, shape, device)?,
            sin: Tensor::from_vec(sin, shape, device)?,
            pairing: self.pairing,
        })
    }
}

impl Turns {
    /// Rotates the heads of `x` [heads, T, head_dim], which must be contiguous.
    pub(super) fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let x = x.unsqueeze(0)?; // [1, heads, T, head_dim]
        let turned = match self.pairing {
            Pairing::Halves => candle_nn::rotary_emb::rope(&x, &self.cos, &self.sin)?,
            Pairing::Neighbours => candle_nn::rotary_emb::rope_i(&x, &self.cos, &self.sin)?,
        };
        turned.squeeze(0)
    }
}
