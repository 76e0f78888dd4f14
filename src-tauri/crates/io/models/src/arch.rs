//! The decoder that Llama, Mistral, Qwen 2, Qwen 2.5 and Qwen 3 share, as values.
//!
//! One definition serves all: a [`Config`] says which biases, norms and rotary scaling a checkpoint
//! has. Fields are named as the weights are. Activations are `f32`, a batch is one sequence.

mod cache;
mod config;
mod decoder;
mod load;
mod matrix;
mod ops;
mod rope;

pub use cache::Cache;
pub(crate) use config::config_of;
pub use config::{Config, Family, Pairing, RopeScaling};
pub(crate) use decoder::score_bytes;
pub use decoder::{Decoder, Rows};
pub use matrix::Matrix;
