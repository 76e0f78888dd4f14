//! The files of a model that this program runs by itself, as the registry lists them.
//!
//! Not here: fetching them (`studio-hub`), reading them (`studio-models`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Memory beside weights and cache: activations, the tokenizer, buffers of the kernels.
const WORKING_BYTES: u64 = 256 << 20;

/// Where a model's files are and what they need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// `owner/name` at the hub.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"))]
    pub repo: String,
    /// A branch, tag or commit.
    #[serde(default = "main_branch")]
    #[schemars(length(min = 1, max = 200))]
    pub revision: String,
    pub format: Format,
    /// In the words of GGUF's `general.architecture`, such as `qwen2`.
    #[schemars(length(min = 1, max = 64))]
    pub architecture: String,
    /// Such as `Q4_K_M`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantisation: Option<String>,
    /// All that must be there before the model can be loaded. A model in several pieces lists them in
    /// order.
    #[schemars(length(min = 1, max = 200))]
    pub files: Vec<WeightsFile>,
    /// Bytes of keys and values that each token of the context takes in 16 bits: 2 (key and value)
    /// x 2 bytes x layers x heads of keys x width of a head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kv_bytes_per_token: Option<u64>,
}

fn main_branch() -> String {
    "main".to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    Gguf,
    /// With `config.json` and `tokenizer.json` beside it.
    Safetensors,
}

/// One file of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeightsFile {
    /// Within the repository.
    #[schemars(length(min = 1, max = 1000))]
    pub path: String,
    /// Size, rounded. The hub tells the exact one before anything is downloaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_bytes: Option<u64>,
    /// Digest of the only content that is accepted. Without it, the first download decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[0-9a-f]{64}$"))]
    pub sha256: Option<String>,
}

impl Weights {
    /// Size of all files, where the list tells it of each.
    pub fn about_bytes(&self) -> Option<u64> {
        self.files.iter().map(|file| file.about_bytes).sum()
    }

    /// Memory that the model takes with a context of `context_tokens`, for files of `bytes`.
    pub fn memory_bytes(&self, bytes: u64, context_tokens: u64) -> u64 {
        let cache = self
            .kv_bytes_per_token
            .unwrap_or(0)
            .saturating_mul(context_tokens);
        bytes.saturating_add(cache).saturating_add(WORKING_BYTES)
    }

    /// What the schema says and the reader of YAML does not check.
    pub(crate) fn check(&self) -> Result<(), String> {
        let plain = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let parts: Vec<&str> = self.repo.split('/').collect();
        if parts.len() != 2 || !parts.into_iter().all(plain) {
            return Err(format!("`repo` is `owner/name`, not `{}`", self.repo));
        }
        if self.files.is_empty() {
            return Err("`files` is empty".to_owned());
        }
        for file in &self.files {
            let inside = !file.path.is_empty()
                && !file.path.contains('\\')
                && file
                    .path
                    .split('/')
                    .all(|part| !matches!(part, "" | "." | ".."));
            if !inside {
                return Err(format!("`{}` is not a path within a repository", file.path));
            }
            let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
            if let Some(digest) = &file.sha256
                && (digest.len() != 64 || !digest.bytes().all(hex))
            {
                return Err(format!(
                    "`sha256` of `{}` is not 64 digits of 0-9 and a-f",
                    file.path
                ));
            }
        }
        Ok(())
    }
}

/// Whether a licence lets everybody use the model for anything, so that nobody needs to agree to it
/// first. `licence` is an SPDX identifier, in any case.
pub fn is_free_licence(licence: &str) -> bool {
    // Hubs write them in small letters.
    const FREE: [&str; 9] = [
        "apache-2.0",
        "mit",
        "bsd",
        "bsd-2-clause",
        "bsd-3-clause",
        "cc0-1.0",
        "cc-by-4.0",
        "isc",
        "unlicense",
    ];
    FREE.contains(&licence.trim().to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(repo: &str, path: &str) -> Weights {
        Weights {
            repo: repo.to_owned(),
            revision: main_branch(),
            format: Format::Gguf,
            architecture: "qwen2".to_owned(),
            quantisation: None,
            files: vec![WeightsFile {
                path: path.to_owned(),
                about_bytes: Some(1_000),
                sha256: None,
            }],
            kv_bytes_per_token: Some(12_288),
        }
    }

    #[test]
    fn memory_grows_with_the_context() {
        let weights = weights("a/b", "m.gguf");
        assert_eq!(weights.about_bytes(), Some(1_000));
        let longer = weights.memory_bytes(1_000, 4_096) - weights.memory_bytes(1_000, 0);
        assert_eq!(longer, 12_288 * 4_096);
    }

    #[test]
    fn names_that_leave_their_place_are_refused() {
        assert_eq!(weights("a/b", "sub/m.gguf").check(), Ok(()));
        for (repo, path) in [
            ("b", "m"),
            ("a/b/c", "m"),
            ("../b", "m"),
            ("a/b", "../m"),
            ("a/b", "/m"),
            ("a/b", "x//m"),
            ("a/b", "x\\m"),
            ("a/b", ""),
        ] {
            assert!(weights(repo, path).check().is_err(), "{repo} {path}");
        }
        let mut digest = weights("a/b", "m");
        digest.files[0].sha256 = Some("AB".repeat(32));
        assert!(digest.check().is_err(), "digests are in small letters");
    }

    #[test]
    fn only_licences_without_conditions_of_use_are_free() {
        assert!(is_free_licence("Apache-2.0") && is_free_licence(" mit "));
        assert!(!is_free_licence("llama3.2") && !is_free_licence("cc-by-nc-4.0"));
        assert!(!is_free_licence(""));
    }
}
