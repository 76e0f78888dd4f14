//! What every crate of AV Studio shares: units, errors, operations, the registry, events, settings.
//!
//! An [`Operation`] is registered once; the window, the command line, HTTP and MCP are made from the
//! [`Registry`]. While it runs, an operation sees the world through its [`JobContext`].
//!
//! Not here: anything that touches media, the database or the network, and any concrete operation.

pub mod context;
pub mod csv;
pub mod error;
pub mod event;
pub mod job;
mod near;
pub mod operation;
pub mod registry;
pub mod schema;
pub mod settings;
pub mod units;

pub use context::{Cancel, Detached, Host, JobContext, Reservation};
pub use error::{Error, ErrorCode};
pub use event::{Event, Events, HeardLoudness, Subscription, TrackLevel};
pub use job::{Job, JobStatus, LogLevel, LogLine};
pub use operation::{Blob, Bytes, MediaType, Operation, Output, Resource, Traits};
pub use registry::{Description, Registry};
pub use settings::{Settings, SettingsFile};
