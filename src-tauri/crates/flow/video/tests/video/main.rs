//! The film operations as a face calls them: on real files, checked by decoding what they wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod adjust;
mod errors;
mod frames;
mod scenes;
mod sound;
mod sync;
mod trim;
mod turned;
mod uneven;
mod world;
