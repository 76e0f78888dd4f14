//! What can go wrong between a hub and the cache.

use std::io::ErrorKind;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use studio_core::{Error, ErrorCode};

pub type Result<T, E = HubError> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A repository, revision, commit or path that is not taken.
    #[error("`{name}` is refused as {kind}: {why}")]
    Name {
        kind: &'static str,
        name: String,
        why: &'static str,
    },
    #[error("`{url}` is not an address of a hub: {why}")]
    Address { url: String, why: &'static str },
    #[error("{host} does not have {what}")]
    NotFound { host: String, what: String },
    /// `has_token` tells whether one was sent.
    #[error("{host} does not give {what}: {detail}")]
    Denied {
        host: String,
        what: String,
        detail: String,
        has_token: bool,
    },
    #[error("{host} takes no more requests for now")]
    RateLimited {
        host: String,
        retry_after: Option<Duration>,
    },
    #[error("{host} cannot be reached: {detail}")]
    Network { host: String, detail: String },
    #[error("{host} was silent for {} s", .after.as_secs_f32())]
    Stalled { host: String, after: Duration },
    #[error("{host} failed with status {status}: {detail}")]
    Failing {
        host: String,
        status: u16,
        detail: String,
        retry_after: Option<Duration>,
    },
    #[error("{host} sent something unexpected for {what}: {detail}")]
    Unexpected {
        host: String,
        what: String,
        detail: String,
    },
    #[error("{path} is not what it should be: its digest is {found}, not {expected}")]
    WrongDigest {
        path: String,
        expected: String,
        found: String,
    },
    /// The hub offers another content than the one that was agreed on earlier.
    #[error("the hub now offers another {path}: digest {offered}, not {pinned}")]
    OtherContent {
        path: String,
        pinned: String,
        offered: String,
    },
    #[error("{folder} has {free} bytes free; {needed} are needed")]
    NoRoom {
        folder: Utf8PathBuf,
        needed: u64,
        free: u64,
    },
    #[error("could not {doing}: {source}")]
    Io {
        doing: String,
        source: std::io::Error,
    },
    #[error("{path}: {problem}")]
    BadFile { path: Utf8PathBuf, problem: String },
    #[error("{what} is not on this machine")]
    NotHere { what: String },
    /// Somebody asked to stop.
    #[error("cancelled")]
    Cancelled,
}

impl HubError {
    /// For `map_err`: what was tried on which path.
    pub(crate) fn io(doing: &str, path: &Utf8Path) -> impl FnOnce(std::io::Error) -> HubError {
        let doing = format!("{doing} {path}");
        move |source| HubError::Io { doing, source }
    }

    /// Whether the same request may well succeed later.
    pub(crate) fn is_transient(&self) -> bool {
        matches!(
            self,
            HubError::RateLimited { .. }
                | HubError::Network { .. }
                | HubError::Stalled { .. }
                | HubError::Failing { .. }
        )
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            HubError::RateLimited { retry_after, .. } | HubError::Failing { retry_after, .. } => {
                *retry_after
            }
            _ => None,
        }
    }
}

impl From<HubError> for Error {
    fn from(error: HubError) -> Error {
        let message = error.to_string();
        let with = |code| Error::new(code, message.clone());
        let kept = "what came of a download is kept, and the next one goes on from there";
        match error {
            HubError::Name { .. } | HubError::Address { .. } | HubError::BadFile { .. } => {
                with(ErrorCode::BadInput)
            }
            HubError::NotFound { .. } | HubError::NotHere { .. } => with(ErrorCode::NotFound),
            HubError::Denied { has_token, .. } => with(ErrorCode::Refused).hint(if has_token {
                "open the model's page at the hub with the account of your token and agree to its \
                 conditions there; or enter another token for the provider `huggingface`"
            } else {
                "it wants to know who you are: agree to the conditions on the model's page, make a \
                 token with the right to read, and enter it as the key of the provider `huggingface`"
            }),
            HubError::RateLimited { retry_after, .. } => {
                with(ErrorCode::Network).hint(match retry_after {
                    Some(wait) => format!("try again in {} s; {kept}", wait.as_secs()),
                    None => kept.to_owned(),
                })
            }
            HubError::Network { .. } | HubError::Stalled { .. } | HubError::Failing { .. } => {
                with(ErrorCode::Network).hint(format!("try again later; {kept}"))
            }
            HubError::Unexpected { .. } => with(ErrorCode::Network)
                .hint("a proxy or a login page of the network may stand in between"),
            HubError::WrongDigest { .. } => with(ErrorCode::Network)
                .hint("the damaged file was thrown away; download it again, or take another mirror"),
            HubError::OtherContent { .. } => with(ErrorCode::Refused)
                .hint("its makers replaced it: download with `update` to take the new one"),
            HubError::NoRoom { .. } => with(ErrorCode::DiskFull)
                .hint("make room, or move the folder of models (`models.folder` in the settings)"),
            HubError::Io { ref source, .. } => match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                    with(ErrorCode::DiskFull).hint(format!("make room; {kept}"))
                }
                ErrorKind::NotFound => with(ErrorCode::NotFound),
                ErrorKind::PermissionDenied => with(ErrorCode::Refused),
                _ => with(ErrorCode::Io),
            },
            HubError::Cancelled => Error::cancelled(),
        }
    }
}
