//! Runs heavy models within one budget of memory.
//!
//! - [`Guard`]: the account that every heavy model claims its memory from, before it takes any.
//! - [`Runtime`]: language models, one at a time, on a thread of their own.
//! - [`machine`]: where models run, and what the operating system says of memory.

mod answer;
mod conversation;
mod defaults;
mod engine;
mod guard;
pub mod machine;
mod think;

pub use engine::{Answer, Limits, Runtime, State, Status};
pub use guard::{Claim, Guard, Memory, Resident};
