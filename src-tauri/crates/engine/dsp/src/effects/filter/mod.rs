//! Filters: second-order sections, the equaliser, steep passes and the ladder.

pub(crate) mod biquad;
mod equalizer;
mod ladder;
mod pass;

pub use biquad::Shape;
pub use equalizer::{Band, Equalizer};
pub use ladder::{Ladder, LadderMode};
pub(crate) use pass::sections as pass_sections;
pub use pass::{Pass, PassFilter};
