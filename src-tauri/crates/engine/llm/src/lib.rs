//! Language models as values: what is asked and answered, what models cost, and which one to take.
//!
//! - [`chat`]: one request, one stream of events, one error, whoever answers.
//! - [`catalog`]: the lists of providers, models and prices; [`weights`]: the files of models that run here.
//! - [`pricing`], [`tokens`] and [`calibration`]: what a request costs, before and after.
//! - [`route`] over [`health`]: which model to ask, and why.
//! - [`continuation`]: going on with another model after an answer broke off.
//! - [`sample`], [`grammar`], [`stop`] and [`toolcall`]: from the numbers that a local model gives to
//!   text, forms and tool calls.
//!
//! Everything here is pure: time, randomness and measurements are passed in.
//!
//! Not here: connections to providers (`studio-providers`), models at work (`studio-models`), their
//! downloads (`studio-hub`), the ledger.

pub mod calibration;
pub mod catalog;
pub mod chat;
pub mod continuation;
pub mod grammar;
pub mod health;
pub mod pricing;
pub mod route;
pub mod sample;
pub mod stop;
pub mod tokens;
pub mod toolcall;
pub mod weights;
