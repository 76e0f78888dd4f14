//! The registry over HTTP, WebSocket and MCP.
//!
//! Both faces translate a request into a call of [`studio_jobs::Studio`] and its answer back; they
//! know no operation by name. HTTP listens on loopback only and wants the token that the caller
//! printed, or an API key with a fitting scope. `/v1` speaks OpenAI's shape.
//!
//! Not here: addresses beyond loopback, TLS, and tokens of other issuers (JWT).

mod guard;
mod http;
mod mcp;
mod openai;
mod openapi;
mod uploads;
mod ws;

pub use http::{Asset, Options, Server, serve};
pub use mcp::serve_stdio;
