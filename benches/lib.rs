//! Benches with peers and budgets; run them with `cargo xtask bench`.
