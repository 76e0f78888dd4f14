//! Whether kept files still are what their names say.

use crate::cache::{Cache, Kept};
use crate::digest::{Digest, digest_file};
use crate::error::{HubError, Result};
use crate::name::Repo;

/// What became of a file's check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Whole,
    Damaged {
        expected: String,
        found: String,
    },
    /// Nobody told a digest to compare with.
    Unknown,
}

/// A file and its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub verdict: Verdict,
    pub sha256: String,
}

impl Cache {
    /// Takes the digest of a file again. It is compared with `sha256` if that is given, else with the
    /// name of the blob. `told` hears of each piece's bytes and stops by `false`.
    pub fn verify(
        &self,
        kept: &Kept,
        sha256: Option<&str>,
        told: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Checked> {
        let named = kept.blob.as_deref().and_then(Digest::of_name);
        let git = sha256.is_none() && matches!(named, Some(Digest::Git(_)));
        let digests = digest_file(&kept.file, git, told)?;
        let expected = sha256.or(named.as_ref().map(Digest::as_str));
        let found = if git { digests.name() } else { &digests.sha256 };
        let verdict = match expected {
            None => Verdict::Unknown,
            Some(expected) if expected == found => Verdict::Whole,
            Some(expected) => Verdict::Damaged {
                expected: expected.to_owned(),
                found: found.to_owned(),
            },
        };
        Ok(Checked {
            verdict,
            sha256: digests.sha256,
        })
    }

    /// Throws away a damaged file and its blob, so that the next download brings it anew.
    pub fn discard(&self, repo: &Repo, kept: &Kept) -> Result<()> {
        let mut files = vec![kept.file.clone()];
        files.extend(kept.blob.iter().map(|blob| self.blob(repo, blob)));
        for file in files {
            std::fs::remove_file(&file).map_err(HubError::io("remove", &file))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use studio_testkit::TempFolder;

    use super::*;
    use crate::digest::sha256_of;
    use crate::name::{Commit, FilePath, Revision};

    #[test]
    fn a_changed_byte_is_found_and_thrown_away() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.path().to_owned());
        let repo = Repo::parse("o/n").unwrap();
        let path = FilePath::parse("m.gguf").unwrap();
        let commit = Commit::parse(&"a".repeat(40)).unwrap();
        let blob = sha256_of(b"content");
        cache.make_folder(&cache.blobs(&repo)).unwrap();
        std::fs::write(cache.blob(&repo, &blob), b"content").unwrap();
        cache.link(&repo, &commit, &path, &blob).unwrap();
        let kept = || cache.find(&repo, &Revision::default(), &path);
        let check = |kept: &Kept| cache.verify(kept, None, &mut |_| true).unwrap().verdict;
        assert_eq!(check(&kept().unwrap()), Verdict::Whole);
        std::fs::write(cache.blob(&repo, &blob), b"c0ntent").unwrap();
        let damaged = kept().unwrap();
        assert!(matches!(check(&damaged), Verdict::Damaged { .. }));
        let stopped = cache.verify(&damaged, None, &mut |_| false);
        assert!(matches!(stopped, Err(HubError::Cancelled)));
        cache.discard(&repo, &damaged).unwrap();
        assert_eq!(kept(), None);
    }
}
