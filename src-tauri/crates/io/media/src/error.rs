//! What can go wrong with a media file, with the facts in fields.

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::{Error, ErrorCode};

pub type Result<T, E = MediaError> = std::result::Result<T, E>;

/// A failure after which there is nothing to return. Damage that leaves something to keep is a
/// [`Warning`] instead.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    #[error("{path}: no such file")]
    Missing { path: Utf8PathBuf },
    #[error("{path}: is a folder; name a file in it")]
    Folder { path: Utf8PathBuf },
    #[error("{path}: permission denied")]
    Permission { path: Utf8PathBuf },
    #[error("{path}: is empty (0 bytes); check the download or the recording")]
    Empty { path: Utf8PathBuf },
    #[error(
        "{path}: not a media file that we know (found {found}); convert it first, or check the download"
    )]
    UnknownFormat { path: Utf8PathBuf, found: String },
    #[error("{path}: holds no {wanted}")]
    NoStream {
        path: Utf8PathBuf,
        /// "sound" or "picture".
        wanted: &'static str,
    },
    #[error("{path}: ends after {bytes} bytes, before its first sample; copy or download it again")]
    Truncated { path: Utf8PathBuf, bytes: u64 },
    #[error("{path}: damaged: {detail}")]
    Corrupt { path: Utf8PathBuf, detail: String },
    #[error("{path}: {what} is {found}, more than our limit of {limit}")]
    Limit {
        path: Utf8PathBuf,
        what: &'static str,
        found: u64,
        limit: u64,
    },
    #[error("{path}: {detail}")]
    Unsupported { path: Utf8PathBuf, detail: String },
    #[error("{what} {asked} is past the end ({end})")]
    OutOfRange {
        what: &'static str,
        asked: u64,
        end: u64,
    },
    #[error("{path}: no room left on the disk")]
    DiskFull { path: Utf8PathBuf },
    #[error("{path}: became longer than the disk takes")]
    TooLong { path: Utf8PathBuf },
    #[error("{path}: {source}")]
    Io {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("cancelled")]
    Cancelled,
    /// FFmpeg refused a step that should have worked: a defect of ours or of the library.
    #[error("{path}: could not {step}: {detail}")]
    Codec {
        path: Utf8PathBuf,
        step: &'static str,
        detail: String,
    },
}

impl MediaError {
    /// The failure of a file operation, by its kind.
    pub(crate) fn io(path: &Utf8Path, source: std::io::Error) -> MediaError {
        use std::io::ErrorKind;
        let path = path.to_path_buf();
        match source.kind() {
            ErrorKind::NotFound => MediaError::Missing { path },
            ErrorKind::PermissionDenied => MediaError::Permission { path },
            ErrorKind::IsADirectory => MediaError::Folder { path },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => MediaError::DiskFull { path },
            ErrorKind::FileTooLarge => MediaError::TooLong { path },
            _ => MediaError::Io { path, source },
        }
    }

    pub fn code(&self) -> ErrorCode {
        match self {
            MediaError::Missing { .. } => ErrorCode::NotFound,
            MediaError::Permission { .. } => ErrorCode::Refused,
            MediaError::Folder { .. }
            | MediaError::Empty { .. }
            | MediaError::UnknownFormat { .. }
            | MediaError::NoStream { .. }
            | MediaError::Truncated { .. }
            | MediaError::Corrupt { .. }
            | MediaError::Limit { .. }
            | MediaError::OutOfRange { .. } => ErrorCode::BadInput,
            MediaError::Unsupported { .. } => ErrorCode::Unsupported,
            MediaError::DiskFull { .. } | MediaError::TooLong { .. } => ErrorCode::DiskFull,
            MediaError::Io { .. } => ErrorCode::Io,
            MediaError::Cancelled => ErrorCode::Cancelled,
            MediaError::Codec { .. } => ErrorCode::Internal,
        }
    }
}

impl From<MediaError> for Error {
    fn from(error: MediaError) -> Error {
        Error::new(error.code(), error.to_string())
    }
}

/// Damage that was survived: what could be read was kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    #[error("ends at sample {at} of {expected}; the first {at} samples were kept")]
    Truncated { at: u64, expected: u64 },
    #[error("damaged at sample {at} ({detail}); silence of the same length took its place")]
    Damaged { at: u64, detail: String },
    #[error("unreadable after sample {at} ({detail}); the first {at} samples were kept")]
    Unreadable { at: u64, detail: String },
    #[error("{more} more damaged places")]
    More { more: u64 },
    #[error("{what} could not be kept: {why}")]
    NotKept { what: String, why: String },
}

/// Warnings of one file, bounded however damaged it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Warnings {
    list: Vec<Warning>,
}

impl Warnings {
    const MOST: usize = 32;

    pub(crate) fn push(&mut self, warning: Warning) {
        if self.list.len() < Self::MOST {
            self.list.push(warning);
        } else if let Some(Warning::More { more }) = self.list.last_mut() {
            *more += 1;
        } else {
            self.list.push(Warning::More { more: 1 });
        }
    }

    pub(crate) fn as_slice(&self) -> &[Warning] {
        &self.list
    }
}
