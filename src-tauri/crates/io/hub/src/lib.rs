//! Model files from a hub of Hugging Face's layout, in the cache that other programs share.
//!
//! - [`Hub`] asks: [`Hub::info`], [`Hub::files`], [`Hub::search`], and [`Hub::download`].
//! - [`Cache`] keeps: `models--owner--name/{blobs,snapshots,refs}`, blobs named by their ETag, links to
//!   them in snapshots, `.incomplete` files that the next download goes on with. It finds, imports,
//!   verifies and removes without a network.
//! - [`gguf`] reads what a model file says of itself.
//!
//! Invariants: a blob's name appears only when its bytes are whole, checked and on the disk; an
//! `.incomplete` file is always the beginning of its blob, so a kill at any moment loses what was in
//! flight and no more; a token goes to the hub alone; nothing is written outside the cache's folder,
//! whatever a listing says.
//!
//! Not here: which models there are (`studio-llm`), whether a licence was agreed to (the operations),
//! running them (`studio-models`).

mod api;
mod cache;
mod digest;
mod download;
mod error;
pub mod gguf;
mod http;
mod import;
mod name;
mod place;
mod remove;
mod sink;
mod source;
mod space;
mod verify;

pub use api::{FoundRepo, Listing, RemoteFile, RepoInfo};
pub use cache::{Cache, Kept};
pub use digest::{Digest, sha256_of};
pub use download::{Downloaded, Offered, Progress, Wanted};
pub use error::{HubError, Result};
pub use http::{Hub, Patience, Token};
pub use import::Imported;
pub use name::{Commit, FilePath, Repo, Revision};
pub use place::shared_folder;
pub use remove::Removed;
pub use space::free_bytes;
pub use verify::{Checked, Verdict};
