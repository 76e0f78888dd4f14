//! Decodes, encodes and muxes audio and video files.
