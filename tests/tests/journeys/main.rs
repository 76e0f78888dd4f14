//! Journeys over all faces. One binary: linking is the slowest part.

mod audio;
mod bad_input;
mod command_line;
mod faces;
mod film;
mod jobs;
mod layers;
mod server;
