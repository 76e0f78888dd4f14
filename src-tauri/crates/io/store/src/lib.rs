//! Projects, artifacts, jobs and costs: SQLite for rows, files for bytes.
//!
//! - [`Home`]: what belongs to the user, not to a project: jobs, the cost ledger, conversations, known projects.
//! - [`Project`]: a folder with `studio.db`, `artifacts/` and `exports/` that can be moved and zipped.
//! - [`Projects`]: opened projects by path, id or name.
//!
//! Invariants: one writer and many readers per database (WAL), also across processes; a row that
//! names a file is written after the file is whole; an interrupted write leaves nothing but a
//! temporary file, which the next opening removes. Text columns of time sort as time. A database of a newer version is refused.
//!
//! Not here: what the bytes mean. Media live in `studio-media`, plans in `studio-film`.

mod artifacts;
mod assets;
mod atomic;
mod cache;
mod chats;
mod database;
mod decisions;
mod error;
mod films;
mod home;
mod jobs;
mod json_file;
mod keys;
mod ledger;
mod project;
mod projects;
mod recents;
mod runs;
mod sessions;
#[cfg(test)]
mod testing;
mod timeline;

pub use artifacts::{Artifact, Artifacts, Provenance};
pub use assets::{
    Asset, AssetKind, Assets, AudioFacts, ImportMode, NewAsset, ReferenceState, VideoFacts,
};
pub use atomic::{folder_name, write_atomic, write_with};
pub use cache::{Cache, Cached};
pub use chats::{AnswerFacts, ChatMessage, Chats, Conversation, Found};
pub use decisions::{Attempt, DecisionRecord, Decisions, Outcome};
pub use error::{Result, StoreError};
pub use films::{FilmRow, Films, RenderRecord, Revision};
pub use home::Home;
pub use jobs::JobTable;
pub use json_file::JsonFile;
pub use keys::{ApiKey, ApiKeys, KeyScope, NewApiKey};
pub use ledger::{
    Booking, GroupBy, Ledger, LedgerEntry, Limits, Purchase, Reserved, Scope, Standing, Total,
};
pub use project::{Project, ProjectInfo};
pub use projects::Projects;
pub use runs::{Run, Runs, StageManifest, StepRecord, StepStatus};
pub use sessions::{NextChange, SessionLog, SessionRow, SessionStep, Sessions};
pub use studio_llm::route::Privacy;
pub use timeline::{Timeline, TimelineEntry};
