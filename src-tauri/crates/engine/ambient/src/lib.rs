//! Composes and synthesises endless ambient music from a seed.
