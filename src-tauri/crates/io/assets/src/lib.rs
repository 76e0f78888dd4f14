//! Media files and projects together: where a source lies, how a file becomes an asset, where a
//! result goes.
//!
//! Every operation that takes sound or pictures finds them through [`source()`] and hands its result
//! over through a [`Destination`], so that paths and assets work alike everywhere. Likewise
//! [`EffectPresets`] finds the chain of effects that an id names.

mod deliver;
mod effect_presets;
mod import;
mod impulse;
mod source;

pub use deliver::{Destination, Output, sound_format};
pub use effect_presets::EffectPresets;
pub use import::{Origin, import, peaks_of};
pub use impulse::impulse_response;
pub use source::{Source, project_is_also, source};
