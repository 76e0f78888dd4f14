//! What hears the past: echoes, and short delays that move.

mod chorus;
mod echo;
mod flanger;
mod modulated;
mod phaser;

pub use chorus::Chorus;
pub use echo::{Delay, Routing};
pub use flanger::Flanger;
pub use phaser::Phaser;
