//! Multitrack editing of sound as data.
//!
//! A [`Session`] holds tracks of clips that point into sources by sample; no source is ever changed.
//! An [`Edit`] is a value, and [`Session::apply`] a function from a session and a [`Change`] to the next
//! session, so that a log of changes is the whole history: undo is the session before, and the same
//! changes always lead to the same session. A [`Mixer`] renders a session, for playing and for export
//! alike: the samples do not depend on the size of the blocks that are asked for.
//!
//! Every position and length is a whole number of samples at the session's rate; only automation, of
//! tracks as of effects, counts seconds from the session's start, as chains do everywhere. Not here: files
//! (a [`Sound`] is what a source gives), the log's storage, devices.

mod apply;
mod automation;
mod edit;
mod error;
mod gain;
mod mixer;
mod session;

pub use edit::{Change, Edit, NewClip};
pub use error::EditError;
pub use gain::{Crossfades, clip_gain};
pub use mixer::{Levels, Mixer, Sound, Sources};
pub use session::{
    Clip, ClipId, EnvelopePoint, Fade, Marker, MarkerId, Session, SourceFacts, Track, TrackId,
};
