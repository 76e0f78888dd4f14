//! The one error that every face shows.
//!
//! Crates below keep their own error enums; the flow crates turn them into [`Error`]. A caller
//! branches on [`ErrorCode`] and shows the message, never the other way round.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of failure it was. Stable: scripts and the window branch on it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The input is wrong: the caller must change it.
    BadInput,
    /// A named project, asset, job, file or operation does not exist.
    NotFound,
    /// The input is valid but this build or machine cannot do it.
    Unsupported,
    /// Policy, budget or permission says no.
    Refused,
    /// Something else holds or already is what was asked for.
    Conflict,
    /// Written by a newer version of the studio.
    NewerVersion,
    /// The user or the caller stopped it.
    Cancelled,
    /// Reading or writing failed.
    Io,
    /// No room left on a disk.
    DiskFull,
    /// No sound device can be used.
    NoDevice,
    /// No display to open a window on.
    NoDisplay,
    /// Another machine could not be reached or broke off.
    Network,
    /// A defect of the studio.
    Internal,
}

impl ErrorCode {
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::BadInput => "bad_input",
            ErrorCode::NotFound => "not_found",
            ErrorCode::Unsupported => "unsupported",
            ErrorCode::Refused => "refused",
            ErrorCode::Conflict => "conflict",
            ErrorCode::NewerVersion => "newer_version",
            ErrorCode::Cancelled => "cancelled",
            ErrorCode::Io => "io",
            ErrorCode::DiskFull => "disk_full",
            ErrorCode::NoDevice => "no_device",
            ErrorCode::NoDisplay => "no_display",
            ErrorCode::Network => "network",
            ErrorCode::Internal => "internal",
        }
    }
}

/// What was wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Error {
    pub code: ErrorCode,
    /// One sentence with the facts.
    pub message: String,
    /// JSON pointer to the wrong field of the input, such as `/shots/2/duration_sec`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What to do about it, where the message does not say so already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Error {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Error {
        Error {
            code,
            message: message.into(),
            field: None,
            hint: None,
        }
    }

    pub fn bad_input(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::BadInput, message)
    }

    pub fn not_found(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::NotFound, message)
    }

    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorCode::Internal, message)
    }

    pub fn cancelled() -> Error {
        Error::new(ErrorCode::Cancelled, "cancelled")
    }

    /// An I/O failure while `doing` ("write /music/a.wav"), with the code that its kind deserves.
    pub fn io(doing: impl fmt::Display, source: &std::io::Error) -> Error {
        let code = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorCode::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorCode::Refused,
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge => ErrorCode::DiskFull,
            // A folder where a file is meant, a name that no file can have, bytes where text is meant: another path is
            // wanted.
            std::io::ErrorKind::IsADirectory
            | std::io::ErrorKind::NotADirectory
            | std::io::ErrorKind::InvalidFilename
            | std::io::ErrorKind::InvalidInput
            | std::io::ErrorKind::InvalidData => ErrorCode::BadInput,
            _ => ErrorCode::Io,
        };
        Error::new(code, format!("could not {doing}: {source}"))
    }

    /// Points at the wrong field of the input.
    #[must_use]
    pub fn field(mut self, pointer: impl Into<String>) -> Error {
        self.field = Some(pointer.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    pub fn is_cancelled(&self) -> bool {
        self.code == ErrorCode::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn what_the_system_refuses_says_whose_fault_it_is() {
        for (kind, code) in [
            (ErrorKind::NotFound, ErrorCode::NotFound),
            (ErrorKind::PermissionDenied, ErrorCode::Refused),
            (ErrorKind::StorageFull, ErrorCode::DiskFull),
            (ErrorKind::FileTooLarge, ErrorCode::DiskFull),
            (ErrorKind::IsADirectory, ErrorCode::BadInput),
            (ErrorKind::NotADirectory, ErrorCode::BadInput),
            (ErrorKind::InvalidInput, ErrorCode::BadInput),
            (ErrorKind::InvalidData, ErrorCode::BadInput),
            (ErrorKind::BrokenPipe, ErrorCode::Io),
        ] {
            assert_eq!(Error::io("read it", &kind.into()).code, code, "{kind}");
        }
    }
}
