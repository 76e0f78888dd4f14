//! Runs operations as persistent, cancellable, resumable jobs.
