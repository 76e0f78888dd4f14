//! Between conversations and tokens: the model's own tokenizer and its own chat template.
//!
//! Both come from the model's files: `tokenizer.json` with its configurations, or the metadata of a
//! GGUF file. They give what Hugging Face's `tokenizers` and `transformers` give
//! (`tests/reference`), from either source.
//!
//! Files are taken as hostile: sizes are bounded, a template has a bounded run, and what cannot be
//! read is an error that says what it is.

mod decoder;
mod gguf;
mod prompt;
mod python;
mod reader;
mod template;
mod tokenizer;

use camino::{Utf8Path, Utf8PathBuf};
pub use decoder::Decoder;
pub use prompt::Prompt;
pub use reader::Reader;
pub use template::Template;
pub use tokenizer::Tokenizer;

/// What can be wrong with a tokenizer or a template.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("{path}: {source}")]
    Io {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} has {bytes} bytes, more than the {limit} that a file of its kind may have")]
    TooLarge {
        path: Utf8PathBuf,
        bytes: u64,
        limit: u64,
    },
    /// `origin` is a path, or a key of GGUF metadata.
    #[error("{origin}: {problem}")]
    Malformed { origin: String, problem: String },
    #[error("the model brings no tokenizer ({0})")]
    NoTokenizer(String),
    #[error("a tokenizer with {0} is not supported; the model needs another program")]
    UnsupportedTokenizer(String),
    #[error(
        "the model brings no chat template: it was not taught to hold conversations; choose its \"instruct\" or \"chat\" edition"
    )]
    NoTemplate,
    #[error("the model's chat template cannot be read: {0}")]
    BadTemplate(String),
    /// What the template itself says about the conversation.
    #[error("the model does not take this conversation: {0}")]
    Refused(String),
    #[error("the model's chat template does not come to an end within {0} steps")]
    TooLong(u64),
    #[error("the model takes no pictures")]
    Pictures,
    #[error("the text cannot be encoded: {0}")]
    Encode(String),
}

impl TextError {
    fn malformed(origin: impl ToString, problem: impl ToString) -> TextError {
        TextError::Malformed {
            origin: origin.to_string(),
            problem: problem.to_string(),
        }
    }
}

/// The file's text; `None` where there is no such file.
fn read(path: &Utf8Path, limit: u64) -> Result<Option<Vec<u8>>, TextError> {
    let failed = |source| TextError::Io {
        path: path.to_owned(),
        source,
    };
    let bytes = match std::fs::metadata(path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if bytes > limit {
        return Err(TextError::TooLarge {
            path: path.to_owned(),
            bytes,
            limit,
        });
    }
    std::fs::read(path).map(Some).map_err(failed)
}

/// A configuration file as JSON; null where there is none.
fn read_json(path: &Utf8Path) -> Result<serde_json::Value, TextError> {
    /// The largest configurations hold a few hundred added tokens and a template.
    const LIMIT: u64 = 16 << 20;
    match read(path, LIMIT)? {
        None => Ok(serde_json::Value::Null),
        Some(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| TextError::malformed(path, error))
        }
    }
}
