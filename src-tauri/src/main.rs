//! AV Studio: one binary for the window, the command line, the HTTP server and MCP.
//!
//! This crate composes: it opens the home folder, registers what the flow crates offer, and hands
//! the studio to a face. It holds no logic of its own.

#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod cli;
mod compose;
mod page;
mod progress;
mod render;
#[cfg(feature = "window")]
mod window;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(feature = "window", target_os = "linux"))]
    window::paint_without_layers_where_no_card_is();
    cli::main()
}
