//! What every crate of AV Studio shares: units, ids, errors, operations, the registry, events, settings.

pub mod units;
