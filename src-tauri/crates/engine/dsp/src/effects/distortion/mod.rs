//! What bends waves on purpose.

mod bit_crusher;
mod saturation;

pub use bit_crusher::BitCrusher;
pub use saturation::{Bend, Saturation};
