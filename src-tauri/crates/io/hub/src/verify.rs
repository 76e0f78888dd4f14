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
        let blobs = match &kept.blob {
            Some(blob) => vec![blob.clone()],
            // A copy does not tell which blob it is of. Left there, that one would be copied again.
            None => self.unlinked_blobs(repo, kept.bytes),
        };
        let blobs = blobs.iter().map(|blob| self.blob(repo, blob));
        for file in [kept.file.clone()].into_iter().chain(blobs) {
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

    fn check(cache: &Cache) {
        let repo = Repo::parse("o/n").unwrap();
        let path = FilePath::parse("m.gguf").unwrap();
        let commit = Commit::parse(&"a".repeat(40)).unwrap();
        let digest = sha256_of(b"content");
        let blob = cache.blob(&repo, &digest);
        cache.make_folder(&cache.blobs(&repo)).unwrap();
        std::fs::write(&blob, b"content").unwrap();
        cache.link(&repo, &commit, &path, &digest).unwrap();
        let kept = || cache.find(&repo, &Revision::default(), &path);
        let verify = |kept: &Kept| cache.verify(kept, Some(&digest), &mut |_| true);
        assert_eq!(verify(&kept().unwrap()).unwrap().verdict, Verdict::Whole);
        // Also where the two are copies of each other.
        for file in [&blob, &kept().unwrap().file] {
            std::fs::write(file, b"c0ntent").unwrap();
        }
        let damaged = kept().unwrap();
        let verdict = verify(&damaged).unwrap().verdict;
        assert!(matches!(verdict, Verdict::Damaged { .. }), "{verdict:?}");
        let stopped = cache.verify(&damaged, None, &mut |_| false);
        assert!(matches!(stopped, Err(HubError::Cancelled)));
        cache.discard(&repo, &damaged).unwrap();
        assert_eq!(kept(), None);
        assert!(!blob.exists(), "it would count as here already");
    }

    #[test]
    fn a_changed_byte_is_found_and_thrown_away() {
        let folder = TempFolder::new();
        check(&Cache::new(folder.file("links")));
        check(&Cache::new(folder.file("copies")).without_symlinks());
    }

    #[test]
    fn a_link_is_compared_with_the_name_of_its_blob() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.path().to_owned());
        let repo = Repo::parse("o/n").unwrap();
        let path = FilePath::parse("m.gguf").unwrap();
        let commit = Commit::parse(&"a".repeat(40)).unwrap();
        let digest = sha256_of(b"content");
        cache.make_folder(&cache.blobs(&repo)).unwrap();
        for (bytes, whole) in [(b"content", true), (b"c0ntent", false)] {
            std::fs::write(cache.blob(&repo, &digest), bytes).unwrap();
            cache.link(&repo, &commit, &path, &digest).unwrap();
            let kept = cache.find(&repo, &Revision::default(), &path).unwrap();
            let verdict = cache.verify(&kept, None, &mut |_| true).unwrap().verdict;
            assert_eq!(verdict == Verdict::Whole, whole, "{verdict:?}");
        }
    }
}
