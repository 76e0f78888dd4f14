//! Models that run in this process.
//!
//! - [`ModelFiles`]: where a model lies, and what it will take, known from its headers.
//! - [`weights`]: safetensors and GGUF. [`arch`]: the decoder of Llama, Mistral, Qwen 2, 2.5 and 3.
//! - [`text`]: tokenizers and chat templates, from the model's own files.
//! - [`runtime`]: one budget of memory for everything heavy, and the thread that answers.
//!
//! Invariants: a file can be damaged or hostile and gives a [`ModelError`] that names it, never a panic
//! and never memory that its size does not warrant; nothing is loaded that the [`runtime::Guard`] did
//! not admit; logits are those of the reference implementation (`tests/parity.rs`), in chunks or at
//! once, with a cache or without.
//!
//! Not here: which model to ask (`studio-llm`), downloads (`studio-hub`), operations and settings
//! (`studio-gateway`). Deliberately absent: batches (one person asks at a time), half precision
//! (weights stored so are widened on load), sliding attention (the context ends where its window does),
//! mixtures of experts, YaRN, and kernels faster than candle's: [`arch::Matrix`] is where they go.

pub mod arch;
mod error;
mod files;
pub mod runtime;
pub mod text;
pub mod weights;

pub use error::{ModelError, Result};
pub use files::{Estimate, ModelFiles, Opened};
