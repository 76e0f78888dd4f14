//! The cache that hubs' tools share: who has fetched a file fetched it for all.
//!
//! ```text
//! models--owner--name/
//!     blobs/ETAG                    contents
//!     blobs/ETAG.incomplete         the beginning of one, as older tools leave it, too
//!     snapshots/COMMIT/path/file    links to ../../../blobs/ETAG, copies where links cannot be made
//!     refs/main                     the commit that a branch was at
//! .locks/models--owner--name/ETAG.lock
//! ```

use std::fs::{self, File, TryLockError};
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use crate::error::{HubError, Result};
use crate::name::{Commit, FilePath, Repo, Revision};

/// How often a lock that somebody else holds is tried.
const LOCK_WAIT: Duration = Duration::from_millis(100);
/// Most folders within folders of a snapshot.
const DEEPEST: usize = 16;

/// A folder of models in the shared layout. It need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    root: Utf8PathBuf,
    symlinks: bool,
}

/// A whole file in the cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub path: FilePath,
    pub commit: Commit,
    /// Where it can be opened.
    pub file: Utf8PathBuf,
    pub bytes: u64,
    /// The blob that it is a link to; copies have none.
    pub blob: Option<String>,
}

impl Cache {
    pub fn new(root: Utf8PathBuf) -> Cache {
        Cache {
            root,
            symlinks: true,
        }
    }

    /// Uses hard links and copies instead of symbolic links, as `HF_HUB_DISABLE_SYMLINKS` asks.
    #[must_use]
    pub fn without_symlinks(self) -> Cache {
        Cache {
            symlinks: false,
            ..self
        }
    }

    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// The repositories that have a folder, sorted.
    pub fn repos(&self) -> Vec<Repo> {
        let mut repos: Vec<Repo> = names(&self.root)
            .iter()
            .filter_map(|name| Repo::from_folder(name))
            .collect();
        repos.sort();
        repos
    }

    /// A whole file: of the commit that `revision` was at, else of the newest snapshot that has it.
    pub fn find(&self, repo: &Repo, revision: &Revision, path: &FilePath) -> Option<Kept> {
        let named = Commit::parse(revision.as_str())
            .ok()
            .or_else(|| self.commit_of(repo, revision));
        named
            .and_then(|commit| self.kept_at(repo, &commit, path))
            .or_else(|| {
                let mut commits = self.commits(repo).into_iter();
                commits.find_map(|commit| self.kept_at(repo, &commit, path))
            })
    }

    /// Every whole file of a repository, each path once, from the newest snapshot that has it.
    pub fn kept(&self, repo: &Repo) -> Vec<Kept> {
        let mut kept: Vec<Kept> = Vec::new();
        for commit in self.commits(repo) {
            let mut paths = Vec::new();
            walk(&self.snapshot(repo, &commit), "", DEEPEST, &mut paths);
            for path in paths {
                if kept.iter().all(|known| known.path != path) {
                    kept.extend(self.kept_at(repo, &commit, &path));
                }
            }
        }
        kept.sort_by(|a, b| a.path.cmp(&b.path));
        kept
    }

    /// Bytes that came of a blob which is not whole yet.
    pub fn partial_bytes(&self, repo: &Repo, blob: &str) -> u64 {
        let file = self.incomplete(repo, blob);
        fs::metadata(file).map_or(0, |data| data.len())
    }

    pub(crate) fn folder(&self, repo: &Repo) -> Utf8PathBuf {
        self.root.join(repo.folder())
    }

    pub(crate) fn blobs(&self, repo: &Repo) -> Utf8PathBuf {
        self.folder(repo).join("blobs")
    }

    pub(crate) fn blob(&self, repo: &Repo, name: &str) -> Utf8PathBuf {
        self.blobs(repo).join(name)
    }

    pub(crate) fn incomplete(&self, repo: &Repo, name: &str) -> Utf8PathBuf {
        self.blobs(repo).join(format!("{name}.incomplete"))
    }

    pub(crate) fn snapshot(&self, repo: &Repo, commit: &Commit) -> Utf8PathBuf {
        self.folder(repo).join("snapshots").join(commit.as_str())
    }

    pub(crate) fn locks(&self, repo: &Repo) -> Utf8PathBuf {
        self.root.join(".locks").join(repo.folder())
    }

    /// Snapshots, newest first.
    pub(crate) fn commits(&self, repo: &Repo) -> Vec<Commit> {
        let folder = self.folder(repo).join("snapshots");
        let mut commits: Vec<(SystemTime, Commit)> = names(&folder)
            .iter()
            .filter_map(|name| {
                let commit = Commit::parse(name).ok()?;
                let data = fs::metadata(folder.join(name)).ok()?;
                Some((data.modified().ok()?, commit))
            })
            .collect();
        commits.sort_by(|a, b| b.cmp(a));
        commits.into_iter().map(|(_, commit)| commit).collect()
    }

    fn commit_of(&self, repo: &Repo, revision: &Revision) -> Option<Commit> {
        let file = self.folder(repo).join("refs").join(revision.as_str());
        Commit::parse(fs::read_to_string(file).ok()?.trim()).ok()
    }

    fn kept_at(&self, repo: &Repo, commit: &Commit, path: &FilePath) -> Option<Kept> {
        let file = self.snapshot(repo, commit).join(path.as_str());
        // Follows the link: one whose blob is gone is no file.
        let data = fs::metadata(&file).ok().filter(|data| data.is_file())?;
        Some(Kept {
            path: path.clone(),
            commit: commit.clone(),
            bytes: data.len(),
            blob: linked_blob(&file),
            file,
        })
    }

    /// Makes a folder below the root, a level at a time. A link among them could lead anywhere: it is
    /// refused.
    pub(crate) fn make_folder(&self, folder: &Utf8Path) -> Result<()> {
        fs::create_dir_all(&self.root).map_err(HubError::io("create", &self.root))?;
        let below = folder.strip_prefix(&self.root).unwrap_or(folder);
        let mut at = self.root.clone();
        for part in below.components() {
            at.push(part);
            match fs::symlink_metadata(&at) {
                Ok(data) if data.is_dir() => {}
                Ok(_) => {
                    return Err(HubError::BadFile {
                        path: at,
                        problem: "a folder should be here; move it away".to_owned(),
                    });
                }
                Err(_) => match fs::create_dir(&at) {
                    // Another process was faster; what it made is looked at like any other.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                        return self.make_folder(folder);
                    }
                    made => made.map_err(HubError::io("create", &at))?,
                },
            }
        }
        Ok(())
    }

    /// Takes the lock of a blob, which other programs respect too. It is free again when the file is
    /// dropped, or the process dies.
    pub(crate) async fn lock(&self, repo: &Repo, blob: &str) -> Result<File> {
        loop {
            match self.try_lock(repo, blob)? {
                Some(lock) => return Ok(lock),
                None => tokio::time::sleep(LOCK_WAIT).await,
            }
        }
    }

    /// `None` while somebody else holds it.
    pub(crate) fn try_lock(&self, repo: &Repo, blob: &str) -> Result<Option<File>> {
        let folder = self.locks(repo);
        self.make_folder(&folder)?;
        let path = folder.join(format!("{blob}.lock"));
        loop {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(HubError::io("open", &path))?;
            match file.try_lock() {
                // Between the two, whoever removed the blob may have removed its lock's file.
                Ok(()) if is_at(&file, &path) => return Ok(Some(file)),
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                // Some network folders have no locks; a download there is alone or unlucky, and the
                // digest tells.
                Err(TryLockError::Error(error)) => {
                    tracing::debug!(%path, %error, "no lock");
                    return Ok(Some(file));
                }
            }
        }
    }

    /// Shows a blob under a path of a commit. What was there under that path is replaced.
    pub(crate) fn link(
        &self,
        repo: &Repo,
        commit: &Commit,
        path: &FilePath,
        blob: &str,
    ) -> Result<Utf8PathBuf> {
        let snapshot = self.snapshot(repo, commit);
        let file = snapshot.join(path.as_str());
        let folder = file.parent().unwrap_or(&snapshot);
        self.make_folder(folder)?;
        let source = self.blob(repo, blob);
        let same = fs::metadata(&file).is_ok_and(|data| {
            let is_link = linked_blob(&file).as_deref() == Some(blob);
            is_link
                || (!self.symlinks && fs::metadata(&source).is_ok_and(|b| b.len() == data.len()))
        });
        if same {
            return Ok(file);
        }
        let ups = "../".repeat(path.parts().count() + 1);
        let target = format!("{ups}blobs/{blob}");
        let made = tempfile::Builder::new()
            .prefix(".link")
            .make_in(folder, |at| {
                if self.symlinks && symlink(&target, at).is_ok() {
                    return Ok(());
                }
                fs::hard_link(&source, at).or_else(|_| fs::copy(&source, at).map(|_| ()))
            })
            .map_err(HubError::io("link", &file))?;
        made.persist(&file)
            .map_err(|error| HubError::io("link", &file)(error.error))?;
        Ok(file)
    }

    /// Remembers the commit that a branch or tag was at.
    pub fn set_ref(&self, repo: &Repo, revision: &Revision, commit: &Commit) -> Result<()> {
        if Commit::parse(revision.as_str()).is_ok() {
            return Ok(());
        }
        let file = self.folder(repo).join("refs").join(revision.as_str());
        if self.commit_of(repo, revision).as_ref() == Some(commit) {
            return Ok(());
        }
        let folder = file.parent().unwrap_or(&self.root);
        self.make_folder(folder)?;
        // Not with a temporary file's narrow rights: other users may share the cache.
        let made = tempfile::Builder::new()
            .prefix(".ref")
            .make_in(folder, |at| fs::write(at, commit.as_str()))
            .map_err(HubError::io("write", &file))?;
        made.persist(&file)
            .map_err(|error| HubError::io("write", &file)(error.error))?;
        Ok(())
    }
}

/// Whether `path` leads to this very file.
#[cfg(unix)]
fn is_at(file: &File, path: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let both = file
        .metadata()
        .and_then(|file| Ok((file, fs::metadata(path)?)));
    both.is_ok_and(|(file, there)| (file.dev(), file.ino()) == (there.dev(), there.ino()))
}

/// Other systems keep the name of an open file.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Utf8Path) -> bool {
    true
}

/// The blob that a file of a snapshot is a link to.
pub(crate) fn linked_blob(file: &Utf8Path) -> Option<String> {
    let target = file.read_link_utf8().ok()?;
    let folder = target.parent()?;
    (folder.file_name() == Some("blobs")).then(|| target.file_name().map(str::to_owned))?
}

/// Paths of all files below `folder`, links included, relative to it.
pub(crate) fn walk(folder: &Utf8Path, below: &str, depth: usize, paths: &mut Vec<FilePath>) {
    if depth == 0 {
        return;
    }
    let Ok(entries) = folder.read_dir_utf8() else {
        return;
    };
    for entry in entries.flatten() {
        let path = format!("{below}{}", entry.file_name());
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                walk(entry.path(), &format!("{path}/"), depth - 1, paths);
            }
            Ok(_) => paths.extend(FilePath::parse(&path)),
            Err(_) => {}
        }
    }
}

pub(crate) fn names(folder: &Utf8Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir_utf8() else {
        return Vec::new();
    };
    let names = entries.flatten().map(|entry| entry.file_name().to_owned());
    names.collect()
}

/// A rename is on the disk once its folder is.
pub(crate) fn sync_folder(folder: &Utf8Path) {
    // Some systems cannot open folders; a rename lost there means one more download.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(unix)]
fn symlink(target: &str, at: &std::path::Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(windows)]
fn symlink(target: &str, at: &std::path::Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_file(target.replace('/', "\\"), at)
}

#[cfg(test)]
mod tests {
    use studio_testkit::TempFolder;

    use super::*;

    fn repo() -> Repo {
        Repo::parse("o/n").unwrap()
    }

    fn commit(digit: char) -> Commit {
        Commit::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn put(cache: &Cache, blob: &str, bytes: &[u8]) {
        cache.make_folder(&cache.blobs(&repo())).unwrap();
        fs::write(cache.blob(&repo(), blob), bytes).unwrap();
    }

    fn check_found(cache: &Cache) {
        put(cache, "abc", b"content");
        let path = FilePath::parse("sub/dir/a.gguf").unwrap();
        let file = cache.link(&repo(), &commit('a'), &path, "abc").unwrap();
        cache.link(&repo(), &commit('a'), &path, "abc").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"content");
        cache
            .set_ref(&repo(), &Revision::default(), &commit('a'))
            .unwrap();
        let kept = cache.find(&repo(), &Revision::default(), &path).unwrap();
        assert_eq!((kept.bytes, &kept.file), (7, &file));
        assert_eq!(cache.repos(), [repo()]);
        assert_eq!(cache.kept(&repo()), [kept]);
        let other = FilePath::parse("a.gguf").unwrap();
        assert_eq!(cache.find(&repo(), &Revision::default(), &other), None);
    }

    #[test]
    fn what_is_linked_is_found() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        check_found(&cache);
        let link = folder.file("cache/models--o--n/snapshots");
        let link = link.join(commit('a').as_str()).join("sub/dir/a.gguf");
        #[cfg(unix)]
        assert_eq!(link.read_link_utf8().unwrap(), "../../../../blobs/abc");
        fs::remove_file(cache.blob(&repo(), "abc")).unwrap();
        assert!(cache.kept(&repo()).is_empty(), "{link} leads nowhere now");
    }

    #[test]
    fn what_is_copied_is_found() {
        let folder = TempFolder::new();
        check_found(&Cache::new(folder.file("cache")).without_symlinks());
    }

    #[test]
    fn the_newest_snapshot_wins_where_the_branch_lacks_the_file() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        let path = FilePath::parse("m.gguf").unwrap();
        for (digit, blob) in [('a', "one"), ('b', "two")] {
            put(&cache, blob, blob.as_bytes());
            cache.link(&repo(), &commit(digit), &path, blob).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        let found = |revision: &Revision| cache.find(&repo(), revision, &path).unwrap().commit;
        assert_eq!(found(&Revision::default()), commit('b'));
        assert_eq!(found(&Revision::from(&commit('a'))), commit('a'));
        cache
            .set_ref(&repo(), &Revision::default(), &commit('a'))
            .unwrap();
        assert_eq!(found(&Revision::default()), commit('a'));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_not_followed() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        fs::create_dir_all(folder.file("outside")).unwrap();
        put(&cache, "abc", b"x");
        fs::create_dir_all(folder.file("cache/models--o--n/snapshots")).unwrap();
        let snapshot = cache.snapshot(&repo(), &commit('a'));
        std::os::unix::fs::symlink(folder.file("outside"), snapshot).unwrap();
        let path = FilePath::parse("a.gguf").unwrap();
        assert!(cache.link(&repo(), &commit('a'), &path, "abc").is_err());
        assert!(
            folder
                .file("outside")
                .read_dir_utf8()
                .unwrap()
                .next()
                .is_none()
        );
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        let held = cache.try_lock(&repo(), "abc").unwrap();
        assert!(held.is_some() && cache.try_lock(&repo(), "abc").unwrap().is_none());
        assert!(cache.try_lock(&repo(), "other").unwrap().is_some());
        drop(held);
        assert!(cache.try_lock(&repo(), "abc").unwrap().is_some());
    }

    #[test]
    fn a_lock_whose_file_is_removed_is_still_held_by_one() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = TempFolder::new();
        let cache = Cache::new(folder.file("cache"));
        let file = cache.locks(&repo()).join("abc.lock");
        let held = AtomicBool::new(false);
        let take = || {
            for _ in 0..20_000 {
                if let Some(lock) = cache.try_lock(&repo(), "abc").unwrap() {
                    assert!(!held.swap(true, Ordering::SeqCst), "two hold it");
                    std::thread::yield_now();
                    held.store(false, Ordering::SeqCst);
                    fs::remove_file(&file).unwrap();
                    drop(lock);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(take);
            }
        });
    }
}
