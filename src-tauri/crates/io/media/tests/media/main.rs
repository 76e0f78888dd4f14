//! Files in, files out: sound, films, and what is wrong with files of others. One binary: linking is
//! the slowest part.

// Helpers of tests fail the test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod chapters;
mod damage;
mod films;
mod hostile;
mod sound;
mod specimens;
