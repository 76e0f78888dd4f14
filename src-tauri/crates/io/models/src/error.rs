//! What can be wrong with a model's files, or with the machine that should run them.

use camino::{Utf8Path, Utf8PathBuf};

pub type Result<T> = std::result::Result<T, ModelError>;

/// Why a model cannot be read, loaded or run. Everything about a file names the file.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("could not {doing} {path}: {source}")]
    Io {
        path: Utf8PathBuf,
        doing: &'static str,
        source: std::io::Error,
    },
    #[error("{path}: not a {expected} file; it starts with {found}")]
    WrongFormat {
        path: Utf8PathBuf,
        expected: &'static str,
        found: String,
    },
    /// Usually a download that was cut off.
    #[error(
        "{path}: {what} needs {needs} bytes but the file ends at {has}; is the download complete?"
    )]
    Truncated {
        path: Utf8PathBuf,
        what: String,
        needs: u64,
        has: u64,
    },
    #[error("{path}: {problem}")]
    Malformed { path: Utf8PathBuf, problem: String },
    /// More than any model has: the file is damaged, or made to exhaust memory.
    #[error("{path}: {what} is {found}; at most {limit} is read")]
    Limit {
        path: Utf8PathBuf,
        what: String,
        found: u64,
        limit: u64,
    },
    #[error("{path}: there is no tensor `{tensor}`")]
    MissingTensor { path: Utf8PathBuf, tensor: String },
    #[error(
        "{path}: tensor `{tensor}` has the shape {found:?}; the configuration asks for {expected:?}"
    )]
    Shape {
        path: Utf8PathBuf,
        tensor: String,
        expected: Vec<usize>,
        found: Vec<usize>,
    },
    #[error("{path}: tensor `{tensor}` is stored as {found}, which is not read here")]
    Encoding {
        path: Utf8PathBuf,
        tensor: String,
        found: String,
    },
    #[error("{path}: `{key}` {problem}")]
    Config {
        path: Utf8PathBuf,
        key: String,
        problem: String,
    },
    /// A real model, but of a kind that this program does not run.
    #[error("{path}: {what} is not supported here")]
    Unsupported { path: Utf8PathBuf, what: String },
    /// Told before anything is read.
    #[error(
        "{model} needs {} of memory; the studio may use {}, of which {} is free",
        mib(*.needs_bytes), mib(*.limit_bytes), mib(*.free_bytes)
    )]
    Memory {
        model: String,
        needs_bytes: u64,
        free_bytes: u64,
        limit_bytes: u64,
    },
    #[error("the conversation has {tokens} tokens; {limit} fit, the answer included")]
    ContextLength { tokens: usize, limit: usize },
    #[error("token {token} is not in a vocabulary of {vocabulary}")]
    Token { token: u32, vocabulary: usize },
    /// The tokenizer or the chat template.
    #[error(transparent)]
    Text(#[from] crate::text::TextError),
    #[error("cancelled")]
    Cancelled,
    /// Shapes were checked before, so this is the device: out of memory, or lost.
    #[error("the model could not be computed: {0}")]
    Compute(#[from] candle_core::Error),
}

impl ModelError {
    pub(crate) fn malformed(path: &Utf8Path, problem: impl Into<String>) -> ModelError {
        ModelError::Malformed {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }

    pub(crate) fn config(path: &Utf8Path, key: &str, problem: impl Into<String>) -> ModelError {
        ModelError::Config {
            path: path.to_owned(),
            key: key.to_owned(),
            problem: problem.into(),
        }
    }

    pub(crate) fn unsupported(path: &Utf8Path, what: impl Into<String>) -> ModelError {
        ModelError::Unsupported {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn io(
        path: &Utf8Path,
        doing: &'static str,
    ) -> impl FnOnce(std::io::Error) -> ModelError {
        move |source| ModelError::Io {
            path: path.to_owned(),
            doing,
            source,
        }
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
