//! Language models as values: what is asked and answered, what models cost, and which one to take.
//!
//! - [`chat`]: one request, one stream of events, one error, whoever answers.
//!
//! Everything here is pure: time, randomness and measurements are passed in.
//!
//! Not here: connections to providers (`studio-providers`), weights (`studio-models`), the ledger.

pub mod chat;
