//! Operations on multitrack sessions: create, edit, undo, play, record, export.
//!
//! A session is a log of changes in the project's database ([`document`]); what it means is
//! `studio-edit`'s. Playing ([`transport`]) and export use the same mixer over the same sources
//! ([`sound`]), so that what is exported is what was heard.

mod complete;
mod document;
mod export;
mod operations;
mod playing;
mod recording;
mod sound;
mod takes;
mod transport;

pub use operations::operations;
