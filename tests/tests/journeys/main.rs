//! Journeys over all faces. One binary: linking is the slowest part.

// Helpers of tests fail the test.
#![allow(clippy::expect_used, clippy::panic)]

mod ambient;
mod audio;
mod bad_input;
mod command_line;
mod downloads;
mod effects;
mod faces;
mod film;
mod heard;
mod jobs;
mod kills;
mod layers;
mod levels;
mod listen;
mod local_models;
mod mcp;
mod models;
mod openai;
mod pipeline;
#[cfg(target_os = "linux")]
mod playback;
mod security;
mod server;
mod session_sound;
mod sessions;
mod tls;
