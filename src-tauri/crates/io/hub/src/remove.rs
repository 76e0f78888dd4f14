//! Files leave the cache: links first, then the blobs that no link leads to any more.

use std::collections::BTreeSet;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use crate::cache::{Cache, linked_blob, names, walk};
use crate::error::{HubError, Result};
use crate::name::{Commit, FilePath, Repo};

/// What a removal did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub files: Vec<FilePath>,
    /// Room that it made.
    pub freed_bytes: u64,
}

impl Cache {
    /// Removes `paths` of every commit, and the beginnings of `blobs` that never became whole. Blobs
    /// that other files share stay.
    pub fn remove(&self, repo: &Repo, paths: &[FilePath], blobs: &[String]) -> Result<Removed> {
        self.refuse_links(repo)?;
        let mut removed = Removed::default();
        let mut candidates: BTreeSet<String> = blobs.iter().cloned().collect();
        for commit in self.commits(repo) {
            let snapshot = self.snapshot(repo, &commit);
            for path in paths {
                let file = snapshot.join(path.as_str());
                let Ok(data) = fs::symlink_metadata(&file) else {
                    continue;
                };
                if data.is_dir() {
                    continue;
                }
                match linked_blob(&file) {
                    Some(blob) => drop(candidates.insert(blob)),
                    // A copy takes room of its own; which blob it was copied from is told by none.
                    None => {
                        removed.freed_bytes += data.len();
                        candidates.extend(self.blobs_of_length(repo, data.len()));
                    }
                }
                fs::remove_file(&file).map_err(HubError::io("remove", &file))?;
                if !removed.files.contains(path) {
                    removed.files.push(path.clone());
                }
                prune(file.parent(), &self.folder(repo).join("snapshots"));
            }
        }
        let (used, lengths) = self.used(repo);
        for blob in candidates.difference(&used) {
            removed.freed_bytes += self.remove_blob(repo, blob, &lengths)?;
        }
        self.forget_refs(repo);
        if self.commits(repo).is_empty() && names(&self.blobs(repo)).is_empty() {
            removed.freed_bytes += self.remove_folder(repo)?;
        }
        Ok(removed)
    }

    /// Removes everything of a repository.
    pub fn remove_repo(&self, repo: &Repo) -> Result<Removed> {
        self.refuse_links(repo)?;
        let files = self.kept(repo).into_iter().map(|kept| kept.path).collect();
        for name in names(&self.blobs(repo)) {
            let blob = name.trim_end_matches(".incomplete");
            if self.try_lock(repo, blob)?.is_none() {
                return Err(busy(repo));
            }
        }
        Ok(Removed {
            files,
            freed_bytes: self.remove_folder(repo)?,
        })
    }

    /// Removes a blob and its beginning, unless somebody is at it or a copy could be of it.
    fn remove_blob(&self, repo: &Repo, blob: &str, lengths: &BTreeSet<u64>) -> Result<u64> {
        let Some(lock) = self.try_lock(repo, blob)? else {
            return Ok(0);
        };
        let mut freed = 0;
        for file in [self.blob(repo, blob), self.incomplete(repo, blob)] {
            let Ok(data) = fs::symlink_metadata(&file) else {
                continue;
            };
            if !lengths.contains(&data.len()) {
                fs::remove_file(&file).map_err(HubError::io("remove", &file))?;
                freed += data.len();
            }
        }
        // Nobody misses the lock of a blob that is gone. It is removed by whoever holds it: others must
        // not get a new file's while somebody holds the old one's.
        let _ = fs::remove_file(self.locks(repo).join(format!("{blob}.lock")));
        drop(lock);
        Ok(freed)
    }

    /// The blobs that links lead to, and the lengths of files that are no links.
    fn used(&self, repo: &Repo) -> (BTreeSet<String>, BTreeSet<u64>) {
        let (mut blobs, mut lengths) = (BTreeSet::new(), BTreeSet::new());
        for commit in self.commits(repo) {
            let snapshot = self.snapshot(repo, &commit);
            let mut paths = Vec::new();
            walk(&snapshot, "", usize::MAX, &mut paths);
            for path in paths {
                let file = snapshot.join(path.as_str());
                match linked_blob(&file) {
                    Some(blob) => drop(blobs.insert(blob)),
                    None => lengths.extend(fs::metadata(&file).map(|data| data.len())),
                }
            }
        }
        (blobs, lengths)
    }

    /// Blobs of this length that no link leads to: one of them may be that of a copy.
    pub(crate) fn unlinked_blobs(&self, repo: &Repo, bytes: u64) -> Vec<String> {
        let (linked, _) = self.used(repo);
        let mut blobs = self.blobs_of_length(repo, bytes);
        blobs.retain(|blob| !linked.contains(blob));
        blobs
    }

    fn blobs_of_length(&self, repo: &Repo, bytes: u64) -> Vec<String> {
        let mut blobs = names(&self.blobs(repo));
        blobs.retain(|name| {
            fs::metadata(self.blob(repo, name)).is_ok_and(|data| data.len() == bytes)
        });
        blobs
    }

    /// Branches whose commit has no snapshot any more.
    fn forget_refs(&self, repo: &Repo) {
        let refs = self.folder(repo).join("refs");
        let commits = self.commits(repo);
        let mut paths = Vec::new();
        walk(&refs, "", usize::MAX, &mut paths);
        for path in paths {
            let file = refs.join(path.as_str());
            let told = fs::read_to_string(&file).unwrap_or_default();
            if Commit::parse(told.trim()).is_ok_and(|commit| !commits.contains(&commit)) {
                // A branch that stays names a commit that is fetched again: harmless.
                let _ = fs::remove_file(&file);
                prune(file.parent(), &self.folder(repo));
            }
        }
    }

    fn remove_folder(&self, repo: &Repo) -> Result<u64> {
        let mut freed = 0;
        for name in names(&self.blobs(repo)) {
            freed += fs::metadata(self.blob(repo, &name)).map_or(0, |data| data.len());
        }
        for folder in [self.folder(repo), self.locks(repo)] {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(HubError::io("remove", &folder)(error));
                }
                _ => {}
            }
        }
        Ok(freed)
    }

    /// A folder that is a link leads out of the cache: what is there is not ours to remove.
    fn refuse_links(&self, repo: &Repo) -> Result<()> {
        let folder = self.folder(repo);
        let mut folders = vec![folder.clone()];
        folders.extend(["blobs", "snapshots", "refs"].map(|name| folder.join(name)));
        for folder in folders {
            match fs::symlink_metadata(&folder) {
                Ok(data) if !data.is_dir() => {
                    return Err(HubError::BadFile {
                        path: folder,
                        problem: "this is a link to another place; remove it by hand".to_owned(),
                    });
                }
                _ => {}
            }
        }
        if folder.exists() {
            return Ok(());
        }
        Err(HubError::NotHere {
            what: repo.to_string(),
        })
    }
}

fn busy(repo: &Repo) -> HubError {
    HubError::BadFile {
        path: Utf8PathBuf::from(repo.to_string()),
        problem: "it is being downloaded; stop that first".to_owned(),
    }
}

/// Removes folders that became empty, up to but not including `top`.
fn prune(mut folder: Option<&Utf8Path>, top: &Utf8Path) {
    while let Some(at) = folder.filter(|at| *at != top && at.starts_with(top)) {
        // Fails at the first that is not empty, and that is meant.
        if fs::remove_dir(at).is_err() {
            return;
        }
        folder = at.parent();
    }
}

#[cfg(test)]
mod tests {
    use studio_testkit::TempFolder;

    use super::*;

    fn put(cache: &Cache, repo: &Repo, digit: &str, path: &str, blob: &str, bytes: &[u8]) {
        cache.make_folder(&cache.blobs(repo)).unwrap();
        fs::write(cache.blob(repo, blob), bytes).unwrap();
        let commit = Commit::parse(&digit.repeat(40)).unwrap();
        let path = FilePath::parse(path).unwrap();
        cache.link(repo, &commit, &path, blob).unwrap();
        cache.set_ref(repo, &Default::default(), &commit).unwrap();
    }

    fn check(cache: &Cache) {
        let repo = Repo::parse("o/n").unwrap();
        put(cache, &repo, "a", "one.gguf", "b1", b"1111");
        put(cache, &repo, "a", "sub/two.gguf", "b2", b"22222");
        put(cache, &repo, "b", "same.gguf", "b1", b"1111");
        let one = [FilePath::parse("one.gguf").unwrap()];
        let removed = cache.remove(&repo, &one, &[]).unwrap();
        assert_eq!(removed.files, one);
        assert!(cache.blob(&repo, "b1").exists(), "another file shares it");
        let rest = ["same.gguf", "sub/two.gguf"].map(|path| FilePath::parse(path).unwrap());
        let removed = cache.remove(&repo, &rest, &[]).unwrap();
        assert!(removed.freed_bytes >= 9, "{removed:?}");
        assert!(!cache.folder(&repo).exists(), "nothing is left of it");
        assert!(cache.remove(&repo, &one, &[]).is_err(), "it is not here");
    }

    #[test]
    fn a_blob_goes_with_its_last_file() {
        let folder = TempFolder::new();
        check(&Cache::new(folder.file("links")));
        check(&Cache::new(folder.file("copies")).without_symlinks());
    }

    #[test]
    fn what_never_became_whole_goes_too() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.path().to_owned());
        let repo = Repo::parse("o/n").unwrap();
        cache.make_folder(&cache.blobs(&repo)).unwrap();
        fs::write(cache.incomplete(&repo, "b1"), b"begin").unwrap();
        let lock = cache.try_lock(&repo, "b1").unwrap();
        assert_eq!(
            cache
                .remove(&repo, &[], &["b1".to_owned()])
                .unwrap()
                .freed_bytes,
            0
        );
        assert!(cache.remove_repo(&repo).is_err(), "somebody downloads it");
        drop(lock);
        assert_eq!(
            cache
                .remove(&repo, &[], &["b1".to_owned()])
                .unwrap()
                .freed_bytes,
            5
        );
        assert!(!cache.folder(&repo).exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_repository_that_lies_elsewhere_is_left_alone() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        let repo = Repo::parse("o/n").unwrap();
        fs::create_dir_all(folder.file("elsewhere/blobs")).unwrap();
        fs::create_dir_all(cache.root()).unwrap();
        std::os::unix::fs::symlink(folder.file("elsewhere"), cache.folder(&repo)).unwrap();
        assert!(cache.remove_repo(&repo).is_err());
        assert!(folder.file("elsewhere/blobs").exists());
    }
}
