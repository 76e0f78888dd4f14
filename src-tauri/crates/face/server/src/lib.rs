//! The registry over HTTP, WebSocket and MCP.
