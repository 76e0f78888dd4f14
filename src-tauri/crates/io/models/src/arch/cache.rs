//! Keys and values of the tokens that were read, so that none is read twice.

use candle_core::{DType, Device, Result, Tensor};

use super::config::Config;

/// Room is made in steps of this many tokens: growing copies what is there.
const STEP: usize = 512;

/// One sequence's keys and values. Entries at and after [`Cache::len`] are leftovers and never read.
#[derive(Debug)]
pub struct Cache {
    /// Key and value of each layer, [kv_heads, capacity, head_dim].
    layers: Vec<(Tensor, Tensor)>,
    len: usize,
    capacity: usize,
    shape: (usize, usize),
    device: Device,
}

impl Cache {
    /// An empty cache, which takes no memory yet.
    pub fn new(config: &Config, device: &Device) -> Result<Cache> {
        let shape = (config.num_key_value_heads, config.head_dim);
        let empty = Tensor::zeros((shape.0, 0, shape.1), DType::F32, device)?;
        Ok(Cache {
            layers: vec![(empty.clone(), empty); config.num_hidden_layers],
            len: 0,
            capacity: 0,
            shape,
            device: device.clone(),
        })
    }

    /// Tokens in it.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Tokens that fit before it must grow.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The capacity that [`Cache::reserve`] chooses for `tokens`.
    pub fn rounded(tokens: usize) -> usize {
        tokens.next_multiple_of(STEP)
    }

    /// Makes room for `tokens` in all, if there is less.
    pub fn reserve(&mut self, tokens: usize) -> Result<()> {
        if tokens <= self.capacity {
            return Ok(());
        }
        let capacity = Cache::rounded(tokens);
        let (heads, dim) = self.shape;
        for (key, value) in &mut self.layers {
            for kept in [key, value] {
                let larger = Tensor::zeros((heads, capacity, dim), DType::F32, &self.device)?;
                if self.len > 0 {
                    larger.slice_set(&kept.narrow(1, 0, self.len)?.contiguous()?, 1, 0)?;
                }
                *kept = larger;
            }
        }
        self.capacity = capacity;
        Ok(())
    }

    /// Forgets all tokens from `len` on; the room stays.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Writes one layer's keys and values [kv_heads, T, head_dim] behind what is there, and gives that
    /// layer's views of everything, [kv_heads, len + T, head_dim]. They count once all layers have
    /// written and [`Cache::advance`] was called: a forward pass that broke off leaves no trace.
    pub(super) fn write(
        &mut self,
        layer: usize,
        key: &Tensor,
        value: &Tensor,
    ) -> Result<(Tensor, Tensor)> {
        let count = key.dim(1)?;
        let Some((keys, values)) = self.layers.get(layer) else {
            return Err(candle_core::Error::Msg(format!(
                "the cache has no layer {layer}"
            )));
        };
        keys.slice_set(&key.contiguous()?, 1, self.len)?;
        values.slice_set(&value.contiguous()?, 1, self.len)?;
        let seen = self.len + count;
        Ok((keys.narrow(1, 0, seen)?, values.narrow(1, 0, seen)?))
    }

    pub(super) fn advance(&mut self, count: usize) {
        self.len += count;
    }
}
