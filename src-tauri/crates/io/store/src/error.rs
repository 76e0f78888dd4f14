//! What can go wrong with stored things.

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::{Error, ErrorCode};

pub type Result<T> = std::result::Result<T, StoreError>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: could not {doing}: {source}")]
    Io {
        path: Utf8PathBuf,
        doing: &'static str,
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    Database {
        path: Utf8PathBuf,
        source: rusqlite::Error,
    },
    #[error("{path} could not be written: the disk is full")]
    DiskFull { path: Utf8PathBuf },
    #[error(
        "{path} was written by a newer AV Studio (format {found}; this one knows up to {known})"
    )]
    NewerVersion {
        path: Utf8PathBuf,
        found: u32,
        known: u32,
    },
    #[error("{path} is not a project: {why}")]
    NotAProject {
        path: Utf8PathBuf,
        why: &'static str,
    },
    #[error("there is already something at {path}")]
    Exists { path: Utf8PathBuf },
    #[error("{path} is a folder or a device; name a file")]
    NotAFile { path: Utf8PathBuf },
    #[error("there is no {what} `{id}`")]
    Missing { what: &'static str, id: String },
    #[error("the {what} `{name}` has been changed by another meanwhile")]
    MovedOn { what: &'static str, name: String },
    #[error("job {id} runs already")]
    RunsAlready { id: String },
    #[error("`{name}` cannot be a project's name: {why}")]
    BadName { name: String, why: &'static str },
    #[error("{path}: the file does not match its digest {digest}: it was changed or damaged")]
    Damaged { path: Utf8PathBuf, digest: String },
    #[error("{path} is damaged: {detail}")]
    Unreadable { path: Utf8PathBuf, detail: String },
}

impl StoreError {
    pub(crate) fn io(
        path: impl Into<Utf8PathBuf>,
        doing: &'static str,
    ) -> impl FnOnce(std::io::Error) -> StoreError {
        let path = path.into();
        move |source| match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                StoreError::DiskFull { path }
            }
            _ => StoreError::Io {
                path,
                doing,
                source,
            },
        }
    }

    pub(crate) fn database(path: &Utf8Path) -> impl FnOnce(rusqlite::Error) -> StoreError {
        let path = path.to_owned();
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => StoreError::DiskFull { path },
            _ => StoreError::Database { path, source },
        }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Error {
        let message = error.to_string();
        match error {
            StoreError::Io {
                path,
                doing,
                source,
            } => Error::io(format!("{doing} {path}"), &source),
            StoreError::Database { source, .. } => Error::new(database_code(&source), message),
            StoreError::DiskFull { .. } => Error::new(ErrorCode::DiskFull, message)
                .hint("make room and try again; nothing half written is left"),
            StoreError::NewerVersion { .. } => Error::new(ErrorCode::NewerVersion, message)
                .hint("update AV Studio to open it; nothing was changed"),
            StoreError::NotAProject { .. } => Error::not_found(message)
                .hint("choose a folder that AV Studio made, or create a new project"),
            StoreError::Exists { .. } => {
                Error::new(ErrorCode::Conflict, message).hint("choose another name or folder")
            }
            StoreError::RunsAlready { .. } => {
                Error::new(ErrorCode::Conflict, message).field("/job")
            }
            StoreError::MovedOn { .. } => Error::new(ErrorCode::Conflict, message)
                .hint("look at it as it is now, then do it again"),
            StoreError::NotAFile { .. } => Error::bad_input(message),
            StoreError::Missing { .. } => Error::not_found(message),
            StoreError::BadName { .. } => Error::bad_input(message).field("/name"),
            StoreError::Damaged { .. } => Error::new(ErrorCode::Io, message),
            StoreError::Unreadable { .. } => Error::new(ErrorCode::Conflict, message)
                .hint("correct the file, or move it away and begin anew; nothing was changed"),
        }
    }
}

fn database_code(error: &rusqlite::Error) -> ErrorCode {
    match error.sqlite_error_code() {
        Some(
            rusqlite::ErrorCode::ReadOnly
            | rusqlite::ErrorCode::PermissionDenied
            | rusqlite::ErrorCode::CannotOpen,
        ) => ErrorCode::Refused,
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            ErrorCode::Conflict
        }
        _ => ErrorCode::Io,
    }
}
