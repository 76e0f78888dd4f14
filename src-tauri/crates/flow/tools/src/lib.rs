//! Tools of other MCP servers, as operations.
//!
//! The servers stand in `mcp.json` in the home, in the shape that desktop clients share. A server is
//! started when it is first needed, kept alive, and ended with the studio.
//!
//! Invariants: a child sees only a plain environment and what its entry names, never the studio's own
//! keys; values of `env` and `headers` appear in no log, error or list; whatever a server sends is
//! bounded in size and time.
//!
//! Not here: asking a person before a call (the faces do, as the operations' traits say), and OAuth.

mod config;
mod connection;
mod content;
mod operations;
mod process;
mod secrets;
mod server;
mod servers;
mod tail;

pub use operations::operations;
pub use servers::Servers;
