//! The registry over HTTP, WebSocket and MCP.
//!
//! Both faces translate a request into a call of [`studio_jobs::Studio`] and its answer back; they
//! know no operation by name. HTTP listens on loopback only and wants the token that the caller
//! printed.
//!
//! Not here: users, keys, rate limits and OpenAI-shaped routes.

mod guard;
mod http;
mod mcp;
mod uploads;
mod ws;

pub use http::{Asset, Options, Server, serve};
pub use mcp::serve_stdio;
