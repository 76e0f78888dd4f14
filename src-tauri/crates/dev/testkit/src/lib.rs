//! Signals, tolerances and temporary studios for tests.
