//! Fused steps between the matrix products.
//!
//! On the CPU each is one pass over memory, where candle's tensors would take one pass, and one
//! allocation, for every operator; other devices compose them of candle's own kernels.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};
use rayon::prelude::*;

/// Below this many numbers a second thread costs more than it brings.
const PARALLEL: usize = 1 << 14;

/// Attention weights of scores [kv_heads, groups · T, S]: row `r` is query `r % T`, which stands at
/// `before + r % T` and sees the columns up to itself. Columns after it get exactly 0.
pub(super) fn causal_softmax(
    scores: Tensor,
    scale: f32,
    queries: usize,
    before: usize,
) -> Result<Tensor> {
    if scores.device().is_cpu() {
        scores.inplace_op1(&CausalSoftmax {
            scale,
            queries,
            before,
        })?;
        return Ok(scores);
    }
    let (heads, rows, columns) = scores.dims3()?;
    let hidden: Vec<f32> = (0..queries)
        .flat_map(|query| {
            (0..columns).map(move |at| {
                if at > before + query {
                    f32::NEG_INFINITY
                } else {
                    0.0
                }
            })
        })
        .collect();
    let mask = Tensor::from_vec(hidden, (1, 1, queries, columns), scores.device())?;
    let scores = (scores * f64::from(scale))?
        .reshape((heads, rows / queries, queries, columns))?
        .broadcast_add(&mask)?;
    candle_nn::ops::softmax_last_dim(&scores)?.reshape((heads, rows, columns))
}

/// `silu(gate) · up`, the gated unit of the feed-forward network (Shazeer 2020, SwiGLU).
pub(super) fn silu_gate(gate: Tensor, up: &Tensor) -> Result<Tensor> {
    if gate.device().is_cpu() && gate.is_contiguous() && up.is_contiguous() {
        gate.inplace_op2(up, &SiluGate)?;
        return Ok(gate);
    }
    candle_nn::ops::silu(&gate)? * up
}

struct CausalSoftmax {
    scale: f32,
    queries: usize,
    before: usize,
}

impl InplaceOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let columns = layout.dims().last().copied().unwrap_or(1).max(1);
        let scores = contiguous(storage, layout, self.name())?;
        let parallel = scores.len() >= PARALLEL;
        let row = |(index, row): (usize, &mut [f32])| {
            let visible = (self.before + index % self.queries + 1).min(columns);
            let (seen, unseen) = row.split_at_mut(visible);
            unseen.fill(0.0);
            softmax(seen, self.scale);
        };
        if parallel {
            scores.par_chunks_mut(columns).enumerate().for_each(row);
        } else {
            scores.chunks_mut(columns).enumerate().for_each(row);
        }
        Ok(())
    }
}

struct SiluGate;

impl InplaceOp2 for SiluGate {
    fn name(&self) -> &'static str {
        "silu-gate"
    }

    fn cpu_fwd(
        &self,
        gate: &mut CpuStorage,
        gate_layout: &Layout,
        up: &CpuStorage,
        up_layout: &Layout,
    ) -> Result<()> {
        let up = up.as_slice::<f32>()?;
        let up = up_layout
            .contiguous_offsets()
            .and_then(|(from, to)| up.get(from..to))
            .ok_or_else(|| not_contiguous(self.name()))?;
        let gate = contiguous(gate, gate_layout, self.name())?;
        let unit = |(gate, up): (&mut [f32], &[f32])| {
            for (gate, up) in gate.iter_mut().zip(up) {
                *gate = *gate / (1.0 + exp(-*gate)) * up;
            }
        };
        if gate.len() >= PARALLEL {
            let chunk = PARALLEL / 4;
            gate.par_chunks_mut(chunk)
                .zip(up.par_chunks(chunk))
                .for_each(unit);
        } else {
            unit((gate, up));
        }
        Ok(())
    }
}

fn contiguous<'a>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
    name: &'static str,
) -> Result<&'a mut [f32]> {
    let CpuStorage::F32(numbers) = storage else {
        return Err(candle_core::Error::Msg(format!("{name} takes f32")));
    };
    layout
        .contiguous_offsets()
        .and_then(|(from, to)| numbers.get_mut(from..to))
        .ok_or_else(|| not_contiguous(name))
}

fn not_contiguous(name: &'static str) -> candle_core::Error {
    candle_core::Error::Msg(format!("{name} takes contiguous tensors"))
}

/// The largest score is subtracted first, so that no weight overflows.
fn softmax(row: &mut [f32], scale: f32) {
    let largest = row
        .iter()
        .fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
    for score in row.iter_mut() {
        *score = exp((*score - largest) * scale);
    }
    // Eight sums side by side: the compiler may not reorder one.
    let mut sums = [0.0_f32; 8];
    let (eights, rest) = row.as_chunks::<8>();
    for eight in eights {
        for (sum, weight) in sums.iter_mut().zip(eight) {
            *sum += weight;
        }
    }
    let sum: f32 = sums.iter().sum::<f32>() + rest.iter().sum::<f32>();
    let share = 1.0 / sum;
    for weight in row.iter_mut() {
        *weight *= share;
    }
}

/// e to the power of `x`, within 2 ulp for -87 to 88, and saturating beyond.
///
/// Cody and Waite's reduction with Cephes' polynomial (`expf.c`), written without branches so that the
/// compiler makes vectors of it; the library's `expf` is called number by number.
#[inline(always)]
fn exp(x: f32) -> f32 {
    // The first is exact in 9 bits, so that `turns * LN2_HIGH` is; both from Cephes.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 · 2^23 rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let turns = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - turns * LN2_HIGH - turns * LN2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let power = f32::from_bits(((turns as i32 + 127) << 23) as u32);
    (p * r * r + r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn exp_is_the_librarys_within_rounding() {
        let mut x = -86.9_f32;
        while x < 87.9 {
            let (ours, exact) = (exp(x), f64::from(x).exp());
            let relative = (f64::from(ours) - exact).abs() / exact;
            assert!(relative < 3e-7, "exp({x}) = {ours}, off by {relative:e}");
            x += 0.0137;
        }
        assert!(exp(-1e30) < 1e-37, "far below it vanishes");
        assert!(exp(1e30).is_finite(), "far above it saturates");
    }

    #[test]
    fn a_query_sees_itself_and_what_came_before() {
        // Two groups of two queries behind three older tokens, every score equal.
        let scores = Tensor::zeros((1, 4, 5), candle_core::DType::F32, &Device::Cpu).unwrap();
        let weights = causal_softmax(scores, 0.5, 2, 3).unwrap();
        let rows = weights.squeeze(0).unwrap().to_vec2::<f32>().unwrap();
        for row in [&rows[0], &rows[2]] {
            assert_eq!(
                row[..],
                [0.25, 0.25, 0.25, 0.25, 0.0],
                "query 0 stands at 3"
            );
        }
        for row in [&rows[1], &rows[3]] {
            assert!(
                row.iter().all(|weight| (weight - 0.2).abs() < 1e-6),
                "query 1 stands at 4"
            );
        }
    }

    #[test]
    fn the_fused_unit_is_the_composed_one() {
        let numbers = studio_testkit::signal::noise(7, 6.0, 3 * PARALLEL);
        let gate = Tensor::from_slice(&numbers, numbers.len(), &Device::Cpu).unwrap();
        let up = gate.affine(0.5, 0.1).unwrap();
        let composed = (candle_nn::ops::silu(&gate).unwrap() * &up).unwrap();
        let fused = silu_gate(gate.copy().unwrap(), &up).unwrap();
        let difference = (fused - composed)
            .unwrap()
            .abs()
            .unwrap()
            .max_all()
            .unwrap();
        assert!(difference.to_scalar::<f32>().unwrap() < 1e-5);
    }
}
