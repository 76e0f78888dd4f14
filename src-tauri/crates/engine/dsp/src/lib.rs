//! Loudness, limiting, mixing, peaks and resampling over planar audio.
