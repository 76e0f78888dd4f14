//! The built app in its real window, driven as a person drives it.

// Helpers of tests fail the test.
#![allow(clippy::expect_used, clippy::panic)]
#![cfg(target_os = "linux")]

mod automation;
mod browser;
mod chat;
mod editor;
mod effects;
mod film;
mod pages;
mod project;
mod session;
mod session_frames;
mod session_gestures;
mod video;
