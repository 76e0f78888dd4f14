//! Weights in files: safetensors (one file, or shards with an index) and GGUF.
//!
//! Files are mapped, never read whole. Opening one reads and checks its header only: every tensor's
//! bytes lie inside the file and are as many as its shape needs. Tensors are found by the names that
//! the checkpoint has on the Hugging Face hub; [`gguf`] translates them.

pub mod gguf;
mod names;
pub mod safetensors;

use camino::Utf8Path;
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use candle_core::{Device, Tensor};

use crate::error::{ModelError, Result};
pub use gguf::Gguf;
pub use safetensors::Safetensors;

/// All tensors of one model.
#[derive(Debug)]
pub enum Weights {
    Safetensors(Safetensors),
    Gguf(Gguf),
}

/// A tensor's bytes, as they are stored.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// The file that holds it.
    pub path: &'a Utf8Path,
    pub encoding: Encoding,
    pub shape: &'a [usize],
    pub bytes: &'a [u8],
}

/// How numbers are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    F32,
    F16,
    Bf16,
    /// Blocks of small integers with scales, by ggml's layouts.
    Blocks(GgmlDType),
}

impl Encoding {
    /// Bytes that `elements` numbers take; `None` when they do not fill whole blocks, or are too many.
    pub fn bytes(self, elements: usize) -> Option<usize> {
        let (block, size) = match self {
            Encoding::F32 => (1, 4),
            Encoding::F16 | Encoding::Bf16 => (1, 2),
            Encoding::Blocks(dtype) => (dtype.block_size(), dtype.type_size()),
        };
        if elements.is_multiple_of(block) {
            (elements / block).checked_mul(size)
        } else {
            None
        }
    }
}

impl Weights {
    /// The file or folder to name in errors.
    pub fn path(&self) -> &Utf8Path {
        match self {
            Weights::Safetensors(files) => files.path(),
            Weights::Gguf(file) => file.path(),
        }
    }

    /// The tensor of this name in the hub's naming, `None` when the checkpoint lacks it.
    pub fn find(&self, name: &str) -> Option<Stored<'_>> {
        match self {
            Weights::Safetensors(files) => files.find(name),
            Weights::Gguf(file) => file.find(&names::gguf(name)?),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The tensor of this name, which must have this shape.
    pub fn get(&self, name: &str, shape: &[usize]) -> Result<Stored<'_>> {
        let stored = self.find(name).ok_or_else(|| ModelError::MissingTensor {
            path: self.path().to_owned(),
            tensor: self.own_name(name),
        })?;
        if stored.shape != shape {
            return Err(ModelError::Shape {
                path: stored.path.to_owned(),
                tensor: self.own_name(name),
                expected: shape.to_vec(),
                found: stored.shape.to_vec(),
            });
        }
        Ok(stored)
    }

    /// Every tensor's encoding and number of elements.
    pub fn sizes(&self) -> Box<dyn Iterator<Item = (Encoding, usize)> + '_> {
        match self {
            Weights::Safetensors(files) => Box::new(files.sizes()),
            Weights::Gguf(file) => Box::new(file.sizes()),
        }
    }

    /// What the file itself calls the tensor.
    fn own_name(&self, name: &str) -> String {
        match self {
            Weights::Safetensors(_) => name.to_owned(),
            Weights::Gguf(_) => names::gguf(name).unwrap_or_else(|| name.to_owned()),
        }
    }
}

impl Stored<'_> {
    /// All numbers as `f32` on `device`.
    pub fn dense(&self, device: &Device) -> Result<Tensor> {
        let numbers: Vec<f32> = match self.encoding {
            Encoding::F32 => each(self.bytes, f32::from_le_bytes),
            Encoding::F16 => each(self.bytes, |b| half::f16::from_le_bytes(b).to_f32()),
            Encoding::Bf16 => each(self.bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
            Encoding::Blocks(_) => return Ok(self.blocks(&Device::Cpu)?.dequantize(device)?),
        };
        Ok(Tensor::from_vec(numbers, self.shape, device)?)
    }

    /// The blocks as they are, on `device`. Only for [`Encoding::Blocks`] of a matrix whose rows are
    /// whole blocks.
    pub fn blocks(&self, device: &Device) -> Result<QTensor> {
        let Encoding::Blocks(dtype) = self.encoding else {
            let dense = self.dense(device)?;
            return Ok(QTensor::quantize(&dense, GgmlDType::F32)?);
        };
        let storage = QStorage::from_data(self.bytes.into(), device, dtype)?;
        Ok(QTensor::new(storage, self.shape)?)
    }
}

fn each<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let (whole, _) = bytes.as_chunks::<N>();
    whole.iter().map(|&b| number(b)).collect()
}
