//! Digests as hubs name contents: SHA-256 of large files, git's SHA-1 of a blob of small ones.

use std::io::Read;

use camino::Utf8Path;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use crate::error::{HubError, Result};
use crate::name::is_hex;

/// The digest that a blob's name is, in small hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Digest {
    /// Of files in large file storage.
    Sha256(String),
    /// Of files that lie in git itself: SHA-1 of `blob LENGTH\0` and the bytes.
    Git(String),
}

impl Digest {
    /// What a blob's name says of its content. Mirrors may give names that say nothing.
    pub fn of_name(name: &str) -> Option<Digest> {
        if is_hex(name, 64) {
            Some(Digest::Sha256(name.to_owned()))
        } else if is_hex(name, 40) {
            Some(Digest::Git(name.to_owned()))
        } else {
            None
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Digest::Sha256(hex) | Digest::Git(hex) => hex,
        }
    }
}

/// Takes the digests of a content in one pass.
pub(crate) struct Hasher {
    sha256: Sha256,
    git: Option<Sha1>,
}

/// In small hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digests {
    pub(crate) sha256: String,
    /// Taken only where it was asked for: it would slow down large files for nothing.
    pub(crate) git: Option<String>,
}

impl Digests {
    /// The name that a hub gives this content: git's where that was taken.
    pub(crate) fn name(&self) -> &str {
        self.git.as_deref().unwrap_or(&self.sha256)
    }
}

impl Hasher {
    /// `git` is the whole content's length, which git hashes first, where its digest is wanted.
    pub(crate) fn new(git: Option<u64>) -> Hasher {
        Hasher {
            sha256: <Sha256 as sha2::Digest>::new(),
            git: git.map(|bytes| {
                let mut git = Sha1::new();
                git.update(format!("blob {bytes}\0"));
                git
            }),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        sha2::Digest::update(&mut self.sha256, bytes);
        if let Some(git) = &mut self.git {
            git.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Digests {
        Digests {
            sha256: hex(&sha2::Digest::finalize(self.sha256)),
            git: self.git.map(|git| hex(&git.finalize())),
        }
    }
}

/// SHA-256 of some bytes, in small hexadecimal.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&<Sha256 as sha2::Digest>::digest(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digests of a file, git's too if `git`. `told` hears of each piece's bytes and stops the reading
/// by `false`.
pub(crate) fn digest_file(
    path: &Utf8Path,
    git: bool,
    told: &mut dyn FnMut(u64) -> bool,
) -> Result<Digests> {
    let read = |source| HubError::io("read", path)(source);
    let mut file = std::fs::File::open(path).map_err(read)?;
    let bytes = file.metadata().map_err(read)?.len();
    let mut hasher = Hasher::new(git.then_some(bytes));
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(read)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(&buffer[..count]);
        if !told(count as u64) {
            return Err(HubError::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_that_git_and_hubs_tell() {
        let mut hasher = Hasher::new(Some(6));
        hasher.update(b"hel");
        hasher.update(b"lo\n");
        let digests = hasher.finish();
        // `printf 'hello\n' | git hash-object --stdin` and `sha256sum`.
        let git = "ce013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(digests.git.as_deref(), Some(git));
        assert_eq!(
            digests.sha256,
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!(digests.sha256, sha256_of(b"hello\n"));
        assert_eq!(Digest::of_name("abc"), None);
        assert_eq!(Digest::of_name(git), Some(Digest::Git(git.to_owned())));
    }
}
