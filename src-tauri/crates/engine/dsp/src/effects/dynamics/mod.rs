//! What follows the level: compressor, limiter, gate and de-esser.

mod ballistics;
mod compressor;
mod de_esser;
mod decibels;
mod gate;
mod limiter;

pub use compressor::{Compressor, Detector, MakeUp};
pub use de_esser::DeEsser;
pub use gate::Gate;
pub use limiter::TruePeakLimiter;
