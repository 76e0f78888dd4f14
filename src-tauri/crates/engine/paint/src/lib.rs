//! Paints storyboard pictures from prompts, and moves a camera through them.
//!
//! [`paint`] turns a prompt and a seed into a [`Painting`]: layers with depth, a little larger than the
//! frame. [`ShotFrames`] renders each frame of a shot between two paintings, with parallax and a
//! dissolve. Both are pure and deterministic; a picture does not depend on its resolution but for detail.
//!
//! This is a painter of known words (places, times of day, weather, figures), not a generative model.

mod camera;
mod colour;
mod figures;
mod layer;
mod noise;
mod painting;
mod places;
mod scene;
mod sky;
mod stencil;
mod weather;

pub use camera::{CameraMove, ShotFrames};
pub use painting::{Layer, PaintError, PaintOptions, Painting, paint};
