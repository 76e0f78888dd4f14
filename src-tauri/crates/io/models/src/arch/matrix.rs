//! The seam between the architecture and its kernels.
//!
//! A decoder multiplies by its weights only through [`Matrix`]. Faster kernels come in here, as another
//! variant or inside of [`Matrix::product`], without a change to any layer: the variant owns its bytes
//! in whatever order its kernel likes, and answers the same four questions.

use std::sync::Arc;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Result, Tensor};

use crate::weights::Encoding;

/// A weight matrix, [out, in]. Cheap to clone: clones share the numbers.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// `f32`, multiplied by `gemm`.
    Dense(Tensor),
    /// ggml's blocks, multiplied by candle's integer kernels, which round the activations to 8 bits.
    Quantised(Arc<QTensor>),
}

impl Matrix {
    /// `x` times the transpose: [T, in] → [T, out].
    pub fn product(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Matrix::Dense(weight) => x.matmul(&weight.t()?),
            Matrix::Quantised(blocks) => x.apply_op1_no_bwd(blocks.as_ref()),
        }
    }

    /// The products of one `x` with several matrices; kernels may round `x` once for all of them.
    pub fn products<const N: usize>(matrices: [&Matrix; N], x: &Tensor) -> Result<[Tensor; N]> {
        let blocks: Vec<&QTensor> = matrices
            .iter()
            .filter_map(|matrix| match matrix {
                Matrix::Quantised(blocks) => Some(blocks.as_ref()),
                Matrix::Dense(_) => None,
            })
            .collect();
        if blocks.len() == N
            && let Some(products) = QTensor::gemv_fused_shared_lhs(&blocks, x)?
            && let Ok(products) = products.try_into()
        {
            return Ok(products);
        }
        let products = matrices.map(|matrix| matrix.product(x));
        let products: Vec<Tensor> = products.into_iter().collect::<Result<_>>()?;
        products
            .try_into()
            .map_err(|_| candle_core::Error::Msg("products were lost".to_owned()))
    }

    /// The rows of these indices: [T] → [T, in].
    pub fn rows(&self, indices: &Tensor) -> Result<Tensor> {
        match self {
            Matrix::Dense(weight) => weight.index_select(indices, 0),
            Matrix::Quantised(blocks) => blocks.embedding(indices),
        }
    }

    /// Memory that `elements` numbers stored as `encoding` take once they are a matrix on the CPU.
    ///
    /// candle's x86 kernels keep further copies of some layouts in the order of their registers, from
    /// the first product on (candle-core 0.11, `quantized/repack_x86.rs`; bytes for 16 × 256 numbers).
    pub fn memory_bytes(encoding: Encoding, elements: usize) -> u64 {
        let Encoding::Blocks(dtype) = encoding else {
            return elements as u64 * size_of::<f32>() as u64;
        };
        let stored = encoding.bytes(elements).unwrap_or(usize::MAX) as u64;
        let copies = match dtype {
            _ if !cfg!(target_arch = "x86_64") => 0,
            GgmlDType::Q4K if has_amx() => 3_072 + 5_120,
            GgmlDType::Q4K => 3_072,
            GgmlDType::Q6K => 5_120,
            GgmlDType::Q8_0 => 4_352,
            _ => 0,
        };
        stored + elements as u64 * copies / (16 * 256)
    }
}

/// Whether the processor multiplies tiles of bytes (Intel SDM, CPUID leaf 7, EDX bits 24 and 25).
fn has_amx() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{__cpuid, __cpuid_count};
        __cpuid(0).eax >= 7 && __cpuid_count(7, 0).edx >> 24 & 0b11 == 0b11
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}
