//! Other people's programs and services behind our own traits.
//!
//! - [`llm`]: language models over HTTP, one stream of events whoever answers.
//! - [`speech`]: voices that speak text into a WAV file.
//! - [`vault`]: where the keys of providers are kept.

pub mod llm;
pub mod speech;
pub mod vault;
