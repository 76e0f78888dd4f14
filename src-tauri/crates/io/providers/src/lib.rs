//! Other people's programs and services behind our own traits.
//!
//! - [`speech`]: voices that speak text into a WAV file.

pub mod speech;
