//! Runs operations: short ones at once, long ones as jobs.
//!
//! [`Studio`] is what faces talk to. A job is recorded before it starts, reports progress with an
//! estimate of the time left, can be cancelled from any process, and is marked interrupted when its
//! process dies, so that it can be resumed. Resuming runs the operation again on the same input:
//! operations find what they already finished in the project's cache.
//!
//! Not here: what the operations do, and how a face shows them.

mod budget;
mod engine;
mod eta;
mod host;
mod operations;
mod slots;
mod studio;

pub use engine::Jobs;
pub use studio::{Reply, Studio};
