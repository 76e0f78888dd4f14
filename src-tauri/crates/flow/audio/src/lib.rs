//! Operations that measure, normalise, convert and speak audio.
