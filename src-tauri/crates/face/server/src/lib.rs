//! The registry over HTTP, WebSocket and MCP.
//!
//! The faces translate a request into a call of [`studio_jobs::Studio`] and its answer back. Only the
//! routes that imitate others' APIs know operations by name. HTTP answers to names of this server
//! only, and wants the token that the caller printed, an API key with a fitting scope, or a token of
//! the configured issuer. Beyond loopback it wants TLS. `/v1` speaks OpenAI's and Anthropic's shape.
//!
//! Not here: accounts of people, and more than one process behind one address.

mod account;
mod anthropic;
mod body;
mod docs;
mod guard;
mod http;
mod jobs;
mod jwt;
mod listen;
mod llm;
mod mcp;
mod metrics;
mod multipart;
mod names;
mod openai;
mod openapi;
mod problem;
mod rates;
mod sandbox;
mod serve;
mod stop;
mod telling;
mod uploads;
mod ws;

pub use http::Asset;
pub use mcp::{Approvals, serve_stdio};
pub use serve::{Certificate, Options, Server, serve};
