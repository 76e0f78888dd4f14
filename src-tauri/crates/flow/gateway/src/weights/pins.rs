//! Which content a name had when it was first downloaded. It is held to from then on: a repository that
//! changes under its name is told, not taken.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use studio_core::Error;
use studio_hub::{FilePath, Offered, Repo, Revision};
use studio_store::write_atomic;

/// The file `weights.json` in the home.
pub(crate) struct Pins {
    file: Utf8PathBuf,
    known: Mutex<Option<Known>>,
}

/// By `owner/name@revision`, then by path.
type Known = BTreeMap<String, BTreeMap<String, Pin>>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pin {
    pub(crate) commit: String,
    /// The name of the content's blob.
    pub(crate) blob: String,
    pub(crate) bytes: u64,
    /// Absent where the hub does not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
}

impl Pins {
    pub(crate) fn open(file: Utf8PathBuf) -> Pins {
        Pins {
            file,
            known: Mutex::new(None),
        }
    }

    pub(crate) fn get(&self, repo: &Repo, revision: &Revision, path: &FilePath) -> Option<Pin> {
        let mut known = self.known.lock();
        let known = known.get_or_insert_with(|| self.read());
        known.get(&key(repo, revision))?.get(path.as_str()).cloned()
    }

    pub(crate) fn insert(
        &self,
        repo: &Repo,
        revision: &Revision,
        path: &FilePath,
        offered: &Offered,
    ) -> Result<(), Error> {
        let pin = Pin {
            commit: offered.commit.as_str().to_owned(),
            blob: offered.blob.clone(),
            bytes: offered.bytes,
            sha256: offered.sha256().map(str::to_owned),
        };
        self.change(|known| {
            let files = known.entry(key(repo, revision)).or_default();
            files.insert(path.as_str().to_owned(), pin);
        })
    }

    pub(crate) fn remove(
        &self,
        repo: &Repo,
        revision: &Revision,
        paths: &[FilePath],
    ) -> Result<(), Error> {
        self.change(|known| {
            if let Some(files) = known.get_mut(&key(repo, revision)) {
                for path in paths {
                    files.remove(path.as_str());
                }
            }
            known.retain(|_, files| !files.is_empty());
        })
    }

    /// Another process may have written meanwhile, so the file is read again first.
    fn change(&self, change: impl FnOnce(&mut Known)) -> Result<(), Error> {
        let mut known = self.known.lock();
        let mut next = self.read();
        change(&mut next);
        if known.as_ref() != Some(&next) {
            let text = serde_json::to_vec_pretty(&next)
                .map_err(|error| Error::internal(error.to_string()))?;
            write_atomic(&self.file, &text)?;
        }
        *known = Some(next);
        Ok(())
    }

    /// A file that cannot be read pins nothing: then the next download decides again.
    fn read(&self) -> Known {
        let Ok(text) = std::fs::read(&self.file) else {
            return Known::new();
        };
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            tracing::warn!(file = %self.file, %error, "the digests of earlier downloads are lost");
            Known::new()
        })
    }
}

fn key(repo: &Repo, revision: &Revision) -> String {
    format!("{repo}@{}", revision.as_str())
}
